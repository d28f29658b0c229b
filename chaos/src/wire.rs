//! The JSON of Toxiproxy's interface and of our additions, for both sides of it.

use std::collections::BTreeMap;

use model::fault::{self, LinkRule, Stream};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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

impl NewToxic {
    /// The body that adds this toxic; none for `Toxic::Down`, which is a disabled proxy.
    #[must_use]
    pub fn of(name: &str, toxic: &fault::Toxic, stream: Stream, toxicity: f64) -> Option<Self> {
        let attributes = match *toxic {
            fault::Toxic::Latency { latency_ms, jitter_ms } => json!({"latency": latency_ms, "jitter": jitter_ms}),
            fault::Toxic::Timeout { timeout_ms } | fault::Toxic::ResetPeer { timeout_ms } => {
                json!({"timeout": timeout_ms})
            }
            fault::Toxic::Bandwidth { rate_kb } => json!({"rate": rate_kb}),
            fault::Toxic::SlowClose { delay_ms } => json!({"delay": delay_ms}),
            fault::Toxic::Slicer { average_size, size_variation, delay_us } => {
                json!({"average_size": average_size, "size_variation": size_variation, "delay": delay_us})
            }
            fault::Toxic::LimitData { bytes } => json!({"bytes": bytes}),
            fault::Toxic::Down {} => return None,
        };
        Some(Self {
            name: Some(name.to_owned()),
            kind: toxic.name().to_owned(),
            stream: Some(crate::proxy::name_of(stream).to_owned()),
            toxicity: Some(toxicity),
            attributes,
        })
    }
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
    /// How late the process was, beyond what was asked of it.
    #[serde(default)]
    pub lag: Lag,
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
    /// Of these, those that ended because the proxy was disabled or moved. Those that the system refuses while it is disabled
    /// reach nobody who could count them.
    #[serde(default)]
    pub connections_shut: u64,
    /// Of these, those that were passed through untouched although there were rules: they do not speak HTTP/1.
    #[serde(default)]
    pub connections_foreign: u64,
    /// Connections whose upstream could not be reached.
    pub connects_failed: u64,
    /// From the client to the upstream.
    pub upstream: TrafficCounters,
    /// From the upstream to the client.
    pub downstream: TrafficCounters,
    /// By toxic, removed ones included.
    pub toxics: Vec<ToxicCounters>,
    /// By rule, removed ones included.
    #[serde(default)]
    pub rules: Vec<RuleCounters>,
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

/// What a rule met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCounters {
    /// Its name.
    pub id: String,
    /// Exchanges that met its conditions.
    pub matched: u64,
    /// Of these, exchanges under its effect.
    pub applied: u64,
    /// Of these, exchanges that the upstream answered and whose answer the client never got.
    pub hazardous: u64,
}

/// A rule as `GET /proxies/{proxy}/rules` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// What it met.
    #[serde(flatten)]
    pub counters: RuleCounters,
    /// The rule.
    pub rule: LinkRule,
}

/// The body of `POST /faults`: all faults of a run, which replace those that it had, at one instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Faults {
    /// The run; it takes or renews the lease.
    pub run: String,
    /// Milliseconds until the lease expires.
    pub ttl_ms: u64,
    /// By name of the proxy. One that the run's last set named and this one does not is healed.
    #[serde(default)]
    pub proxies: BTreeMap<String, ProxyFaults>,
}

/// All faults of one proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyFaults {
    /// Whether it takes connections.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Its toxics, in their order.
    #[serde(default)]
    pub toxics: Vec<NewToxic>,
    /// Its rules, in their order; `run` may be left out.
    #[serde(default)]
    pub rules: Vec<Value>,
}

impl Default for ProxyFaults {
    fn default() -> Self {
        Self { enabled: true, toxics: Vec::new(), rules: Vec::new() }
    }
}

const fn yes() -> bool {
    true
}

/// How late a proxy process was, beyond what faults asked for: how many bytes, or pieces of them, were at most so late.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lag {
    /// Upper bounds of the buckets, in microseconds; one more bucket has none.
    pub bounds_us: Vec<u64>,
    /// From readable to read: a probe, 50 times a second.
    pub read: Vec<u64>,
    /// From read, or from when a fault let it go, to written: every piece whose receiver did not keep it waiting.
    pub write: Vec<u64>,
}

impl Lag {
    /// What happened since an earlier look.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let less = |now: &[u64], before: &[u64]| {
            let before = before.iter().copied().chain(std::iter::repeat(0));
            now.iter().zip(before).map(|(now, before)| now.saturating_sub(before)).collect()
        };
        Self {
            bounds_us: self.bounds_us.clone(),
            read: less(&self.read, &earlier.read),
            write: less(&self.write, &earlier.write),
        }
    }

    /// The lag, in microseconds, that a share of `share` in [0, 1] did not exceed, as the bound of its bucket: the worse of
    /// reading and writing. Absent when nothing was measured, or where it lies above all bounds.
    #[must_use]
    pub fn quantile_us(&self, share: f64) -> Option<u64> {
        let bucket = |counts: &[u64]| {
            let all: u64 = counts.iter().sum();
            let mut below = 0;
            counts.iter().position(|count| {
                below += count;
                below > 0 && below as f64 >= all as f64 * share
            })
        };
        let worst = bucket(&self.read).max(bucket(&self.write))?;
        self.bounds_us.get(worst).copied()
    }
}
