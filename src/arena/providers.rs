//! The providers' admin interface: accounts, rules, leases, quiet, statement.

use crate::caller::{CallError, Caller};
use books::rows::StatementRow;
use http::Method;
use model::fault::ProviderRule;
use model::scenario::Webhooks;
use serde::Deserialize;
use serde_json::json;

/// Unfinished work of the providers.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct ProvidersQuiet {
    /// Webhooks to be delivered, or delivered again.
    pub webhooks_pending: u64,
    /// Requests and webhooks that a fault holds.
    pub held: u64,
    /// Requests under way.
    pub in_flight: u64,
    /// Since an object changed or a webhook was attempted.
    pub last_change_ms_ago: u64,
}

/// What a rule counted itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RuleCounts {
    /// Its name.
    pub id: String,
    /// Operations that it matched.
    pub matched: u64,
    /// Operations that it was applied to.
    pub applied: u64,
}

/// A provider account that a run holds for itself.
#[derive(Clone, Debug)]
pub struct Account<'a> {
    /// The secret key.
    pub key: &'a str,
    /// The publishable key, for browsers.
    pub publishable: &'a str,
    /// The run.
    pub run: &'a str,
    /// Where its webhooks go: full address and how; none are sent when absent.
    pub webhooks: Option<(&'a str, &'a Webhooks)>,
}

/// The admin interface of the provider simulators.
#[derive(Clone)]
pub struct ProvidersAdmin {
    caller: Caller,
    base: String,
}

impl ProvidersAdmin {
    /// The interface at `base` (`http://host:port`).
    #[must_use]
    pub const fn new(caller: Caller, base: String) -> Self {
        Self { caller, base }
    }

    /// Its address.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Leases an account to the run; another live run that holds it is an error.
    pub async fn lease_account(&self, account: &Account<'_>) -> Result<(), CallError> {
        let webhook = account.webhooks.map(|(url, how)| {
            let backoff_ms: Vec<u128> = how.backoff.iter().map(std::time::Duration::as_millis).collect();
            json!({ "url": url, "secret": how.secret, "backoff_ms": backoff_ms, "events": how.events })
        });
        let body = json!({
            "key": account.key, "publishable": account.publishable, "run": account.run, "webhook": webhook,
        });
        self.caller.send_json(Method::POST, &format!("{}/admin/accounts", self.base), &body).await.map(drop)
    }

    /// Gives an account back.
    pub async fn release_account(&self, key: &str) -> Result<(), CallError> {
        self.caller.delete(&format!("{}/admin/accounts/{key}", self.base)).await
    }

    /// Begins a fault.
    pub async fn put_rule(&self, rule: &ProviderRule) -> Result<(), CallError> {
        let body = serde_json::to_value(rule).expect("a rule is plain data");
        self.caller.send_json(Method::PUT, &format!("{}/admin/rules/{}", self.base, rule.id), &body).await.map(drop)
    }

    /// How many operations a rule matched, and how many it was applied to; none when there is no such rule.
    pub async fn rule_counts(&self, id: &str) -> Result<Option<RuleCounts>, CallError> {
        let address = format!("{}/admin/rules", self.base);
        let value = self.caller.get_json(&address).await?;
        // A list, or a list under `rules`.
        let list = value.get("rules").unwrap_or(&value).clone();
        let counts: Vec<RuleCounts> = serde_json::from_value(list)
            .map_err(|error| CallError::Unreadable { address, reason: error.to_string() })?;
        Ok(counts.into_iter().find(|counts| counts.id == id))
    }

    /// Ends a fault.
    pub async fn delete_rule(&self, id: &str) -> Result<(), CallError> {
        self.caller.delete(&format!("{}/admin/rules/{id}", self.base)).await
    }

    /// Renews everything that the run holds.
    pub async fn renew(&self, run: &str, ttl_ms: u64) -> Result<(), CallError> {
        let body = json!({ "run": run, "ttl_ms": ttl_ms });
        self.caller.send_json(Method::PUT, &format!("{}/admin/lease", self.base), &body).await.map(drop)
    }

    /// Unfinished work.
    pub async fn quiet(&self) -> Result<ProvidersQuiet, CallError> {
        let address = format!("{}/admin/quiet", self.base);
        let value = self.caller.get_json(&address).await?;
        serde_json::from_value(value).map_err(|error| CallError::Unreadable { address, reason: error.to_string() })
    }

    /// Statement rows after a sequence number, at most `limit`, ascending.
    pub async fn statement(&self, after: u64, limit: usize) -> Result<Vec<StatementRow>, CallError> {
        let address = format!("{}/admin/statement?after={after}&limit={limit}", self.base);
        let body = self.caller.get(&address).await?;
        body.split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| {
                serde_json::from_slice(line)
                    .map_err(|error| CallError::Unreadable { address: address.clone(), reason: error.to_string() })
            })
            .collect()
    }

    /// Its metrics, as Prometheus text.
    pub async fn metrics(&self) -> Result<String, CallError> {
        let body = self.caller.get(&format!("{}/metrics", self.base)).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}
