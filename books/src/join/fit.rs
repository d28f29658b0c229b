//! Which intents, or orders, a mark fits.

use super::hash::QuickMap;

/// What a mark fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    One(u32),
    /// In ascending order, at least two.
    Many(Vec<u32>),
}

impl Fit {
    /// All that it fits.
    pub(super) fn all(&self) -> &[u32] {
        match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::Many(ids) => ids,
        }
    }
}

/// Marks of one kind.
#[derive(Debug, Default)]
pub(super) struct Fits(QuickMap<Box<str>, Fit>);

impl Fits {
    pub(super) fn add(&mut self, mark: &str, id: u32) {
        match self.0.get_mut(mark) {
            None => {
                self.0.insert(mark.into(), Fit::One(id));
            }
            Some(Fit::One(known)) if *known == id => {}
            Some(fit) => {
                let mut ids = fit.all().to_vec();
                if let Err(place) = ids.binary_search(&id) {
                    ids.insert(place, id);
                    *fit = Fit::Many(ids);
                }
            }
        }
    }

    pub(super) fn get(&self, mark: &str) -> Option<&Fit> {
        self.0.get(mark)
    }

    /// All that the mark fits; empty when it fits none.
    pub(super) fn all(&self, mark: &str) -> &[u32] {
        self.0.get(mark).map_or(&[], Fit::all)
    }
}

/// To which intent a row belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Attribution {
    /// This one, by that mark.
    Joined(u32, Mark),
    /// A weak mark fits several.
    Undecided(Vec<u32>, Mark),
    /// Strong marks disagree; empty when one of them is of another run.
    Conflict(Vec<u32>),
    /// No mark fits any.
    Nobody,
    /// It belongs to another run, or (without its id) to none of ours.
    SetAside(Option<Box<str>>),
}

impl Attribution {
    /// The word in the derived tables.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Joined(..) => "joined",
            Self::Undecided(..) => "undecided",
            Self::Conflict(_) => "conflict",
            Self::Nobody => "none",
            Self::SetAside(_) => "set_aside",
        }
    }

    pub(super) const fn intent(&self) -> Option<u32> {
        match self {
            Self::Joined(id, _) => Some(*id),
            Self::Undecided(..) | Self::Conflict(_) | Self::Nobody | Self::SetAside(_) => None,
        }
    }

    pub(super) const fn mark(&self) -> Option<&'static str> {
        match self {
            Self::Joined(_, mark) | Self::Undecided(_, mark) => Some(mark.name()),
            Self::Conflict(_) => Some(Mark::Header.name()),
            Self::Nobody | Self::SetAside(_) => None,
        }
    }

    /// The intents that it could be, when that is not certain.
    pub(super) fn candidates(&self) -> &[u32] {
        match self {
            Self::Undecided(ids, _) | Self::Conflict(ids) => ids,
            Self::Joined(..) | Self::Nobody | Self::SetAside(_) => &[],
        }
    }

    /// One candidate is certain, several are not.
    pub(super) fn among(mut ids: Vec<u32>, mark: Mark) -> Option<Self> {
        ids.sort_unstable();
        ids.dedup();
        match ids.as_slice() {
            [] => None,
            [id] => Some(Self::Joined(*id, mark)),
            _ => Some(Self::Undecided(ids, mark)),
        }
    }
}

/// By what a row was joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Our header: the strong one.
    Header,
    /// The shop's number for the order, or for its cart.
    OrderNumber,
    /// A provider's reference that the orders book names.
    Reference,
    /// The address unique to the intent.
    Email,
}

impl Mark {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::OrderNumber => "order_number",
            Self::Reference => "reference",
            Self::Email => "email",
        }
    }
}
