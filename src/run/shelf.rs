//! What the reference shop says is left at the end: stock and vouchers.

use super::{note, say};
use crate::arena::Arena;
use books::intake::Intake;
use books::rows::Batch;

/// Reads both into the books; what cannot be read is told, and the laws about it are not exercised.
pub async fn read(arena: &Arena, intake: &Intake) {
    let Some(doors) = &arena.doors else { return };
    match (doors.stock().await, doors.vouchers().await) {
        (Ok(stock), Ok(vouchers)) => note(intake.give(Batch { stock, vouchers, ..Batch::default() })),
        (Err(error), _) | (_, Err(error)) => say(&format!("the shop's stock was not read: {error}")),
    }
}
