//! The scenario's faults as a source of commands, at their instants on the run clock.

use super::Harm;
use model::fault::{Child, ClockHarm, Effect, Malformation, ProcessHarm, StoreHarm, Toxic};
use model::scenario::{Fault, FaultTarget};
use model::seed::Seed;
use std::time::Instant;
use tokio::sync::mpsc;

/// What the controller is told.
#[derive(Clone, Debug)]
pub enum Command {
    /// A fault begins.
    Begin {
        /// Its name.
        name: String,
        /// What it does, for people.
        what: String,
        /// What is done.
        harm: Harm,
    },
    /// A fault ends.
    End {
        /// Its name.
        name: String,
    },
}

/// Sends the scenario's faults at their instants; ends early when the controller is gone.
pub async fn timeline(faults: &[Fault], run: &str, seed: Seed, start: Instant, commands: mpsc::Sender<Command>) {
    let mut moments: Vec<(Instant, Command)> = Vec::new();
    for fault in faults {
        let begin = Command::Begin {
            name: fault.name.clone(),
            what: describe(&fault.target),
            harm: Harm::of(fault, run, seed),
        };
        moments.push((start + fault.at, begin));
        moments.push((start + fault.at + fault.lasts, Command::End { name: fault.name.clone() }));
    }
    moments.sort_by_key(|(at, _)| *at);
    for (at, command) in moments {
        tokio::time::sleep_until(at.into()).await;
        if commands.send(command).await.is_err() {
            return;
        }
    }
}

/// What a fault does, for people.
#[must_use]
pub fn describe(target: &FaultTarget) -> String {
    match target {
        FaultTarget::Provider { provider, when, probability, effect, .. } => {
            let share = if *probability < 1.0 { format!("{}% of ", probability * 100.0) } else { String::new() };
            let brand = when.brand.as_ref().map(|brand| format!(" for {brand} cards")).unwrap_or_default();
            let (what, how) = harmed(effect);
            format!("{share}{} {what} {how}{brand}", provider.name())
        }
        FaultTarget::Link { provider, toxic: Toxic::Down {}, .. } => format!("the {} link down", provider.name()),
        FaultTarget::Link { provider, toxic, .. } => {
            format!("{} on the {} link", toxic.name().replace('_', " "), provider.name())
        }
        FaultTarget::Exchange { provider, probability, effect, .. } => {
            let share = if *probability < 1.0 { format!("{}% of ", probability * 100.0) } else { String::new() };
            format!("{share}{} exchanges: {}", provider.name(), effect.name().replace('_', " "))
        }
        FaultTarget::Process { child, harm } => {
            let child = match child {
                Child::Shop => "the shop",
                Child::Providers => "the providers",
            };
            match harm {
                ProcessHarm::Kill { restart_after_ms } => {
                    format!("{child} killed, started again after {} s", seconds(*restart_after_ms))
                }
                ProcessHarm::Pause {} => format!("{child} paused"),
            }
        }
        FaultTarget::Store { harm: StoreHarm::Locked {} } => "the shop's store locked".into(),
        FaultTarget::Store { harm: StoreHarm::Slow { hold_ms, pause_ms } } => {
            format!("the shop's store locked for {} s every {} s", seconds(*hold_ms), seconds(hold_ms + pause_ms))
        }
        FaultTarget::Clock { harm: ClockHarm::Ahead { ms } } => format!("the shop's clock {} s ahead", seconds(*ms)),
    }
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

/// What an effect meets, and what becomes of it.
fn harmed(effect: &Effect) -> (&'static str, String) {
    let plain = |what, how: &str| (what, how.to_owned());
    match effect {
        Effect::Delay(_) => plain("answers", "late"),
        Effect::Respond { status, .. } => ("calls", format!("answered {status}")),
        Effect::CommitThenDrop { .. } => plain("answers", "lost after the fact"),
        Effect::DropBeforeCommit { .. } => plain("calls", "dropped"),
        Effect::ErrorAfterCommit { status } => ("calls", format!("answered {status} after the fact")),
        Effect::Drip { .. } => plain("answers", "dripping"),
        Effect::Malformed { body } => plain(
            "answers",
            match body {
                Malformation::Truncated => "cut short",
                Malformation::Html => "replaced by a page",
                Malformation::Empty => "empty",
                Malformation::Garbage => "garbled",
            },
        ),
        Effect::Decline { code: None } => plain("calls", "declined"),
        Effect::Decline { code: Some(code) } => ("calls", format!("declined: {code}")),
        Effect::CommitTwice {} => plain("calls", "executed twice"),
        Effect::Shift { by } => ("answers", format!("shifted by {by}")),
        Effect::ClockAhead { ms } => ("the clock", format!("{} s ahead", seconds(*ms))),
        Effect::RateLimit { per_second, .. } => ("calls", format!("limited to {per_second}/s")),
        Effect::Barrier { count, .. } => ("calls", format!("held until {count} meet")),
        Effect::WebhookDuplicate { .. } => plain("events", "delivered again"),
        Effect::WebhookDelay(_) => plain("events", "delivered late"),
        Effect::WebhookLose {} => plain("events", "lost"),
        Effect::WebhookEarly {} => plain("events", "delivered before the answer"),
        Effect::WebhookReorder { .. } => plain("events", "delivered out of order"),
        Effect::WebhookForge {} => plain("events", "forged beside the true ones"),
    }
}
