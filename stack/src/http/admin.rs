//! What operators and auditors ask: metrics, whether the shop is at rest, the orders book, where anything is stored, and what
//! time it is.

use std::{sync::atomic::Ordering, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Asked, Reply};
use crate::{
    clock::{self, uptime_ms},
    refusal::{Refusal, known},
    shop::Shop,
};

const BOOK_PAGE: i64 = 1_000;
const BOOK_PAGE_MAX: i64 = 10_000;

/// An account's store credit: what it was opened with, and what is left.
#[derive(Serialize)]
struct AccountLine {
    account: String,
    declared_minor: i64,
    balance_minor: i64,
}

pub(super) async fn metrics(shop: &Shop) -> Result<Reply, Refusal> {
    let doubts = shop.store.doubts().await.map_err(|error| shop.refusal(error))?;
    Ok(Reply::text("text/plain; version=0.0.4", shop.metrics.exposition(doubts)))
}

pub(super) async fn quiet(shop: &Shop) -> Result<Reply, Refusal> {
    let open = shop.store.open_ends().await.map_err(|error| shop.refusal(error))?;
    let owed = shop.store.owed().await.map_err(|error| shop.refusal(error))?;
    let refunds = shop.store.unsettled_refunds(i64::MAX).await.map_err(|error| shop.refusal(error))?.len() as i64;
    let body = json!({
        // What is stored counts: whoever delivers it, and whether anybody does.
        "outbox_pending": owed,
        "doubts": open + refunds,
        "in_flight": shop.works.under_way(),
        "last_change_ms_ago": (uptime_ms() - shop.metrics.last_change_ms.load(Ordering::Relaxed)).max(0),
    });
    Ok(Reply::json(200, body.to_string()))
}

pub(super) async fn export_orders(shop: &Shop, asked: &Asked) -> Result<Reply, Refusal> {
    let after = asked.number("after", 0..=i64::MAX)?.unwrap_or(0);
    let limit = asked.number("limit", 1..=BOOK_PAGE_MAX)?.unwrap_or(BOOK_PAGE);
    let book = shop.store.book(after, limit as usize).await.map_err(|error| shop.refusal(error))?;
    Ok(ndjson(&book))
}

pub(super) async fn export_stock(shop: &Shop) -> Result<Reply, Refusal> {
    shop.store.stock().await.map(|lines| ndjson(&lines)).map_err(|error| shop.refusal(error))
}

pub(super) async fn export_vouchers(shop: &Shop) -> Result<Reply, Refusal> {
    shop.store.vouchers().await.map(|lines| ndjson(&lines)).map_err(|error| shop.refusal(error))
}

pub(super) async fn export_promotions(shop: &Shop) -> Result<Reply, Refusal> {
    shop.store.promotions().await.map(|lines| ndjson(&lines)).map_err(|error| shop.refusal(error))
}

pub(super) async fn export_accounts(shop: &Shop) -> Result<Reply, Refusal> {
    let accounts = shop.store.credits().await.map_err(|error| shop.refusal(error))?;
    let declared_minor = shop.config.store_credit_minor;
    let lines: Vec<_> = accounts
        .into_iter()
        .map(|(account, balance_minor)| AccountLine { account, declared_minor, balance_minor })
        .collect();
    Ok(ndjson(&lines))
}

fn ndjson<T: Serialize>(lines: &[T]) -> Reply {
    let mut body = Vec::with_capacity(lines.len() * 100);
    for line in lines {
        serde_json::to_writer(&mut body, line).expect("a line is plain data");
        body.push(b'\n');
    }
    Reply::text("application/x-ndjson", body)
}

pub(super) fn export_files(shop: &Shop) -> Reply {
    let log = shop.config.log.iter().cloned();
    let files: Vec<_> = shop.store.files().into_iter().chain(log).map(|file| absolute(&file)).collect();
    Reply::json(200, json!({ "files": files }).to_string())
}

/// A clock that is ahead of the time of day, for a while.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AheadBody {
    ahead_ms: u64,
    ttl_ms: u64,
}

/// A century: more is a mistake, and dates stay such as others can read.
const AHEAD_MS_MAX: u64 = 100 * 366 * 24 * 3_600 * 1_000;

/// Moves the clock of this instance ahead, for at most ten seconds unless it is said again.
pub(super) fn move_clock(asked: &Asked) -> Result<Reply, Refusal> {
    let AheadBody { ahead_ms, ttl_ms } = asked.json()?;
    if ahead_ms > AHEAD_MS_MAX {
        return Err(known::BAD_REQUEST);
    }
    clock::be_ahead(ahead_ms as i64, Duration::from_millis(ttl_ms));
    Ok(tell_clock())
}

/// Puts the clock right.
pub(super) fn right_clock() -> Reply {
    clock::be_ahead(0, Duration::ZERO);
    tell_clock()
}

pub(super) fn tell_clock() -> Reply {
    Reply::json(200, json!({ "now_ms": clock::now_ms(), "ahead_ms": clock::ahead_ms() }).to_string())
}

fn absolute(file: &std::path::Path) -> std::path::PathBuf {
    std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf())
}
