//! Before load: one canary order must appear in our statement, or the run would prove nothing.

use super::Arena;
use crate::caller::CallError;
use crate::engine::{self, Once, run_once};
use books::intake::Intake;
use model::fault::Provider;
use model::outcome::Outcome;
use std::time::{Duration, Instant};

/// How long an outbox may take to reach every provider.
const SEEN_WITHIN: Duration = Duration::from_secs(15);

/// Between two looks at the statement.
const PAUSE: Duration = Duration::from_millis(50);

/// Why load must not begin.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// The canary's journey did not go through.
    #[error(
        "place the canary order: the journey ended {outcome}{at}{remark}\n  hint: nothing is broken on purpose yet; does the journey fit the shop?"
    )]
    Canary {
        /// How it ended.
        outcome: &'static str,
        /// At which step.
        at: String,
        /// What the last answer said.
        remark: String,
    },
    /// The engine could not walk.
    #[error("place the canary order")]
    Engine(#[from] engine::Error),
    /// The statement cannot be read.
    #[error("read the statement of the canary order")]
    Statement(#[from] CallError),
    /// The order went somewhere else.
    #[error(
        "find the canary order in our statement: the {provider} provider has no row of this run\n  hint: the shop does not talk to the simulator; point its {provider} address at it"
    )]
    NotSeen {
        /// Which provider saw nothing.
        provider: &'static str,
    },
}

/// Whom the reference shop turns to with an order; nobody is asked to charge what a voucher or store credit covers whole.
const fn needed(is_charged: bool) -> &'static [Provider] {
    if is_charged {
        &[Provider::Payment, Provider::Tax, Provider::Warehouse]
    } else {
        &[Provider::Tax, Provider::Warehouse]
    }
}

/// Walks the canary's journey and waits until each provider that the shop is known to use has it in its statement: payment, tax
/// and warehouse for the reference shop, payment for a shop of one's own.
pub async fn preflight(canary: &Once, arena: &Arena, intake: &Intake) -> Result<(), PreflightError> {
    let buys = canary.scenario.journeys[canary.journey].buys();
    let walked = run_once(canary.clone()).await?;
    let remark = walked.batch.attempts.last().and_then(|attempt| attempt.remark.clone());
    // The canary is an intent like any other: the books keep it, and the laws examine it.
    drop(intake.give(walked.batch));
    if !matches!(walked.end.outcome, Outcome::Confirmed | Outcome::Completed) {
        return Err(PreflightError::Canary {
            outcome: walked.end.outcome.name(),
            at: walked.end.step.map(|step| format!(" at step `{step}`")).unwrap_or_default(),
            remark: remark.map(|remark| format!(" ({remark})")).unwrap_or_default(),
        });
    }
    if !buys {
        return Ok(());
    }
    let Ok(admin) = arena.admin() else { return Ok(()) };
    // A second payment provider and the desk of a fraud provider have nothing to do with an order that is all right.
    let expected = match &arena.doors {
        Some(doors) => needed(doors.charges_something().await?),
        None => &[Provider::Payment],
    };
    let deadline = Instant::now() + SEEN_WITHIN;
    loop {
        let rows = admin.statement(0, 1_000).await?;
        // Whichever of the two payment providers the shop has turned to will do.
        let is_of = |name: &str, provider: Provider| {
            name == provider.name() || (provider == Provider::Payment && name == Provider::BackupPayment.name())
        };
        let seen = |provider: &Provider| {
            rows.iter().any(|row| {
                is_of(&row.provider, *provider)
                    && matches!(row.op.as_str(), "capture" | "authorise" | "commit" | "document" | "dispatch")
            })
        };
        let Some(missing) = expected.iter().find(|provider| !seen(provider)) else { return Ok(()) };
        if Instant::now() >= deadline {
            return Err(PreflightError::NotSeen { provider: missing.name() });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_credit_covers_whole_needs_no_payment_provider() {
        assert_eq!(needed(false), [Provider::Tax, Provider::Warehouse]);
        assert_eq!(needed(true), [Provider::Payment, Provider::Tax, Provider::Warehouse]);
    }
}
