//! What the shop needs of its storage, in the shop's own words. Each method is one atomic step: it has happened, durably,
//! when it answers, or it has not happened. Nothing here knows of SQL or of providers.

use std::{future::Future, path::PathBuf, pin::Pin};

use crate::{
    cart::{Address, Cart, Quote},
    order::{BookLine, Brief, Parcel, PaymentProvider, State},
    refusal::Refusal,
};

mod front;
mod sqlite;
mod terms;
mod till;
mod unguarded;

pub(crate) use front::{Account, Decided, Front, PromotionLine, Receipt, Review, SavedCard, StockLine, VoucherLine};
pub(crate) use sqlite::{SqliteStore, StoreCredit};
pub(crate) use terms::Terms;
pub(crate) use till::{
    ABANDONED, Aftermath, CaptureEnd, CaptureOrder, CaptureStep, CaptureTime, Challenge, DisputeLine, DisputeNews,
    DisputeState, Edit, EditEnd, OpenTransaction, PaymentKind, Plan, RefundNews, Stray, Subject, Till, VoidOrder,
};
pub(crate) use unguarded::{Seen, Unguarded};

/// An answer of the store that is still on its way.
pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Why a step did not happen.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The shop's rules forbid it.
    #[error("refused: {}", .0.code)]
    Refused(Refusal),
    /// The storage could not do it; nothing was changed.
    #[error("store: {0}")]
    Unavailable(String),
}

/// A final answer, as sent and as kept with an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// An idempotency key with what it was used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) key: String,
    pub(crate) fingerprint: [u8; 16],
}

/// One change to a cart.
#[derive(Clone, Debug)]
pub(crate) enum CartChange {
    /// A guest's cart, or an account's.
    Open {
        account: Option<String>,
    },
    AddLine {
        sku: String,
        quantity: i64,
        unit_minor: i64,
    },
    /// Nothing of it takes the line away.
    SetLine {
        sku: String,
        quantity: i64,
        unit_minor: i64,
    },
    SetAddress(Address),
    Promote {
        code: String,
    },
    UseVoucher {
        code: String,
    },
}

/// How the changed cart is told to the shopper.
pub(crate) type Telling = Box<dyn FnOnce(&Cart) -> Stored + Send>;

/// What a cart call came to.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) stored: Stored,
    pub(crate) replayed: bool,
}

/// The first phase of a checkout.
#[derive(Clone, Debug)]
pub(crate) struct Begin {
    pub(crate) cart: String,
    pub(crate) claim: Claim,
    pub(crate) email: String,
    pub(crate) method: String,
    pub(crate) shown_total_minor: Option<i64>,
    pub(crate) store_credit: StoreCredit,
    pub(crate) carried: String,
    pub(crate) provider_key: String,
    pub(crate) plan: Plan,
    /// Stock as read earlier, where the shop is told to write it back; the honest shop reads nothing.
    pub(crate) stock_seen: Option<Vec<(String, i64)>>,
    /// What was seen earlier and is to be acted upon.
    pub(crate) seen: Seen,
}

/// The first phase of paying a failed order with another card.
#[derive(Clone, Debug)]
pub(crate) struct BeginPayment {
    pub(crate) order: i64,
    pub(crate) claim: Claim,
    pub(crate) method: String,
    pub(crate) provider_key: String,
    pub(crate) plan: Plan,
}

/// A payment to be made or settled with the provider.
#[derive(Clone, Debug)]
pub(crate) struct Charge {
    pub(crate) payment: i64,
    /// The idempotency key, which is on disk.
    pub(crate) key: String,
    /// The provider's name of a card; `cus_…/pm_…` for one that a customer keeps, `cus_…/pm_…/save` for one that is to be
    /// kept; `card` for one that only this request knows.
    pub(crate) method: String,
    pub(crate) amount_minor: i64,
    pub(crate) provider: PaymentProvider,
    pub(crate) kind: PaymentKind,
    pub(crate) capture: CaptureTime,
    /// The provider's name of it, once it has one.
    pub(crate) intent: Option<String>,
    /// How long ago it was begun.
    pub(crate) age_ms: i64,
    /// Whether an earlier call under this key may have reached the provider.
    pub(crate) tried_before: bool,
    pub(crate) brief: Brief,
}

/// Where a checkout stands after its first phase.
#[derive(Clone, Debug)]
pub(crate) enum Begun {
    /// Everything is on disk; the provider is to be asked. Says too how the order came to be pending, if it did now.
    Charge(Charge, Option<Move>),
    /// The holder is to act: where.
    Challenged(Brief, Challenge),
    /// The key was used before and its order is settled: this is what is true now.
    Standing(Standing),
    /// The key was answered finally before.
    Replayed(Stored),
    /// The cart has no tax quote for its present version; nothing was changed.
    Unquoted,
}

/// What is true of a settled order.
#[derive(Clone, Debug)]
pub(crate) enum Standing {
    Accepted(Brief),
    Declined { brief: Brief, code: String },
    NotCharged { brief: Brief, reason: NotCharged },
}

/// Why it is certain that a payment took no money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotCharged {
    /// The provider could not be called, or took no calls.
    Unavailable,
    /// The provider refused the request itself.
    Refused,
    /// It was not asked: the order looks like fraud.
    Suspected,
    /// Not certain at all: nobody knows, and the shop was told to call that failed.
    Forced,
}

/// What was proven about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Authorised and captured.
    Succeeded {
        intent: String,
    },
    /// Reserved, to be captured later; until when (Unix milliseconds), where the provider says so.
    Authorised {
        intent: String,
        until_ms: Option<i64>,
    },
    /// Vouchers and credit cover all of it: nobody is asked.
    Covered,
    Declined {
        intent: Option<String>,
        code: String,
    },
    NotCharged(NotCharged),
}

/// The last phase of a payment.
#[derive(Clone, Debug)]
pub(crate) struct Settlement {
    pub(crate) payment: i64,
    pub(crate) proof: Proof,
    /// The provider's event that proved it, if one did.
    pub(crate) event: Option<String>,
    pub(crate) why: &'static str,
    /// The shopper's key that gets the final answer.
    pub(crate) key: Option<String>,
}

/// One step of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) order: i64,
    pub(crate) from: Option<State>,
    pub(crate) to: State,
    pub(crate) why: &'static str,
}

/// What a settlement came to.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    pub(crate) standing: Standing,
    pub(crate) moves: Vec<Move>,
    pub(crate) messages: Vec<Message>,
    pub(crate) refund: Option<Refund>,
    /// Whether the proof contradicted what had been final.
    pub(crate) contradiction: bool,
}

/// What the outside is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum MessageKind {
    TaxDocument,
    TaxVoid,
    Dispatch,
    /// Reserved money is to be released.
    PaymentVoid,
}

/// One message of the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) id: i64,
    pub(crate) order: i64,
    pub(crate) kind: MessageKind,
    /// The payment that a void releases, or that a dispatch captures first; of a tax document its version, if not the first.
    pub(crate) subject: Option<i64>,
    /// Not before then (Unix milliseconds).
    pub(crate) due_ms: i64,
    /// What has begun cannot be withdrawn.
    pub(crate) begun: bool,
}

/// Money to be given back.
#[derive(Clone, Debug)]
pub(crate) struct Refund {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) amount_minor: i64,
    pub(crate) provider: PaymentProvider,
    /// The provider's name of the payment.
    pub(crate) intent: String,
    /// The provider's name of the refund, once it was taken in.
    pub(crate) reference: Option<String>,
    pub(crate) brief: Brief,
}

/// What was proven about a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RefundProof {
    /// Given back, under this name of the provider's.
    Succeeded {
        reference: Option<String>,
    },
    /// Taken in; its end is told by an event.
    Received {
        reference: String,
    },
    Refused,
}

/// What giving an order up, or its money back, came to.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) brief: Brief,
    pub(crate) refund: Option<Refund>,
    pub(crate) moves: Vec<Move>,
    pub(crate) messages: Vec<Message>,
    /// The final answer of the key, if it had one.
    pub(crate) replayed: Option<Stored>,
}

/// What the provider is asked to give back, and why.
#[derive(Clone, Debug)]
pub(crate) struct GiveBack {
    pub(crate) order: i64,
    pub(crate) claim: Claim,
    /// How much; all that is left where nothing is named. A cancel names nothing.
    pub(crate) amount_minor: Option<i64>,
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaymentState {
    /// Being paid.
    Open,
    /// The answer is in doubt.
    Unknown,
    /// The holder must act first.
    Waiting,
    /// Reserved, and captured in part or not at all.
    Authorised,
    Succeeded,
    Declined,
    NotCharged,
    /// Released, or run out.
    Voided,
}

impl PaymentState {
    /// Whether nothing is proven yet: it may still take money.
    pub(crate) fn may_take_money(self) -> bool {
        matches!(self, Self::Open | Self::Unknown | Self::Waiting)
    }
}

/// How many of everything there are, for gauges.
#[derive(Clone, Debug, Default)]
pub(crate) struct Census {
    pub(crate) orders: Vec<(State, i64)>,
}

/// The shop's storage.
pub(crate) trait Store: Front + Unguarded + Till + Send + Sync + 'static {
    /// Changes a cart that is not ordered yet; with a key, once.
    fn change_cart(&self, cart: String, change: CartChange, claim: Option<Claim>, telling: Telling)
    -> Answer<'_, Told>;
    /// The cart, if there is one.
    fn cart(&self, id: &str) -> Answer<'_, Option<Cart>>;
    /// Keeps a quote with the version of the cart that it was made for; with a key, keeps the answer too.
    fn keep_quote(&self, cart: &str, version: i64, quote: Quote, answer: Option<(Claim, Stored)>) -> Answer<'_, ()>;
    /// The final answer of a key, if it has one; refuses another use of it.
    fn answer_of(&self, claim: &Claim) -> Answer<'_, Option<Stored>>;
    /// How many are left of a product.
    fn available(&self, sku: &str) -> Answer<'_, Option<i64>>;

    /// Claims key and cart, holds stock, counts the promotion, makes order and payment.
    fn begin_checkout(&self, begin: Begin) -> Answer<'_, Begun>;
    /// Makes another payment for a failed order, holding its stock again where it was released.
    fn begin_payment(&self, begin: BeginPayment) -> Answer<'_, Begun>;
    /// Stores that nobody knows how a payment ended.
    fn leave_in_doubt(&self, payment: i64) -> Answer<'_, ()>;
    /// Stores what was proven about a payment, and everything that follows from it.
    fn settle_payment(&self, settlement: Settlement) -> Answer<'_, Settled>;
    /// Stores the final answer of a key.
    fn answer_key(&self, key: &str, stored: Stored) -> Answer<'_, ()>;
    /// Sets an order to failed whatever it is now: only the defect that believes every failure event does so.
    fn overwrite_with_failed(&self, order: i64) -> Answer<'_, Vec<Move>>;
    /// Forgets that there ever was an order: only the defect that rolls a paid one back does so.
    fn lose_order(&self, order: i64) -> Answer<'_, ()>;

    /// Payments made before `before_ms` (Unix milliseconds) that are not settled.
    fn unsettled(&self, before_ms: i64) -> Answer<'_, Vec<Charge>>;
    /// A payment with its order.
    fn payment(&self, id: i64) -> Answer<'_, Option<(PaymentState, Charge)>>;
    /// How many payments are in doubt.
    fn doubts(&self) -> Answer<'_, i64>;
    /// Gives back what failed orders hold past their time; at most 500 orders at once.
    fn release_expired(&self, now_ms: i64) -> Answer<'_, usize>;
    /// Forgets keys and events older than `before_ms`.
    fn forget_before(&self, before_ms: i64) -> Answer<'_, ()>;

    /// Gives an order up.
    fn begin_cancel(&self, cancel: GiveBack) -> Answer<'_, Given>;
    /// Gives an order's money back.
    fn begin_refund(&self, refund: GiveBack) -> Answer<'_, Given>;
    /// Books a refund, once.
    fn settle_refund(&self, refund: i64, proof: RefundProof) -> Answer<'_, Given>;
    /// Refunds asked for before `before_ms` that are not settled.
    fn unsettled_refunds(&self, before_ms: i64) -> Answer<'_, Vec<Refund>>;

    /// Everything about an order that others must be told.
    fn parcel(&self, order: i64) -> Answer<'_, Option<Parcel>>;
    /// Books that a message was received.
    fn acknowledge(&self, message: Message) -> Answer<'_, Vec<Move>>;

    /// An order.
    fn order(&self, seq: i64) -> Answer<'_, Option<Brief>>;
    /// The orders book after a sequence number.
    fn book(&self, after: i64, limit: usize) -> Answer<'_, Vec<BookLine>>;
    /// Counts for gauges.
    fn census(&self) -> Answer<'_, Census>;
    /// Files that hold anything.
    fn files(&self) -> Vec<PathBuf>;
    /// Finishes what was begun and closes.
    fn close(&self) -> Answer<'_, ()>;
}
