//! The charges of the payment providers, added up from the rows of the statement.

use super::fit::Fits;
use super::hash::QuickMap;
use super::lines::{Line, Op, Provider};

/// An authorisation and what became of it.
#[derive(Debug)]
pub(super) struct Charge {
    pub object: u32,
    /// Its number among the currencies met.
    pub currency: Option<u32>,
    pub authorised_minor: Option<i64>,
    pub declined: bool,
    pub captures: u32,
    pub captures_refused: u32,
    pub provider: &'static str,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub end: End,
    pub answers_lost: u32,
    pub faults: u32,
}

impl Charge {
    pub(super) const fn is_released(&self) -> bool {
        matches!(self.end, End::Released | End::Expired)
    }

    /// Whether a capture was refused, or there is nothing left to capture from.
    pub(super) const fn is_unpayable(&self) -> bool {
        self.captures_refused > 0 || matches!(self.end, End::Expired)
    }

    /// What is reserved and neither captured nor released.
    pub(super) fn open_minor(&self) -> i64 {
        if self.end == End::Open { (self.authorised_minor.unwrap_or(0) - self.captured_minor).max(0) } else { 0 }
    }
}

/// Whether an authorisation still reserves anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It does.
    Open,
    /// Captured for the last time.
    Closed,
    /// Voided, or its payment cancelled.
    Released,
    /// It ran out.
    Expired,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Charges {
    pub all: Vec<Charge>,
    by_object: QuickMap<u32, u32>,
    by_root: Fits,
}

impl Charges {
    /// Adds what a row says; `parent` is the object that it names so, `root` the outermost one of its own object.
    pub(super) fn take(&mut self, line: &Line<'_>, object: u32, parent: Option<u32>, root: u32) {
        let kind = line.kind;
        let amount = line.amount_minor.unwrap_or(0);
        // A capture or a void may be an object of its own under the charge that it changes.
        let under = parent.filter(|parent| self.by_object.contains_key(parent));
        let lost = u32::from(kind.took_effect() && kind.answer_lost());
        match kind.op {
            Op::Authorise => {
                let charge = self.charge(object, root, line);
                charge.answers_lost += lost;
                charge.faults += u32::from(kind.fault.is_some());
                if kind.took_effect() {
                    charge.authorised_minor = Some(amount);
                } else {
                    charge.declined = true;
                }
            }
            Op::Capture => {
                let charge = self.charge(under.unwrap_or(object), root, line);
                charge.answers_lost += lost;
                charge.faults += u32::from(kind.fault.is_some());
                charge.captures_refused += u32::from(!kind.replayed && !kind.took_effect());
                if kind.took_effect() {
                    charge.captures += 1;
                    charge.captured_minor += amount;
                    if kind.is_final && charge.end == End::Open {
                        charge.end = End::Closed;
                    }
                }
            }
            Op::Refund if kind.took_effect() => self.give_back(parent.unwrap_or(object), root, amount),
            Op::RefundFailed => self.give_back(parent.unwrap_or(object), root, -amount),
            Op::Dispute if kind.state.as_deref() == Some("lost") => {
                self.give_back(parent.unwrap_or(object), root, amount);
            }
            Op::Void | Op::Expire if kind.took_effect() => {
                let charge = self.charge(under.unwrap_or(object), root, line);
                charge.end = if kind.op == Op::Expire { End::Expired } else { End::Released };
            }
            Op::Cancel if kind.took_effect() => {
                for charge in self.by_root.all(object) {
                    let end = &mut self.all[*charge as usize].end;
                    if *end != End::Expired {
                        *end = End::Released;
                    }
                }
            }
            _ => {}
        }
    }

    fn charge(&mut self, object: u32, root: u32, line: &Line<'_>) -> &mut Charge {
        let index = *self.by_object.entry(object).or_insert_with(|| {
            self.all.push(Charge {
                object,
                currency: line.kind.currency,
                authorised_minor: None,
                declined: false,
                captures: 0,
                captures_refused: 0,
                provider: if line.kind.provider == Provider::BackupPayment { "backup_payment" } else { "payment" },
                captured_minor: 0,
                refunded_minor: 0,
                end: End::Open,
                answers_lost: 0,
                faults: 0,
            });
            let index = self.all.len() as u32 - 1;
            self.by_root.add(root, index);
            index
        });
        &mut self.all[index as usize]
    }

    /// A refund names its charge, or the payment; then it is of the first charge that still holds money.
    fn give_back(&mut self, named: u32, root: u32, amount: i64) {
        let index = self.by_object.get(&named).copied().or_else(|| {
            let under = self.by_root.all(root);
            let holds = |index: &&u32| {
                let charge = &self.all[**index as usize];
                charge.captured_minor > charge.refunded_minor
            };
            under.iter().find(holds).or(under.first()).copied()
        });
        if let Some(charge) = index.and_then(|index| self.all.get_mut(index as usize)) {
            charge.refunded_minor += amount;
        }
    }
}
