//! The toxics that a link can carry: their attributes on the wire, and what they do to what passes.
//!
//! To write another: a file with its `Attributes` (the JSON) and its effect (the state for one direction of one
//! connection), and a variant in [`Attributes`] and [`Effect`]; the compiler names the places that must know it.

mod bandwidth;
mod latency;
mod limit_data;
mod line;
mod reset_peer;
mod slicer;
mod slow_close;
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

/// Some bytes that go on together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    pub bytes: usize,
    /// When they go on.
    pub at: Instant,
}

/// What is on its way through the toxics of a direction, and what becomes of it.
#[derive(Debug)]
pub(crate) struct Passage {
    /// When it came in.
    pub at: Instant,
    /// Those of the bytes that go on, from the first without a gap; the rest is dropped.
    pub slices: Vec<Slice>,
    /// What comes after the bytes.
    pub then: Then,
    /// When that comes, after the last slice at the earliest.
    pub then_at: Instant,
}

impl Passage {
    pub(crate) fn new(at: Instant, bytes: usize, then: Then) -> Self {
        let slices = if bytes == 0 { Vec::new() } else { vec![Slice { bytes, at }] };
        Self { at, slices, then, then_at: at }
    }

    /// How many bytes go on.
    pub(crate) fn bytes(&self) -> usize {
        self.slices.iter().map(|slice| slice.bytes).sum()
    }

    /// Drops all but the first so many bytes.
    fn cut_to(&mut self, mut bytes: usize) {
        for slice in &mut self.slices {
            slice.bytes = slice.bytes.min(bytes);
            bytes -= slice.bytes;
        }
        self.slices.retain(|slice| slice.bytes > 0);
    }
}

/// What comes after some bytes of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// More bytes, perhaps.
    More,
    /// The end of this direction; the other one goes on.
    End,
    /// The end of the connection.
    Close(Ending),
}

/// A toxic's type and attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attributes {
    Latency(latency::Attributes),
    Bandwidth(bandwidth::Attributes),
    SlowClose(slow_close::Attributes),
    Slicer(slicer::Attributes),
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
            "bandwidth" => Ok(Self::Bandwidth(serde_json::from_value(json)?)),
            "slow_close" => Ok(Self::SlowClose(serde_json::from_value(json)?)),
            "slicer" => Ok(Self::Slicer(serde_json::from_value(json)?)),
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
            Self::Bandwidth(_) => "bandwidth",
            Self::SlowClose(_) => "slow_close",
            Self::Slicer(_) => "slicer",
            Self::Timeout(_) => "timeout",
            Self::ResetPeer(_) => "reset_peer",
            Self::LimitData(_) => "limit_data",
        }
    }

    /// The attributes as Toxiproxy writes them.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Latency(attributes) => serde_json::to_value(attributes),
            Self::Bandwidth(attributes) => serde_json::to_value(attributes),
            Self::SlowClose(attributes) => serde_json::to_value(attributes),
            Self::Slicer(attributes) => serde_json::to_value(attributes),
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
    Bandwidth(bandwidth::Bandwidth),
    SlowClose(slow_close::SlowClose),
    Slicer(slicer::Slicer),
    Timeout(timeout::Timeout),
    ResetPeer(reset_peer::ResetPeer),
    LimitData(limit_data::LimitData),
}

impl Effect {
    /// The effect of a toxic that takes hold now; `draws` is the seed of what it leaves to chance.
    pub(crate) fn new(attributes: &Attributes, now: Instant, draws: Seed) -> Self {
        match attributes {
            Attributes::Latency(attributes) => Self::Latency(attributes.effect(draws)),
            Attributes::Bandwidth(attributes) => Self::Bandwidth(attributes.effect()),
            Attributes::SlowClose(attributes) => Self::SlowClose(attributes.effect()),
            Attributes::Slicer(attributes) => Self::Slicer(attributes.effect(draws)),
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

    /// Acts on what came in.
    pub(crate) fn meet(&mut self, passage: &mut Passage) {
        match self {
            Self::Timeout(_) => timeout::meet(passage),
            Self::ResetPeer(effect) => effect.meet(passage),
            Self::LimitData(effect) => effect.meet(passage),
            Self::Latency(_) | Self::Bandwidth(_) | Self::SlowClose(_) | Self::Slicer(_) => self.pace(passage),
        }
    }

    /// Says when something goes on, as [`Effect::meet`] does, but drops nothing: it has been let in before.
    pub(crate) fn pace(&mut self, passage: &mut Passage) {
        match self {
            Self::Latency(effect) => effect.meet(passage),
            Self::Bandwidth(effect) => effect.meet(passage),
            Self::SlowClose(effect) => effect.meet(passage),
            Self::Slicer(effect) => effect.meet(passage),
            Self::Timeout(_) | Self::ResetPeer(_) | Self::LimitData(_) => {}
        }
    }

    /// Forgets what waits: it will be paced again.
    pub(crate) const fn restart(&mut self, now: Instant) {
        match self {
            Self::Bandwidth(effect) => effect.restart(now),
            Self::Slicer(effect) => effect.restart(now),
            Self::Latency(_) | Self::SlowClose(_) | Self::Timeout(_) | Self::ResetPeer(_) | Self::LimitData(_) => {}
        }
    }

    /// When it has room for more, where it makes the sender wait.
    pub(crate) const fn room_from(&self) -> Option<Instant> {
        match self {
            Self::Bandwidth(effect) => effect.room_from(),
            Self::Slicer(effect) => effect.room_from(),
            Self::Latency(_) | Self::SlowClose(_) | Self::Timeout(_) | Self::ResetPeer(_) | Self::LimitData(_) => None,
        }
    }

    /// When it ends the connection, and how, as far as is known yet.
    pub(crate) fn ends(&self) -> Option<(Instant, Ending)> {
        match self {
            Self::Timeout(effect) => effect.ends_at().map(|at| (at, Ending::Fin)),
            Self::ResetPeer(effect) => effect.ends_at().map(|at| (at, Ending::Rst)),
            Self::Latency(_) | Self::Bandwidth(_) | Self::SlowClose(_) | Self::Slicer(_) | Self::LimitData(_) => None,
        }
    }

    /// How its removal ends the connection, if it does.
    pub(crate) const fn ending_on_removal(&self) -> Option<Ending> {
        match self {
            // The bytes that it dropped never come back: an open connection could only hang.
            Self::Timeout(_) => Some(Ending::Fin),
            Self::ResetPeer(effect) if effect.began_at().is_some() => Some(Ending::Rst),
            Self::Latency(_)
            | Self::Bandwidth(_)
            | Self::SlowClose(_)
            | Self::Slicer(_)
            | Self::ResetPeer(_)
            | Self::LimitData(_) => None,
        }
    }
}
