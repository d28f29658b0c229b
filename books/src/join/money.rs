//! The money of one intent, added up while the rows of the statement go by.

use super::lines::Line;
use super::maybe::CurrencyId;

/// What the statement says about an intent.
#[derive(Clone, Debug, Default)]
pub(super) struct Money {
    pub captures: u32,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub peak_minor: i64,
    doubled_minor: i64,
    pub answers_lost: u32,
    pub replays: u32,
    pub payment_faults: u32,
    pub tax_faults: u32,
    pub warehouse_faults: u32,
    /// Rows with an address to which the provider writes, or may.
    pub mails: u32,
    pub currency: Option<CurrencyId>,
}

impl Money {
    pub(super) fn capture(&mut self, amount: i64, line: &Line<'_>) {
        self.captures += 1;
        self.captured_minor += amount;
        // What the provider doubled by itself is the shop's to give back; having taken it is not its doing.
        self.doubled_minor += if line.kind.is_doubled_by_provider { amount } else { 0 };
        self.peak_minor = self.peak_minor.max(self.captured_minor - self.doubled_minor - self.refunded_minor);
        self.currency = self.currency.or(line.kind.currency);
    }
}
