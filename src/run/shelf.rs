//! What the reference shop says is left at the end: stock, vouchers, promotions, store credit.

use super::{note, say};
use crate::arena::{Arena, ShopDoors};
use crate::caller::CallError;
use books::intake::Intake;
use books::rows::Batch;

/// Reads them into the books; what cannot be read is told, and the laws about it are not exercised.
pub async fn read(arena: &Arena, intake: &Intake) {
    let Some(doors) = &arena.doors else { return };
    match left(doors).await {
        Ok(batch) => note(intake.give(batch)),
        Err(error) => say(&format!("the shop's stock was not read: {error}")),
    }
}

async fn left(doors: &ShopDoors) -> Result<Batch, CallError> {
    Ok(Batch {
        stock: doors.stock().await?,
        vouchers: doors.vouchers().await?,
        promotions: doors.promotions().await?,
        accounts: doors.accounts().await?,
        ..Batch::default()
    })
}
