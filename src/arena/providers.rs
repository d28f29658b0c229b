//! The providers' admin interface: accounts, rules, leases, quiet, statement.

use crate::caller::{CallError, Caller};
use books::rows::StatementRow;
use http::Method;
use model::fault::{Provider, ProviderRule};
use model::scenario::{Providers, Webhooks};
use serde::Deserialize;
use serde_json::{Value, json};

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
    /// Operations that it left in the hazardous state.
    #[serde(default)]
    pub hazardous: u64,
}

/// The accounts that a run holds for itself, each with the full address of its webhooks where it has any.
pub struct Account<'a> {
    /// Keys, and how webhooks are sent.
    pub providers: &'a Providers,
    /// The run.
    pub run: &'a str,
    /// Full address of a path of the shop.
    pub of_shop: &'a dyn Fn(&str) -> String,
}

impl Account<'_> {
    /// What is asked of the admin interface, one lease after the other.
    fn leases(&self) -> Vec<Value> {
        let Providers { webhooks, secret_key, backup_payment, fraud, .. } = self.providers;
        let backoff = |how: &Webhooks| how.backoff.iter().map(std::time::Duration::as_millis).collect::<Vec<_>>();
        let first = webhooks.as_ref().map(|how| {
            let url = (self.of_shop)(&how.to);
            json!({ "url": url, "secret": how.secret, "backoff_ms": backoff(how), "events": how.events })
        });
        let plain = |to: &Option<String>, secret: &str| {
            let pauses = webhooks.as_ref().map(backoff);
            to.as_ref().map(|to| match pauses {
                Some(pauses) => {
                    json!({ "url": (self.of_shop)(to), "secret": secret, "backoff_ms": pauses, "events": ["*"] })
                }
                None => json!({ "url": (self.of_shop)(to), "secret": secret, "events": ["*"] }),
            })
        };
        vec![
            json!({
                "provider": "payment", "key": secret_key, "publishable": self.providers.publishable_key(),
                "run": self.run, "webhook": first,
            }),
            json!({
                "provider": "backup_payment", "key": backup_payment.api_key,
                "merchant_account": backup_payment.merchant_account, "run": self.run,
                "webhook": plain(&backup_payment.webhooks, &backup_payment.hmac_key),
            }),
            json!({
                "provider": "fraud", "key": fraud.auth_token, "shop_domain": fraud.shop_domain, "run": self.run,
                "webhook": plain(&fraud.webhooks, &fraud.auth_token),
            }),
        ]
    }
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

    /// Leases the accounts to the run; another live run that holds one is an error.
    pub async fn lease_accounts(&self, account: &Account<'_>) -> Result<(), CallError> {
        for body in account.leases() {
            self.caller.send_json(Method::POST, &format!("{}/admin/accounts", self.base), &body).await?;
        }
        Ok(())
    }

    /// A payment provider's settlement report of a run, as CSV.
    pub async fn settlement(&self, provider: Provider, run: &str) -> Result<String, CallError> {
        let address = format!("{}/admin/settlement?provider={}&run={run}", self.base, provider.name());
        Ok(String::from_utf8_lossy(&self.caller.get(&address).await?).into_owned())
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
