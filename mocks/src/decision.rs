//! Whether a request is executed, and what is kept of it under its key.

use std::sync::Arc;

use crate::idempotency::Known;
use crate::rules::Hit;
use crate::statement::{Op, Row};
use crate::store::StoredAnswer;
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// What became of a request.
pub(crate) enum Outcome {
    Executed(Answer),
    Replayed(Arc<StoredAnswer>),
    KeyInFlight,
    KeyReused { first: String },
    Broken,
}

impl Outcome {
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Executed(answer) => answer.status,
            Self::Replayed(stored) => stored.status,
            Self::KeyInFlight => 409,
            Self::KeyReused { .. } => 400,
            Self::Broken => 500,
        }
    }
}

/// Replays the key of a request, or executes it and keeps its answer.
pub(crate) fn decide(
    turn: &mut Turn<'_>,
    key_hash: Option<i64>,
    execute: &mut impl FnMut(&mut Turn<'_>) -> Result<Answer, Stop>,
) -> rusqlite::Result<Outcome> {
    let account = turn.context.caller.account;
    let key = turn.context.key.as_ref().zip(key_hash);
    let mut place = None;
    if let Some((key, hash)) = key {
        if turn.books.keys.is_in_flight(hash) {
            return Ok(Outcome::KeyInFlight);
        }
        let books = &*turn.books;
        let clock_us = turn.context.clock_us;
        let known = books.keys.find(&books.names, hash, account, &key.text, clock_us, &books.reader)?;
        if let Known::New { place: of_old } = known {
            place = of_old;
        } else if let Known::Answered(stored) = known {
            if stored.fingerprint != key.fingerprint {
                let mut row = Row::new(Op::KeyReused);
                row.object.clone_from(&stored.object);
                turn.row(row);
                return Ok(Outcome::KeyReused { first: stored.endpoint.clone() });
            }
            turn.labels = serde_json::from_str(&stored.labels).unwrap_or_default();
            let mut row = Row::new(Op::Replay);
            row.object.clone_from(&stored.object);
            turn.row(row);
            return Ok(Outcome::Replayed(stored));
        }
    }
    let answer = match execute(turn) {
        Ok(answer) => answer,
        Err(Stop::Answer(answer)) => *answer,
        Err(Stop::Store(error)) => {
            turn.writes.clear();
            turn.books.names.undo(turn.progress.turn);
            turn.rows.clear();
            turn.outgoing.clear();
            return Err(error);
        }
    };
    if let Some((key, hash)) = key.filter(|_| answer.is_kept) {
        let stored = StoredAnswer {
            n: 0,
            account,
            key: key.text.clone(),
            fingerprint: key.fingerprint,
            status: answer.status,
            object: turn.rows.first().and_then(|row| row.object.clone()),
            labels: serde_json::to_string(&turn.labels).expect("labels are plain text"),
            body: answer.body.clone(),
            until_us: turn.context.clock_us + key.kept_us,
            place: 0,
            endpoint: key.endpoint.clone(),
            request: turn.context.request_id.clone(),
        };
        let books = &mut *turn.books;
        books.keys.keep(&mut books.names, (hash, place), stored, &mut turn.writes, turn.progress);
    }
    Ok(Outcome::Executed(answer))
}

/// Executes once more what was just executed; its answer goes nowhere. Returns the rows of what it did, none where a second
/// time changed nothing.
pub(crate) fn execute_again(
    turn: &mut Turn<'_>,
    hit: &Hit,
    execute: &mut impl FnMut(&mut Turn<'_>) -> Result<Answer, Stop>,
) -> Vec<Row> {
    let first = std::mem::take(&mut turn.rows);
    let (writes, outgoing) = (turn.writes.len(), turn.outgoing.len());
    if writes == 0 || first.is_empty() {
        turn.rows = first;
        return Vec::new();
    }
    if let Err(Stop::Store(error)) = execute(turn) {
        tracing::error!(%error, "failed to read the store for the second time");
        turn.writes.truncate(writes);
        turn.outgoing.truncate(outgoing);
        turn.rows.clear();
    }
    let second = std::mem::replace(&mut turn.rows, first);
    if !second.is_empty() {
        hit.rule.count_applied();
        hit.rule.count_hazard();
    }
    second
}
