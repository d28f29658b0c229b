//! The scenario's faults as a source of commands, at their instants on the run clock.

use super::Harm;
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
            let mut text = format!("{} provider: {}", provider.name(), effect.name().replace('_', " "));
            if *probability < 1.0 {
                text += &format!(" with probability {}%", probability * 100.0);
            }
            if let Some(path) = &when.path {
                text += &format!(" on {path}");
            }
            if let Some(event) = &when.event {
                text += &format!(" of {event}");
            }
            if let Some(brand) = &when.brand {
                text += &format!(" for {brand} cards");
            }
            text
        }
        FaultTarget::Link { provider, toxic, .. } => {
            format!("link to the {} provider: {}", provider.name(), toxic.name().replace('_', " "))
        }
        FaultTarget::Process { child, harm } => {
            let child = match child {
                model::fault::Child::Shop => "the shop",
                model::fault::Child::Providers => "the providers",
            };
            match harm {
                model::fault::ProcessHarm::Kill { restart_after_ms } => {
                    format!("{child} killed, started again after {} s", *restart_after_ms as f64 / 1000.0)
                }
                model::fault::ProcessHarm::Pause {} => format!("{child} paused"),
            }
        }
    }
}
