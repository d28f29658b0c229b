//! The charges of the payment providers, added up from the rows of the statement.

use super::by_object::ByObject;
use super::fit::Fits;
use super::lines::{Line, Op, Provider};
use super::maybe::{CurrencyId, Whole};

/// An authorisation and what became of it.
#[derive(Debug)]
pub(super) struct Charge {
    pub object: u32,
    pub currency: Option<CurrencyId>,
    pub authorised_minor: Whole,
    pub declined: bool,
    pub captures: u32,
    pub captures_refused: u32,
    pub provider: Provider,
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

    /// What it reserved or moved, if it did.
    pub(super) fn moved_minor(&self) -> Option<i64> {
        if self.captures > 0 { Some(self.captured_minor) } else { self.authorised_minor.get() }
    }

    /// What is reserved and neither captured nor released.
    pub(super) fn open_minor(&self) -> i64 {
        if self.end == End::Open { (self.authorised_minor.get().unwrap_or(0) - self.captured_minor).max(0) } else { 0 }
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
    all: ByObject<Charge>,
    by_root: Fits,
}

impl Charges {
    /// With room for that many of them, of that many objects.
    pub(super) fn with_room(count: usize, objects: usize) -> Self {
        Self { all: ByObject::with_room(count, objects), by_root: Fits::with_room(objects) }
    }

    pub(super) fn all(&self) -> &[Charge] {
        self.all.all()
    }

    /// Adds what a row says; `parent` is the object that it names so, `root` the outermost one of its own object.
    pub(super) fn take(&mut self, line: &Line<'_>, object: u32, parent: Option<u32>, root: u32) {
        let kind = line.kind;
        let amount = line.amount_minor.unwrap_or(0);
        // A capture or a void may be an object of its own under the charge that it changes.
        let under = parent.filter(|parent| self.all.place(*parent).is_some());
        let lost = u32::from(kind.took_effect() && kind.answer_lost());
        match kind.op {
            Op::Authorise => {
                let charge = self.charge(object, root, line);
                charge.answers_lost += lost;
                charge.faults += u32::from(kind.fault.is_some());
                if kind.took_effect() {
                    charge.authorised_minor = Some(amount).into();
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
                    let end = &mut self.all.all_mut()[*charge as usize].end;
                    if *end != End::Expired {
                        *end = End::Released;
                    }
                }
            }
            _ => {}
        }
    }

    /// The charges under an outermost object, by their places.
    pub(super) fn under(&self, root: u32) -> impl Iterator<Item = (u32, &Charge)> {
        self.by_root.all(root).iter().map(|place| (*place, &self.all()[*place as usize]))
    }

    fn charge(&mut self, object: u32, root: u32, line: &Line<'_>) -> &mut Charge {
        let (by_root, place) = (&mut self.by_root, self.all.all().len() as u32);
        self.all.meet(object, || {
            by_root.add(root, place);
            Charge {
                object,
                currency: line.kind.currency,
                authorised_minor: Whole::NONE,
                declined: false,
                captures: 0,
                captures_refused: 0,
                provider: line.kind.provider,
                captured_minor: 0,
                refunded_minor: 0,
                end: End::Open,
                answers_lost: 0,
                faults: 0,
            }
        })
    }

    /// A refund names its charge, or the payment; then it is of the first charge that still holds money.
    fn give_back(&mut self, named: u32, root: u32, amount: i64) {
        let place = self.all.place(named).or_else(|| {
            let under = self.by_root.all(root);
            let holds = |place: &&u32| {
                let charge = &self.all()[**place as usize];
                charge.captured_minor > charge.refunded_minor
            };
            under.iter().find(holds).or(under.first()).copied()
        });
        if let Some(charge) = place.and_then(|place| self.all.all_mut().get_mut(place as usize)) {
            charge.refunded_minor += amount;
        }
    }
}
