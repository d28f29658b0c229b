//! The money of one order while the rows of the statement go by: what it holds at each of them.

use super::lines::Line;

/// The money of an order as the rows of the statement go by.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Purse {
    /// Captured and not given back.
    pub held_minor: i64,
    first_authorised: Option<i64>,
    /// Rows of its payment touched by a fault.
    pub faults: u32,
    /// Whether a payment did not go through at once: refused, run out, challenged, captured later than authorised.
    pub is_apart: bool,
    pub is_challenged: bool,
    /// Whether a quote has the amount of its tax.
    pub is_quoted: bool,
}

impl Purse {
    /// Adds what a row of the order says.
    pub(super) fn take(&mut self, line: &Line<'_>) {
        self.is_challenged |= line.op == "challenge";
        self.faults += u32::from(line.fault.is_some() && line.is_payment());
        if !line.is_payment()
            || !matches!(line.op, "authorise" | "capture" | "refund" | "refund_failed" | "expire" | "challenge")
        {
            return;
        }
        // A refund that comes back is one that failed; that is its effect.
        let is_void = !line.took_effect() && line.op != "refund_failed";
        self.is_apart |= is_void || matches!(line.op, "expire" | "challenge");
        let amount = if is_void { 0 } else { line.amount_minor.unwrap_or(0) };
        match line.op {
            "authorise" if !is_void => self.first_authorised = self.first_authorised.or(Some(line.id)),
            "capture" => {
                self.is_apart |= self.first_authorised.is_some_and(|authorised| line.id > authorised + 1);
                self.held_minor += amount;
            }
            "refund" => self.held_minor -= amount,
            "refund_failed" => self.held_minor += amount,
            _ => {}
        }
    }
}
