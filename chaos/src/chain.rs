//! The faults of a proxy as its connections see them: immutable lists, replaced as a whole.

use std::sync::Arc;
use std::time::Instant;

use model::fault::{Ending, Stream};
use model::seed::{Seed, draw};

use crate::counters::Tally;
use crate::rules::Rule;
use crate::toxics::{Attributes, Effect};

/// A toxic on a proxy. A change replaces it by another with the same `id`.
#[derive(Debug)]
pub(crate) struct Toxic {
    /// Distinguishes it from an earlier toxic of the same name.
    pub id: u64,
    pub name: String,
    pub stream: Stream,
    /// Chance that it takes hold of a connection, in [0, 1].
    pub toxicity: f64,
    /// The first connection that it may take hold of.
    pub since: u64,
    pub attributes: Attributes,
    /// What it met, over all its changes.
    pub tally: Arc<Tally>,
}

/// The toxics of both directions and the rules, each in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chains {
    pub upstream: Vec<Arc<Toxic>>,
    pub downstream: Vec<Arc<Toxic>>,
    pub rules: Vec<Arc<Rule>>,
    /// Connections of lower numbers end.
    pub closed_before: u64,
}

impl Chains {
    /// The list for one direction.
    pub(crate) const fn of(&self, stream: Stream) -> &Vec<Arc<Toxic>> {
        match stream {
            Stream::Upstream => &self.upstream,
            Stream::Downstream => &self.downstream,
        }
    }

    /// As [`Chains::of`], to be changed.
    pub(crate) const fn of_mut(&mut self, stream: Stream) -> &mut Vec<Arc<Toxic>> {
        match stream {
            Stream::Upstream => &mut self.upstream,
            Stream::Downstream => &mut self.downstream,
        }
    }

    /// No faults. What has been told to end stays told.
    pub(crate) fn emptied(&self) -> Self {
        Self { closed_before: self.closed_before, ..Self::default() }
    }

    /// Every toxic, those of the upstream direction first, as Toxiproxy lists them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Toxic>> {
        self.upstream.iter().chain(&self.downstream)
    }

    /// The toxic of this name, whatever its direction.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<Toxic>> {
        self.iter().find(|toxic| toxic.name == name)
    }
}

/// A toxic as one direction of one connection has it.
#[derive(Debug)]
pub(crate) struct InForce {
    pub toxic: Arc<Toxic>,
    /// Absent when the draw spared this connection.
    pub effect: Option<Effect>,
}

impl InForce {
    /// Draws for a toxic that is new to this connection.
    fn new(toxic: &Arc<Toxic>, now: Instant, draws: Seed) -> Self {
        let draws = draws.fork(&toxic.name);
        let taken = draw(draws, "toxicity", "", 0) < toxic.toxicity;
        if taken {
            toxic.tally.connections.add(1);
        }
        Self { toxic: Arc::clone(toxic), effect: taken.then(|| Effect::new(&toxic.attributes, now, draws)) }
    }

    /// Follows a change: the draw is the same number, now held against the new toxicity.
    fn changed(&self, toxic: &Arc<Toxic>, now: Instant, draws: Seed) -> Self {
        let draws = draws.fork(&toxic.name);
        let taken = draw(draws, "toxicity", "", 0) < toxic.toxicity;
        let effect = match (&self.effect, taken) {
            (Some(effect), true) => Some(effect.renewed(&toxic.attributes, now, draws)),
            (None, true) => {
                toxic.tally.connections.add(1);
                Some(Effect::new(&toxic.attributes, now, draws))
            }
            (_, false) => None,
        };
        Self { toxic: Arc::clone(toxic), effect }
    }

    fn ending_on_removal(&self) -> Option<Ending> {
        self.effect.as_ref().and_then(Effect::ending_on_removal)
    }
}

/// Brings what is in force to a new list. Answers how the change ends the connection, if it does.
pub(crate) fn follow<'t>(
    in_force: &mut Vec<InForce>,
    toxics: impl Iterator<Item = &'t Arc<Toxic>>,
    now: Instant,
    draws: Seed,
) -> Option<Ending> {
    let mut before = std::mem::take(in_force);
    let mut ending = None;
    for toxic in toxics {
        let known = before.iter().position(|old| old.toxic.id == toxic.id).map(|at| before.swap_remove(at));
        in_force.push(match known {
            Some(old) if Arc::ptr_eq(&old.toxic, toxic) => old,
            Some(old) => {
                let new = old.changed(toxic, now, draws);
                if new.effect.is_none() {
                    ending = ending.or(old.ending_on_removal());
                }
                new
            }
            None => InForce::new(toxic, now, draws),
        });
    }
    before.iter().fold(ending, |ending, gone| ending.or(gone.ending_on_removal()))
}
