//! What a law says about the books.

use model::finding::Finding;
use std::collections::BTreeMap;
use std::num::NonZeroU64;

/// A law, examined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LawFinding {
    /// Its name.
    pub name: String,
    /// The same for people.
    pub sentence: String,
    /// What it says.
    pub judgement: Judgement,
    /// Subjects that met the hazard which the law is about.
    pub exposure: u64,
    /// What counts as exposure, for people.
    pub exposure_means: String,
    /// The first subjects that violate it by name, at most 200.
    pub violations: Vec<Subject>,
    /// The one that weighs most of all that violate it.
    pub worst: Option<Subject>,
    /// What is at stake over all that violate it: the sum of their weights, by currency.
    pub at_stake: BTreeMap<String, i64>,
    /// The first subjects for which it cannot be said, at most 200.
    pub doubts: Vec<Subject>,
}

/// How many subjects of a kind are kept: enough that the one with the earliest evidence is among them, since names follow time.
pub const FIRST_MAX: usize = 200;

/// What a law says; that it held for nothing cannot be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing was examined.
    NotExercised {
        /// The book that is missing, or that nothing fits.
        why: String,
    },
    /// It held for everything examined.
    Held {
        /// Subjects.
        examined: NonZeroU64,
    },
    /// It cannot be said.
    Undecided {
        /// Subjects.
        examined: u64,
        /// Those for which it could not be said.
        undecided: u64,
        /// Subjects that seem to violate it, in a book that was not read to its end.
        suspected: u64,
        /// The incomplete book, the error of the query, or how many subjects.
        why: String,
    },
    /// It was violated.
    Violated {
        /// Subjects.
        examined: NonZeroU64,
        /// Those that violate it.
        violated: NonZeroU64,
        /// Those for which it could not be said.
        undecided: u64,
    },
}

impl LawFinding {
    /// The finding alone.
    #[must_use]
    pub const fn finding(&self) -> Finding {
        match self.judgement {
            Judgement::NotExercised { .. } => Finding::NotExercised,
            Judgement::Held { .. } => Finding::Held,
            Judgement::Undecided { .. } => Finding::Undecided,
            Judgement::Violated { .. } => Finding::Violated,
        }
    }

    /// Subjects.
    #[must_use]
    pub const fn examined(&self) -> u64 {
        match &self.judgement {
            Judgement::NotExercised { .. } => 0,
            Judgement::Held { examined } | Judgement::Violated { examined, .. } => examined.get(),
            Judgement::Undecided { examined, .. } => *examined,
        }
    }

    /// Subjects that violate it.
    #[must_use]
    pub const fn violated(&self) -> u64 {
        match &self.judgement {
            Judgement::Violated { violated, .. } => violated.get(),
            Judgement::NotExercised { .. } | Judgement::Held { .. } | Judgement::Undecided { .. } => 0,
        }
    }

    /// Subjects for which it could not be said.
    #[must_use]
    pub const fn undecided(&self) -> u64 {
        match &self.judgement {
            Judgement::Undecided { undecided, .. } | Judgement::Violated { undecided, .. } => *undecided,
            Judgement::NotExercised { .. } | Judgement::Held { .. } => 0,
        }
    }

    /// Why nothing was examined, or why it cannot be said; empty otherwise.
    #[must_use]
    pub fn remark(&self) -> &str {
        match &self.judgement {
            Judgement::NotExercised { why } | Judgement::Undecided { why, .. } => why,
            Judgement::Held { .. } | Judgement::Violated { .. } => "",
        }
    }
}

/// A subject that did not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The intent, the order, the article, the file, …
    pub subject: String,
    /// Why.
    pub why: String,
    /// The intent that it belongs to.
    pub intent: Option<String>,
    /// The order that it belongs to.
    pub order_number: Option<String>,
    /// What is at stake, by the law: minor units where it names a currency, else so many more than is lawful.
    pub weight: i64,
    /// ISO 4217 code of the money at stake.
    pub currency: Option<String>,
    /// The row of the statement with which the law was broken.
    pub statement: Option<i64>,
}

/// A row that a law returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LawRow {
    /// What it is about, and why it did not hold.
    pub subject: Subject,
    /// The word: `held`, `violated`, `undecided`.
    pub finding: String,
    /// Whether it met the hazard.
    pub exposed: bool,
}

impl Subject {
    /// The order in which subjects are told: short names first, so that 9 comes before 10.
    pub(super) fn rank(&self) -> (usize, &str) {
        (self.subject.len(), &self.subject)
    }

    /// Whether it is worse than another: it weighs more, or as much and comes first.
    pub(super) fn is_worse_than(&self, other: &Self) -> bool {
        (self.weight, std::cmp::Reverse(self.rank())) > (other.weight, std::cmp::Reverse(other.rank()))
    }
}
