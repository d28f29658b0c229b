//! The challenge of 3-D Secure: the issuer wants to see the holder before it says yes or no.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::cards::Behaviour;
use super::charging::{Manner, charge, tell_intent};
use super::options::ConfirmationMethod;
use super::state::{Intent, Method, Status};
use crate::statement::{Op, Row};
use crate::turn::Turn;

/// Where a challenge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answered {
    Pending,
    Authenticated,
    Failed,
    /// Nobody answered in time.
    Abandoned,
}

impl Answered {
    /// The word in the statement.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Authenticated => "authenticated",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// A challenge as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Challenge {
    /// Which challenge of its payment it is, from 1.
    pub(crate) ordinal: u32,
    pub(crate) answered: Answered,
    /// Where the holder goes afterwards; nowhere when the shop's page watches the challenge itself.
    pub(crate) return_url: Option<String>,
    /// The page that asks.
    pub(crate) url: String,
    /// When it is given up, in unix microseconds.
    pub(crate) due_us: i64,
}

/// Asks the holder; the payment waits.
pub(super) fn ask(
    intent: &mut Intent,
    method: Method,
    return_url: Option<String>,
    manner: Manner<'_>,
    turn: &mut Turn<'_>,
) {
    let ordinal = intent.challenge.as_ref().map_or(1, |challenge| challenge.ordinal + 1);
    let token = token(turn, "payment", intent.n, ordinal);
    let due_us = turn.context.at_us + manner.challenge_ms as i64 * 1_000;
    let url = format!("{}/3ds/{}/{}/{token}", manner.public_url, intent.account, intent.id);
    intent.challenge = Some(Challenge { ordinal, answered: Answered::Pending, return_url, url, due_us });
    intent.status = Status::RequiresAction;
    intent.method = Some(method);
    intent.refused = None;
    turn.row(row(intent, Answered::Pending));
    tell_intent("payment_intent.requires_action", intent, turn);
}

/// What stands in the address of a challenge, so that nobody finds it by guessing.
pub(super) fn token(turn: &Turn<'_>, kind: &str, n: i64, ordinal: u32) -> String {
    turn.books.identity.secret(&format!("3ds {kind} {ordinal}"), n)
}

fn row(intent: &Intent, answered: Answered) -> Row {
    let ordinal = intent.challenge.as_ref().map_or(0, |challenge| challenge.ordinal);
    let row = Row::new(Op::Challenge).object(intent.id.clone()).state(answered.name());
    row.money(intent.amount, &intent.currency).detail(json!({ "ordinal": ordinal }))
}

/// The holder answered, or nobody did. The payment is changed; the caller puts it back.
pub(super) fn end(intent: &mut Intent, answered: Answered, manner: Manner<'_>, turn: &mut Turn<'_>) {
    let Some(challenge) = intent.challenge.as_mut().filter(|challenge| challenge.answered == Answered::Pending) else {
        return;
    };
    challenge.answered = answered;
    turn.row(row(intent, answered));
    let Some(method) = intent.method.take() else { return };
    match answered {
        Answered::Authenticated if intent.options.confirmation_method == ConfirmationMethod::Manual => {
            intent.options.authenticated = Some(method.id.clone());
            intent.status = Status::RequiresConfirmation;
            intent.method = Some(method);
        }
        Answered::Authenticated => drop(charge(intent, method, true, manner, turn)),
        Answered::Pending | Answered::Failed | Answered::Abandoned => {
            refuse(intent, method, Behaviour::AuthenticationFailed, turn);
        }
    }
}

/// The attempt is over before there was a charge.
pub(super) fn refuse(intent: &mut Intent, mut method: Method, why: Behaviour, turn: &mut Turn<'_>) {
    method.card.behaviour = why;
    intent.status = Status::RequiresPaymentMethod;
    intent.method = None;
    intent.refused = Some(method);
    tell_intent("payment_intent.payment_failed", intent, turn);
}
