//! The toxics that a link can carry: their attributes on the wire, and what they do to what passes.
//!
//! To write another: a file with its `Attributes` (the JSON) and its effect (the state for one direction of one
//! connection), and a variant in [`Attributes`] and [`Effect`]; the compiler names the places that must know it.

mod latency;
mod limit_data;
mod reset_peer;
mod timeout;

use std::time::{Duration, Instant};

use model::fault::Ending;
use model::seed::Seed;
use serde_json::{Map, Value};

/// Longest time that a toxic can be told to wait; keeps instants from overflowing.
const WAIT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

fn wait_of(ms: u64) -> Duration {
    Duration::from_millis(ms).min(WAIT_MAX)
}

/// What is on its way through the toxics of a direction, and what becomes of it.
#[derive(Debug)]
pub(crate) struct Passage {
    /// When it was read.
    pub read_at: Instant,
    /// How many of the bytes read go on; the rest is dropped.
    pub bytes: usize,
    /// How long after `read_at` it goes on.
    pub delay: Duration,
    /// What comes after the bytes.
    pub then: Then,
}

/// What comes after some bytes of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// More bytes, perhaps.
    More,
    /// The end of this direction; the other one goes on.
    End,
    /// The end of the connection.
    Close,
}

/// A toxic's type and attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attributes {
    Latency(latency::Attributes),
    Timeout(timeout::Attributes),
    ResetPeer(reset_peer::Attributes),
    LimitData(limit_data::Attributes),
}

/// Why attributes cannot be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AttributesError {
    #[error("invalid toxic type")]
    UnknownType,
    #[error(transparent)]
    Malformed(#[from] serde_json::Error),
}

impl Attributes {
    /// Reads the attributes of a toxic of this type; absent ones are 0.
    pub(crate) fn parse(kind: &str, json: Value) -> Result<Self, AttributesError> {
        // Through an object, since serde would read a list as a struct, too.
        let mut fields = serde_json::from_value::<Option<Map<String, Value>>>(json)?.unwrap_or_default();
        fields.retain(|_, value| !value.is_null());
        let json = Value::Object(fields);
        match kind {
            "latency" => Ok(Self::Latency(serde_json::from_value(json)?)),
            "timeout" => Ok(Self::Timeout(serde_json::from_value(json)?)),
            "reset_peer" => Ok(Self::ResetPeer(serde_json::from_value(json)?)),
            "limit_data" => Ok(Self::LimitData(serde_json::from_value(json)?)),
            _ => Err(AttributesError::UnknownType),
        }
    }

    /// These attributes with some of them replaced.
    pub(crate) fn overlaid(&self, with: Value) -> Result<Self, AttributesError> {
        let mut json = self.to_json();
        match (&mut json, with) {
            (Value::Object(fields), Value::Object(changed)) => fields.extend(changed),
            (_, Value::Null) => {}
            (json, other) => *json = other,
        }
        Self::parse(self.kind(), json)
    }

    /// Toxiproxy's name of the type.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Latency(_) => "latency",
            Self::Timeout(_) => "timeout",
            Self::ResetPeer(_) => "reset_peer",
            Self::LimitData(_) => "limit_data",
        }
    }

    /// The attributes as Toxiproxy writes them.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Latency(attributes) => serde_json::to_value(attributes),
            Self::Timeout(attributes) => serde_json::to_value(attributes),
            Self::ResetPeer(attributes) => serde_json::to_value(attributes),
            Self::LimitData(attributes) => serde_json::to_value(attributes),
        }
        .expect("a struct of integers is always JSON")
    }
}

/// What a toxic does to one direction of one connection, with the state that it keeps there.
#[derive(Debug)]
pub(crate) enum Effect {
    Latency(latency::Latency),
    Timeout(timeout::Timeout),
    ResetPeer(reset_peer::ResetPeer),
    LimitData(limit_data::LimitData),
}

impl Effect {
    /// The effect of a toxic that takes hold now; `draws` is the seed of what it leaves to chance.
    pub(crate) fn new(attributes: &Attributes, now: Instant, draws: Seed) -> Self {
        match attributes {
            Attributes::Latency(attributes) => Self::Latency(attributes.effect(draws)),
            Attributes::Timeout(attributes) => Self::Timeout(attributes.effect(now)),
            Attributes::ResetPeer(attributes) => Self::ResetPeer(attributes.effect(None)),
            Attributes::LimitData(attributes) => Self::LimitData(attributes.effect(0)),
        }
    }

    /// The effect after its attributes changed: it starts anew, but remembers what it let pass or dropped.
    pub(crate) fn renewed(&self, attributes: &Attributes, now: Instant, draws: Seed) -> Self {
        match (self, attributes) {
            (Self::LimitData(effect), Attributes::LimitData(attributes)) => {
                Self::LimitData(attributes.effect(effect.passed()))
            }
            (Self::ResetPeer(effect), Attributes::ResetPeer(attributes)) => {
                Self::ResetPeer(attributes.effect(effect.began_at()))
            }
            (_, attributes) => Self::new(attributes, now, draws),
        }
    }

    /// Acts on what has been read.
    pub(crate) fn meet(&mut self, passage: &mut Passage) {
        match self {
            Self::Latency(effect) => passage.delay += effect.draw(),
            Self::Timeout(_) => timeout::meet(passage),
            Self::ResetPeer(effect) => effect.meet(passage),
            Self::LimitData(effect) => effect.meet(passage),
        }
    }

    /// How long something that waits already would be delayed by it.
    pub(crate) fn delay(&mut self) -> Duration {
        match self {
            Self::Latency(effect) => effect.draw(),
            Self::Timeout(_) | Self::ResetPeer(_) | Self::LimitData(_) => Duration::ZERO,
        }
    }

    /// When it ends the connection, and how, as far as is known yet.
    pub(crate) fn ends(&self) -> Option<(Instant, Ending)> {
        match self {
            Self::Timeout(effect) => effect.ends_at().map(|at| (at, Ending::Fin)),
            Self::ResetPeer(effect) => effect.ends_at().map(|at| (at, Ending::Rst)),
            Self::Latency(_) | Self::LimitData(_) => None,
        }
    }

    /// How its removal ends the connection, if it does.
    pub(crate) const fn ending_on_removal(&self) -> Option<Ending> {
        match self {
            // The bytes that it dropped never come back: an open connection could only hang.
            Self::Timeout(_) => Some(Ending::Fin),
            Self::ResetPeer(effect) if effect.began_at().is_some() => Some(Ending::Rst),
            Self::Latency(_) | Self::ResetPeer(_) | Self::LimitData(_) => None,
        }
    }
}
