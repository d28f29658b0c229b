//! Which intents, or orders, a mark fits.

/// Nothing.
const NONE: u32 = u32::MAX;
/// Set where the rest is the place of a list.
const SEVERAL: u32 = 1 << 31;

/// What each mark fits, by the mark's number: nothing, one, or several in ascending order.
#[derive(Debug, Default)]
pub(super) struct Fits {
    /// Nearly every mark fits one at most.
    one: Vec<u32>,
    several: Vec<Vec<u32>>,
}

impl Fits {
    pub(super) fn with_room(marks: usize) -> Self {
        Self { one: Vec::with_capacity(marks), several: Vec::new() }
    }

    pub(super) fn add(&mut self, mark: u32, id: u32) {
        let mark = mark as usize;
        if mark >= self.one.len() {
            self.one.resize(mark + 1, NONE);
        }
        match self.one[mark] {
            NONE => self.one[mark] = id,
            known if known == id => {}
            known if known & SEVERAL != 0 => {
                let ids = &mut self.several[(known & !SEVERAL) as usize];
                if let Err(place) = ids.binary_search(&id) {
                    ids.insert(place, id);
                }
            }
            known => {
                self.one[mark] = SEVERAL | self.several.len() as u32;
                self.several.push(vec![known.min(id), known.max(id)]);
            }
        }
    }

    /// All that the mark fits; empty when it fits none.
    pub(super) fn all(&self, mark: u32) -> &[u32] {
        match self.one.get(mark as usize) {
            None | Some(&NONE) => &[],
            Some(place) if place & SEVERAL != 0 => &self.several[(place & !SEVERAL) as usize],
            Some(one) => std::slice::from_ref(one),
        }
    }

    /// What one mark fits, another one fits too.
    pub(super) fn pool(&mut self, from: u32, into: u32) {
        match self.one.get(from as usize) {
            None | Some(&NONE) => {}
            Some(_) => self.all(from).to_vec().into_iter().for_each(|id| self.add(into, id)),
        }
    }
}

/// Attributions in the derived tables; the views have the words.
pub(super) const JOINED: u8 = 0;
pub(super) const UNDECIDED: u8 = 1;
pub(super) const CONFLICT: u8 = 2;
pub(super) const NOBODY: u8 = 3;

/// To which intent a row belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Attribution {
    /// This one, by that mark.
    Joined(u32, Mark),
    /// A weak mark fits several.
    Undecided(Box<[u32]>, Mark),
    /// Strong marks disagree; empty when one of them is of another run.
    Conflict(Box<[u32]>),
    /// No mark fits any.
    Nobody,
    /// It belongs to another run, or (without its id) to none of ours.
    SetAside(Option<Box<str>>),
}

impl Attribution {
    /// The number in the derived tables; the views have the words.
    pub(super) const fn code(&self) -> u8 {
        match self {
            Self::Joined(..) => JOINED,
            Self::Undecided(..) => UNDECIDED,
            Self::Conflict(_) => CONFLICT,
            Self::Nobody | Self::SetAside(_) => NOBODY,
        }
    }

    pub(super) const fn intent(&self) -> Option<u32> {
        match self {
            Self::Joined(id, _) => Some(*id),
            Self::Undecided(..) | Self::Conflict(_) | Self::Nobody | Self::SetAside(_) => None,
        }
    }

    pub(super) const fn mark(&self) -> Option<Mark> {
        match self {
            Self::Joined(_, mark) | Self::Undecided(_, mark) => Some(*mark),
            Self::Conflict(_) => Some(Mark::Header),
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
            _ => Some(Self::Undecided(ids.into(), mark)),
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
    /// The number in the derived tables; the views have the words.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Header => 0,
            Self::OrderNumber => 1,
            Self::Reference => 2,
            Self::Email => 3,
        }
    }
}
