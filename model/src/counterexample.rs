//! How a violated subject is told: who did what when, across the books, and where the law was broken.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A violated subject, told across the books.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Counterexample {
    /// Why this one of all that violate the law.
    #[serde(default)]
    pub chosen: Chosen,
    /// The subject: an intent, an order, an article.
    pub subject: String,
    /// Why the law is violated.
    pub why: String,
    /// For people who know neither laws nor books: what should have been, and what was.
    #[serde(default)]
    pub sentence: String,
    /// What is at stake: minor units where there is a currency, else so many more than is lawful.
    #[serde(default)]
    pub weight: u64,
    /// ISO 4217 code, where money is at stake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The faults that touched it; empty: none did.
    #[serde(default)]
    pub touched: Vec<Touch>,
    /// In order of time as far as clocks allow; order within a book is certain.
    pub timeline: Vec<TimelineEntry>,
    /// SQL that finds it in the run file.
    pub query: String,
    /// SQL that shows its rows; empty where the subject has none of its own.
    #[serde(default)]
    pub rows_query: String,
}

/// Why a counterexample is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Chosen {
    /// The one with the earliest evidence.
    #[default]
    First,
    /// The one with the most at stake.
    Worst,
    /// Both.
    FirstAndWorst,
}

/// A fault and what it did to a subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Touch {
    /// Its name.
    pub fault: String,
    /// What it does, for people.
    pub what: String,
    /// What it did here, in order of time.
    pub did: Vec<String>,
}

/// One line of one book.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineEntry {
    /// Which book.
    pub book: Book,
    /// The provider in whose statement it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Milliseconds from the start of the load, by that book's clock; none when the book gives no time.
    pub at_ms: Option<f64>,
    /// What passed between whom.
    #[serde(default)]
    pub passage: Passage,
    /// What happened, in a few words.
    #[serde(default)]
    pub brief: String,
    /// What happened.
    pub text: String,
    /// The fault that touched it.
    pub fault: Option<String>,
    /// With it the law was broken.
    #[serde(default)]
    pub breaks: bool,
}

impl TimelineEntry {
    /// Something that passed between nobody: a note in a book.
    #[must_use]
    pub const fn noted(book: Book, at_ms: Option<f64>, text: String) -> Self {
        Self {
            book,
            provider: None,
            at_ms,
            passage: Passage::Nothing,
            brief: String::new(),
            text,
            fault: None,
            breaks: false,
        }
    }
}

/// What passed between two parties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Passage {
    /// Nothing.
    #[default]
    Nothing,
    /// The shopper asked the shop.
    Asked,
    /// The shop answered the shopper.
    Answered,
    /// The shopper waited for an answer and had none.
    Unanswered,
    /// The shop asked a provider, which answered.
    Called,
    /// The shop asked a provider, and the answer was lost.
    AnswerLost,
    /// The shop asked a provider, and got another answer than the provider gave.
    AnswerAltered,
    /// A provider told the shop, by a webhook.
    Delivered,
    /// A provider's webhook did not reach the shop.
    Undelivered,
}

/// Who wrote it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Book {
    /// The shopper's history.
    Shopper,
    /// The providers' statements.
    Provider,
    /// The shop's orders.
    Shop,
    /// The run itself: faults on links and processes.
    Run,
}
