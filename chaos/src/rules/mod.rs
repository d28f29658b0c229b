//! Rules of a link that know HTTP: which exchanges they meet, and whose turn the draw says it is.

mod check;
mod delay;
mod matching;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use model::fault::{Draw, LinkEffect, LinkRule};
use model::seed::{Seed, chance, draw};
use parking_lot::Mutex;

pub(crate) use check::check;

use crate::counters::RuleTally;
use crate::http::message::Request;

/// Marks whose attempts are counted; beyond it each further mark counts as new.
const MARKS_MAX: usize = 1 << 20;
/// Numbers rules, so that one that comes back under its old name is known as another.
static RULES_MADE: AtomicU64 = AtomicU64::new(0);

/// A rule in force. Its name and counters outlive a change, what it remembers does not.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Distinguishes it from an earlier rule of the same name.
    pub number: u64,
    pub terms: LinkRule,
    /// The first connection that it may meet.
    pub since: u64,
    pub tally: Arc<RuleTally>,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    /// Exchanges that met the conditions other than `nth` and `first`.
    met: u64,
    /// How often a mark was drawn for, by its hash.
    attempts: HashMap<u64, u64>,
    /// Keys that a sticky rule with `nth` or `first` has met.
    stuck: HashSet<u64>,
}

/// An exchange that a rule takes hold of.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub rule: Arc<Rule>,
    /// What the effect leaves to chance, in [0, 1).
    pub position: f64,
    /// How long it waits, where it does.
    pub wait: Duration,
}

/// By what the exchanges are told apart: equal for the attempts of one intent.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub attempt_of: String,
    pub key: String,
}

impl Mark {
    /// The mark that a request's headers give.
    pub(crate) fn of(request: &Request<'_, '_>) -> Option<Self> {
        let key = request.header("idempotency-key");
        let attempt_of = request.header("doorbuster-intent").or(key)?;
        Some(Self { attempt_of: attempt_of.to_owned(), key: key.unwrap_or(attempt_of).to_owned() })
    }

    /// The mark of a request that gives none: what it asks for.
    pub(crate) fn made(what: String) -> Self {
        Self { attempt_of: what.clone(), key: what }
    }
}

impl Rule {
    pub(crate) fn new(rule: LinkRule, since: u64, tally: Arc<RuleTally>) -> Self {
        let number = RULES_MADE.fetch_add(1, Ordering::Relaxed);
        Self { number, terms: rule, since, tally, memory: Mutex::default() }
    }

    /// Whether the outcome depends on the mark.
    pub(crate) const fn draws(&self) -> bool {
        self.terms.probability < 1.0 || delay::is_random(&self.terms.effect)
    }

    /// Whether all conditions hold; counted.
    pub(crate) fn meets(&self, request: &Request<'_, '_>) -> bool {
        let of_this_run = request.header("doorbuster-run").is_none_or(|run| run == self.terms.run);
        let when = &self.terms.when;
        if !of_this_run || !matching::matches(when, request) {
            return false;
        }
        let mut memory = self.memory.lock();
        memory.met += 1;
        let is_counted = !when.nth.is_empty() || when.first.is_some();
        let in_turn = (when.nth.is_empty() || when.nth.contains(&memory.met))
            && when.first.is_none_or(|first| memory.met <= first);
        // What a sticky rule met once it meets again, whatever its number.
        let key = Mark::of(request).filter(|_| is_counted && self.is_sticky()).map(|mark| hash(&mark.key));
        if !in_turn && !key.is_some_and(|key| memory.stuck.contains(&key)) {
            return false;
        }
        if let Some(key) = key
            && memory.stuck.len() < MARKS_MAX
        {
            memory.stuck.insert(key);
        }
        drop(memory);
        self.tally.matched.add(1);
        true
    }

    /// Draws for an exchange that meets the conditions.
    pub(crate) fn draw(self: &Arc<Self>, mark: &Mark) -> Option<Hit> {
        let LinkRule { id, probability, effect, seed, .. } = &self.terms;
        let (mark, attempt) =
            if self.is_sticky() { (&mark.key, 0) } else { (&mark.attempt_of, self.count_attempt(&mark.attempt_of)) };
        let seed = Seed(*seed);
        if *probability < 1.0 && !chance(seed, id, mark, attempt, *probability) {
            return None;
        }
        let position = draw(seed.fork("position"), id, mark, attempt);
        let wait = match effect {
            LinkEffect::DelayRequest(wait) | LinkEffect::DelayAnswer(wait) => {
                delay::drawn(wait, position, draw(seed.fork("second"), id, mark, attempt))
            }
            LinkEffect::DropRequest { .. }
            | LinkEffect::DropAnswer { .. }
            | LinkEffect::TruncateAnswer { .. }
            | LinkEffect::Respond { .. }
            | LinkEffect::ReplaceAnswer { .. }
            | LinkEffect::CorruptAnswer {} => Duration::ZERO,
        };
        Some(Hit { rule: Arc::clone(self), position, wait })
    }

    const fn is_sticky(&self) -> bool {
        match self.terms.draw {
            Draw::StickToKey => true,
            Draw::EachRequest => false,
        }
    }

    /// How often the mark was drawn for before.
    fn count_attempt(&self, mark: &str) -> u64 {
        if !self.draws() {
            return 0;
        }
        let mut memory = self.memory.lock();
        let mark = hash(mark);
        if memory.attempts.len() >= MARKS_MAX && !memory.attempts.contains_key(&mark) {
            return 0;
        }
        let count = memory.attempts.entry(mark).or_insert(0);
        *count += 1;
        *count - 1
    }
}

fn hash(text: &str) -> u64 {
    Seed(0).fork(text).0
}
