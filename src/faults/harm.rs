//! What a fault does to servers and children, and how it is undone.

use super::{LEASE, Undo};
use crate::arena::{Arena, MemberError};
use crate::caller::CallError;
use model::fault::{Child, ClockHarm, LinkRule, ProcessHarm, Provider, ProviderRule, StoreHarm, Stream, Toxic};
use model::scenario::{Fault, FaultTarget};
use model::seed::Seed;
use std::time::Duration;

/// One fault, ready to begin.
#[derive(Clone, Debug)]
pub enum Harm {
    /// A rule inside a provider.
    Rule(Box<ProviderRule>),
    /// A toxic on the link to a provider.
    Link {
        /// Name of the fault and of the toxic.
        name: String,
        /// Which provider.
        provider: Provider,
        /// What is wrong.
        toxic: Toxic,
        /// Which way.
        stream: Stream,
    },
    /// A rule for single exchanges on the link to a provider.
    Exchange {
        /// Which provider.
        provider: Provider,
        /// The rule.
        rule: Box<LinkRule>,
    },
    /// Harm to a child process.
    Process {
        /// Which.
        child: Child,
        /// What.
        harm: ProcessHarm,
    },
    /// Harm to the reference shop's store.
    Store {
        /// Name of the fault.
        name: String,
        /// What.
        harm: StoreHarm,
        /// It ends by itself after so long, whoever forgets to end it.
        longest: Duration,
    },
    /// Harm to the reference shop's clock.
    Clock {
        /// What.
        harm: ClockHarm,
    },
}

/// Why a fault could not begin or end.
#[derive(Debug, thiserror::Error)]
pub enum HarmError {
    /// An interface said no, or nothing.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The proxy said no, or nothing.
    #[error(transparent)]
    Proxy(#[from] chaos::client::Error),
    /// The operating system said no, or the child did not come back.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// The shop's store could not be locked.
    #[error(transparent)]
    Store(#[from] chaos::store::Error),
    /// The arena has nothing of the kind.
    #[error("{0}")]
    Missing(&'static str),
}

impl Harm {
    /// The harm that a scenario's fault asks for.
    #[must_use]
    pub fn of(fault: &Fault, run: &str, seed: Seed) -> Self {
        match &fault.target {
            FaultTarget::Provider { provider, when, probability, draw, effect } => Self::Rule(Box::new(ProviderRule {
                id: fault.name.clone(),
                run: run.into(),
                provider: *provider,
                when: when.clone(),
                probability: *probability,
                draw: *draw,
                effect: effect.clone(),
                seed: seed.fork("faults").0,
                ttl_ms: LEASE.as_millis() as u64,
            })),
            FaultTarget::Link { provider, toxic, stream } => {
                Self::Link { name: fault.name.clone(), provider: *provider, toxic: *toxic, stream: *stream }
            }
            FaultTarget::Exchange { provider, when, probability, draw, effect } => Self::Exchange {
                provider: *provider,
                rule: Box::new(LinkRule {
                    id: fault.name.clone(),
                    run: run.into(),
                    when: when.clone(),
                    probability: *probability,
                    draw: *draw,
                    effect: effect.clone(),
                    seed: seed.fork("faults").0,
                }),
            },
            FaultTarget::Process { child, harm } => Self::Process { child: *child, harm: *harm },
            FaultTarget::Store { harm } => {
                Self::Store { name: fault.name.clone(), harm: *harm, longest: fault.lasts + LEASE }
            }
            FaultTarget::Clock { harm } => Self::Clock { harm: *harm },
        }
    }

    /// Begins.
    pub async fn begin(&self, arena: &Arena) -> Result<(), HarmError> {
        match self {
            Self::Rule(rule) => Ok(arena.admin()?.put_rule(rule).await?),
            Self::Link { name, provider, toxic, stream } => {
                let links = arena.links()?;
                Ok(links.client.add(links.proxy(*provider)?, name, toxic, *stream, 1.0).await?)
            }
            Self::Exchange { provider, rule } => {
                let links = arena.links()?;
                Ok(links.client.put_rule(links.proxy(*provider)?, rule).await.map(drop)?)
            }
            Self::Process { child, harm } => {
                let mut child = arena.child(*child)?.lock().await;
                match harm {
                    ProcessHarm::Kill { .. } => Ok(child.kill().await?),
                    ProcessHarm::Pause {} => Ok(child.pause()?),
                }
            }
            Self::Store { name, harm, longest } => Ok(arena.store()?.begin(name, *harm, *longest).await?),
            Self::Clock { harm: ClockHarm::Ahead { ms } } => Ok(arena.clock()?.put_ahead(*ms, LEASE).await?),
        }
    }

    /// Undoes it.
    pub async fn end(&self, arena: &Arena) -> Result<(), HarmError> {
        match self {
            Self::Rule(rule) => Ok(arena.admin()?.delete_rule(&rule.id).await?),
            Self::Link { name, provider, toxic, .. } => {
                let links = arena.links()?;
                Ok(links.client.remove(links.proxy(*provider)?, name, toxic).await?)
            }
            Self::Exchange { provider, rule } => {
                let links = arena.links()?;
                Ok(links.client.remove_rule(links.proxy(*provider)?, &rule.id).await?)
            }
            Self::Process { child, harm } => {
                let mut child = arena.child(*child)?.lock().await;
                match harm {
                    ProcessHarm::Kill { .. } => Ok(child.restart().await?),
                    ProcessHarm::Pause {} => Ok(child.resume()?),
                }
            }
            Self::Store { name, .. } => {
                arena.store()?.end(name).await;
                Ok(())
            }
            Self::Clock { .. } => Ok(arena.clock()?.put_right().await?),
        }
    }

    /// The way back, for `heal` after the run's death; none for children, which die with the run, and for locks, which the run itself holds.
    #[must_use]
    pub fn undo(&self, arena: &Arena) -> Option<Undo> {
        match self {
            Self::Rule(rule) => {
                let admin = arena.admin().ok()?.base().to_owned();
                Some(Undo::Rule { admin, id: rule.id.clone() })
            }
            Self::Link { name, provider, toxic, .. } => {
                let links = arena.links().ok()?;
                let proxy = links.proxy(*provider).ok()?.to_owned();
                Some(Undo::Toxic { api: links.api.clone(), proxy, name: name.clone(), toxic: *toxic })
            }
            Self::Exchange { provider, rule } => {
                let links = arena.links().ok()?;
                let proxy = links.proxy(*provider).ok()?.to_owned();
                Some(Undo::LinkRule { api: links.api.clone(), proxy, id: rule.id.clone() })
            }
            Self::Clock { .. } => Some(Undo::Clock { shops: arena.clock().ok()?.shops().to_vec() }),
            Self::Process { .. } | Self::Store { .. } => None,
        }
    }
}
