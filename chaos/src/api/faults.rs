//! The route that replaces all faults of a run at one instant, and shows those that are in force.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use serde_json::{Value, json};

use super::{Control, Treatment, body_of};
use crate::refused::Refused;
use crate::wire;

pub(super) async fn set(
    State(control): State<Arc<Control>>,
    Query(treatment): Query<Treatment>,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let faults: wire::Faults = body_of(&body)?;
    if faults.run.is_empty() {
        return Err(Refused::MissingField("run".to_owned()));
    }
    if faults.ttl_ms == 0 {
        return Err(Refused::MissingField("ttl_ms".to_owned()));
    }
    // A set that is refused takes no lease.
    if let Some((run, _)) = control.leases.holder().filter(|(run, left_ms)| *run != faults.run && *left_ms > 0) {
        return Err(Refused::Leased { run });
    }
    control.registry.set_faults(&faults, treatment.open_ones()?).await?;
    control.leases.renew(&wire::Lease { run: faults.run.clone(), ttl_ms: faults.ttl_ms })?;
    Ok(shown(&control).await)
}

pub(super) async fn show(State(control): State<Arc<Control>>) -> Json<Value> {
    shown(&control).await
}

async fn shown(control: &Control) -> Json<Value> {
    let (run, ttl_ms) = control.leases.holder().unzip();
    let mut proxies = serde_json::Map::new();
    for (name, proxy) in control.registry.all() {
        let wire::Proxy { enabled, toxics, .. } = proxy.show().await;
        let rules = proxy.rules().await;
        if !enabled || !toxics.is_empty() || !rules.is_empty() {
            let rules: Vec<_> = rules.into_iter().map(|rule| rule.rule).collect();
            proxies.insert(name, json!({"enabled": enabled, "toxics": toxics, "rules": rules}));
        }
    }
    Json(json!({"run": run, "ttl_ms": ttl_ms, "proxies": proxies}))
}
