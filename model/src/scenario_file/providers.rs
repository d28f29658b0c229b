//! `providers`: started by the run, or running elsewhere.

use super::desk::At;
use super::form::{Form, Kind, object};
use super::kinds::{list, shapes, spotted, table, words};
use super::mistake::{likely, one_of};
use super::scalars::{Scalar, address, duration, text};
use crate::fault::Provider;
use crate::scenario::{Providers, Webhooks};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// What the reference shop's account is called when a scenario does not say.
const SECRET_KEY: &str = "sk_test_doorbuster";

/// Signs webhooks when a scenario does not say with what.
const WEBHOOK_SECRET: &str = "whsec_doorbuster";

/// The events that a checkout waits for.
const EVENTS: [&str; 4] =
    ["payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled", "charge.refunded"];

/// What the run starts when a scenario says nothing of providers.
pub(super) fn started(webhooks: Option<Webhooks>) -> Providers {
    Providers::Started { listen: BTreeMap::new(), webhooks, secret_key: SECRET_KEY.into() }
}

/// Webhooks as the reference shop takes them.
pub(super) fn default_webhooks() -> Webhooks {
    Webhooks {
        to: "/webhooks/payment".into(),
        secret: WEBHOOK_SECRET.into(),
        backoff: [100, 200, 400, 800, 1600, 3200, 5000, 5000].map(Duration::from_millis).into(),
        events: EVENTS.map(String::from).into(),
    }
}

/// `providers`, and whether it says anything of webhooks.
pub(super) struct ProvidersDraft {
    pub providers: Providers,
    pub says_webhooks: bool,
}

/// `providers`.
pub(super) fn providers(form: &mut Form<'_>) -> Option<ProvidersDraft> {
    let listen =
        form.optional("listen", "Started by the run: fixed addresses by provider.", table(socket()).and(by_provider));
    let admin = form.optional("admin", "Running already: the admin interface of `doorbuster providers`.", address());
    let proxy = form.optional("proxy", "With `admin`: the fault proxy before them.", object("Proxy", proxy));
    let webhooks = form.optional("webhooks", "Where the payment provider sends events; `off` for none.", webhooks());
    let key = form.defaulted("secret_key", "The payment account's test key.", SECRET_KEY, test_key());
    if form.has("admin") && form.has("listen") {
        form.wrong("listen", "does not go with `admin`", "providers are started by the run, or run already");
    }
    if form.has("proxy") && !form.has("admin") {
        form.wrong("proxy", "goes with `admin` only", "the run starts a proxy of its own before providers of its own");
    }
    let says_webhooks = form.has("webhooks");
    let webhooks = webhooks.flatten();
    let secret_key = key?;
    let providers = match (form.has("admin"), admin) {
        (true, admin) => Providers::Running { admin: admin?, proxy, webhooks, secret_key },
        (false, _) => Providers::Started { listen: listen.unwrap_or_default(), webhooks, secret_key },
    };
    Some(ProvidersDraft { providers, says_webhooks })
}

/// The word for a provider.
pub(super) fn provider() -> impl Kind<Value = Provider> {
    words(&Provider::ALL.map(|provider| (provider.name(), provider)))
}

fn by_provider<T>(members: Vec<(super::kinds::Spotted<String>, T)>, at: &At<'_>) -> Option<BTreeMap<Provider, T>> {
    let named = members.len();
    let mut by_provider = BTreeMap::new();
    for (name, value) in members {
        let Some(provider) = Provider::ALL.into_iter().find(|provider| provider.name() == name.value) else {
            let known = || Provider::ALL.iter().map(|provider| provider.name());
            let hint = likely(&name.value, known()).map(|word| format!("did you mean `{word}`?"));
            at.desk.note(name.spot, format!("is not a provider, expected {}", one_of(known())), hint);
            continue;
        };
        by_provider.insert(provider, value);
    }
    (by_provider.len() == named).then_some(by_provider)
}

fn proxy(form: &mut Form<'_>) -> Option<(String, BTreeMap<Provider, String>)> {
    let at = form.required("at", "Its address (Toxiproxy's interface).", address());
    let names = form.required("names", "The proxy's name by provider.", table(text()).and(by_provider));
    Some((at?, names?))
}

fn socket() -> impl Kind<Value = String> {
    Scalar {
        parse: |text| text.parse::<SocketAddr>().ok().map(|socket| socket.to_string()),
        expected: "an address and a port",
        hint: Some("write `127.0.0.1:9001`"),
        schema: || serde_json::json!({ "type": "string" }),
    }
    .and(|socket, at| {
        at.desk.target(at.spot(), &format!("http://{socket}"));
        Some(socket)
    })
}

fn test_key() -> impl Kind<Value = String> {
    spotted(text()).and(|key, at| {
        // Live keys are noted wherever they stand.
        if !key.value.starts_with("sk_test_") && !key.value.contains("_live_") {
            at.wrong("is not a test key", Some("write a key that begins with `sk_test_`".into()));
        }
        Some(key.value)
    })
}

fn webhooks() -> impl Kind<Value = Option<Webhooks>> {
    shapes().scalar(words(&[("off", ())]).map(|()| None)).map(object("Webhooks", fill_webhooks).map(Some))
}

fn fill_webhooks(form: &mut Form<'_>) -> Option<Webhooks> {
    let default = default_webhooks();
    let to = form.defaulted(
        "to",
        "A path of the shop, or a full address.",
        "/webhooks/payment",
        text().and(|to, at| {
            if to.contains("://") {
                at.desk.target(at.spot(), &to);
            } else if !to.starts_with('/') {
                at.expected("a path or a full address", Some("begin with `/` or `http://`".into()));
            }
            Some(to)
        }),
    );
    let secret = form.defaulted("secret", "Signs them.", WEBHOOK_SECRET, text());
    let backoff = form.optional("backoff", "Pauses before the retries.", list(duration()));
    let events = form.optional("events", "Which types of event are sent.", list(text()));
    Some(Webhooks {
        to: to?,
        secret: secret?,
        backoff: backoff.unwrap_or(default.backoff),
        events: events.unwrap_or(default.events),
    })
}
