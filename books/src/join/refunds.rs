//! Refunds that payment providers were asked for.

use super::maybe::CurrencyId;
use super::store::Found;
use rusqlite::params;

/// A refund, as its first row tells it and what became of it.
#[derive(Debug)]
pub(super) struct Refund {
    /// The row.
    pub statement: i64,
    pub payment: u32,
    pub intent: Option<u32>,
    pub order_seq: Option<i64>,
    pub amount_minor: i64,
    pub currency: Option<CurrencyId>,
    pub state: Option<Box<str>>,
    pub fault: Option<Box<str>>,
    pub answer: Option<Box<str>>,
    /// Whether it came back on its way.
    pub came_back: bool,
    pub texts: RefundTexts,
}

/// What only rows of refunds are asked for.
#[derive(Debug)]
pub(super) struct RefundTexts {
    pub object: Option<Box<str>>,
    pub parent: Option<Box<str>>,
    pub key: Option<Box<str>>,
}

impl Found<'_> {
    pub(super) fn store_refunds(&self) -> rusqlite::Result<()> {
        let mut insert = self.conn.prepare(
            "INSERT INTO refund (statement, refund, charge, payment, intent, order_seq, amount_minor, currency, state, key,
                 fault, answer, came_back)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?;
        for refund in self.tally.refunds.all() {
            insert.execute(params![
                refund.statement,
                refund.texts.object,
                refund.texts.parent,
                self.objects.name(refund.payment),
                refund.intent,
                refund.order_seq,
                refund.amount_minor,
                self.currency(refund.currency),
                refund.state,
                refund.texts.key,
                refund.fault,
                refund.answer,
                refund.came_back,
            ])?;
        }
        Ok(())
    }
}
