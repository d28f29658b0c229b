//! The JSON of Toxiproxy's interface and of our additions, for both sides of it.

use std::collections::BTreeMap;

use model::fault::Stream;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// A proxy as the interface shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proxy {
    /// Its name, unique.
    pub name: String,
    /// Where it listens, with the real port.
    pub listen: String,
    /// Where it connects to, `host:port`.
    pub upstream: String,
    /// Whether it takes connections.
    pub enabled: bool,
    /// Its toxics, those of the upstream direction first.
    #[serde(default)]
    pub toxics: Vec<Toxic>,
}

/// A toxic as the interface shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Toxic {
    /// Its name, unique on the proxy across both directions.
    pub name: String,
    /// Its type, in Toxiproxy's words.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which way it acts.
    pub stream: Stream,
    /// Chance that it takes hold of a connection, in [0, 1].
    #[serde(serialize_with = "whole_when_it_can")]
    pub toxicity: f64,
    /// What its type demands.
    pub attributes: Value,
}

/// Toxiproxy writes a toxicity of one as `1`, not as `1.0`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a field by reference")]
fn whole_when_it_can<S: Serializer>(toxicity: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if toxicity.fract() == 0.0 {
        serializer.serialize_u64(*toxicity as u64)
    } else {
        serializer.serialize_f64(*toxicity)
    }
}

/// The body that makes a proxy.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewProxy {
    /// Its name; required.
    pub name: String,
    /// Where to listen; port 0 picks one. Empty is `127.0.0.1:0`.
    pub listen: String,
    /// Where to connect to; required.
    pub upstream: String,
    /// Whether it takes connections; it does when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// The body that changes a proxy; what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProxyChange {
    /// Where to listen from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// Where to connect to from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// Whether it takes connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// The body that adds a toxic.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewToxic {
    /// Its name; `<type>_<stream>` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// `upstream` or `downstream`, which is meant when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// Chance that it takes hold of a connection; 1 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toxicity: Option<f64>,
    /// What its type demands.
    pub attributes: Value,
}

/// The body that changes a toxic; what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ToxicChange {
    /// Chance that it takes hold of a connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toxicity: Option<f64>,
    /// Those of the attributes that change.
    pub attributes: Value,
}

/// An error's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What is wrong.
    pub error: String,
    /// The HTTP status once more.
    pub status: u16,
}

/// The body of `PUT /lease`: the faults of this run end unless it is renewed in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// The run that holds the lease.
    pub run: String,
    /// Milliseconds until it expires; 0 gives it back, which also ends the faults.
    pub ttl_ms: u64,
}

/// The answer of `GET /doorbuster/counters`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    /// CPU time that the proxy's process used, in seconds, where the system tells.
    pub cpu_s: Option<f64>,
    /// Figures by name of the proxy, since it was made.
    pub proxies: BTreeMap<String, ProxyCounters>,
}

/// Figures of one proxy since it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyCounters {
    /// Connections accepted.
    pub connections: u64,
    /// Of these, open now.
    pub connections_open: u64,
    /// Connections whose upstream could not be reached.
    pub connects_failed: u64,
    /// From the client to the upstream.
    pub upstream: TrafficCounters,
    /// From the upstream to the client.
    pub downstream: TrafficCounters,
    /// By toxic, removed ones included.
    pub toxics: Vec<ToxicCounters>,
}

/// Bytes of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrafficCounters {
    /// Read from the one side.
    pub received_bytes: u64,
    /// Written to the other side.
    pub sent_bytes: u64,
}

/// What a toxic met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToxicCounters {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which way it acts.
    pub stream: Stream,
    /// Connections that it took hold of.
    pub connections: u64,
    /// Bytes that were read under it.
    pub bytes: u64,
}
