//! Reads the payment providers' settlement reports, as finance would receive them.

use super::{note, say};
use crate::arena::{Arena, ProvidersAdmin};
use crate::caller::CallError;
use books::intake::{Complete, Fact, Intake};
use books::rows::{Batch, SettlementRow};
use books::settlement::SettlementError;
use model::fault::Provider;

/// Why a report could not be read.
#[derive(Debug, thiserror::Error)]
enum ReportError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Report(#[from] SettlementError),
}

/// Reads the reports of both payment providers; one that cannot be read leaves the book incomplete.
pub async fn read(arena: &Arena, intake: &Intake) {
    let Ok(admin) = arena.admin() else { return };
    let mut complete = Complete::Yes;
    for provider in [Provider::Payment, Provider::BackupPayment] {
        match report(admin, provider, arena.run()).await {
            Ok(settlement) => note(intake.give(Batch { settlement, ..Batch::default() })),
            Err(error) => {
                say(&format!("the settlement report of {} was not read: {error}", provider.name()));
                complete = Complete::No;
            }
        }
    }
    note(intake.fact(Fact::SettlementRead(complete)));
}

async fn report(admin: &ProvidersAdmin, provider: Provider, run: &str) -> Result<Vec<SettlementRow>, ReportError> {
    let text = admin.settlement(provider, run).await?;
    Ok(books::settlement::read(provider.name(), &text)?)
}
