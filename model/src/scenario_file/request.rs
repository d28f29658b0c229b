//! One request of a journey.

use super::desk::Use;
use super::expect::{Captures, captures, expectations};
use super::expressions::JsonBody;
use super::form::{Form, Kind, object};
use super::kinds::{shapes, table, words};
use super::scalars::{Scalar, some_time, template, text};
use crate::journey::{Body, Expectation, KeyUse, Poll, Redirects, RefundWish, Request, StatusRange};
use crate::outcome::Reading;
use crate::target::Target;
use crate::template::{Part, Template};
use serde_json::json;

/// Keys that name the method and hold the target.
pub(super) const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// A request, and what it needs and sets, which is known even of one that is wrong.
pub(super) struct Draft<T> {
    pub value: Option<T>,
    pub uses: Vec<Use>,
    pub sets: Vec<String>,
}

/// A request that carries a key unless it says otherwise.
pub(super) fn keyed(form: &mut Form<'_>) -> Option<Draft<Request>> {
    form.one_key(&METHODS, ONE_METHOD);
    fill(form, "step")
}

/// A request that carries no key unless it says otherwise.
pub(super) fn keyless(form: &mut Form<'_>) -> Option<Draft<Request>> {
    form.one_key(&METHODS, ONE_METHOD);
    fill(form, "none")
}

const ONE_METHOD: &str = "a request has one method, such as `get: /products`";

/// A request that is repeated.
pub(super) fn polled(form: &mut Form<'_>) -> Option<Draft<Poll>> {
    let every = form.defaulted("every", "Pause between an answer and the next request.", "200ms", some_time());
    let deadline = form.defaulted("for", "How long at most.", "20s", some_time());
    let draft = keyless(form)?;
    let poll = || Some(Poll { request: draft.value?, every: every?, deadline: deadline? });
    Some(Draft { value: poll(), uses: draft.uses, sets: draft.sets })
}

/// The members of a request; that it has one method is checked by whoever knows what else there may be.
pub(super) fn fill(form: &mut Form<'_>, default_key: &str) -> Option<Draft<Request>> {
    let about = "Path of the shop, or full address.";
    let targets: Vec<_> = METHODS.map(|method| form.optional(method, about, target())).into();
    let headers = form.optional("headers", "Headers beside the scenario's.", table(template()));
    let body = body(form);
    let expect = form.optional("expect", "How answers are read; any 2xx is right by default.", expectations());
    let captures = form.optional("capture", "What is kept of the answer: name → JSONPath or source.", captures());
    let timeout = form.defaulted("timeout", "Until the last byte of the answer.", "10s", some_time());
    let redirects = form.defaulted("redirects", "`keep`, `follow`, or how many are followed.", "follow", redirects());
    let keys = words(&[("none", KeyUse::None), ("step", KeyUse::Step)]);
    let key =
        form.defaulted("key", "Whether an `Idempotency-Key` is sent, the same for each repeat.", default_key, keys);
    let about = "The money that is asked back by it: whoever is told yes gets it.";
    let refund = form.optional("refund", about, object("RefundWish", refund_wish));
    form.one_body();
    let uses = form.at()?.desk.take_uses();
    let Captures { captures, names } = captures.unwrap_or_default();
    let request = || {
        let (method, target) = METHODS.into_iter().zip(targets).find_map(|(method, target)| Some((method, target?)))?;
        Some(Request {
            method: method.to_ascii_uppercase(),
            target,
            headers: headers.unwrap_or_default().into_iter().map(|(name, value)| (name.value, value)).collect(),
            body: body.unwrap_or(Body::Empty),
            redirects: redirects?,
            timeout: timeout?,
            key: key?,
            expect: expect.unwrap_or_else(any_success),
            captures,
            refund,
        })
    };
    Some(Draft { value: request(), uses, sets: names })
}

fn refund_wish(form: &mut Form<'_>) -> Option<RefundWish> {
    let order = form.required("order", "The number of the order.", template());
    let amount = form.optional("amount", "How much, in minor units; all that is left when absent.", template());
    Some(RefundWish { order: order?, amount })
}

fn any_success() -> Vec<Expectation> {
    vec![Expectation { reading: Reading::Ok, statuses: vec![StatusRange(200, 299)], checks: Vec::new() }]
}

fn body(form: &mut Form<'_>) -> Option<Body> {
    let json = form.optional("json", "A JSON body; strings may hold `{{variables}}`.", JsonBody);
    let fields = form.optional("form", "A form: name → value.", table(template()));
    let raw = form.optional(
        "raw",
        "Any other body.",
        object("Raw", |form| {
            let content_type = form.required("content_type", "Its `Content-Type`.", text());
            let text = form.required("text", "The text.", template());
            Some(Body::Raw { content_type: content_type?, text: text? })
        }),
    );
    let fields = fields.map(|fields| Body::Form(fields.into_iter().map(|(name, value)| (name.value, value)).collect()));
    json.map(Body::Json).or(fields).or(raw)
}

impl Form<'_> {
    /// Notes a mistake when a request has several bodies.
    fn one_body(&self) {
        let present: Vec<&str> = ["json", "form", "raw"].into_iter().filter(|key| self.has(key)).collect();
        if let [first, second, ..] = present.as_slice() {
            self.wrong(second, &format!("does not go with `{first}`"), "a request has one body");
        }
    }
}

/// A path of the shop, or a full address whose host can be seen.
fn target() -> impl Kind<Value = Template> {
    template().and(|template, at| {
        let literal = match template.parts.first() {
            Some(Part::Text(text)) => text.as_str(),
            Some(Part::Variable(_)) => return Some(template),
            None => "",
        };
        if literal.starts_with('/') {
            return Some(template);
        }
        let names_host = template.parts.len() == 1 || literal.matches('/').count() >= 3;
        match Target::of(literal) {
            Some(_) if names_host => at.desk.target(at.spot(), literal),
            _ if !names_host && literal.starts_with("http") => {
                at.wrong(
                    "hides its host in a variable",
                    Some("write the host, or begin with `{{payment.url}}` or a captured address".into()),
                );
            }
            _ => at.expected(
                "a path or a full address",
                Some("begin with `/`, `http://`, `https://` or `{{payment.url}}`".into()),
            ),
        }
        Some(template)
    })
}

/// `keep`, `follow` or a number.
fn redirects() -> impl Kind<Value = Redirects> {
    shapes().scalar(Scalar {
        parse: |text| match text {
            "keep" => Some(Redirects::Keep),
            "follow" => Some(Redirects::Follow(10)),
            number => number.parse().ok().filter(|times| (1..=20).contains(times)).map(Redirects::Follow),
        },
        expected: "`keep`, `follow`, or a number from 1 to 20",
        hint: None,
        schema: || json!({ "anyOf": [{ "enum": ["keep", "follow"] }, { "type": "integer", "minimum": 1, "maximum": 20 }] }),
    })
}
