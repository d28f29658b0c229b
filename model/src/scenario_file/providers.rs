//! `providers`: started by the run, or running elsewhere.

use super::desk::At;
use super::form::{Form, Kind, object};
use super::kinds::{list, shapes, spotted, table, words};
use super::mistake::{likely, one_of};
use super::scalars::{Scalar, address, duration, text};
use crate::fault::Provider;
use crate::scenario::{BackupAccount, FraudAccount, Place, Providers, Shop, Webhooks};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// What the reference shop's account is called when a scenario does not say.
const SECRET_KEY: &str = "sk_test_doorbuster";

/// Signs webhooks when a scenario does not say with what.
const WEBHOOK_SECRET: &str = "whsec_doorbuster";

/// The events that a checkout, a refund desk and a dispute desk wait for.
const EVENTS: [&str; 12] = [
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "payment_intent.amount_capturable_updated",
    "charge.refunded",
    "charge.expired",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_reinstated",
];

/// The second payment account when a scenario does not say.
const BACKUP_KEY: &str = "doorbuster_backup_test_key";
const MERCHANT: &str = "DoorbusterECOM";
const HMAC_KEY: &str = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";

/// The fraud provider's account when a scenario does not say.
const AUTH_TOKEN: &str = "doorbuster_fraud_test_token";
const SHOP_DOMAIN: &str = "shop.doorbuster.example";

/// What the run starts when a scenario says nothing of providers.
fn started() -> ProvidersDraft {
    ProvidersDraft {
        providers: Providers {
            place: Place::Started { listen: BTreeMap::new() },
            webhooks: None,
            secret_key: SECRET_KEY.into(),
            backup_payment: BackupAccount {
                api_key: BACKUP_KEY.into(),
                merchant_account: MERCHANT.into(),
                hmac_key: HMAC_KEY.into(),
                webhooks: None,
            },
            fraud: FraudAccount { auth_token: AUTH_TOKEN.into(), shop_domain: SHOP_DOMAIN.into(), webhooks: None },
        },
        says: Says::default(),
    }
}

/// The providers; the reference shop takes webhooks unless the scenario says otherwise.
pub(super) fn settled(draft: Option<ProvidersDraft>, shop: Option<&Shop>) -> Providers {
    let ProvidersDraft { mut providers, says } = draft.unwrap_or_else(started);
    if matches!(shop, Some(Shop::Reference(_))) {
        if !says.webhooks {
            providers.webhooks = Some(default_webhooks());
        }
        if !says.backup_webhooks {
            providers.backup_payment.webhooks = Some("/webhooks/backup_payment".into());
        }
        if !says.fraud_webhooks {
            providers.fraud.webhooks = Some("/webhooks/fraud".into());
        }
    }
    providers
}

/// Webhooks as the reference shop takes them.
fn default_webhooks() -> Webhooks {
    Webhooks {
        to: "/webhooks/payment".into(),
        secret: WEBHOOK_SECRET.into(),
        backoff: [100, 200, 400, 800, 1600, 3200, 5000, 5000].map(Duration::from_millis).into(),
        events: EVENTS.map(String::from).into(),
    }
}

/// `providers`, and of which webhooks it says anything.
pub(super) struct ProvidersDraft {
    providers: Providers,
    says: Says,
}

/// Which webhooks a scenario says anything of.
#[derive(Clone, Copy, Debug, Default)]
struct Says {
    webhooks: bool,
    backup_webhooks: bool,
    fraud_webhooks: bool,
}

/// `providers`.
pub(super) fn providers(form: &mut Form<'_>) -> Option<ProvidersDraft> {
    let listen =
        form.optional("listen", "Started by the run: fixed addresses by provider.", table(socket()).and(by_provider));
    let admin = form.optional("admin", "Running already: the admin interface of `doorbuster providers`.", address());
    let proxy = form.optional("proxy", "With `admin`: the fault proxy before them.", object("Proxy", proxy));
    let webhooks = form.optional("webhooks", "Where the payment provider sends events; `off` for none.", webhooks());
    let key = form.defaulted("secret_key", "The payment account's test key.", SECRET_KEY, test_key());
    let backup = form.optional(
        "backup_payment",
        "The account of the second payment provider.",
        object("BackupAccount", backup_account),
    );
    let fraud = form.optional("fraud", "The account of the fraud provider.", object("FraudAccount", fraud_account));
    if form.has("admin") && form.has("listen") {
        form.wrong("listen", "does not go with `admin`", "providers are started by the run, or run already");
    }
    if form.has("proxy") && !form.has("admin") {
        form.wrong("proxy", "goes with `admin` only", "the run starts a proxy of its own before providers of its own");
    }
    let place = match (form.has("admin"), admin) {
        (true, admin) => Place::Running { admin: admin?, proxy },
        (false, _) => Place::Started { listen: listen.unwrap_or_default() },
    };
    let default = started().providers;
    let (backup_payment, backup_webhooks) = backup.unwrap_or((default.backup_payment, false));
    let (fraud, fraud_webhooks) = fraud.unwrap_or((default.fraud, false));
    Some(ProvidersDraft {
        providers: Providers { place, webhooks: webhooks.flatten(), secret_key: key?, backup_payment, fraud },
        says: Says { webhooks: form.has("webhooks"), backup_webhooks, fraud_webhooks },
    })
}

fn backup_account(form: &mut Form<'_>) -> Option<(BackupAccount, bool)> {
    let api_key = form.defaulted("api_key", "Its API key.", BACKUP_KEY, text());
    let merchant_account = form.defaulted("merchant_account", "Its merchant account.", MERCHANT, text());
    let hmac_key = form.defaulted("hmac_key", "Signs webhooks; hexadecimal.", HMAC_KEY, text());
    let webhooks = form.optional("webhooks", "Where its webhooks go; `off` for none.", webhook_place());
    let says = form.has("webhooks");
    let account = BackupAccount {
        api_key: api_key?,
        merchant_account: merchant_account?,
        hmac_key: hmac_key?,
        webhooks: webhooks.flatten(),
    };
    Some((account, says))
}

fn fraud_account(form: &mut Form<'_>) -> Option<(FraudAccount, bool)> {
    let auth_token = form.defaulted("auth_token", "Signs requests and webhooks.", AUTH_TOKEN, text());
    let shop_domain = form.defaulted("shop_domain", "The shop's domain.", SHOP_DOMAIN, text());
    let webhooks = form.optional("webhooks", "Where its webhooks go; `off` for none.", webhook_place());
    let says = form.has("webhooks");
    let account = FraudAccount { auth_token: auth_token?, shop_domain: shop_domain?, webhooks: webhooks.flatten() };
    Some((account, says))
}

/// A path of the shop or a full address, or `off`.
fn webhook_place() -> impl Kind<Value = Option<String>> {
    text().and(|to, at| if to == "off" { Some(None) } else { Some(Some(destination(to, at))) })
}

/// A path of the shop, or a full address.
fn destination(to: String, at: &At<'_>) -> String {
    if to.contains("://") {
        at.desk.target(at.spot(), &to);
    } else if !to.starts_with('/') {
        at.expected("a path or a full address", Some("begin with `/` or `http://`".into()));
    }
    to
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

pub(super) fn socket() -> impl Kind<Value = String> {
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
        text().and(|to, at| Some(destination(to, at))),
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
