//! One proxy: where it listens, where it leads, and the faults on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::fault::Stream;
use model::seed::Seed;
use tokio::sync::Mutex;

use crate::chain::{Chains, Toxic};
use crate::counters::Counters;
use crate::door::{self, Door};
use crate::lag::Lag;
use crate::refused::Refused;
use crate::toxics::Attributes;
use crate::wire;

/// Numbers toxics, so that one that comes back under its old name is known as another.
static TOXICS_MADE: AtomicU64 = AtomicU64::new(0);

/// A proxy. Its interface never waits for a connection or an upstream.
pub(crate) struct Proxy {
    name: String,
    draws: Seed,
    pub counters: Arc<Counters>,
    pub(crate) state: Mutex<State>,
}

/// What of a proxy changes.
pub(crate) struct State {
    listen: String,
    upstream: Arc<str>,
    pub chains: Arc<Chains>,
    pub door: Door,
}

/// What a new fault does to the connections that are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OpenOnes {
    /// It acts on them.
    #[default]
    Meet,
    /// They stay as they are.
    Keep,
    /// They end.
    Close,
}

impl Proxy {
    /// Makes a proxy, and opens it unless told otherwise.
    pub(crate) async fn start(new: &wire::NewProxy, seed: Seed, lag: &Arc<Lag>) -> Result<Self, Refused> {
        let proxy = Self {
            name: new.name.clone(),
            draws: seed.fork(&new.name),
            counters: Arc::new(Counters::new(Arc::clone(lag))),
            state: Mutex::new(State {
                listen: new.listen.clone(),
                upstream: new.upstream.as_str().into(),
                chains: Arc::default(),
                door: Door::Shut { reserved: None },
            }),
        };
        let moved = wire::ProxyChange { listen: Some(new.listen.clone()), ..wire::ProxyChange::default() };
        let opened = wire::ProxyChange { enabled: Some(new.enabled.unwrap_or(true)), ..moved };
        proxy.change(&opened).await?;
        Ok(proxy)
    }

    /// The proxy as the interface shows it.
    pub(crate) async fn show(&self) -> wire::Proxy {
        let state = self.state.lock().await;
        wire::Proxy {
            name: self.name.clone(),
            listen: state.listen.clone(),
            upstream: state.upstream.to_string(),
            enabled: matches!(state.door, Door::Open { .. }),
            toxics: state.chains.iter().map(|toxic| show(toxic)).collect(),
        }
    }

    /// Whether it listens and leads where this one would.
    pub(crate) async fn is_like(&self, new: &wire::NewProxy) -> bool {
        let state = self.state.lock().await;
        *state.upstream == *new.upstream && is_same_place(&state.listen, &new.listen)
    }

    /// Moves it, opens it, shuts it. A move ends the connections.
    pub(crate) async fn change(&self, change: &wire::ProxyChange) -> Result<(), Refused> {
        let mut state = self.state.lock().await;
        let enabled = change.enabled.unwrap_or(matches!(state.door, Door::Open { .. }));
        let moves = change.listen.as_ref().is_some_and(|listen| {
            !is_same_place(&state.listen, listen) || matches!(state.door, Door::Shut { reserved: None })
        });
        let redirected = change.upstream.as_ref().is_some_and(|upstream| **upstream != *state.upstream);
        if moves || redirected || !enabled {
            state.shut().await;
        }
        if let (Some(upstream), true) = (&change.upstream, redirected) {
            state.upstream = upstream.as_str().into();
        }
        if let (Some(listen), true) = (&change.listen, moves) {
            state.door = Door::Shut { reserved: None };
            state.listen.clone_from(listen);
        }
        // A proxy that is shut may name an address that cannot be had now.
        let reserved = state.reserve().await;
        if enabled {
            reserved?;
            state.open(&self.counters, self.draws)?;
        }
        Ok(())
    }

    /// Removes every fault and opens it.
    pub(crate) async fn reset(&self) -> Result<(), Refused> {
        self.state.lock().await.edit(|chains| *chains = chains.emptied());
        self.change(&wire::ProxyChange { enabled: Some(true), ..wire::ProxyChange::default() }).await
    }

    /// Shuts it for good.
    pub(crate) async fn stop(&self) {
        let mut state = self.state.lock().await;
        state.shut().await;
        state.door = Door::Shut { reserved: None };
    }

    /// Its toxics.
    pub(crate) async fn toxics(&self) -> Vec<wire::Toxic> {
        self.state.lock().await.chains.iter().map(|toxic| show(toxic)).collect()
    }

    /// The toxic of this name.
    pub(crate) async fn toxic(&self, name: &str) -> Result<wire::Toxic, Refused> {
        self.state.lock().await.chains.named(name).map(|toxic| show(toxic)).ok_or(Refused::ToxicNotFound)
    }

    /// Adds a toxic.
    pub(crate) async fn add(&self, new: &wire::NewToxic, open_ones: OpenOnes) -> Result<wire::Toxic, Refused> {
        let toxic = self.toxic_of(new, open_ones)?;
        let mut state = self.state.lock().await;
        if state.chains.named(&toxic.name).is_some() {
            return Err(Refused::ToxicExists);
        }
        let shown = show(&toxic);
        state.edit(|chains| {
            self.close_if(open_ones, chains);
            chains.of_mut(toxic.stream).push(Arc::new(toxic));
        });
        Ok(shown)
    }

    /// A toxic as a body describes it.
    pub(crate) fn toxic_of(&self, new: &wire::NewToxic, open_ones: OpenOnes) -> Result<Toxic, Refused> {
        let stream = match new.stream.as_deref() {
            None | Some("" | "downstream") => Stream::Downstream,
            Some("upstream") => Stream::Upstream,
            Some(_) => return Err(Refused::InvalidStream),
        };
        let attributes = Attributes::parse(&new.kind, new.attributes.clone())?;
        let kind = attributes.kind();
        let name = match new.name.as_deref() {
            None | Some("") => format!("{kind}_{}", name_of(stream)),
            Some(name) => name.to_owned(),
        };
        Ok(Toxic {
            id: TOXICS_MADE.fetch_add(1, Ordering::Relaxed),
            stream,
            toxicity: checked_toxicity(new.toxicity.unwrap_or(1.0))?,
            since: self.since(open_ones),
            attributes,
            tally: self.counters.tally(&name, kind, stream),
            name,
        })
    }

    /// The number of the first connection that a new fault may meet.
    pub(crate) fn since(&self, open_ones: OpenOnes) -> u64 {
        match open_ones {
            OpenOnes::Keep => self.counters.connections.get(),
            OpenOnes::Meet | OpenOnes::Close => 0,
        }
    }

    /// Ends the open connections, where that is wanted.
    pub(crate) fn close_if(&self, open_ones: OpenOnes, chains: &mut Chains) {
        if open_ones == OpenOnes::Close {
            chains.closed_before = self.counters.connections.get();
        }
    }

    /// Changes a toxic, on open connections too.
    pub(crate) async fn alter(&self, name: &str, change: wire::ToxicChange) -> Result<wire::Toxic, Refused> {
        let mut state = self.state.lock().await;
        let old = Arc::clone(state.chains.named(name).ok_or(Refused::ToxicNotFound)?);
        let new = Arc::new(Toxic {
            id: old.id,
            name: old.name.clone(),
            stream: old.stream,
            toxicity: checked_toxicity(change.toxicity.unwrap_or(old.toxicity))?,
            since: old.since,
            attributes: old.attributes.overlaid(change.attributes)?,
            tally: Arc::clone(&old.tally),
        });
        let shown = show(&new);
        state.edit(|chains| {
            for toxic in chains.of_mut(old.stream).iter_mut().filter(|toxic| toxic.id == old.id) {
                *toxic = Arc::clone(&new);
            }
        });
        Ok(shown)
    }

    /// Removes a toxic, from open connections too.
    pub(crate) async fn remove(&self, name: &str) -> Result<(), Refused> {
        let mut state = self.state.lock().await;
        let stream = state.chains.named(name).ok_or(Refused::ToxicNotFound)?.stream;
        state.edit(|chains| chains.of_mut(stream).retain(|toxic| toxic.name != name));
        Ok(())
    }
}

impl Proxy {
    /// Starts to accept under these faults, on the port that is reserved.
    pub(crate) fn open_under(&self, state: &mut State, chains: &Arc<Chains>) -> Result<(), Refused> {
        state.open_with(Arc::clone(chains), &self.counters, self.draws)
    }
}

impl State {
    /// Changes the faults, and tells every open connection.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Chains)) {
        let mut chains = Chains::clone(&self.chains);
        change(&mut chains);
        self.set(Arc::new(chains));
    }

    /// Replaces the faults, and tells every open connection.
    pub(crate) fn set(&mut self, chains: Arc<Chains>) {
        self.chains = chains;
        if let Door::Open { chains, .. } = &self.door {
            chains.send_replace(Arc::clone(&self.chains));
        }
    }

    async fn shut(&mut self) {
        let door = std::mem::replace(&mut self.door, Door::Shut { reserved: None });
        self.door = door::shut(door).await;
    }

    /// Takes the port, unless it is held already.
    pub(crate) async fn reserve(&mut self) -> Result<(), Refused> {
        if matches!(self.door, Door::Shut { reserved: None }) {
            let failed = |error| Refused::Listen { listen: self.listen.clone(), error };
            let at = door::resolve(&self.listen).await.map_err(failed)?;
            let socket = door::reserve(at).map_err(failed)?;
            self.listen = socket.local_addr().map_err(failed)?.to_string();
            self.door = Door::Shut { reserved: Some(socket) };
        }
        Ok(())
    }

    fn open(&mut self, counters: &Arc<Counters>, draws: Seed) -> Result<(), Refused> {
        self.open_with(Arc::clone(&self.chains), counters, draws)
    }

    fn open_with(&mut self, chains: Arc<Chains>, counters: &Arc<Counters>, draws: Seed) -> Result<(), Refused> {
        let Door::Shut { reserved } = &mut self.door else {
            return Ok(());
        };
        if let Some(socket) = reserved.take() {
            let upstream = Arc::clone(&self.upstream);
            self.door = door::open(socket, chains, upstream, Arc::clone(counters), draws)
                .map_err(|error| Refused::Listen { listen: self.listen.clone(), error })?;
        }
        Ok(())
    }
}

pub(crate) fn show(toxic: &Toxic) -> wire::Toxic {
    wire::Toxic {
        name: toxic.name.clone(),
        kind: toxic.attributes.kind().to_owned(),
        stream: toxic.stream,
        toxicity: toxic.toxicity,
        attributes: toxic.attributes.to_json(),
    }
}

/// Toxiproxy's word for a direction.
pub(crate) const fn name_of(stream: Stream) -> &'static str {
    match stream {
        Stream::Upstream => "upstream",
        Stream::Downstream => "downstream",
    }
}

fn checked_toxicity(toxicity: f64) -> Result<f64, Refused> {
    if (0.0..=1.0).contains(&toxicity) { Ok(toxicity) } else { Err(Refused::Toxicity) }
}

/// Whether a demanded address is the one that is listened on; port 0 is content with whatever port it got.
fn is_same_place(listening: &str, demanded: &str) -> bool {
    let demanded = if demanded.is_empty() { "127.0.0.1:0" } else { demanded };
    let (Some((host, port)), Some((other_host, other_port))) = (listening.rsplit_once(':'), demanded.rsplit_once(':'))
    else {
        return listening == demanded;
    };
    let host_of = |host: &str| match host {
        "localhost" => "127.0.0.1".to_owned(),
        "" => "0.0.0.0".to_owned(),
        _ => host.to_owned(),
    };
    host_of(host) == host_of(other_host) && (port == other_port || other_port == "0")
}
