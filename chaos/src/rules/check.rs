//! What no rule may say.

use model::fault::{Delay, LinkEffect, LinkRule};

use super::delay::WAIT_MS_MAX;

/// Says what is wrong with a rule.
pub(crate) fn check(rule: &LinkRule) -> Option<&'static str> {
    if rule.id.is_empty() || rule.run.is_empty() {
        return Some("`id` and `run` must not be empty");
    }
    if !(rule.probability > 0.0 && rule.probability <= 1.0) {
        return Some("`probability` must lie above 0, and at 1 at most");
    }
    if rule.when.nth.contains(&0) || rule.when.first == Some(0) {
        return Some("`nth` and `first` count from 1");
    }
    match &rule.effect {
        LinkEffect::DelayRequest(delay) | LinkEffect::DelayAnswer(delay) => check_delay(delay),
        LinkEffect::Respond { status, .. } | LinkEffect::ReplaceAnswer { status, .. } => {
            (!(200..=599).contains(status)).then_some("`status` must lie between 200 and 599")
        }
        LinkEffect::DropRequest { .. }
        | LinkEffect::DropAnswer { .. }
        | LinkEffect::TruncateAnswer { .. }
        | LinkEffect::CorruptAnswer {} => None,
    }
}

fn check_delay(delay: &Delay) -> Option<&'static str> {
    match delay {
        Delay::Fixed { ms } => (*ms > WAIT_MS_MAX).then_some("`ms` is above ten minutes"),
        Delay::Uniform { ms_min, ms_max } => (ms_min > ms_max || *ms_max > WAIT_MS_MAX)
            .then_some("`ms_min` is above `ms_max`, or that above ten minutes"),
        Delay::LogNormal { median_ms, sigma } => (*median_ms > WAIT_MS_MAX || !sigma.is_finite() || *sigma < 0.0)
            .then_some("`median_ms` is above ten minutes, or `sigma` below 0"),
    }
}
