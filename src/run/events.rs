//! Takes in events of other systems while the run goes on: an alert that fired, a deployment, a person's remark.
//!
//! `POST /events` with a JSON object: `name` (or Alertmanager's `alerts[].labels.alertname`), `text`. What is taken in stands on
//! the run clock, by the instant of its arrival.

use super::{RunError, note};
use books::intake::Intake;
use books::rows::{Batch, Event, EventKind};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// An alert is a few hundred bytes; nothing honest is larger than this.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// A client that says nothing for so long is left.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections at once.
const CONNECTIONS_MAX: usize = 64;

/// Characters of a text that are kept.
const TEXT_MAX: usize = 500;

/// The open door.
pub struct Door {
    listener: TcpListener,
    /// Where it is.
    pub address: SocketAddr,
}

impl Door {
    /// Opens it; port 0 takes a free one. Before anything is raised, so that an address in use costs no run.
    pub async fn open(address: &str) -> Result<Self, RunError> {
        let unusable = |source| RunError::Events { address: address.to_owned(), source };
        let listener = TcpListener::bind(address).await.map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        Ok(Self { listener, address })
    }

    /// Takes events in until `over` turns true.
    pub async fn take_in(self, start: Instant, intake: Intake, mut over: watch::Receiver<bool>) {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS_MAX => accepted,
                Some(_) = connections.join_next() => continue,
                _ = over.wait_for(|over| *over) => return,
            };
            let Ok((stream, _)) = accepted else { continue };
            let intake = intake.clone();
            let service = service_fn(move |request| answer(request, start, intake.clone()));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .serve_connection(TokioIo::new(stream), service);
            connections.spawn(async move {
                // A client that breaks off has told what it told.
                drop(connection.await);
            });
        }
    }
}

async fn answer(
    request: Request<Incoming>,
    start: Instant,
    intake: Intake,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let said = if request.uri().path() != "/events" {
        told(StatusCode::NOT_FOUND, "events are taken in at /events\n")
    } else if request.method() != Method::POST {
        told(StatusCode::METHOD_NOT_ALLOWED, "events are taken in by POST\n")
    } else {
        let body = tokio::time::timeout(PATIENCE, Limited::new(request.into_body(), BODY_BYTES_MAX).collect()).await;
        match body.map(|body| body.map(|body| serde_json::from_slice::<Value>(&body.to_bytes()))) {
            Ok(Ok(Ok(value))) => {
                let at_us = start.elapsed().as_micros() as u64;
                let events = read(&value, at_us);
                if events.is_empty() {
                    told(StatusCode::UNPROCESSABLE_ENTITY, "an event is an object with `name` and `text`\n")
                } else {
                    note(intake.give(Batch { events, ..Batch::default() }));
                    told(StatusCode::ACCEPTED, "taken in\n")
                }
            }
            Ok(Ok(Err(_))) => told(StatusCode::BAD_REQUEST, "the body is no JSON\n"),
            Ok(Err(_)) => told(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large or was cut off\n"),
            Err(_) => told(StatusCode::REQUEST_TIMEOUT, "the body did not come\n"),
        }
    };
    Ok(said)
}

/// One event for an object with a name; one for each alert of an Alertmanager's message.
fn read(value: &Value, at_us: u64) -> Vec<Event> {
    let event = |name: &str, text: &str| Event {
        at_us,
        kind: EventKind::External,
        name: name.chars().take(TEXT_MAX).collect(),
        text: text.chars().take(TEXT_MAX).collect(),
        undo: String::new(),
    };
    if let Some(alerts) = value["alerts"].as_array() {
        let told = alerts.iter().filter_map(|alert| {
            let status = alert["status"].as_str().unwrap_or("firing");
            let summary = alert["annotations"]["summary"].as_str().unwrap_or_default();
            Some(event(alert["labels"]["alertname"].as_str()?, format!("{status} {summary}").trim()))
        });
        return told.collect();
    }
    let text = value["text"].as_str().unwrap_or_default();
    value["name"].as_str().filter(|name| !name.is_empty()).map(|name| event(name, text)).into_iter().collect()
}

fn told(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_has_a_name() {
        let read = |value| read(&value, 7).into_iter().map(|event| (event.name, event.text)).collect::<Vec<_>>();
        assert_eq!(read(json!({"name": "deploy", "text": "v42"})), [("deploy".into(), "v42".into())]);
        assert!(read(json!({"text": "v42"})).is_empty());
        assert!(read(json!([1, 2])).is_empty());
        let alerts = json!({"alerts": [
            {"status": "firing", "labels": {"alertname": "CheckoutSlow"}, "annotations": {"summary": "p95 is 2 s"}},
            {"status": "resolved", "labels": {"alertname": "CheckoutSlow"}},
            {"labels": {}},
        ]});
        assert_eq!(
            read(alerts),
            [("CheckoutSlow".into(), "firing p95 is 2 s".into()), ("CheckoutSlow".into(), "resolved".into())]
        );
    }

    #[test]
    fn long_texts_are_cut() {
        let events = read(&json!({"name": "n", "text": "x".repeat(9_000)}), 0);
        assert_eq!(events[0].text.len(), TEXT_MAX);
    }
}
