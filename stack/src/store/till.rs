//! What the shop keeps of payments beside the charge itself: waits for the holder, captures, voids, disputes, payments that
//! no order needs, and which of several instances works on what.

use super::{Answer, Charge, Claim, Message, Move, NotCharged, PaymentState, Refund, Stored};
use crate::{
    cart::{Line, Price, Quote},
    order::{Brief, Parcel, PaymentProvider},
};

/// Why an order ends whose holder never came back.
pub(crate) const ABANDONED: &str = "the holder never came back";

/// Who confirms a payment, or why it is in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaymentKind {
    /// The shop confirms.
    Checkout,
    /// The shopper's browser confirms.
    Session,
    /// Found at a provider, and no order needs it.
    Stray,
}

/// When the money of a payment is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaptureTime {
    AtOnce,
    AtDispatch,
}

/// Where a new payment goes and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) provider: PaymentProvider,
    pub(crate) kind: PaymentKind,
    pub(crate) capture: CaptureTime,
}

/// What the holder must do before a payment goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// The provider's name of the payment.
    pub(crate) intent: String,
    pub(crate) client_secret: Option<String>,
    /// Where the browser goes; none where it confirms in the shop's own page.
    pub(crate) url: Option<String>,
}

/// Money to be taken for one dispatch.
#[derive(Clone, Debug)]
pub(crate) struct CaptureOrder {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) amount_minor: i64,
    /// What is left of the reserve is released.
    pub(crate) is_final: bool,
    pub(crate) provider: PaymentProvider,
    pub(crate) intent: String,
    pub(crate) brief: Brief,
}

/// Where the money for a dispatch stands.
#[derive(Clone, Debug)]
pub(crate) enum CaptureStep {
    /// The provider is to be asked, under the stored key.
    Ask(CaptureOrder),
    /// The provider has taken it in and tells later.
    Awaited,
    /// The goods may leave.
    Captured,
    /// Nothing is to leave any more; what follows from that is stored.
    Withdrawn(Aftermath),
}

/// How a capture ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CaptureEnd {
    Succeeded { reference: Option<String> },
    Received { reference: String },
    Refused,
}

/// What was given up or given back, and what follows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aftermath {
    pub(crate) moves: Vec<Move>,
    pub(crate) messages: Vec<Message>,
    pub(crate) refund: Option<Refund>,
}

/// Money to be released.
#[derive(Clone, Debug)]
pub(crate) struct VoidOrder {
    pub(crate) payment: i64,
    pub(crate) key: String,
    pub(crate) provider: PaymentProvider,
    pub(crate) intent: String,
    pub(crate) brief: Brief,
}

/// A payment that a provider holds beside the one that the order was paid with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stray {
    pub(crate) order: i64,
    pub(crate) provider: PaymentProvider,
    pub(crate) intent: String,
    pub(crate) amount_minor: i64,
    /// Whether it was captured, or is only reserved.
    pub(crate) is_captured: bool,
    /// The event that told of it.
    pub(crate) event: Option<String>,
}

/// What an event of a provider is about, as the shop finds it in its own book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Payment(i64),
    Refund(i64),
    Capture(i64),
}

/// News of a refund, later than its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RefundNews {
    Succeeded {
        /// The provider's name of it.
        reference: Option<String>,
    },
    /// It was taken in and never given: to ask anew would be of no use.
    Refused,
    /// It came back.
    Failed,
}

/// A dispute as the provider tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DisputeNews {
    pub(crate) id: String,
    pub(crate) provider: PaymentProvider,
    pub(crate) intent: String,
    pub(crate) amount_minor: i64,
    pub(crate) state: DisputeState,
    pub(crate) reason: Option<String>,
    pub(crate) event: String,
}

/// Where a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DisputeState {
    NeedsResponse,
    UnderReview,
    Won,
    Lost,
}

impl DisputeState {
    const ALL: [(Self, &'static str); 4] = [
        (Self::NeedsResponse, "needs_response"),
        (Self::UnderReview, "under_review"),
        (Self::Won, "won"),
        (Self::Lost, "lost"),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("lost", |(_, name)| name)
    }

    /// The state of that name; a warning of the card's scheme counts as what it warns of.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = name.strip_prefix("warning_").unwrap_or(name);
        let name = if name == "closed" { "won" } else { name };
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(state, _)| *state)
    }
}

/// A dispute as the desk sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DisputeLine {
    pub(crate) id: String,
    pub(crate) provider: String,
    pub(crate) order: i64,
    pub(crate) amount_minor: i64,
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) evidence: Option<String>,
}

/// New lines for an order whose session is open, priced.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    pub(crate) payment: i64,
    pub(crate) cart: String,
    /// The cart that was priced, before the edit.
    pub(crate) version: i64,
    pub(crate) lines: Vec<Line>,
    pub(crate) price: Price,
    pub(crate) quote: Quote,
    pub(crate) total_minor: i64,
}

/// How an edit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EditEnd {
    /// The provider has the new amount.
    Agreed,
    /// It was confirmed at the old one.
    Undone,
}

/// A transaction that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct OpenTransaction {
    _end: std::sync::mpsc::Sender<()>,
}

impl OpenTransaction {
    /// One that the other end of this channel waits for.
    pub(crate) fn until(end: std::sync::mpsc::Sender<()>) -> Self {
        Self { _end: end }
    }
}

/// What is asked of the storage around payments.
pub(crate) trait Till {
    /// Says that this instance is alive until then (Unix milliseconds).
    fn stay_alive(&self, until_ms: i64) -> Answer<'_, ()>;
    /// Frees everything that this instance has claimed.
    fn retire(&self) -> Answer<'_, ()>;
    /// Claims an unsettled payment; `false` while another living instance works on it.
    fn claim_payment(&self, payment: i64) -> Answer<'_, bool>;
    /// Claims a pending refund, in the same way.
    fn claim_refund(&self, refund: i64) -> Answer<'_, bool>;
    /// Claims messages that nobody alive is delivering, oldest first.
    fn adopt_messages(&self) -> Answer<'_, Vec<Message>>;
    /// Messages that this instance has claimed and that are not acknowledged, oldest first.
    fn own_messages(&self) -> Answer<'_, Vec<Message>>;
    /// How many messages are owed, by whichever instance.
    fn owed(&self) -> Answer<'_, i64>;
    /// Marks dispatches as begun; answers those that may begin.
    fn begin_dispatches(&self, messages: Vec<i64>) -> Answer<'_, Vec<i64>>;

    /// Closes a payment that is proven to hold nothing and opens another one for the same order elsewhere.
    /// `method` replaces the first one's name of the card, where the second takes the card itself.
    fn fail_over(
        &self,
        payment: i64,
        reason: NotCharged,
        to: PaymentProvider,
        method: Option<String>,
        key: String,
    ) -> Answer<'_, Option<Charge>>;
    /// Deletes an unsettled payment and begins another one, for the same order under this key of the provider's: only the
    /// defect that loses a payment's row over an error does so.
    fn begin_anew(&self, payment: i64, key: String) -> Answer<'_, Option<Charge>>;
    /// Begins a transaction that stays open, and lets nobody else write: only the defect that calls a provider inside of one
    /// does so.
    fn open_transaction(&self) -> Answer<'_, OpenTransaction>;
    /// Stores that a payment waits for its holder.
    fn wait_for_holder(&self, payment: i64, challenge: Challenge) -> Answer<'_, ()>;
    /// Where the holder of a waiting payment goes.
    fn challenge_of(&self, payment: i64) -> Answer<'_, Option<Challenge>>;
    /// Payments that have waited longer than until `now_ms`.
    fn overdue(&self, now_ms: i64) -> Answer<'_, Vec<Charge>>;
    /// Every payment of an order, newest first.
    fn payments_of(&self, order: i64) -> Answer<'_, Vec<(PaymentState, Charge)>>;
    /// How many payments may still take money.
    fn open_ends(&self) -> Answer<'_, i64>;

    /// Changes an order whose session is open; it remembers what it was until [`Till::end_edit`].
    fn begin_edit(&self, edit: Edit) -> Answer<'_, Charge>;
    /// Ends an edit; where it is agreed, the key of the request gets its answer.
    fn end_edit(&self, payment: i64, end: EditEnd, answer: Option<(Claim, Stored)>) -> Answer<'_, ()>;
    /// Payments whose edit has not ended.
    fn open_edits(&self) -> Answer<'_, Vec<Charge>>;

    /// The money for a dispatch: the capture is on disk before it is asked for.
    fn begin_capture(&self, message: Message) -> Answer<'_, CaptureStep>;
    /// Books what became of a capture, once.
    fn settle_capture(&self, capture: i64, end: CaptureEnd, event: Option<String>) -> Answer<'_, Aftermath>;
    /// The latest capture of a payment: only the defect that captures again asks for it.
    fn last_capture(&self, payment: i64) -> Answer<'_, Option<CaptureOrder>>;
    /// What the warehouse must be told for a message.
    fn part(&self, message: Message) -> Answer<'_, Option<Parcel>>;
    /// What a void message is about; `None` where there is nothing to release.
    fn void_order(&self, message: Message) -> Answer<'_, Option<VoidOrder>>;
    /// A void came back: what is held was captured instead, and is given back.
    fn refund_instead(&self, payment: i64) -> Answer<'_, Option<Refund>>;

    /// Books a payment that no order needs, once, and what gives it back.
    fn book_stray(&self, stray: Stray) -> Answer<'_, Aftermath>;
    /// Whether a provider's payment is in the book.
    fn subject_of(&self, provider: PaymentProvider, reference: &str) -> Answer<'_, Option<Subject>>;
    /// Books what became of a refund after its answer.
    fn take_refund_news(&self, refund: i64, news: RefundNews, event: String) -> Answer<'_, Aftermath>;

    /// Keeps news of a dispute; `false` where it is about no payment of this shop.
    fn take_dispute(&self, news: DisputeNews) -> Answer<'_, bool>;
    fn disputes(&self) -> Answer<'_, Vec<DisputeLine>>;
    fn keep_evidence(&self, dispute: &str, evidence: String) -> Answer<'_, ()>;
}
