//! Fault rules: which are in force, and which of them meet a request or a webhook.
//!
//! A rule is a lease: it ends when it is deleted, or by itself when nobody renews it.

mod barrier;
mod bucket;
mod delay;
mod live;
mod matching;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::RwLock;

use model::fault::{Draw, Effect, Provider, ProviderRule};

pub(crate) use barrier::Place;
pub(crate) use live::{Live, StoredRule};

/// What is known of a request, or of a webhook, when rules are asked.
#[derive(Clone, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) provider: Provider,
    pub(crate) run: Option<&'a str>,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) brand: Option<&'a str>,
    pub(crate) country: Option<&'a str>,
    pub(crate) currency: Option<&'a str>,
    pub(crate) amount_minor: Option<i64>,
    /// Type of event; requests have none.
    pub(crate) event: Option<&'a str>,
    /// What the chance is drawn from.
    pub(crate) mark: &'a str,
    pub(crate) key: Option<&'a str>,
}

/// A rule that acts.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) rule: Arc<Live>,
    /// How long, where the effect waits; milliseconds.
    pub(crate) wait_ms: u64,
}

impl Hit {
    pub(crate) fn effect(&self) -> &Effect {
        &self.rule.rule.effect
    }
}

/// What the rules do to a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// Every rule whose counters moved.
    pub(crate) matched: Vec<Arc<Live>>,
    /// Nothing is executed; this happens instead.
    pub(crate) refusal: Option<Hit>,
    /// The operation is declined or its figures are moved by these; they have acted once the provider says that they can.
    pub(crate) bends: Vec<Hit>,
    /// The operation is executed a second time.
    pub(crate) twice: Option<Hit>,
    /// The clock under which it is executed is ahead.
    pub(crate) clock: Option<Hit>,
    /// The answer is held by these.
    pub(crate) holds: Vec<Hit>,
    /// The answer ends like this.
    pub(crate) ending: Option<Hit>,
}

impl Plan {
    /// The rule that is named in the statement: the one that does the most harm.
    /// Bends act only on what is executed, not on what is replayed.
    pub(crate) fn foremost(&self, is_executed: bool) -> Option<&Hit> {
        self.refusal
            .as_ref()
            .or(self.ending.as_ref())
            .or(self.bends.first().filter(|_| is_executed))
            .or(self.holds.first())
            .or(self.clock.as_ref())
    }
}

/// The rules in force, in the order in which they came.
#[derive(Default)]
pub(crate) struct Rules {
    live: RwLock<Vec<Arc<Live>>>,
    /// How far the rules in force set the vendors' clock ahead, in microseconds.
    ahead_us: AtomicI64,
}

impl Rules {
    /// How far the rules in force set the vendors' clock ahead, in microseconds.
    pub(crate) fn ahead_us(&self) -> i64 {
        self.ahead_us.load(Ordering::Relaxed)
    }

    fn set_clock(&self, live: &[Arc<Live>]) {
        let ahead_us = live.iter().map(|rule| match rule.rule.effect {
            Effect::ClockAhead { ms } => ms as i64 * 1_000,
            _ => 0,
        });
        self.ahead_us.store(ahead_us.sum(), Ordering::Relaxed);
    }

    pub(crate) fn all(&self) -> Vec<Arc<Live>> {
        self.live.read().clone()
    }

    pub(crate) fn find(&self, id: &str) -> Option<Arc<Live>> {
        self.live.read().iter().find(|live| live.rule.id == id).cloned()
    }

    /// Adds a rule; one of the same name makes way and is returned.
    pub(crate) fn add(&self, rule: Arc<Live>) -> Option<Arc<Live>> {
        let mut live = self.live.write();
        if let Some(place) = live.iter_mut().find(|other| other.rule.id == rule.rule.id) {
            let replaced = std::mem::replace(place, rule);
            self.set_clock(&live);
            return Some(replaced);
        }
        live.push(rule);
        self.set_clock(&live);
        None
    }

    /// Replaces all rules of a run at once. A rule that is already in force stays as it is, with its counters, and is
    /// renewed. Returns those that ended and those that began.
    pub(crate) fn replace(&self, run: &str, wanted: Vec<Arc<Live>>) -> (Vec<Arc<Live>>, Vec<Arc<Live>>) {
        let mut live = self.live.write();
        let (of_run, mut kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut *live).into_iter().partition(|rule: &Arc<Live>| rule.rule.run == run);
        let mut ended = of_run;
        let mut begun = Vec::new();
        for rule in wanted {
            let same = ended.iter().position(|old| is_same(&old.rule, &rule.rule));
            if let Some(same) = same {
                let old = ended.swap_remove(same);
                old.renew(rule.until_us());
                kept.push(old);
            } else {
                begun.push(Arc::clone(&rule));
                kept.push(rule);
            }
        }
        *live = kept;
        self.set_clock(&live);
        drop(live);
        for rule in &ended {
            rule.end();
        }
        (ended, begun)
    }

    /// Takes away what is chosen; the rules end here, and let go what they hold.
    pub(crate) fn end(&self, mut chosen: impl FnMut(&Live) -> bool) -> Vec<Arc<Live>> {
        let mut live = self.live.write();
        let (ended, kept) = std::mem::take(&mut *live).into_iter().partition(|rule: &Arc<Live>| chosen(rule));
        *live = kept;
        self.set_clock(&live);
        drop(live);
        let ended: Vec<Arc<Live>> = ended;
        for rule in &ended {
            rule.end();
        }
        ended
    }

    /// Renews every rule of a run; says how many.
    pub(crate) fn renew(&self, run: &str, until_us: i64) -> Vec<Arc<Live>> {
        let renewed: Vec<_> = self.live.read().iter().filter(|rule| rule.rule.run == run).cloned().collect();
        for rule in &renewed {
            rule.renew(until_us);
        }
        renewed
    }

    pub(crate) fn is_any(&self, provider: Provider, about_webhooks: bool) -> bool {
        self.live
            .read()
            .iter()
            .any(|live| live.rule.provider == provider && live.rule.effect.is_about_webhooks() == about_webhooks)
    }

    /// What happens to a request.
    pub(crate) fn plan(&self, facts: &Facts<'_>) -> Plan {
        let mut plan = Plan::default();
        for live in self.live.read().iter().filter(|live| !live.rule.effect.is_about_webhooks()) {
            if plan.refusal.is_some() {
                break;
            }
            let Some(attempt) = live.meets(facts) else { continue };
            plan.matched.push(Arc::clone(live));
            let Some(hit) = live.draw(facts, attempt) else { continue };
            let acts = match live.rule.effect {
                Effect::Respond { .. } | Effect::DropBeforeCommit { .. } => {
                    plan.refusal = Some(hit);
                    true
                }
                Effect::RateLimit { per_second, burst, .. } => {
                    let refused = !live.bucket.lock().take(per_second, burst, std::time::Instant::now());
                    if refused {
                        plan.refusal = Some(hit);
                    }
                    refused
                }
                Effect::Delay(_) | Effect::Barrier { .. } => {
                    plan.holds.push(hit);
                    true
                }
                Effect::CommitThenDrop { .. }
                | Effect::ErrorAfterCommit { .. }
                | Effect::Malformed { .. }
                | Effect::Drip { .. } => {
                    let first = plan.ending.is_none();
                    plan.ending.get_or_insert(hit);
                    first
                }
                Effect::Decline { .. } | Effect::Shift { .. } => {
                    plan.bends.push(hit);
                    false
                }
                Effect::CommitTwice {} => {
                    plan.twice.get_or_insert(hit);
                    false
                }
                Effect::ClockAhead { .. } => {
                    plan.clock.get_or_insert(hit);
                    true
                }
                Effect::WebhookDuplicate { .. }
                | Effect::WebhookDelay(_)
                | Effect::WebhookLose {}
                | Effect::WebhookEarly {}
                | Effect::WebhookReorder { .. }
                | Effect::WebhookForge {} => false,
            };
            if acts {
                live.count_applied();
            }
        }
        plan
    }

    /// The rules that act on a webhook, and those that only matched.
    pub(crate) fn plan_webhook(&self, facts: &Facts<'_>) -> (Vec<Hit>, Vec<Arc<Live>>) {
        let (mut hits, mut matched) = (Vec::new(), Vec::new());
        for live in self.live.read().iter().filter(|live| live.rule.effect.is_about_webhooks()) {
            let Some(attempt) = live.meets(facts) else { continue };
            matched.push(Arc::clone(live));
            if let Some(hit) = live.draw(facts, attempt) {
                live.count_applied();
                hits.push(hit);
            }
        }
        (hits, matched)
    }
}

/// Why a rule cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RuleError {
    #[error("`probability` must lie in (0, 1]")]
    Probability,
    #[error("`ttl_ms` must be above 0 and at most an hour")]
    Ttl,
    #[error("`id` and `run` must not be empty")]
    Nameless,
    #[error("`effect` has a value that cannot be: {0}")]
    Effect(&'static str),
    #[error("webhook effects belong to providers that send webhooks")]
    NoWebhooks,
    #[error("`when.event` belongs to webhook effects")]
    EventOfRequest,
}

const TTL_MS_MAX: u64 = 3_600_000;
const WAIT_MS_MAX: u64 = 600_000;
/// As far as the vendors' clock may be set ahead: a year.
pub(crate) const AHEAD_MS_MAX: u64 = 366 * 86_400_000;

/// Checks what the type alone does not.
pub(crate) fn check(rule: &ProviderRule) -> Result<(), RuleError> {
    if rule.id.is_empty() || rule.run.is_empty() {
        return Err(RuleError::Nameless);
    }
    if !(rule.probability > 0.0 && rule.probability <= 1.0) {
        return Err(RuleError::Probability);
    }
    if rule.ttl_ms == 0 || rule.ttl_ms > TTL_MS_MAX {
        return Err(RuleError::Ttl);
    }
    if rule.effect.is_about_webhooks() && !sends_webhooks(rule.provider) {
        return Err(RuleError::NoWebhooks);
    }
    if rule.when.event.is_some() && !rule.effect.is_about_webhooks() {
        return Err(RuleError::EventOfRequest);
    }
    check_effect(&rule.effect).map_or(Ok(()), |why| Err(RuleError::Effect(why)))
}

const fn sends_webhooks(provider: Provider) -> bool {
    match provider {
        Provider::Payment | Provider::BackupPayment | Provider::Fraud => true,
        Provider::Tax | Provider::Shipping | Provider::Warehouse => false,
    }
}

fn check_effect(effect: &Effect) -> Option<&'static str> {
    match effect {
        Effect::Respond { status, .. } if !(200..=599).contains(status) => Some("`status` is not in 200..599"),
        Effect::ErrorAfterCommit { status } if !(500..=599).contains(status) => Some("`status` is not in 500..599"),
        Effect::Drip { bytes: 0, .. } => Some("`bytes` is 0"),
        Effect::Drip { pause_ms, .. } if *pause_ms > WAIT_MS_MAX => Some("`pause_ms` is above ten minutes"),
        Effect::RateLimit { per_second, burst, .. } if !per_second.is_finite() || *per_second < 0.0 || *burst == 0 => {
            Some("`per_second` must be 0 or more, `burst` above 0")
        }
        Effect::Barrier { count: 0, .. } => Some("`count` is 0"),
        Effect::Barrier { deadline_ms, .. } | Effect::WebhookReorder { deadline_ms } if *deadline_ms > WAIT_MS_MAX => {
            Some("`deadline_ms` is above ten minutes")
        }
        Effect::ClockAhead { ms } if *ms > AHEAD_MS_MAX => Some("`ms` is above a year"),
        Effect::WebhookDuplicate { copies, .. } if *copies == 0 || *copies > 100 => Some("`copies` is not in 1..100"),
        Effect::Delay(delay) | Effect::WebhookDelay(delay) => delay::check(delay),
        Effect::Respond { .. }
        | Effect::ErrorAfterCommit { .. }
        | Effect::Drip { .. }
        | Effect::RateLimit { .. }
        | Effect::Barrier { .. }
        | Effect::WebhookReorder { .. }
        | Effect::WebhookDuplicate { .. }
        | Effect::CommitThenDrop { .. }
        | Effect::DropBeforeCommit { .. }
        | Effect::Malformed { .. }
        | Effect::Decline { .. }
        | Effect::CommitTwice {}
        | Effect::Shift { .. }
        | Effect::ClockAhead { .. }
        | Effect::WebhookForge {}
        | Effect::WebhookLose {}
        | Effect::WebhookEarly {} => None,
    }
}

/// Whether two rules differ in their lease at most.
pub(crate) fn is_same(one: &ProviderRule, other: &ProviderRule) -> bool {
    ProviderRule { ttl_ms: 0, ..one.clone() } == ProviderRule { ttl_ms: 0, ..other.clone() }
}

/// Whether a key is drawn for once.
pub(crate) fn is_sticky(rule: &ProviderRule) -> bool {
    match rule.draw {
        Draw::StickToKey => true,
        Draw::EachRequest => false,
    }
}
