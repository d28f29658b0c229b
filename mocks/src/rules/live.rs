//! A rule in force: its lease, its counters, and what its effect remembers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use model::fault::{Effect, ProviderRule};
use model::seed::{Seed, draw};

use super::barrier::Barrier;
use super::bucket::Bucket;
use super::{Facts, Hit, delay, is_sticky, matching};
use crate::sheet::json;
use crate::store::{Table, Write};

/// Marks whose attempts are counted; beyond it each further mark counts as new.
const MARKS_MAX: usize = 1 << 20;

/// A rule as the store keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredRule {
    pub(crate) rule: ProviderRule,
    pub(crate) until_us: i64,
    pub(crate) met: u64,
    pub(crate) matched: u64,
    pub(crate) applied: u64,
    pub(crate) hazardous: u64,
}

/// A rule in force.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) rule: ProviderRule,
    /// Number of its row.
    n: i64,
    until_us: AtomicI64,
    /// Requests that met the conditions other than `nth`.
    met: AtomicU64,
    matched: AtomicU64,
    applied: AtomicU64,
    hazardous: AtomicU64,
    /// How often the rule has matched a mark, by the mark's hash.
    attempts: Mutex<HashMap<u64, u64>>,
    /// Keys that a sticky rule with `nth` has met.
    stuck: Mutex<HashSet<u64>>,
    pub(super) bucket: Mutex<Bucket>,
    pub(crate) barrier: Barrier,
    is_ended: AtomicBool,
}

impl Live {
    pub(crate) fn new(stored: StoredRule, n: i64) -> Self {
        Self {
            n,
            until_us: AtomicI64::new(stored.until_us),
            met: AtomicU64::new(stored.met),
            matched: AtomicU64::new(stored.matched),
            applied: AtomicU64::new(stored.applied),
            hazardous: AtomicU64::new(stored.hazardous),
            attempts: Mutex::default(),
            stuck: Mutex::default(),
            bucket: Mutex::default(),
            barrier: Barrier::default(),
            is_ended: AtomicBool::new(false),
            rule: stored.rule,
        }
    }

    /// A rule that nothing has met yet.
    pub(crate) fn fresh(rule: ProviderRule, n: i64, until_us: i64) -> Self {
        Self::new(StoredRule { rule, until_us, met: 0, matched: 0, applied: 0, hazardous: 0 }, n)
    }

    pub(crate) fn stored(&self) -> StoredRule {
        StoredRule {
            rule: self.rule.clone(),
            until_us: self.until_us(),
            met: self.met.load(Ordering::Relaxed),
            matched: self.matched.load(Ordering::Relaxed),
            applied: self.applied.load(Ordering::Relaxed),
            hazardous: self.hazardous.load(Ordering::Relaxed),
        }
    }

    /// Keeps its lease and counters, unless it has ended. To be called under the books' lock, where its end is written.
    pub(crate) fn write(&self) -> Option<Write> {
        if self.is_ended.load(Ordering::Acquire) {
            return None;
        }
        let body = json(&self.stored());
        Some(Write::Put { table: Table::Rule, n: self.n, account: 0, tag: None, body })
    }

    pub(crate) const fn delete(&self) -> Write {
        Write::Delete { table: Table::Rule, n: self.n }
    }

    pub(crate) fn until_us(&self) -> i64 {
        self.until_us.load(Ordering::Relaxed)
    }

    pub(crate) fn renew(&self, until_us: i64) {
        self.until_us.fetch_max(until_us, Ordering::Relaxed);
    }

    pub(crate) fn count_hazard(&self) {
        self.hazardous.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_applied(&self) {
        self.applied.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end(&self) {
        self.is_ended.store(true, Ordering::Release);
        self.barrier.open();
    }

    /// Whether all conditions hold; the number of times that this mark has met them before.
    pub(super) fn meets(&self, facts: &Facts<'_>) -> Option<u64> {
        let rule = &self.rule;
        let of_this_run = facts.run.is_none_or(|run| run == rule.run);
        if rule.provider != facts.provider || !of_this_run || !matching::matches(&rule.when, facts) {
            return None;
        }
        let nth = self.met.fetch_add(1, Ordering::Relaxed) + 1;
        let key = facts.key.map(|key| Seed(0).fork(key).0);
        if !rule.when.nth.is_empty() {
            let is_stuck = is_sticky(rule) && key.is_some_and(|key| self.stuck.lock().contains(&key));
            if !is_stuck && !rule.when.nth.contains(&nth) {
                return None;
            }
            if is_sticky(rule)
                && let Some(key) = key
            {
                self.stuck.lock().insert(key);
            }
        }
        self.matched.fetch_add(1, Ordering::Relaxed);
        let counts_attempts = !is_sticky(rule) && (rule.probability < 1.0 || delay::is_random(&rule.effect));
        Some(if counts_attempts { self.count_attempt(facts.mark) } else { 0 })
    }

    fn count_attempt(&self, mark: &str) -> u64 {
        let mut attempts = self.attempts.lock();
        let mark = Seed(0).fork(mark).0;
        if attempts.len() >= MARKS_MAX && !attempts.contains_key(&mark) {
            return 0;
        }
        let count = attempts.entry(mark).or_insert(0);
        *count += 1;
        *count - 1
    }

    /// Draws for a request that meets the conditions.
    pub(super) fn draw(self: &Arc<Self>, facts: &Facts<'_>, attempt: u64) -> Option<Hit> {
        let rule = &self.rule;
        let mark = if is_sticky(rule) { facts.key.unwrap_or(facts.mark) } else { facts.mark };
        let met = rule.probability >= 1.0 || draw(Seed(rule.seed), &rule.id, mark, attempt) < rule.probability;
        let wait_ms = match &rule.effect {
            Effect::Delay(wait) | Effect::WebhookDelay(wait) => {
                let seed = Seed(rule.seed).fork("wait");
                delay::milliseconds(
                    wait,
                    draw(seed, &rule.id, mark, attempt),
                    draw(seed.fork("second"), &rule.id, mark, attempt),
                )
            }
            Effect::Barrier { deadline_ms, .. } | Effect::WebhookReorder { deadline_ms } => *deadline_ms,
            Effect::WebhookDuplicate { gap_ms, .. } => *gap_ms,
            Effect::Respond { .. }
            | Effect::CommitThenDrop { .. }
            | Effect::DropBeforeCommit { .. }
            | Effect::ErrorAfterCommit { .. }
            | Effect::Drip { .. }
            | Effect::Malformed { .. }
            | Effect::Decline { .. }
            | Effect::CommitTwice {}
            | Effect::Shift { .. }
            | Effect::ClockAhead { .. }
            | Effect::WebhookForge {}
            | Effect::RateLimit { .. }
            | Effect::WebhookLose {}
            | Effect::WebhookEarly {} => 0,
        };
        met.then(|| Hit { rule: Arc::clone(self), wait_ms })
    }
}
