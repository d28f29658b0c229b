//! The vendors' clock: how far it is ahead of ours.

use std::sync::atomic::Ordering;

use http::StatusCode;
use model::fault::Provider;
use serde::Deserialize;
use serde_json::json;

use super::{Admin, Reply, is_stored, read_body};
use crate::http::Call;
use crate::ledger::{AHEAD_SETTING, now_us};
use crate::rules::AHEAD_MS_MAX;
use crate::statement::Stamp;
use crate::store::Write;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    ahead_ms: u64,
}

pub(super) fn show(admin: &Admin) -> Reply {
    let at_us = now_us();
    Reply::json(
        StatusCode::OK,
        &json!({
            "ahead_ms": admin.ledger.ahead_us.load(Ordering::Relaxed) / 1_000,
            "by_rules_ms": admin.ledger.rules.ahead_us() / 1_000,
            "now_us": admin.ledger.clock_us(at_us),
        }),
    )
}

/// Moves the clock. What became due by it has happened when this is answered.
pub(super) async fn set(admin: &Admin, call: &Call) -> Reply {
    let body: Body = match read_body(call) {
        Ok(body) => body,
        Err(reply) => return reply,
    };
    if body.ahead_ms > AHEAD_MS_MAX {
        return Reply::error(StatusCode::BAD_REQUEST, "bad_body", "`ahead_ms` is above a year");
    }
    let ahead_us = body.ahead_ms as i64 * 1_000;
    admin.ledger.ahead_us.store(ahead_us, Ordering::Relaxed);
    let stamp = Stamp::bare(now_us(), None, Provider::Payment);
    let kept = Write::Setting { name: AHEAD_SETTING, value: ahead_us };
    if !is_stored(admin.ledger.note(&stamp, &[], vec![kept])).await {
        return Reply::broken();
    }
    crate::due::sweep(&admin.ledger).await;
    crate::retention::forget(&admin.ledger).await;
    show(admin)
}
