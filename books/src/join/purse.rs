//! The money of one order while the rows of the statement go by: what it holds at each of them.

use super::lines::{Line, Op};
use super::maybe::Whole;

/// A quote that an order names.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Quote {
    /// The row of the statement.
    pub statement: i64,
    /// None where there is no quote.
    pub taxed_minor: Whole,
}

/// The money of an order as the rows of the statement go by.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Purse {
    /// Captured and not given back.
    pub held_minor: i64,
    /// The row.
    first_authorised: Whole,
    /// Rows of its payment touched by a fault.
    pub faults: u32,
    /// Whether a payment did not go through at once: refused, run out, challenged, captured later than authorised.
    pub is_apart: bool,
    pub is_challenged: bool,
    /// Rows about disputes of it.
    pub disputes: u32,
    /// What customers got back by disputes that are lost.
    pub lost_minor: i64,
    /// Whether a quote has the amount of its tax.
    pub is_quoted: bool,
    /// Quotes that it names, where the provider says what they are on.
    pub quotes: u32,
    quote: Quote,
}

impl Purse {
    /// Adds a quote that the order names; `sold_minor` is what tax is due on.
    pub(super) fn name_quote(&mut self, quote: Quote, sold_minor: Whole) {
        self.quotes += 1;
        let agrees = |quote: &Quote| quote.taxed_minor == sold_minor;
        if self.quote().is_none_or(|known| agrees(&quote) && !agrees(known)) {
            self.quote = quote;
        }
    }

    /// One of the quotes that it names: on what was sold, if there is such a one.
    pub(super) fn quote(&self) -> Option<&Quote> {
        Some(&self.quote).filter(|quote| quote.taxed_minor != Whole::NONE)
    }

    /// Adds what a row of the order says.
    pub(super) fn take(&mut self, line: &Line<'_>) {
        let kind = line.kind;
        self.is_challenged |= kind.op == Op::Challenge;
        if !kind.provider.is_payment() {
            return;
        }
        self.faults += u32::from(kind.fault.is_some());
        if kind.op == Op::Dispute {
            self.disputes += 1;
            self.lost_minor += if kind.state.as_deref() == Some("lost") { line.amount_minor.unwrap_or(0) } else { 0 };
        }
        // A refund that comes back is one that failed; that is its effect.
        let is_void = !kind.took_effect() && kind.op != Op::RefundFailed;
        let amount = if is_void { 0 } else { line.amount_minor.unwrap_or(0) };
        match kind.op {
            Op::Authorise if !is_void => {
                self.first_authorised = self.first_authorised.get().or(Some(line.id)).into();
            }
            Op::Capture => {
                self.is_apart |= self.first_authorised.get().is_some_and(|authorised| line.id > authorised + 1);
                self.held_minor += amount;
            }
            Op::Refund => self.held_minor -= amount,
            Op::RefundFailed => self.held_minor += amount,
            Op::Authorise | Op::Expire | Op::Challenge => {}
            _ => return,
        }
        self.is_apart |= is_void || matches!(kind.op, Op::Expire | Op::Challenge);
    }
}
