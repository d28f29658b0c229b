//! Decisions: at once where the score is clear, later and by webhook where people look.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use model::fault::Provider;

use super::errors;
use super::order::Order;
use super::score::{SCORE_MAX, Score, score};
use crate::accounts::Caller;
use crate::books::Books;
use crate::config::FraudConfig;
use crate::ledger::Ledger;
use crate::rules::Plan;
use crate::sheet::json;
use crate::statement::{Op, Row};
use crate::turn::{Context, Happened, Labels, Turn};
use crate::wire::{Answer, Stop};

const HASH_KIND: &str = "fraud order";
/// The one kind of event that this provider tells.
const EVENT: &str = "decision";

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    /// Known, not to be decided.
    Created,
    /// People look at it.
    Submitted,
    Approved,
    Declined,
    Canceled,
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Canceled => "canceled",
        }
    }

    /// The statement's word for a decision.
    const fn row(self) -> &'static str {
        match self {
            Self::Approved => "approve",
            Self::Declined => "decline",
            Self::Created | Self::Submitted | Self::Canceled => "review",
        }
    }
}

/// An order and what was decided of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Decision {
    n: i64,
    account: i64,
    order: Order,
    status: Status,
    old_status: Option<Status>,
    score: i64,
    /// When people are done with it, in unix microseconds.
    due_us: Option<i64>,
    intent: Option<String>,
    run: Option<String>,
}

impl Decision {
    pub(crate) const fn due(&self) -> Option<(i64, i64)> {
        match self.due_us {
            Some(due_us) => Some((due_us, self.n)),
            None => None,
        }
    }

    fn labels(&self) -> Labels {
        let order = self.order.name.clone().unwrap_or_else(|| self.order.id.clone());
        Labels { order: Some(order), email: self.order.email.clone(), key: None }
    }

    fn view(&self) -> Value {
        let (description, category, code) = match self.status {
            Status::Approved => ("Reviewed and approved by Riskified", None, "approved"),
            Status::Declined if self.score >= 900 => {
                ("Reviewed and declined by Riskified", Some("Fraudulent"), "declined")
            }
            Status::Declined => ("Reviewed and declined by Riskified", Some("High-Risk"), "declined"),
            Status::Submitted => ("Under review by Riskified", None, "in_review"),
            Status::Created => ("Order was received", None, "not_submitted"),
            Status::Canceled => ("Order was canceled", None, "canceled"),
        };
        json!({
            "order": {
                "id": self.order.id,
                "status": self.status.word(),
                "old_status": self.old_status.map(Status::word),
                "description": description,
                "category": category,
                "decision_code": code,
            }
        })
    }

    fn become_status(&mut self, status: Status) {
        self.old_status = Some(self.status);
        self.status = status;
    }
}

/// What a fault does to a decision.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bent {
    /// Points on the score.
    pub(super) shift: i64,
    pub(super) is_declined: bool,
}

fn find(id: &str, account: i64, books: &mut Books) -> rusqlite::Result<Option<Decision>> {
    let Books { names, decisions, reader, identity, .. } = books;
    let mut found = None;
    names.find(identity.hash(HASH_KIND, account, id), |n| {
        found = decisions.take(n, reader)?.filter(|known| known.order.id == id && known.account == account);
        Ok(found.is_some())
    })?;
    Ok(found)
}

pub(super) fn existing(id: &str, turn: &mut Turn<'_>) -> Result<Decision, Stop> {
    let found = find(id, turn.context.caller.account, turn.books)?;
    Ok(found.ok_or_else(|| errors::no_order(id))?)
}

fn keep(decision: Decision, turn: &mut Turn<'_>) {
    turn.books.reviews.retain(|(_, n)| *n != decision.n);
    turn.books.reviews.extend(decision.due());
    let tag = decision.due_us.map(|_| "review".into());
    turn.books.decisions.put(decision.n, decision.account, tag, decision, &mut turn.writes, turn.progress);
}

/// Makes an order known, or brings what is known of it up to date.
fn known(order: Order, turn: &mut Turn<'_>) -> Result<(Decision, bool), Stop> {
    let account = turn.context.caller.account;
    if let Some(found) = find(&order.id, account, turn.books)? {
        return Ok((found, true));
    }
    let books = &mut *turn.books;
    let n = books.decisions.number();
    let hash = books.identity.hash(HASH_KIND, account, &order.id);
    books.names.give(hash, n, &mut turn.writes, turn.progress);
    let decision = Decision {
        n,
        account,
        order,
        status: Status::Created,
        old_status: None,
        score: 0,
        due_us: None,
        intent: turn.context.intent.clone(),
        run: turn.context.caller.run.clone(),
    };
    Ok((decision, false))
}

/// Takes an order in without deciding.
pub(super) fn create(order: Order, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let (mut decision, is_known) = known(order.clone(), turn)?;
    if is_known {
        decision.order = order;
    }
    Ok(answer_and_keep(decision, turn))
}

fn answer_and_keep(decision: Decision, turn: &mut Turn<'_>) -> Answer {
    let answer = Answer::json(200, &decision.view());
    keep(decision, turn);
    answer
}

/// Decides an order; one that was decided is told again. `is_later` leaves every decision to people.
pub(super) fn decide(
    order: Order,
    bent: Bent,
    is_later: bool,
    config: &FraudConfig,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    let (mut decision, _) = known(order.clone(), turn)?;
    if decision.status != Status::Created {
        turn.row(Row::new(Op::Replay).object(decision.order.id.clone()));
        return Ok(Answer::json(200, &decision.view()));
    }
    decision.order = order;
    let Score { points, reasons } = judge(&decision.order, turn);
    let points = (points + bent.shift).clamp(0, SCORE_MAX);
    let status = match points {
        _ if bent.is_declined => Status::Declined,
        _ if is_later => Status::Submitted,
        points if points >= config.decline_from => Status::Declined,
        points if points >= config.review_from => Status::Submitted,
        _ => Status::Approved,
    };
    decision.become_status(status);
    decision.score = points;
    if status == Status::Submitted {
        decision.due_us = Some(turn.context.at_us + config.review_ms as i64 * 1_000);
    }
    let mut detail = json!({ "score": points, "reasons": reasons });
    if bent.shift != 0 {
        detail["shift_points"] = bent.shift.into();
    }
    turn.row(row(&decision, detail));
    Ok(answer_and_keep(decision, turn))
}

fn row(decision: &Decision, detail: Value) -> Row {
    Row::new(Op::Decision)
        .object(decision.order.id.clone())
        .state(decision.status.row())
        .money(decision.order.total_minor, &decision.order.currency.to_ascii_lowercase())
        .detail(detail)
}

/// Who a customer is, by e-mail and, for refused cards, the card's first digits.
fn who(order: &Order, is_card: bool, turn: &Turn<'_>) -> i64 {
    let email = order.email.as_deref().unwrap_or_default().to_ascii_lowercase();
    let bin = order.bin.as_deref().filter(|_| is_card).unwrap_or_default();
    let kind = if is_card { "fraud card" } else { "fraud customer" };
    turn.books.identity.hash(kind, turn.context.caller.account, &format!("{email}\u{1}{bin}"))
}

fn judge(order: &Order, turn: &mut Turn<'_>) -> Score {
    let (customer, card) = (who(order, false, turn), who(order, true, turn));
    let at_us = turn.context.at_us;
    let refused = turn.books.velocity.of(card, at_us);
    score(order, turn.books.velocity.count(customer, at_us), refused)
}

/// A card was refused: nothing is decided, but it is remembered.
pub(super) fn denied(order: &Order, member: &str, turn: &mut Turn<'_>) -> Answer {
    let card = who(order, true, turn);
    turn.books.velocity.count(card, turn.context.at_us);
    Answer::json(
        200,
        &json!({ member: { "id": order.id, "status": "received", "description": "Checkout denial was received" } }),
    )
}

/// Notes what became of an order; a cancelled one is not looked at any more.
pub(super) fn note(id: &str, is_canceled: bool, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut decision = existing(id, turn)?;
    turn.labels = decision.labels();
    if is_canceled {
        decision.become_status(Status::Canceled);
        decision.due_us = None;
    }
    Ok(answer_and_keep(decision, turn))
}

/// Decides what people have looked at long enough.
pub(crate) fn decide_due(ledger: &Arc<Ledger>, config: &FraudConfig, now_us: i64) {
    let due: Vec<i64> = {
        let books = ledger.books.lock();
        books.reviews.range(..=(now_us, i64::MAX)).map(|(_, n)| *n).collect()
    };
    for n in due {
        let reader = |books: &mut Books| books.decisions.take(n, &books.reader).ok().flatten();
        let Some(decision) = reader(&mut ledger.books.lock()) else { continue };
        let context = Context {
            provider: Provider::Fraud,
            caller: Caller { account: decision.account, run: decision.run.clone(), is_browser: false },
            key: None,
            intent: decision.intent.clone(),
            request_id: String::new(),
            at_us: now_us,
            clock_us: ledger.clock_us(now_us),
        };
        ledger.operate(&context, decision.labels(), &Plan::default(), |turn| review(n, config, turn));
    }
}

/// People say yes to the lower half of what they look at.
fn review(n: i64, config: &FraudConfig, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let found = turn.books.decisions.take(n, &turn.books.reader)?;
    let Some(mut decision) = found.filter(|decision| decision.due_us.is_some()) else {
        turn.books.reviews.retain(|(_, of)| *of != n);
        return Ok(Answer::new(200, ""));
    };
    let is_good = decision.score < i64::midpoint(config.review_from, config.decline_from);
    decision.become_status(if is_good { Status::Approved } else { Status::Declined });
    decision.due_us = None;
    turn.row(row(&decision, json!({ "score": decision.score, "reasons": ["review"] })));
    let payload = json(&decision.view());
    let id = turn.books.identity.make("ntf", n);
    let event = Happened {
        kind: EVENT,
        object: &(),
        parent: &decision.order.id,
        brand: None,
        amount_minor: decision.order.total_minor,
        intent: decision.intent.as_deref(),
        payment: n,
    };
    turn.notified(&event, &id, |_| payload.clone());
    Ok(answer_and_keep(decision, turn))
}
