//! Leases of provider accounts.

use http::StatusCode;
use model::fault::Provider;
use serde::Deserialize;
use serde_json::json;

use super::{Admin, Reply, after_ms, is_stored, read_body};
use crate::accounts::{CaptureSetting, Endpoint, Lease, is_live, key_hash};
use crate::http::Call;
use crate::ledger::now_us;
use crate::statement::Stamp;
use crate::store::{Table, Write};

/// Types of event that a lease's webhook hears unless it says otherwise.
const EVENTS: [&str; 4] =
    ["payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled", "charge.refunded"];
const TTL_MS_MAX: u64 = 86_400_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Take {
    #[serde(default = "first_provider")]
    provider: Provider,
    key: String,
    #[serde(default)]
    publishable: Option<String>,
    run: String,
    #[serde(default)]
    webhook: Option<Webhook>,
    #[serde(default)]
    ttl_ms: Option<u64>,
    #[serde(default)]
    merchant_account: Option<String>,
    #[serde(default)]
    capture: CaptureSetting,
    #[serde(default)]
    shop_domain: Option<String>,
}

const fn first_provider() -> Provider {
    Provider::Payment
}

/// Types of event that a webhook hears of which a lease says nothing: each provider's usual ones.
fn usual_events(provider: Provider) -> Vec<String> {
    let usual: &[&str] = match provider {
        Provider::Payment => &EVENTS,
        Provider::BackupPayment | Provider::Tax | Provider::Fraud | Provider::Shipping | Provider::Warehouse => &["*"],
    };
    usual.iter().map(|event| (*event).to_owned()).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Webhook {
    url: String,
    secret: String,
    #[serde(default)]
    backoff_ms: Vec<u64>,
    #[serde(default)]
    events: Option<Vec<String>>,
}

/// Leases an account to a run.
pub(super) async fn take(admin: &Admin, call: &Call) -> Reply {
    let take: Take = match read_body(call) {
        Ok(take) => take,
        Err(reply) => return reply,
    };
    if is_live(&take.key) || take.publishable.as_deref().is_some_and(is_live) {
        return Reply::error(StatusCode::BAD_REQUEST, "live_key", "live keys are refused");
    }
    if take.key.is_empty() || take.run.is_empty() {
        return Reply::error(StatusCode::BAD_REQUEST, "bad_body", "`key` and `run` must not be empty");
    }
    if take.webhook.as_ref().is_some_and(|webhook| !webhook.url.starts_with("http://")) {
        return Reply::error(StatusCode::BAD_REQUEST, "bad_body", "`webhook.url` must be an http:// address");
    }
    let (now_us, account) = (now_us(), key_hash(&take.key));
    let lease = Lease {
        account,
        publishable: take.publishable.as_deref().map(key_hash),
        run: take.run.clone(),
        until_us: after_ms(now_us, take.ttl_ms.unwrap_or(admin.account_ttl_ms).min(TTL_MS_MAX)),
        merchant_account: take.merchant_account,
        capture: take.capture,
        auth_token: take.shop_domain.as_ref().map(|_| take.key.clone()),
        shop_domain: take.shop_domain,
    };
    let (n, id) = {
        let books = &mut *admin.ledger.books.lock();
        let n = books.endpoints.take();
        (n, books.identity.make("we", n))
    };
    let endpoint = take.webhook.map(|webhook| Endpoint {
        n,
        id,
        account,
        url: webhook.url,
        secret: webhook.secret,
        events: webhook.events.unwrap_or_else(|| usual_events(take.provider)),
        backoff_ms: webhook.backoff_ms,
        leased: true,
        is_disabled: false,
        api_version: None,
        description: None,
        metadata: Vec::new(),
        created: now_us / 1_000_000,
    });
    let mut writes = vec![lease.write()];
    {
        let mut accounts = admin.ledger.accounts.write();
        let holder = accounts.lease(account).filter(|held| held.run != take.run && held.until_us > now_us);
        if let Some(holder) = holder {
            let message = format!("run `{}` holds this account", holder.run);
            return Reply::error(StatusCode::CONFLICT, "held", &message);
        }
        let gone = accounts.take_leased_endpoints(account);
        writes.extend(gone.iter().map(|endpoint| Write::Delete { table: Table::Endpoint, n: endpoint.n }));
        accounts.put_lease(lease);
        if let Some(endpoint) = endpoint {
            writes.push(endpoint.write());
            accounts.put_endpoint(endpoint);
        }
    }
    let stamp = Stamp::bare(now_us, None, take.provider);
    if !is_stored(admin.ledger.note(&stamp, &[], writes)).await {
        return Reply::broken();
    }
    Reply::json(StatusCode::CREATED, &json!({ "run": take.run, "webhook": n }))
}

/// Ends a lease.
pub(super) async fn give_back(admin: &Admin, key: &str) -> Reply {
    let ended = admin.ledger.accounts.write().end_lease(key_hash(key));
    let Some((lease, endpoints)) = ended else {
        return Reply::error(StatusCode::NOT_FOUND, "not_held", "no run holds this account");
    };
    let mut writes = vec![Write::Delete { table: Table::Account, n: lease.account }];
    writes.extend(endpoints.iter().map(|endpoint| Write::Delete { table: Table::Endpoint, n: endpoint.n }));
    let stamp = Stamp::bare(now_us(), None, Provider::Payment);
    if !is_stored(admin.ledger.note(&stamp, &[], writes)).await {
        return Reply::broken();
    }
    Reply::empty()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renew {
    run: String,
    ttl_ms: u64,
}

/// Renews everything that a run holds.
pub(super) async fn renew(admin: &Admin, call: &Call) -> Reply {
    let renew: Renew = match read_body(call) {
        Ok(renew) => renew,
        Err(reply) => return reply,
    };
    let until_us = after_ms(now_us(), renew.ttl_ms.min(TTL_MS_MAX));
    let rules = admin.ledger.rules.renew(&renew.run, until_us);
    let leases = admin.ledger.accounts.write().renew(&renew.run, until_us);
    let writes: Vec<Write> =
        rules.iter().filter_map(|rule| rule.write()).chain(leases.iter().map(Lease::write)).collect();
    let stamp = Stamp::bare(now_us(), None, Provider::Payment);
    if !is_stored(admin.ledger.note(&stamp, &[], writes)).await {
        return Reply::broken();
    }
    Reply::json(StatusCode::OK, &json!({ "rules": rules.len() }))
}
