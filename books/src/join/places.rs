//! Where each payment, tax document and dispatch belongs: worked out once for the outermost object, and kept small.

use super::fit::{Attribution, CONFLICT, JOINED, Mark, NOBODY, UNDECIDED};
use super::hash::QuickMap;
use super::objects::NOTHING;

/// Where a row or an outermost object belongs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    intent: u32,
    order: u32,
    kind: Kind,
    mark: Option<Mark>,
}

/// The attribution without what only few have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Not worked out yet.
    Open,
    Joined,
    Undecided,
    Conflict,
    Nobody,
    SetAside,
}

impl Kind {
    /// The number in the derived tables; the views have the words.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Open | Self::Joined => JOINED,
            Self::Undecided => UNDECIDED,
            Self::Conflict => CONFLICT,
            Self::Nobody | Self::SetAside => NOBODY,
        }
    }
}

impl Place {
    const OPEN: Self = Self { intent: NOTHING, order: NOTHING, kind: Kind::Open, mark: None };

    pub(super) fn new(attribution: &Attribution, order: Option<u32>) -> Self {
        let kind = match attribution {
            Attribution::Joined(..) => Kind::Joined,
            Attribution::Undecided(..) => Kind::Undecided,
            Attribution::Conflict(_) => Kind::Conflict,
            Attribution::Nobody => Kind::Nobody,
            Attribution::SetAside(_) => Kind::SetAside,
        };
        let intent = attribution.intent().unwrap_or(NOTHING);
        Self { intent, order: order.unwrap_or(NOTHING), kind, mark: attribution.mark() }
    }

    pub(super) fn intent(&self) -> Option<u32> {
        Some(self.intent).filter(|intent| *intent != NOTHING)
    }

    pub(super) fn order(&self) -> Option<u32> {
        Some(self.order).filter(|order| *order != NOTHING)
    }

    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether our header says whose it is.
    pub(super) fn is_by_header(&self) -> bool {
        self.mark == Some(Mark::Header)
    }

    /// The number of the mark in the derived tables; the views have the words.
    pub(super) fn mark_code(&self) -> Option<u8> {
        self.mark.map(Mark::code)
    }
}

/// All places, by outermost object.
#[derive(Debug, Default)]
pub(super) struct Places {
    all: Vec<Place>,
    /// Attributions that name several intents, or another run.
    odd: QuickMap<u32, Attribution>,
}

impl Places {
    pub(super) fn with_room(objects: usize) -> Self {
        Self { all: Vec::with_capacity(objects), odd: QuickMap::default() }
    }

    /// None before it was worked out.
    pub(super) fn get(&self, root: u32) -> Option<Place> {
        self.all.get(root as usize).copied().filter(|place| place.kind != Kind::Open)
    }

    pub(super) fn set(&mut self, root: u32, attribution: Attribution, order: Option<u32>) -> Place {
        let place = Place::new(&attribution, order);
        if root as usize >= self.all.len() {
            self.all.resize(root as usize + 1, Place::OPEN);
        }
        self.all[root as usize] = place;
        if !matches!(attribution, Attribution::Joined(..) | Attribution::Nobody) {
            self.odd.insert(root, attribution);
        }
        place
    }

    /// The run that rows set aside belong to, where it is known.
    pub(super) fn run(&self, root: u32) -> Option<&str> {
        match self.odd.get(&root) {
            Some(Attribution::SetAside(run)) => run.as_deref(),
            _ => None,
        }
    }

    /// The intents that it could be, when that is not certain.
    pub(super) fn candidates(&self, root: u32) -> &[u32] {
        self.odd.get(&root).map_or(&[], Attribution::candidates)
    }
}
