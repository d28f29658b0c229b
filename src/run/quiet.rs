//! Waits until nothing moves any more, up to a deadline: only then are the books read.

use crate::arena::Arena;
use model::scenario::Settlement;
use std::time::{Duration, Instant};

/// How the wait ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// Nothing has changed for long enough, and nothing waits.
    Reached,
    /// The deadline passed; what was still moving.
    NotReached(String),
}

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Waits for quiet: no provider call that changes an object, no webhook attempt and no order change for `quiet_for`, and
/// empty queues on both sides.
pub async fn wait(arena: &Arena, settlement: &Settlement) -> Quiet {
    let deadline = Instant::now() + settlement.settle_within;
    loop {
        let Some(busy) = busy(arena, settlement.quiet_for).await else { return Quiet::Reached };
        if Instant::now() >= deadline {
            return Quiet::NotReached(busy);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What still moves.
async fn busy(arena: &Arena, quiet_for: Duration) -> Option<String> {
    let quiet_ms = quiet_for.as_millis() as u64;
    if let Some(doors) = &arena.doors {
        match doors.quiet().await {
            Err(error) => return Some(format!("the shop does not say whether it is quiet: {error}")),
            Ok(shop) if shop.doubts > 0 => return Some(format!("{} orders are in doubt", shop.doubts)),
            Ok(shop) if shop.outbox_pending > 0 => {
                return Some(format!("{} messages wait in the shop's outbox", shop.outbox_pending));
            }
            Ok(shop) if shop.in_flight > 0 => {
                return Some(format!("{} requests are under way in the shop", shop.in_flight));
            }
            Ok(shop) if shop.last_change_ms_ago < quiet_ms => return Some("orders still change".into()),
            Ok(_) => {}
        }
    }
    if let Ok(admin) = arena.admin() {
        match admin.quiet().await {
            Err(error) => return Some(format!("the providers do not say whether they are quiet: {error}")),
            Ok(providers) if providers.webhooks_pending + providers.held > 0 => {
                return Some(format!("{} webhooks wait at the providers", providers.webhooks_pending + providers.held));
            }
            Ok(providers) if providers.in_flight > 0 => {
                return Some(format!("{} requests are under way at the providers", providers.in_flight));
            }
            Ok(providers) if providers.last_change_ms_ago < quiet_ms => {
                return Some("the providers' books still change".into());
            }
            Ok(_) => {}
        }
    }
    None
}
