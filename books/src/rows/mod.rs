//! What the books take in: one type for each kind of row.
//!
//! Times are microseconds from the start of the load unless a name says otherwise; a statement's and an order's own
//! clock is never compared with the shopper's.

mod orders;
mod run;
mod shopper;
mod statement;

pub use orders::{
    AccountRow, OrderCredit, OrderDispatch, OrderLine, OrderRefund, OrderRow, OrderState, PromotionRow, StockRow,
    VoucherRow,
};
pub use run::{Event, EventKind, Sample, Timings, Window};
pub use shopper::{ArrivalEnd, Attempt, AttemptKind, Came, Cancel, Purchase, TurnedAway};
pub use statement::{SettlementKind, SettlementRow, StatementRow};

use serde::{Deserialize, Serialize};

/// What worker, controller and monitor hand to the writer at once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Batch {
    /// Arrivals that began without a plan, as in a closed model.
    pub came: Vec<Came>,
    /// Ended arrivals.
    pub arrivals: Vec<ArrivalEnd>,
    /// Ended purchases.
    pub purchases: Vec<Purchase>,
    /// Wishes to buy that ended before their submission.
    pub turned_away: Vec<TurnedAway>,
    /// Attempts.
    pub attempts: Vec<Attempt>,
    /// Histograms since the last batch.
    pub timings: Vec<Timings>,
    /// Samples.
    pub samples: Vec<Sample>,
    /// Transitions of faults, harm to processes, external events.
    pub events: Vec<Event>,
    /// Rows of the providers' statements.
    pub statement: Vec<StatementRow>,
    /// The shop's stock at the end.
    pub stock: Vec<StockRow>,
    /// The shop's vouchers at the end.
    pub vouchers: Vec<VoucherRow>,
    /// The shop's promotions at the end.
    pub promotions: Vec<PromotionRow>,
    /// The shop's accounts at the end.
    pub accounts: Vec<AccountRow>,
    /// Lines of settlement reports.
    pub settlement: Vec<SettlementRow>,
}
