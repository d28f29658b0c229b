//! What the books take in: one type for each kind of row.
//!
//! Times are microseconds from the start of the load unless a name says otherwise; a statement's and an order's own
//! clock is never compared with the shopper's.

use model::outcome::{Outcome, Reading, Refusal};
use serde::{Deserialize, Serialize};

/// An arrival that no plan foresaw: it stands where a planned one stands, from its beginning on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Came {
    /// From 0, as they come.
    pub number: u64,
    /// When it began.
    pub begun_us: u64,
    /// Name of the journey.
    pub journey: String,
    /// Whether it buys.
    pub buys: bool,
    /// Name of the card.
    pub card: String,
    /// What this shopper does besides, as JSON.
    pub manner: String,
}

/// How an arrival ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArrivalEnd {
    /// Number in the plan.
    pub number: u64,
    /// First byte of its first request written; none when it was shed or sent nothing.
    pub begun_us: Option<u64>,
    /// The end.
    pub ended_us: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was told no.
    pub refusal: Option<Refusal>,
    /// The step at which it ended, unless it went through.
    pub step: Option<String>,
}

/// One wish to buy one basket once, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Purchase {
    /// `RUN.ARRIVAL.ORDINAL`.
    pub intent: String,
    /// Number in the plan.
    pub arrival: u64,
    /// Unique to the intent, of a reserved domain.
    pub email: String,
    /// Intended start of the submission.
    pub intended_us: u64,
    /// When the outcome was final to the shopper; for an unknown one, when they gave up.
    pub done_us: u64,
    /// Confirmed, rejected, unknown or in flight.
    pub outcome: Outcome,
    /// Why it was told no.
    pub refusal: Option<Refusal>,
    /// The last total shown before the submission, in minor units.
    pub shown_total_minor: Option<i64>,
    /// ISO 4217 code.
    pub currency: Option<String>,
    /// The order number that the shopper learnt.
    pub order_number: Option<String>,
    /// The total that the confirmation named, in minor units.
    pub total_minor: Option<i64>,
    /// What came of a wish to cancel.
    pub cancel: Cancel,
    /// What the shopper put in the cart: a list of `sku`, `quantity`, `unit_minor`, where the journey says it.
    #[serde(default)]
    pub basket: Option<serde_json::Value>,
    /// The address that the shopper gave, where the journey says it.
    #[serde(default)]
    pub ship_to: Option<serde_json::Value>,
}

/// What came of a shopper's wish to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cancel {
    /// Not wished.
    NotAsked,
    /// Asked; the answer was a no, or is not known.
    Asked,
    /// Asked and confirmed.
    Confirmed,
}

/// One request that can move money, or a look at what became of one (all requests with `record: all`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Number in the plan.
    pub arrival: u64,
    /// The intent that it belongs to; none before there is one.
    pub intent: Option<String>,
    /// Name of the step.
    pub step: String,
    /// What it is for.
    pub kind: AttemptKind,
    /// The `Idempotency-Key` sent.
    pub key: Option<String>,
    /// When it was meant to be sent.
    pub intended_us: u64,
    /// First byte written; none when no connection was had.
    pub sent_us: Option<u64>,
    /// Last byte of the answer read, or the end of the wait.
    pub done_us: u64,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// How the answer was read.
    pub reading: Reading,
    /// The order number that the answer named.
    pub order_number: Option<String>,
    /// The total that the answer named, in minor units.
    pub total_minor: Option<i64>,
    /// Name of the card.
    pub card: Option<String>,
    /// Why there was no answer, or what did not fit, in a few words.
    pub remark: Option<String>,
}

/// What an attempt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AttemptKind {
    /// Submits the purchase, repeats included.
    Submit,
    /// Looks for an order before submitting again.
    Look,
    /// Asks whether a pending order is decided.
    Settle,
    /// Pays with a second card.
    SecondCard,
    /// Confirms the payment at its provider, from the browser; moves money.
    Confirm,
    /// A part of the holder's authentication: the challenge, and what the holder answered to it.
    Authenticate,
    /// Comes back to the shop from the provider.
    Return,
    /// Edits the cart in another tab while the payment is under way.
    Edit,
    /// Cancels.
    Cancel,
    /// A failed or slow one of the other requests, kept as an exemplar; or any, with `record: all`.
    Other,
}

impl AttemptKind {
    /// The word in the book.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Look => "look",
            Self::Settle => "settle",
            Self::SecondCard => "second_card",
            Self::Confirm => "confirm",
            Self::Authenticate => "authenticate",
            Self::Return => "return",
            Self::Edit => "edit",
            Self::Cancel => "cancel",
            Self::Other => "other",
        }
    }
}

/// Response times of a step, counted since the last batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Timings {
    /// What the histogram counts over.
    pub window: Window,
    /// Name of the journey.
    pub journey: String,
    /// Name of the step.
    pub step: String,
    /// How the answers were read.
    pub reading: Reading,
    /// Microseconds from the intended start to the last byte: 2 significant digits for a second, 3 for a phase.
    /// Requests in flight at the end are counted with their age, under [`Reading::Unanswered`].
    #[serde(with = "crate::histogram")]
    pub response_us: hdrhistogram::Histogram<u64>,
}

/// What a histogram counts over, by the intended start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Window {
    /// The n-th second of the load.
    Second(u32),
    /// The n-th phase window of the plan.
    Phase(u32),
}

/// One value measured at one second: `generator.lag_max_us`, `generator.begun`, `shop.cpu_s`, `shop.calls.payment.ok`, …
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Second of the load.
    pub second: u32,
    /// Name, dotted.
    pub name: String,
    /// The value.
    pub value: f64,
}

/// What worker, controller and monitor hand to the writer at once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Batch {
    /// Arrivals that began without a plan, as in a closed model.
    pub came: Vec<Came>,
    /// Ended arrivals.
    pub arrivals: Vec<ArrivalEnd>,
    /// Ended purchases.
    pub purchases: Vec<Purchase>,
    /// Attempts.
    pub attempts: Vec<Attempt>,
    /// Histograms since the last batch.
    pub timings: Vec<Timings>,
    /// Samples.
    pub samples: Vec<Sample>,
    /// Transitions of faults, harm to processes, external events.
    pub events: Vec<Event>,
    /// Rows of the providers' statements.
    pub statement: Vec<StatementRow>,
    /// The shop's stock at the end.
    pub stock: Vec<StockRow>,
    /// The shop's vouchers at the end.
    pub vouchers: Vec<VoucherRow>,
    /// Lines of settlement reports.
    pub settlement: Vec<SettlementRow>,
}

/// Something that happened to the run itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, by the harness's clock.
    pub at_us: u64,
    /// Which kind.
    pub kind: EventKind,
    /// The fault, child or source.
    pub name: String,
    /// For people.
    pub text: String,
    /// What undoes it, for `heal`: JSON of the controller; empty when nothing is to be undone.
    pub undo: String,
}

/// Which kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// A fault began.
    FaultBegan,
    /// A fault ended.
    FaultEnded,
    /// A child process was started, killed, or ended.
    Process,
    /// A request on the run clock that is no shopper's.
    Action,
    /// Something that another system told, such as an alert.
    External,
    /// A remark of the harness or of a person.
    Note,
}

impl EventKind {
    /// The word in the book.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FaultBegan => "fault_began",
            Self::FaultEnded => "fault_ended",
            Self::Process => "process",
            Self::Action => "action",
            Self::External => "external",
            Self::Note => "note",
        }
    }
}

/// One line of a provider's statement, as its admin interface gives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatementRow {
    /// One sequence for all providers of a process.
    pub seq: u64,
    /// Unix microseconds, by the provider's clock; for display only.
    pub at_us: u64,
    /// The run that held the account.
    #[serde(default)]
    pub run: Option<String>,
    /// `payment`, `tax`, `warehouse`.
    pub provider: String,
    /// What was done: `authorise`, `capture`, `refund`, `quote`, `commit`, `dispatch`, `webhook`, …
    pub op: String,
    /// The object.
    #[serde(default)]
    pub object: Option<String>,
    /// The object that it belongs to.
    #[serde(default)]
    pub parent: Option<String>,
    /// What it became.
    #[serde(default)]
    pub state: Option<String>,
    /// In minor units.
    #[serde(default)]
    pub amount_minor: Option<i64>,
    /// ISO 4217 code.
    #[serde(default)]
    pub currency: Option<String>,
    /// Idempotency key.
    #[serde(default)]
    pub key: Option<String>,
    /// Whether a stored answer was given again.
    #[serde(default)]
    pub replayed: bool,
    /// Of the answer, or of the webhook's receiver.
    #[serde(default)]
    pub http_status: Option<u16>,
    /// The strong mark.
    #[serde(default)]
    pub intent: Option<String>,
    /// The shop's order number, where the request named one.
    #[serde(default)]
    pub order: Option<String>,
    /// The customer's address.
    #[serde(default)]
    pub email: Option<String>,
    /// The fault that acted.
    #[serde(default)]
    pub fault: Option<String>,
    /// What it did.
    #[serde(default)]
    pub effect: Option<String>,
    /// `sent`, `lost`, `altered`.
    #[serde(default)]
    pub answer: Option<String>,
    /// Everything else.
    #[serde(default)]
    pub detail: Option<serde_json::Value>,
}

/// One order of the shop's book, in our words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderRow {
    /// Order of creation.
    pub seq: u64,
    /// The shop's number for it.
    pub number: String,
    /// The cart that it was made of.
    pub cart: Option<String>,
    /// `pending`, `authorised`, `failed`, `paid`, `partially_fulfilled`, `fulfilled`, `cancelled`.
    pub state: String,
    /// ISO 4217 code.
    pub currency: Option<String>,
    /// Goods, before discount.
    pub subtotal_minor: Option<i64>,
    /// What the promotion took off.
    pub discount_minor: Option<i64>,
    /// Shipping.
    pub shipping_minor: Option<i64>,
    /// Tax.
    pub tax_minor: Option<i64>,
    /// What the customer owes.
    pub total_minor: Option<i64>,
    /// What of the total a voucher or store credit covers.
    pub credit_minor: Option<i64>,
    /// What of the total was given up later: parts that were neither paid nor sent.
    pub given_up_minor: Option<i64>,
    /// Code of the voucher used.
    pub voucher: Option<String>,
    /// What the shop believes to have received.
    pub paid_minor: Option<i64>,
    /// What it believes to have given back.
    pub refunded_minor: Option<i64>,
    /// The customer's address.
    pub email: Option<String>,
    /// Code of the promotion used.
    pub promotion: Option<String>,
    /// `quote` or `fallback`.
    pub tax_source: Option<String>,
    /// The declared policy: `block` or `rate`.
    pub tax_policy: Option<String>,
    /// Code of the quote.
    pub tax_quote: Option<String>,
    /// Code of the tax document.
    pub tax_document: Option<String>,
    /// The provider's reference of the payment.
    pub payment: Option<String>,
    /// Which payment provider has it: `payment`, `backup_payment`.
    pub payment_provider: Option<String>,
    /// Where the price of shipping came from: `quote`, `table`, `flat`.
    pub shipping_source: Option<String>,
    /// The provider's reference of the shipping rate.
    pub shipping_quote: Option<String>,
    /// What the fraud provider said: `approve`, `review`, `decline`, `unavailable`, `off`.
    pub fraud: Option<String>,
    /// What the desk said: `pending`, `approved`, `declined`.
    pub review: Option<String>,
    /// What the total is rounded up by, so that it can be charged.
    pub rounding_minor: Option<i64>,
    /// Where it goes: `line1`, `city`, `region`, `postal_code`, `country`, as far as the book tells.
    pub ship_to: Option<serde_json::Value>,
    /// What is disputed.
    pub disputed_minor: Option<i64>,
    /// Where the dispute stands: `needs_response`, `under_review`, `won`, `lost`.
    pub dispute_state: Option<String>,
    /// Whether the shop does not know if it was paid.
    pub in_doubt: bool,
    /// The run, where the shop carries marks on.
    pub run: Option<String>,
    /// The strong mark, where the shop carries it on.
    pub intent: Option<String>,
    /// What was bought.
    pub lines: Vec<OrderLine>,
    /// The states that it went through, in order.
    pub history: Vec<OrderState>,
    /// What was given back, or asked for.
    pub refunds: Vec<OrderRefund>,
    /// Whether the warehouse was told: `queued`, `sent`.
    pub dispatch: Option<String>,
    /// What was sent, where an order may be sent in parts.
    pub dispatches: Vec<OrderDispatch>,
}

/// A part of an order that was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderDispatch {
    /// The message by which the warehouse was told.
    pub message: String,
    /// What was captured for it.
    pub amount_minor: i64,
    /// The provider's reference of that capture.
    pub capture: Option<String>,
}

/// What the shop says of an article at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StockRow {
    /// Stock keeping unit.
    pub sku: String,
    /// How many there were to sell.
    pub declared: i64,
    /// How many are left.
    pub available: i64,
    /// How many are kept for orders that are not paid yet.
    pub held: i64,
    /// How many were sold.
    pub sold: i64,
}

/// What the shop says of a voucher at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VoucherRow {
    /// What a shopper types.
    pub code: String,
    /// What it was worth.
    pub declared_minor: i64,
    /// What is left of it.
    pub balance_minor: i64,
}

/// A line of a payment provider's settlement report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementRow {
    /// `payment` or `backup_payment`.
    pub provider: String,
    /// From 1, by provider.
    pub line: u64,
    /// What kind of movement.
    pub kind: SettlementKind,
    /// The provider's reference of the movement: charge, capture, refund.
    pub object: String,
    /// The provider's reference of the payment.
    pub payment: Option<String>,
    /// The shop's order number, where the report names it.
    pub order: Option<String>,
    /// What moved, in minor units; negative: away from the shop.
    pub gross_minor: i64,
    /// The provider's fee, in minor units.
    pub fee_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
}

/// What a line of a settlement report is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettlementKind {
    /// Money that a customer paid.
    #[default]
    Charge,
    /// Money given back.
    Refund,
    /// A refund that came back.
    RefundFailed,
    /// Money that a dispute took.
    Dispute,
    /// Money that came back from a dispute that was won.
    DisputeReversed,
    /// A fee on its own line.
    Fee,
}

impl SettlementKind {
    /// The word in the books.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::RefundFailed => "refund_failed",
            Self::Dispute => "dispute",
            Self::DisputeReversed => "dispute_reversed",
            Self::Fee => "fee",
        }
    }
}

/// A line of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderLine {
    /// Stock keeping unit.
    pub sku: String,
    /// How many.
    pub quantity: i64,
    /// Price of one.
    pub unit_minor: i64,
    /// How many of them were given up later, such as a part that could not be paid any more.
    pub given_up: i64,
}

/// A state that an order went through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderState {
    /// Order within the order's history.
    pub seq: u64,
    /// The state.
    pub state: String,
}

/// A refund as the shop booked it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderRefund {
    /// The key that the shop used.
    pub key: String,
    /// In minor units.
    pub amount_minor: i64,
    /// `succeeded`, `pending`, `refused`, `failed`.
    pub state: String,
    /// The key of the request that asked for it; several refunds may come of one.
    pub asked: Option<String>,
    /// What of it is given back as store credit.
    pub credit_minor: i64,
}
