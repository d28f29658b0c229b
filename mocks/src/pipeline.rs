//! The one path that every request to a provider takes: read, identify, understand, ask the rules, decide, store, answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;

use model::fault::{Effect, Malformation};

use crate::decision::Outcome;
use crate::fate::{Fate, Flight};
use crate::http::{AnswerBody, Call, ConnectionHandle, Drip, Handler, ReadError};
use crate::ledger::{Decided, Ledger, now_us};
use crate::metrics::Metrics;
use crate::rules::{Facts, Hit, Plan};
use crate::turn::{Context, Labels};
use crate::wire::{Answer, Headers, Refusal, Understood, Wire};

/// Longest wait for a webhook that is to arrive before the answer.
const EARLY_WAIT: Duration = Duration::from_secs(5);

/// No UTF-8, no JSON, nothing that a compressor wrote.
const GARBAGE: &[u8] = b"\x00\xff\xfe{\x80\x1f\x8b\xc3\x28\xa0\xa1\xf0\x28\x8c\xbc\x00\x7f}";
/// What a gateway in between says of its own.
const GATEWAY_PAGE: &[u8] = b"<!DOCTYPE html>\n<html><head><title>Please wait</title></head>\
    <body><h1>We are checking your connection.</h1></body></html>\n";

/// Serves one provider.
pub(crate) struct Server<W> {
    pub(crate) wire: W,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) metrics: Arc<Metrics>,
}

/// Counts a request as in flight while it lives.
struct InFlight<'a>(&'a Ledger);

impl<'a> InFlight<'a> {
    fn begin(ledger: &'a Ledger) -> Self {
        ledger.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(ledger)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<W: Wire> Handler for Server<W> {
    async fn handle(self: Arc<Self>, request: Request<Incoming>, connection: ConnectionHandle) -> Response<AnswerBody> {
        let call = match Call::read(request, connection.peer.ip()).await {
            Ok(call) => call,
            Err(ReadError::TooLarge) => return self.bare(&Refusal::TooLarge),
            Err(ReadError::Unreadable) => return self.bare(&Refusal::Unreadable),
        };
        let begun = Instant::now();
        let _in_flight = InFlight::begin(&self.ledger);
        if let Some(answer) = self.wire.greet(&call) {
            return respond(answer, Vec::new());
        }
        let echo = self.wire.echo(&call);
        let mut response = self.answer(call, &connection, begun).await;
        for (name, value) in echo {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl<W: Wire> Server<W> {
    fn bare(&self, refusal: &Refusal) -> Response<AnswerBody> {
        let request_id = self.metrics.request_id();
        respond(self.wire.refuse(refusal), self.wire.headers(&request_id, None))
    }

    async fn answer(&self, call: Call, connection: &ConnectionHandle, begun: Instant) -> Response<AnswerBody> {
        let request_id = self.metrics.request_id();
        let at_us = now_us();
        let caller = match self.wire.identify(&call, &self.ledger.accounts.read(), at_us) {
            Ok(caller) => caller,
            Err(answer) => return self.plain(answer, &request_id, None, begun),
        };
        let mut understood = self.wire.understand(&call, &caller, &self.ledger.books);
        let (key, labels) = match &understood {
            Ok(understood) => (understood.key.clone(), understood.labels.clone()),
            Err(_) => (None, Labels::default()),
        };
        let context = Context {
            provider: W::PROVIDER,
            caller,
            key,
            intent: call.intent().map(str::to_owned),
            request_id,
            at_us,
            clock_us: self.ledger.clock_us(at_us),
        };
        let mut plan = self.plan(&call, &context, &understood);
        self.bend(&mut plan, &mut understood);
        let places = arrive(&plan);
        // It lies in the connection's buffer, which is wanted for the next one while this one waits for the store.
        drop(call);
        if let Some(hit) = &plan.refusal {
            return self.refuse_by_fault(hit, &context, labels, &plan, connection, begun).await;
        }
        let reads_store = understood.as_ref().is_ok_and(|understood| understood.reads_store);
        if reads_store && self.ledger.settled().await.is_err() {
            return self.plain(self.wire.refuse(&Refusal::Broken), &context.request_id, None, begun);
        }
        let mut waiting = Some(understood);
        let is_repeated = plan.twice.is_some();
        let decided = self.ledger.operate(&context, labels, &plan, |turn| {
            match if is_repeated { waiting.clone() } else { waiting.take() } {
                Some(Ok(understood)) => self.wire.execute(understood.operation, turn),
                Some(Err(answer)) => Err(answer.into()),
                // Only what is to be repeated is asked for again.
                None => Err(self.wire.refuse(&Refusal::Broken).into()),
            }
        });
        self.finish(decided, &context, plan, places, connection, begun).await
    }

    /// Asks the rules, if there are any for this provider.
    fn plan(&self, call: &Call, context: &Context, understood: &Result<Understood<W::Operation>, Answer>) -> Plan {
        if !self.ledger.is_provider_faulty(W::PROVIDER) {
            return Plan::default();
        }
        let traits = understood
            .as_ref()
            .map(|understood| self.wire.traits(&understood.operation, &mut self.ledger.books.lock()))
            .unwrap_or_default();
        let named = understood.as_ref().ok().and_then(|understood| understood.labels.key.as_deref());
        let key =
            context.key.as_ref().map(|key| key.text.as_str()).or(named).or_else(|| call.header("idempotency-key"));
        let place = format!("{} {}", call.path, traits.amount_minor.unwrap_or_default());
        self.ledger.rules.plan(&Facts {
            provider: W::PROVIDER,
            run: context.caller.run.as_deref(),
            method: call.method.as_str(),
            path: &call.path,
            brand: traits.brand.as_deref(),
            country: traits.country.as_deref(),
            currency: traits.currency.as_deref(),
            amount_minor: traits.amount_minor,
            event: None,
            mark: context.intent.as_deref().or(key).unwrap_or(&place),
            key,
        })
    }

    /// Lets the provider decline or move what the rules say; a rule that has nothing to act on drops out.
    fn bend(&self, plan: &mut Plan, understood: &mut Result<Understood<W::Operation>, Answer>) {
        let bends = std::mem::take(&mut plan.bends);
        let Ok(understood) = understood else { return };
        plan.bends = bends
            .into_iter()
            .filter(|hit| match hit.effect() {
                Effect::Decline { code } => self.wire.decline(&mut understood.operation, code.as_deref()),
                Effect::Shift { by } => self.wire.shift(&mut understood.operation, *by),
                // The set hands out only the two above as bends.
                _ => false,
            })
            .collect();
    }

    /// Nothing is executed; the rule's answer, or none, goes out.
    async fn refuse_by_fault(
        &self,
        hit: &Hit,
        context: &Context,
        labels: Labels,
        plan: &Plan,
        connection: &ConnectionHandle,
        begun: Instant,
    ) -> Response<AnswerBody> {
        let (answer, ending) = match hit.effect() {
            Effect::Respond { status, body: Some(body) } => (Some(Answer::new(*status, body.clone())), None),
            Effect::Respond { status, body: None } => {
                (Some(self.wire.refuse(&Refusal::Fault { status: *status })), None)
            }
            Effect::RateLimit { retry_after_s, .. } => {
                let answer = self.wire.refuse(&Refusal::TooManyRequests);
                (Some(answer.header(RETRY_AFTER, HeaderValue::from(*retry_after_s))), None)
            }
            Effect::DropBeforeCommit { ending } => (None, Some(*ending)),
            // The set hands out only the three above as refusals.
            _ => (Some(self.wire.refuse(&Refusal::Broken)), None),
        };
        let noted = self.ledger.note_refused(context, labels, plan, answer.as_ref().map(|answer| answer.status));
        if let Some(stored) = noted
            && !matches!(stored.await, Ok(Ok(())))
        {
            return self.plain(self.wire.refuse(&Refusal::Broken), &context.request_id, None, begun);
        }
        // A delay that met the same request comes first.
        wait_out(&plan.holds).await;
        match (answer, ending) {
            (Some(answer), _) => {
                self.plain(answer, &context.request_id, context.key.as_ref().map(|key| key.text.as_str()), begun)
            }
            (None, ending) => match connection.end(ending.unwrap_or_default()).await {},
        }
    }

    async fn finish(
        &self,
        decided: Decided,
        context: &Context,
        plan: Plan,
        places: Vec<(Hit, Option<crate::rules::Place>)>,
        connection: &ConnectionHandle,
        begun: Instant,
    ) -> Response<AnswerBody> {
        let Decided { outcome, stored, read_turn, fate, flight, early } = decided;
        let is_stored = match stored {
            Some(stored) => matches!(stored.await, Ok(Ok(()))),
            None => self.ledger.writer.settled(read_turn.0, read_turn.1).await.is_ok(),
        };
        let key = context.key.as_ref().map(|key| key.text.as_str());
        if !is_stored {
            return self.plain(self.wire.refuse(&Refusal::Broken), &context.request_id, key, begun);
        }
        let answer = self.told(outcome, context);
        let headers = self.wire.headers(&context.request_id, key);
        self.metrics.count(W::PROVIDER, answer.status, begun);
        for (hit, place) in places {
            hold(&hit, place).await;
        }
        for arrived in early {
            // Given up when the endpoint does not answer; the webhook goes on by itself.
            let _ = tokio::time::timeout(EARLY_WAIT, arrived).await;
        }
        self.end(answer, headers, plan.ending, fate, flight, connection).await
    }

    /// The answer that an outcome is told by.
    fn told(&self, outcome: Outcome, context: &Context) -> Answer {
        match outcome {
            Outcome::Executed(answer) => self.wire.told(answer, None),
            Outcome::Replayed(stored) => self.wire.told(Answer::new(stored.status, stored.body.clone()), Some(&stored)),
            Outcome::KeyInFlight => {
                let key = context.key.as_ref().map(|key| key.text.clone()).unwrap_or_default();
                self.wire.refuse(&Refusal::KeyInFlight { key })
            }
            Outcome::KeyReused { first } => {
                let (key, second) =
                    context.key.as_ref().map(|key| (key.text.clone(), key.endpoint.clone())).unwrap_or_default();
                let endpoints = (first != second).then_some((first, second));
                self.wire.told(self.wire.refuse(&Refusal::KeyReused { key, endpoints }), None)
            }
            Outcome::Broken => self.wire.refuse(&Refusal::Broken),
        }
    }

    /// Lets the answer go, or does to it what the ending says.
    async fn end(
        &self,
        answer: Answer,
        headers: Headers,
        ending: Option<Hit>,
        fate: Option<Fate>,
        flight: Option<Flight>,
        connection: &ConnectionHandle,
    ) -> Response<AnswerBody> {
        match ending.as_ref().map(Hit::effect) {
            Some(Effect::CommitThenDrop { ending }) => {
                drop(flight);
                match connection.end(*ending).await {}
            }
            Some(Effect::ErrorAfterCommit { status }) => {
                respond(self.wire.refuse(&Refusal::Fault { status: *status }), headers)
            }
            Some(Effect::Malformed { body }) => respond(deform(answer, *body), headers),
            Some(Effect::Drip { bytes, pause_ms }) => {
                let finished = Box::new(move || {
                    drop(flight);
                    if let Some(fate) = fate {
                        fate.sent();
                    }
                });
                let drip = Drip::new(answer.body.clone(), *bytes, Duration::from_millis(*pause_ms), finished);
                let whole = respond(Answer { body: Bytes::new(), ..answer }, headers);
                whole.map(|_| AnswerBody::Drip(Box::pin(drip)))
            }
            _ => {
                if let Some(fate) = fate {
                    fate.sent();
                }
                respond(answer, headers)
            }
        }
    }

    fn plain(&self, answer: Answer, request_id: &str, key: Option<&str>, begun: Instant) -> Response<AnswerBody> {
        self.metrics.count(W::PROVIDER, answer.status, begun);
        respond(answer, self.wire.headers(request_id, key))
    }
}

/// The answer, with a body that is none of the provider's.
fn deform(answer: Answer, how: Malformation) -> Answer {
    match how {
        Malformation::Truncated => Answer { body: answer.body.slice(..answer.body.len() / 2), ..answer },
        Malformation::Empty => Answer { body: Bytes::new(), ..answer },
        Malformation::Garbage => Answer { body: Bytes::from_static(GARBAGE), ..answer },
        Malformation::Html => Answer { body: Bytes::from_static(GATEWAY_PAGE), ..answer }
            .header(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
    }
}

/// Takes a place at every barrier that met the request, before anything is executed.
fn arrive(plan: &Plan) -> Vec<(Hit, Option<crate::rules::Place>)> {
    let place = |hit: &Hit| match hit.effect() {
        Effect::Barrier { count, .. } => Some(hit.rule.barrier.arrive(*count)),
        _ => None,
    };
    plan.holds.iter().map(|hit| (hit.clone(), place(hit))).collect()
}

async fn hold(hit: &Hit, place: Option<crate::rules::Place>) {
    let wait = Duration::from_millis(hit.wait_ms);
    match place {
        Some(place) => hit.rule.barrier.wait(place, wait).await,
        None => tokio::time::sleep(wait).await,
    }
}

/// The delays, not the barriers: a request that is refused does not meet anyone.
async fn wait_out(holds: &[Hit]) {
    for hit in holds {
        if matches!(hit.effect(), Effect::Delay(_)) {
            tokio::time::sleep(Duration::from_millis(hit.wait_ms)).await;
        }
    }
}

fn respond(answer: Answer, headers: Headers) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::Whole(Some(answer.body)));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let fields = response.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in headers.into_iter().chain(answer.headers) {
        fields.insert(name, value);
    }
    response
}
