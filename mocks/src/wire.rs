//! What a provider is to the path that all requests take: how it reads, decides and refuses.

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use model::fault::Provider;

use crate::accounts::{Accounts, Caller};
use crate::books::Books;
use crate::http::Call;
use crate::idempotency::Key;
use crate::sheet::json;
use crate::store::StoredAnswer;
use crate::turn::{Labels, Turn};

/// Says that an answer is the repetition of one.
pub(crate) const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Headers of an answer.
pub(crate) type Headers = Vec<(HeaderName, HeaderValue)>;

/// An answer as it is meant.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Bytes,
    /// Whether it is kept under the request's key: not so for what was refused before it began.
    pub(crate) is_kept: bool,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), is_kept: true }
    }

    pub(crate) fn json(status: u16, body: &impl serde::Serialize) -> Self {
        Self::new(status, json(body))
    }

    /// Not kept under the key.
    pub(crate) const fn unkept(mut self) -> Self {
        self.is_kept = false;
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// Why an operation ended without its normal answer.
pub(crate) enum Stop {
    /// The provider's own refusal.
    Answer(Box<Answer>),
    /// The store could not be read.
    Store(rusqlite::Error),
}

impl From<Answer> for Stop {
    fn from(answer: Answer) -> Self {
        Self::Answer(Box::new(answer))
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error)
    }
}

/// A request that is understood.
#[derive(Clone)]
pub(crate) struct Understood<O> {
    pub(crate) operation: O,
    pub(crate) key: Option<Key>,
    pub(crate) labels: Labels,
    /// Lists read the store, so it must hold all that was answered.
    pub(crate) reads_store: bool,
}

/// What rules can match on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traits {
    pub(crate) brand: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) currency: Option<String>,
    pub(crate) amount_minor: Option<i64>,
}

/// Refusals that do not come from a provider's state, in whose error shape they are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The body is larger than a provider takes.
    TooLarge,
    /// The body could not be read to its end.
    Unreadable,
    /// The key is being worked on.
    KeyInFlight { key: String },
    /// The key was used for something else.
    KeyReused {
        key: String,
        /// Where the key was first used, and where now, when these differ.
        endpoints: Option<(String, String)>,
    },
    /// The store failed.
    Broken,
    /// A fault rule answers with this status.
    Fault { status: u16 },
    /// A fault rule refuses what exceeds its rate.
    TooManyRequests,
}

/// A provider: its wire and its state machine.
pub(crate) trait Wire: Send + Sync + 'static {
    type Operation: Clone + Send;

    const PROVIDER: Provider;

    /// Answers that need no account, such as a browser's question whether it may ask.
    fn greet(&self, call: &Call) -> Option<Answer>;

    /// Says who calls.
    fn identify(&self, call: &Call, accounts: &Accounts, now_us: i64) -> Result<Caller, Answer>;

    /// Reads and validates a request; nothing is executed yet.
    fn understand(
        &self,
        call: &Call,
        caller: &Caller,
        books: &parking_lot::Mutex<Books>,
    ) -> Result<Understood<Self::Operation>, Answer>;

    /// What rules can match on.
    fn traits(&self, operation: &Self::Operation, books: &mut Books) -> Traits;

    /// Decides.
    fn execute(&self, operation: Self::Operation, turn: &mut Turn<'_>) -> Result<Answer, Stop>;

    /// Marks an operation to be declined in the provider's own words, as a card is or a capture that fails; `code` is the
    /// provider's, its general one when absent. False when it is nothing that could be declined: then the rule has not acted.
    fn decline(&self, _operation: &mut Self::Operation, _code: Option<&str>) -> bool {
        false
    }

    /// Marks an operation whose figures are moved: basis points on a rate or a price, points on a score. False when there is
    /// nothing to move: then the rule has not acted.
    fn shift(&self, _operation: &mut Self::Operation, _by: i64) -> bool {
        false
    }

    /// Tells a refusal.
    fn refuse(&self, refusal: &Refusal) -> Answer;

    /// The answer as it leaves, with what the wire says about it beside its body; `first` is the answer that it repeats.
    fn told(&self, answer: Answer, first: Option<&StoredAnswer>) -> Answer {
        match first {
            Some(_) => answer.header(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true")),
            None => answer,
        }
    }

    /// Headers of a request that its answer gives back.
    fn echo(&self, _call: &Call) -> Headers {
        Vec::new()
    }

    /// Headers that every answer carries.
    fn headers(&self, request_id: &str, key: Option<&str>) -> Headers;
}
