//! Making a payment: what is asked, who is to pay, and what comes of it.

use serde_json::json;

use super::body::{Amount, PaymentRequest};
use super::cards::{Card, Fate};
use super::checks::{amount, capture_mode, is_pre_authorised, merchant};
use super::errors;
use super::means::card_of;
use super::notification::{Notice, tell};
use super::reference::{self, Kind};
use super::refusals::{NOT_3D_AUTHENTICATED, Refusal, SHOPPER_CANCELLED};
use super::settlement::{self, Movement};
use super::state::{CaptureMode, Payment, Reply, Stage, Step, StoredMethod, Wait};
use super::view;
use crate::statement::{self, Op, Row};
use crate::store::Write;
use crate::turn::{Labels, Turn};
use crate::wire::{Answer, Stop};

/// What a payment is made of, whoever asks for it.
pub(super) struct Order<'a> {
    pub(super) merchant: String,
    pub(super) reference: String,
    pub(super) amount: Amount,
    pub(super) card: Card,
    pub(super) capture: CaptureMode,
    pub(super) is_pre_authorised: bool,
    pub(super) return_url: Option<String>,
    pub(super) shopper_reference: Option<String>,
    pub(super) shopper_email: Option<String>,
    pub(super) stores_card: bool,
    pub(super) metadata: Vec<(String, String)>,
    /// How the holder is asked, if the card wants it.
    pub(super) step: Step,
    /// The rule's refusal, if it declines.
    pub(super) decline: Option<Refusal>,
    /// The shopper's intent.
    pub(super) mark: Option<String>,
    pub(super) manner: Manner<'a>,
}

/// What the provider's configuration says of each payment.
#[derive(Clone, Copy)]
pub(super) struct Manner<'a> {
    /// Where browsers reach us.
    pub(super) base: &'a str,
    /// How long the holder may take, in milliseconds.
    pub(super) challenge_ms: u64,
    /// How long the outcome of what is received takes, in milliseconds.
    pub(super) processing_ms: u64,
}

/// How long an authorisation holds, in microseconds: 7 days.
const AUTHORISATION_US: i64 = 7 * 86_400 * 1_000_000;
const HOUR_US: i64 = 3_600 * 1_000_000;

/// `POST /payments`.
pub(super) fn create(
    request: &PaymentRequest,
    decline: Option<Refusal>,
    manner: Manner<'_>,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    let merchant = merchant(request.merchant_account.as_deref(), turn)?;
    let amount = amount(request.amount.as_ref())?;
    let reference = request.reference.clone().filter(|reference| !reference.is_empty());
    let reference = reference.ok_or_else(|| errors::invalid("130", "Reference Missing"))?;
    let card = card_of(request, turn)?;
    let order = Order {
        merchant,
        reference,
        amount,
        card,
        capture: capture_mode(request, turn),
        is_pre_authorised: is_pre_authorised(request),
        return_url: request.return_url.clone(),
        shopper_reference: request.shopper_reference.clone(),
        shopper_email: request.shopper_email.clone(),
        stores_card: request.store_payment_method == Some(true) || request.recurring_processing_model.is_some(),
        metadata: request.metadata.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        step: if request.asks_natively() { Step::Fingerprint } else { Step::Redirect },
        decline,
        mark: turn.context.intent.clone(),
        manner,
    };
    place(order, turn).map(|(_, answer)| answer)
}

/// Makes the payment and tries to have it authorised.
pub(super) fn place(order: Order<'_>, turn: &mut Turn<'_>) -> Result<(Payment, Answer), Stop> {
    let fate = order.card.fate;
    let is_asked = matches!(fate, Fate::Challenged | Fate::ChallengedUnlessStored | Fate::ChallengedThenRefused(_));
    let needs_page = is_asked && order.decline.is_none() && order.step == Step::Redirect;
    if needs_page && order.return_url.as_deref().is_none_or(str::is_empty) {
        return Err(errors::missing("returnUrl").into());
    }
    let n = turn.books.backup_payments.number();
    let mut payment = Payment {
        n,
        account: turn.context.caller.account,
        psp: reference::make(turn.books.identity, Kind::Payment, n, 0),
        merchant: order.merchant,
        reference: order.reference,
        amount: order.amount.value,
        currency: order.amount.currency,
        card: order.card,
        stage: Stage::Received,
        capture: order.capture,
        authorised: 0,
        captured: 0,
        refunded: 0,
        is_pre_authorised: order.is_pre_authorised,
        parts: 0,
        wait: None,
        reply: None,
        dispute: None,
        return_url: order.return_url,
        shopper_reference: order.shopper_reference,
        shopper_email: order.shopper_email,
        stores_card: order.stores_card,
        metadata: order.metadata,
        mark: order.mark,
    };
    label(&payment, turn);
    turn.writes.push(mark_of(&payment, turn));
    match (order.decline, fate) {
        (Some(refusal), _) => refuse(&mut payment, refusal, turn),
        (None, Fate::Pays | Fate::Disputed) => authorise(&mut payment, turn)?,
        (None, Fate::Refused(code)) => refuse(&mut payment, Refusal::of_code(code), turn),
        (None, Fate::Received) => {
            payment.wait = Some(Wait::Outcome(after_ms(turn, order.manner.processing_ms)));
            let row = Row::new(Op::Create).object(payment.psp.clone()).state("received");
            turn.row(row.money(payment.amount, &payment.currency));
        }
        (None, Fate::Challenged | Fate::ChallengedUnlessStored | Fate::ChallengedThenRefused(_)) => {
            payment.stage = Stage::Asked(order.step);
            payment.wait = Some(Wait::Holder(after_ms(turn, order.manner.challenge_ms)));
            challenge_row(&payment, "pending", turn);
        }
    }
    let answer = view::payment(&payment, order.manner.base, turn.books.identity);
    keep(payment.clone(), turn);
    Ok((payment, answer))
}

/// A time by our own clock, in unix microseconds.
const fn after_ms(turn: &Turn<'_>, ms: u64) -> i64 {
    turn.context.at_us.saturating_add((ms as i64).saturating_mul(1_000))
}

/// Goes on once the holder has replied.
pub(super) fn conclude(
    payment: &mut Payment,
    reply: Reply,
    decline: Option<Refusal>,
    turn: &mut Turn<'_>,
) -> Result<(), Stop> {
    match (reply, decline, payment.card.fate) {
        (Reply::Failed, ..) => refuse(payment, Refusal::of_code(NOT_3D_AUTHENTICATED), turn),
        (Reply::Abandoned, ..) => refuse(payment, Refusal::of_code(SHOPPER_CANCELLED), turn),
        (Reply::Authenticated, Some(refusal), _) => refuse(payment, refusal, turn),
        (Reply::Authenticated, None, Fate::ChallengedThenRefused(code) | Fate::Refused(code)) => {
            refuse(payment, Refusal::of_code(code), turn);
        }
        (
            Reply::Authenticated,
            None,
            Fate::Pays | Fate::Disputed | Fate::Challenged | Fate::ChallengedUnlessStored | Fate::Received,
        ) => authorise(payment, turn)?,
    }
    Ok(())
}

/// The issuer says yes.
pub(super) fn authorise(payment: &mut Payment, turn: &mut Turn<'_>) -> Result<(), Stop> {
    payment.stage = Stage::Authorised;
    payment.authorised = payment.amount;
    let row = Row::new(Op::Authorise).object(payment.psp.clone()).parent(payment.psp.clone());
    turn.row(row.state("succeeded").money(payment.amount, &payment.currency).detail(json!({
        "resultCode": "Authorised",
        "brand": payment.card.brand.name(),
        "card": statement::card_name(&payment.card.last4),
    })));
    if payment.stores_card {
        store_card(payment, turn);
    }
    tell_authorisation(payment, true, view::auth_reason(payment), turn);
    let clock_us = turn.context.clock_us;
    match payment.capture {
        CaptureMode::Immediate => capture_all(payment, turn)?,
        CaptureMode::Manual => payment.wait = Some(Wait::Expiry(clock_us + AUTHORISATION_US)),
        CaptureMode::After(hours) => payment.wait = Some(Wait::Capture(clock_us + i64::from(hours) * HOUR_US)),
    }
    Ok(())
}

/// Takes what is reserved, as the account or the payment had it set; no notification tells it.
pub(super) fn capture_all(payment: &mut Payment, turn: &mut Turn<'_>) -> Result<(), Stop> {
    let amount = payment.open();
    if amount > 0 {
        let psp = part(payment, turn)?;
        payment.captured += amount;
        let reference = payment.reference.clone();
        took(payment, (&psp, &reference), amount, turn);
        super::disputes::open(payment, turn)?;
    }
    Ok(())
}

/// The issuer, or a rule, says no.
pub(super) fn refuse(payment: &mut Payment, refusal: Refusal, turn: &mut Turn<'_>) {
    payment.stage = Stage::Refused(refusal.code);
    let row = Row::new(Op::Authorise).object(payment.psp.clone()).parent(payment.psp.clone());
    let detail = json!({ "resultCode": refusal.result.name(), "refusal": refusal.reason, "code": refusal.code });
    turn.row(row.state("declined").money(payment.amount, &payment.currency).detail(detail));
    tell_authorisation(payment, false, refusal.reason.to_owned(), turn);
}

fn tell_authorisation(payment: &Payment, is_success: bool, reason: String, turn: &mut Turn<'_>) {
    let notice = Notice {
        event: "AUTHORISATION",
        psp: &payment.psp,
        original: None,
        reference: &payment.reference,
        amount: payment.amount,
        is_success,
        reason,
        additional: view::additional(payment, turn.books.identity),
    };
    tell(payment, &notice, turn);
}

/// Says that money was taken, by a capture of this reference and that of the merchant.
pub(super) fn took(payment: &Payment, (psp, reference): (&str, &str), amount: i64, turn: &mut Turn<'_>) {
    let row = Row::new(Op::Capture).object(psp).parent(payment.psp.clone()).state("succeeded");
    turn.row(row.money(amount, &payment.currency).detail(json!({ "final": payment.open() == 0 })));
    settlement::book(payment, Movement::Settled, amount, (psp, reference), turn);
}

pub(super) fn challenge_row(payment: &Payment, state: &'static str, turn: &mut Turn<'_>) {
    let row = Row::new(Op::Challenge).object(payment.psp.clone()).parent(payment.psp.clone());
    turn.row(row.state(state).money(payment.amount, &payment.currency));
}

/// Keeps the card for the shopper.
fn store_card(payment: &Payment, turn: &mut Turn<'_>) {
    let Some(shopper_reference) = payment.shopper_reference.clone() else { return };
    let n = payment.n;
    let id = reference::make(turn.books.identity, Kind::StoredMethod, n, 0);
    let hash = shopper_mark(payment.account, &shopper_reference, turn);
    turn.writes.push(Write::Mark { hash, n });
    let stored =
        StoredMethod { id, account: payment.account, shopper_reference, card: payment.card.clone(), is_deleted: false };
    turn.books.backup_methods.put(n, payment.account, None, stored, &mut turn.writes, turn.progress);
}

/// Where the cards of a shopper are found.
pub(super) fn shopper_mark(account: i64, shopper: &str, turn: &Turn<'_>) -> i64 {
    turn.books.identity.hash("backup shopper", account, shopper)
}

/// Where the payments of a merchant's reference are found.
pub(super) fn reference_mark(account: i64, reference: &str, turn: &Turn<'_>) -> i64 {
    turn.books.identity.hash("backup reference", account, reference)
}

fn mark_of(payment: &Payment, turn: &Turn<'_>) -> Write {
    let hash = reference_mark(payment.account, &payment.reference, turn);
    Write::Mark { hash, n: payment.n }
}

/// A reference for a further part of a payment.
pub(super) fn part(payment: &mut Payment, turn: &Turn<'_>) -> Result<String, Stop> {
    if payment.parts >= reference::PARTS_MAX {
        return Err(errors::invalid("168", "Too many modifications of this payment").into());
    }
    payment.parts += 1;
    Ok(reference::make(turn.books.identity, Kind::Payment, payment.n, payment.parts))
}

/// The labels of the rows of what happens to a payment.
pub(super) fn label(payment: &Payment, turn: &mut Turn<'_>) {
    let email = payment.shopper_email.clone();
    turn.labels = Labels { order: Some(payment.order().to_owned()), email, key: None };
}

/// The payment of a reference, if it is the caller's.
pub(super) fn find(psp: &str, turn: &mut Turn<'_>) -> Result<Option<Payment>, Stop> {
    let Some((n, 0)) = reference::read(turn.books.identity, Kind::Payment, psp) else { return Ok(None) };
    let account = turn.context.caller.account;
    let found = turn.books.backup_payments.take(n, &turn.books.reader)?;
    Ok(found.filter(|payment| payment.account == account))
}

/// Puts a payment back.
pub(super) fn keep(payment: Payment, turn: &mut Turn<'_>) {
    let tag = super::waits::tag(&payment);
    turn.books.backup_payments.put(payment.n, payment.account, tag, payment, &mut turn.writes, turn.progress);
}
