//! Providers for tests: payment with idempotency keys, tax at 10%, and a warehouse, on one port, with books of their own.
//! A script decides what happens to each call.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{net::TcpListener, sync::Notify};

use super::{SECRET, adyen, front, wire};

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Serve,
    /// Does it, then drops the connection.
    Lose,
    /// Drops the connection before doing anything.
    DropBefore,
    /// Does it, then answers an error.
    FailAfter,
    /// Answers this status without doing anything.
    Refuse(u16),
    /// Does it, and answers when the gate opens.
    Wait,
}

const KEY_REUSED: &str = r#"{"error":{"type":"idempotency_error"}}"#;
const REFUSED: &str = r#"{"error":{"type":"invalid_request_error","code":"resource_missing"}}"#;

type Script = Box<dyn Fn(&str, usize) -> Act + Send>;

#[derive(Clone, Debug)]
pub struct Charge {
    pub id: String,
    pub key: String,
    pub status: String,
    pub amount: i64,
    pub refunded: i64,
    pub captures: Vec<i64>,
    pub form: HashMap<String, String>,
    pub intent: Option<String>,
}

#[derive(Default)]
struct Books {
    charges: Vec<Charge>,
    /// By key: what was asked, and what was answered.
    answers: HashMap<String, (String, u16, String)>,
    documents: HashMap<String, String>,
    dispatches: Vec<String>,
    counts: HashMap<&'static str, usize>,
    bodies: Vec<String>,
    adyen: adyen::Books,
}

pub struct Providers {
    pub address: SocketAddr,
    books: Mutex<Books>,
    script: Mutex<Script>,
    pub gate: Notify,
}

impl Providers {
    pub async fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let providers = Arc::new(Self {
            address: listener.local_addr().unwrap(),
            books: Mutex::default(),
            script: Mutex::new(Box::new(|_, _| Act::Serve)),
            gate: Notify::new(),
        });
        let serving = Arc::clone(&providers);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let serving = Arc::clone(&serving);
                tokio::spawn(async move {
                    let service = service_fn(|request| serving.answer(request));
                    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        providers
    }

    /// Decides what becomes of a call from its operation and how many of that came before.
    pub fn script(&self, script: impl Fn(&str, usize) -> Act + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
        self.books.lock().unwrap().counts.clear();
    }

    pub fn charges(&self) -> Vec<Charge> {
        self.books.lock().unwrap().charges.clone()
    }

    /// What the second payment provider holds.
    pub fn elsewhere(&self) -> Vec<adyen::Payment> {
        self.books.lock().unwrap().adyen.payments.clone()
    }

    /// The changes that the second payment provider has taken in: reference, psp reference, amount.
    pub fn changes(&self) -> Vec<adyen::Change> {
        self.books.lock().unwrap().adyen.changes.clone()
    }

    /// What a holder does: the payment goes on to this status.
    pub fn holder(&self, id: &str, status: &str) {
        let mut books = self.books.lock().unwrap();
        let charge = books.charges.iter_mut().find(|charge| charge.id == id).unwrap();
        charge.status = status.into();
        charge.form.entry("payment_method".into()).or_insert_with(|| "pm_by_browser".into());
    }

    /// The same charge once more, under another name.
    pub fn double(&self, id: &str) -> Charge {
        let mut books = self.books.lock().unwrap();
        let mut twin = books.charges.iter().find(|charge| charge.id == id).unwrap().clone();
        twin.id = format!("{id}_twin");
        books.charges.push(twin.clone());
        twin
    }

    pub fn succeeded(&self) -> Vec<Charge> {
        self.charges().into_iter().filter(|charge| charge.status == "succeeded").collect()
    }

    pub fn dispatches(&self) -> Vec<String> {
        self.books.lock().unwrap().dispatches.clone()
    }

    pub fn document(&self, order: &str) -> Option<String> {
        self.books.lock().unwrap().documents.get(order).cloned()
    }

    pub fn calls(&self, operation: &str) -> usize {
        self.books.lock().unwrap().counts.get(operation).copied().unwrap_or(0)
    }

    pub fn bodies(&self) -> Vec<String> {
        self.books.lock().unwrap().bodies.clone()
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, &'static str> {
        let (head, body) = request.into_parts();
        let body = String::from_utf8(body.collect().await.map_err(|_| "cut off")?.to_bytes().to_vec()).unwrap();
        let path = head.uri.path().to_owned();
        let header = |name: &str| head.headers.get(name).and_then(|it| it.to_str().ok()).map(str::to_owned);
        let (key, intent) = (header("idempotency-key").unwrap_or_default(), header("doorbuster-intent"));
        let operation = operation(&path, &body);
        let act = {
            let mut books = self.books.lock().unwrap();
            let count = books.counts.entry(operation).or_default();
            *count += 1;
            let nth = *count - 1;
            books.bodies.push(body.clone());
            (self.script.lock().unwrap())(operation, nth)
        };
        match act {
            Act::DropBefore => return Err("dropped"),
            Act::Refuse(status) => return Ok(written(status, REFUSED.into())),
            Act::Serve | Act::Lose | Act::FailAfter | Act::Wait => {}
        }
        let (status, text) = self.books.lock().unwrap().act(operation, &path, &key, intent, &body);
        match act {
            Act::Lose => Err("lost"),
            Act::FailAfter => Ok(written(500, "{}".into())),
            Act::Wait => {
                drop(tokio::time::timeout(Duration::from_secs(20), self.gate.notified()).await);
                Ok(written(status, text))
            }
            Act::Serve | Act::DropBefore | Act::Refuse(_) => Ok(written(status, text)),
        }
    }

    /// Sends a signed event about a charge to the shop; answers the shop's status.
    pub async fn send_event(&self, shop: SocketAddr, id: &str, kind: &str, charge: &Charge) -> u16 {
        send_event(shop, SECRET, id, kind, charge).await
    }
}

pub async fn send_event(shop: SocketAddr, secret: &str, id: &str, kind: &str, charge: &Charge) -> u16 {
    send_object(shop, secret, id, kind, charge.object()).await
}

pub async fn send_object(shop: SocketAddr, secret: &str, id: &str, kind: &str, object: Value) -> u16 {
    let (payload, signature) = signed(secret, id, kind, &object);
    wire::call(shop, "POST", "/webhooks/payment", &[("stripe-signature", &signature)], Some(payload)).await.status
}

/// An event and its signature.
pub fn signature(id: &str, kind: &str, object: &Value) -> (String, String) {
    signed(SECRET, id, kind, object)
}

fn signed(secret: &str, id: &str, kind: &str, object: &Value) -> (String, String) {
    let payload = json!({"id": id, "type": kind, "data": {"object": object}}).to_string();
    let at = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.{payload}").as_bytes());
    let signature = format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()));
    (payload, signature)
}

fn operation(path: &str, body: &str) -> &'static str {
    match path {
        "/v1/payment_intents" => "create",
        "/v1/payment_intents/search" => "search",
        "/v1/payment_methods" => "method",
        "/v1/refunds" => "refund",
        "/v1/customers" => "customer",
        "/v72/payments" => "authorise",
        "/v72/payments/details" => "details",
        _ if path.starts_with("/v72/") => adyen::operation(path),
        _ if path.starts_with("/v1/disputes/") => "evidence",
        _ if path.ends_with("/capture") => "capture",
        _ if path.ends_with("/cancel") => "cancel",
        _ if path.starts_with("/v1/payment_intents/") && !body.is_empty() => "update",
        "/dispatches" => "dispatch",
        "/v2/shipments" => "rate",
        "/api/decide" => "decide",
        "/api/v2/transactions/create" if body.contains("SalesOrder") => "quote",
        "/api/v2/transactions/create" => "document",
        _ if path.ends_with("/void") => "void",
        _ if path.starts_with("/v1/payment_intents/") => "retrieve",
        _ => "other",
    }
}

fn written(status: u16, text: String) -> Response<Full<Bytes>> {
    Response::builder().status(status).body(Full::new(Bytes::from(text))).unwrap()
}

impl Charge {
    pub fn object(&self) -> Value {
        let metadata: HashMap<_, _> = self
            .form
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix("metadata[")?.strip_suffix(']')?, value)))
            .collect();
        let failed = self.status == "requires_payment_method" && self.form.contains_key("payment_method");
        let error = failed.then(|| json!({"code": "card_declined", "decline_code": "lost_card"}));
        let action = json!({"type": "redirect_to_url", "redirect_to_url": {"url": format!("http://bank/{}", self.id)}});
        let action = if self.status == "requires_action" { action } else { Value::Null };
        json!({"id": self.id, "object": "payment_intent", "status": self.status, "amount": self.amount,
               "client_secret": format!("{}_secret", self.id), "next_action": action,
               "metadata": metadata, "last_payment_error": error})
    }
}

impl Books {
    fn act(
        &mut self,
        operation: &'static str,
        path: &str,
        key: &str,
        intent: Option<String>,
        body: &str,
    ) -> (u16, String) {
        if !key.is_empty()
            && let Some((asked, status, text)) = self.answers.get(key)
        {
            return if asked == body { (*status, text.clone()) } else { (400, KEY_REUSED.into()) };
        }
        let (status, answer) = match operation {
            "create" => self.create(key, intent, body),
            "search" => {
                let data: Vec<Value> = self.charges.iter().map(Charge::object).collect();
                (200, json!({"object": "list", "data": data}))
            }
            "retrieve" => {
                let id = path.rsplit('/').next().unwrap();
                let found = self.charges.iter().find(|charge| charge.id == id);
                found.map_or((404, json!({})), |charge| (200, charge.object()))
            }
            "capture" | "cancel" | "update" => self.change(operation, path, body),
            "evidence" => (200, json!({"id": path.rsplit('/').next()})),
            "authorise" | "details" | "adyen_capture" | "adyen_cancel" | "adyen_refund" => {
                self.adyen.act(operation, path, body)
            }
            "method" => (200, json!({"id": "pm_from_card"})),
            "refund" => self.refund(body),
            "customer" => (200, json!({"id": "cus_1"})),
            "quote" => (201, json!({"totalTax": tax(body)})),
            "document" => {
                let body: Value = serde_json::from_str(body).unwrap();
                self.documents.insert(body["code"].as_str().unwrap().into(), "Committed".into());
                (201, json!({"status": "Committed"}))
            }
            "void" => {
                let code = path.split('/').nth(6).unwrap();
                self.documents.insert(code.into(), "Cancelled".into());
                (200, json!({"status": "Cancelled"}))
            }
            "dispatch" => {
                let body: Value = serde_json::from_str(body).unwrap();
                self.dispatches.push(body["order"].as_str().unwrap().into());
                (201, json!({}))
            }
            "rate" => (201, front::rate(body, self.counts["rate"])),
            "decide" => (200, front::decide(body)),
            _ => (404, json!({})),
        };
        if !key.is_empty() {
            self.answers.insert(key.into(), (body.into(), status, answer.to_string()));
        }
        (status, answer.to_string())
    }

    fn create(&mut self, key: &str, intent: Option<String>, body: &str) -> (u16, Value) {
        let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let method = form.get("payment_method").cloned().unwrap_or_default();
        let declined = method.contains("Declined");
        let status = match method.as_str() {
            "" => "requires_payment_method",
            _ if declined => "requires_payment_method",
            _ if method.contains("authentication") => "requires_action",
            _ if form.get("capture_method").is_some_and(|it| it == "manual") => "requires_capture",
            _ => "succeeded",
        };
        let charge = Charge {
            id: format!("pi_{}", self.charges.len() + 1),
            key: key.into(),
            status: status.into(),
            amount: form["amount"].parse().unwrap(),
            refunded: 0,
            captures: Vec::new(),
            form,
            intent,
        };
        let object = charge.object();
        self.charges.push(charge);
        if declined {
            let error = json!({"type": "card_error", "code": "card_declined", "decline_code": "lost_card",
                               "payment_intent": object});
            return (402, json!({ "error": error }));
        }
        (200, object)
    }

    fn change(&mut self, operation: &str, path: &str, body: &str) -> (u16, Value) {
        let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let id = path.split('/').nth(3).unwrap();
        let charge = self.charges.iter_mut().find(|charge| charge.id == id).unwrap();
        match (operation, charge.status.as_str()) {
            ("capture", "requires_capture") => {
                charge.captures.push(form["amount_to_capture"].parse().unwrap());
                if form.get("final_capture").is_none_or(|last| last != "false") {
                    charge.status = "succeeded".into();
                }
            }
            ("cancel", "requires_capture" | "requires_action" | "requires_payment_method") => {
                charge.status = "canceled".into();
            }
            ("update", "requires_payment_method") => charge.amount = form["amount"].parse().unwrap(),
            _ => return (400, json!({"error": {"type": "invalid_request_error", "code": "unexpected_state"}})),
        }
        (200, charge.object())
    }

    fn refund(&mut self, body: &str) -> (u16, Value) {
        let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let charge = self.charges.iter_mut().find(|charge| charge.id == form["payment_intent"]).unwrap();
        charge.refunded += form["amount"].parse::<i64>().unwrap();
        let id = format!("re_{}_{}", charge.id, form["metadata[refund]"]);
        (200, json!({"id": id, "status": "succeeded"}))
    }
}

/// 10% of the lines, rounded to cents.
fn tax(body: &str) -> f64 {
    let body: Value = serde_json::from_str(body).unwrap();
    let amount: f64 = body["lines"].as_array().unwrap().iter().map(|line| line["amount"].as_f64().unwrap()).sum();
    (amount * 10.0).round() / 100.0
}
