//! The one fault controller: it consumes one stream of commands and undoes everything that it did.
//!
//! Who sends the commands – the scenario's timeline, an interface, a person – is not its business.

mod harm;
mod heal;
mod lease;
mod timeline;
mod undo;

pub use harm::{Harm, HarmError};
pub use heal::{HealError, heal_run};
pub use lease::Leases;
pub use timeline::{Command, describe, timeline};
pub use undo::Undo;

use crate::arena::{Arena, RuleCounts};
use books::intake::{Fact, Intake};
use books::rows::{Batch, Event, EventKind};
use chaos::wire::ToxicCounters;
use model::fault::{Provider, Toxic};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Every fault on servers of ours is a lease of this length: it ends by itself so long after the run's death.
pub const LEASE: Duration = Duration::from_secs(8);

/// Carries out fault commands until their stream ends, then undoes what is still active.
pub struct Controller {
    arena: Arc<Arena>,
    start: Instant,
    intake: Intake,
    active: BTreeMap<String, Active>,
}

/// A fault that has begun.
struct Active {
    harm: Harm,
    /// What the link's proxy had counted before.
    before: u64,
}

impl Controller {
    /// A controller over the servers and children of `arena`; `intake` takes its events, timed from `start`.
    #[must_use]
    pub const fn new(arena: Arc<Arena>, start: Instant, intake: Intake) -> Self {
        Self { arena, start, intake, active: BTreeMap::new() }
    }

    /// Runs until the stream ends; returns what could not be done, one sentence each.
    pub async fn run(mut self, mut commands: mpsc::Receiver<Command>) -> Vec<String> {
        let mut mishaps = Vec::new();
        while let Some(command) = commands.recv().await {
            self.obey(command, &mut mishaps).await;
        }
        for name in self.active.keys().cloned().collect::<Vec<_>>() {
            self.obey(Command::End { name }, &mut mishaps).await;
        }
        mishaps
    }

    async fn obey(&mut self, command: Command, mishaps: &mut Vec<String>) {
        match command {
            Command::Begin { name, what, harm } => {
                // The way back is written down before the harm is done, so that `heal` finds it whatever happens next.
                self.note(EventKind::FaultBegan, &name, what, harm.undo(&self.arena));
                let before = self.connections(&harm).await.unwrap_or_default();
                match harm.begin(&self.arena).await {
                    Ok(()) => drop(self.active.insert(name, Active { harm, before })),
                    Err(error) => {
                        mishaps.push(format!("fault `{name}` could not begin: {error}"));
                        self.note(EventKind::FaultEnded, &name, "could not begin".into(), None);
                    }
                }
            }
            Command::End { name } => {
                let Some(Active { harm, before }) = self.active.remove(&name) else { return };
                let counts = self.counts(&harm, before).await;
                let text = match harm.end(&self.arena).await {
                    Ok(()) => "ended".to_owned(),
                    Err(error) => {
                        mishaps.push(format!("fault `{name}` could not be undone: {error}"));
                        format!("could not be undone: {error}")
                    }
                };
                let counts = match counts {
                    None => self.counts_at_the_end(&harm).await,
                    counted => counted,
                };
                self.count(counts);
                self.note(EventKind::FaultEnded, &name, text, None);
            }
        }
    }

    /// How often a fault was met, which only its provider, or its proxy, knows while it has the rule.
    async fn counts(&self, harm: &Harm, before: u64) -> Option<RuleCounts> {
        match harm {
            Harm::Rule(rule) => self.arena.admin().ok()?.rule_counts(&rule.id).await.ok().flatten(),
            Harm::Exchange { provider, rule } => self.exchange_counts(*provider, &rule.id).await,
            Harm::Link { name, .. } => {
                let connections = self.connections(harm).await?.saturating_sub(before);
                // None is no statement: what the system refused meanwhile has reached no proxy.
                (connections > 0).then(|| RuleCounts {
                    id: name.clone(),
                    matched: connections,
                    applied: connections,
                    hazardous: 0,
                })
            }
            Harm::Process { .. } | Harm::Store { .. } | Harm::Clock { .. } => None,
        }
    }

    /// Connections that a toxic took hold of so far, or that ended with their link; a Toxiproxy of somebody else counts none.
    async fn connections(&self, harm: &Harm) -> Option<u64> {
        let Harm::Link { name, provider, toxic, stream } = harm else { return None };
        let links = self.arena.links().ok()?;
        let counters = links.client.counters().await.ok()?;
        let proxy = counters.proxies.get(links.proxy(*provider).ok()?)?;
        if let Toxic::Down {} = toxic {
            return Some(proxy.connections_shut);
        }
        let is_this = |tally: &&ToxicCounters| tally.name == *name && tally.stream == *stream;
        proxy.toxics.iter().find(is_this).map(|tally| tally.connections)
    }

    /// What is known only once a fault has ended: whether the shop had waited for its store shows when it writes again.
    async fn counts_at_the_end(&self, harm: &Harm) -> Option<RuleCounts> {
        match harm {
            Harm::Store { name, .. } => {
                let tally = self.arena.store().ok()?.tally(name).await?;
                Some(RuleCounts { id: name.clone(), matched: tally.holds, applied: tally.waited_for, hazardous: 0 })
            }
            Harm::Rule(_) | Harm::Link { .. } | Harm::Exchange { .. } | Harm::Process { .. } | Harm::Clock { .. } => {
                None
            }
        }
    }

    fn count(&self, counts: Option<RuleCounts>) {
        if let Some(RuleCounts { id: name, matched, applied, hazardous }) = counts {
            drop(self.intake.fact(Fact::FaultCount { name, matched, applied, hazardous }));
        }
    }

    async fn exchange_counts(&self, provider: Provider, id: &str) -> Option<RuleCounts> {
        let links = self.arena.links().ok()?;
        let rules = links.client.rules(links.proxy(provider).ok()?).await.ok()?;
        let rule = rules.into_iter().find(|rule| rule.counters.id == id)?.counters;
        Some(RuleCounts { id: id.to_owned(), matched: rule.matched, applied: rule.applied, hazardous: rule.hazardous })
    }

    fn note(&self, kind: EventKind, name: &str, text: String, undo: Option<Undo>) {
        let undo = undo.map(|undo| undo.to_json()).unwrap_or_default();
        let at_us = self.start.elapsed().as_micros() as u64;
        let event = Event { at_us, kind, name: name.into(), text, undo };
        // A file that cannot be written halts the run by itself; the faults must be undone all the same.
        drop(self.intake.give(Batch { events: vec![event], ..Batch::default() }));
    }
}
