//! The warehouse: records each dispatch once, however often its message comes.

use model::fault::Provider;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::accounts::{Accounts, Caller};
use crate::books::Books;
use crate::http::Call;
use crate::statement::{Op, Row};
use crate::turn::{Labels, Turn};
use crate::wire::{Answer, Headers, Refusal, Stop, Traits, Understood, Wire};

const HASH_KIND: &str = "dispatch";
const MESSAGE_LENGTH_MAX: usize = 255;

/// The warehouse.
pub(crate) struct Warehouse;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    sku: String,
    quantity: u32,
}

/// What is to be sent, as the shop says it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Request {
    message: Option<String>,
    order: String,
    email: Option<String>,
    #[serde(default)]
    address: Option<Value>,
    #[serde(default)]
    lines: Vec<Line>,
}

/// A dispatch as it is kept and shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the field is the wire's")]
pub(crate) struct Dispatch {
    dispatch: String,
    message: String,
    order: String,
    email: Option<String>,
    /// Where it goes, in the words of whoever asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<Value>,
    lines: Vec<Line>,
}

/// A request to the warehouse.
#[derive(Clone)]
pub(crate) enum Operation {
    Send { message: String, request: Request },
    Retrieve(String),
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": { "code": code, "message": message } }))
}

impl Wire for Warehouse {
    type Operation = Operation;

    const PROVIDER: Provider = Provider::Warehouse;

    fn greet(&self, _call: &Call) -> Option<Answer> {
        None
    }

    fn identify(&self, call: &Call, accounts: &Accounts, now_us: i64) -> Result<Caller, Answer> {
        let leased = accounts.run_of(call.bearer());
        Ok(leased.unwrap_or_else(|| {
            let run = call.run().or_else(|| accounts.only_run(now_us));
            Caller { account: 0, run, is_browser: false }
        }))
    }

    fn understand(
        &self,
        call: &Call,
        _caller: &Caller,
        _books: &Mutex<Books>,
    ) -> Result<Understood<Operation>, Answer> {
        let segments = call.segments();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (call.method.as_str(), parts.as_slice()) {
            ("POST", ["dispatches"]) => {
                let request: Request = serde_json::from_slice(&call.body)
                    .map_err(|why| error(400, "bad_request", &format!("not a dispatch: {why}")))?;
                let message = request.message.clone().or_else(|| call.header("idempotency-key").map(str::to_owned));
                let message = message.filter(|message| !message.is_empty() && message.len() <= MESSAGE_LENGTH_MAX);
                let message =
                    message.ok_or_else(|| error(400, "message_missing", "`message` must have 1 to 255 characters"))?;
                if request.order.is_empty()
                    || request.lines.is_empty()
                    || request.lines.iter().any(|line| line.quantity == 0)
                {
                    return Err(error(400, "bad_request", "`order` and `lines` must not be empty, quantities not 0"));
                }
                let labels = Labels {
                    order: Some(request.order.clone()),
                    email: request.email.clone(),
                    key: Some(message.clone()),
                };
                Ok(Understood {
                    operation: Operation::Send { message, request },
                    key: None,
                    labels,
                    reads_store: false,
                })
            }
            ("GET", ["dispatches", id]) => Ok(Understood {
                operation: Operation::Retrieve((*id).to_owned()),
                key: None,
                labels: Labels::default(),
                reads_store: false,
            }),
            _ => Err(error(404, "not_found", "there is nothing at this address")),
        }
    }

    fn traits(&self, _operation: &Operation, _books: &mut Books) -> Traits {
        Traits::default()
    }

    fn execute(&self, operation: Operation, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
        match operation {
            Operation::Send { message, request } => send(message, request, turn),
            Operation::Retrieve(id) => {
                let n = turn.books.identity.read("dis", &id);
                let found = match n {
                    Some(n) => turn.books.dispatches.take(n, &turn.books.reader)?,
                    None => None,
                };
                let dispatch = found.ok_or_else(|| error(404, "not_found", "there is no such dispatch"))?;
                Ok(Answer::json(200, &dispatch))
            }
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Answer {
        match refusal {
            Refusal::TooLarge => error(413, "too_large", "the body is larger than 1 MiB"),
            Refusal::Unreadable => error(400, "bad_request", "the body could not be read"),
            Refusal::KeyInFlight { .. } | Refusal::KeyReused { .. } => {
                error(409, "conflict", "the message was used for something else")
            }
            Refusal::Broken => error(500, "broken", "the warehouse could not store it"),
            Refusal::Fault { status } => error(*status, "unavailable", "the warehouse cannot answer now"),
            Refusal::TooManyRequests => error(429, "too_many_requests", "there are too many requests"),
        }
    }

    fn headers(&self, _request_id: &str, _key: Option<&str>) -> Headers {
        Vec::new()
    }
}

#[derive(Serialize)]
struct Redelivered<'a> {
    #[serde(flatten)]
    dispatch: &'a Dispatch,
    redelivered: bool,
}

/// Records a dispatch, or says that it is known. Messages are one run's: two runs may use the same.
fn send(message: String, request: Request, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let books = &mut *turn.books;
    let name = format!("{}\u{1}{message}", turn.context.caller.run.as_deref().unwrap_or_default());
    let hash = books.identity.hash(HASH_KIND, turn.context.caller.account, &name);
    let mut known = None;
    let Books { names, dispatches, reader, .. } = books;
    names.find(hash, |n| {
        known = dispatches.take(n, reader)?.filter(|dispatch| dispatch.message == message);
        Ok(known.is_some())
    })?;
    if let Some(dispatch) = known {
        turn.row(row(Op::Redelivery, &dispatch).state("redelivered"));
        return Ok(Answer::json(200, &Redelivered { dispatch: &dispatch, redelivered: true }));
    }
    let n = books.dispatches.number();
    let dispatch = Dispatch {
        dispatch: books.identity.make("dis", n),
        message,
        order: request.order,
        email: request.email,
        address: request.address,
        lines: request.lines,
    };
    books.names.give(hash, n, &mut turn.writes, turn.progress);
    turn.row(row(Op::Dispatch, &dispatch).state("dispatched"));
    let answer = Answer::json(201, &dispatch);
    turn.books.dispatches.put(n, turn.context.caller.account, None, dispatch, &mut turn.writes, turn.progress);
    Ok(answer)
}

fn row(op: Op, dispatch: &Dispatch) -> Row {
    let mut detail = json!({ "lines": dispatch.lines });
    if let Some(address) = &dispatch.address {
        detail["ship_to"] = address.clone();
    }
    Row::new(op).object(dispatch.dispatch.clone()).detail(detail)
}
