//! The routes that tell what passed: Prometheus' text, and JSON.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::CONTENT_TYPE;
use model::fault::Stream;

use super::Control;
use crate::process::Usage;
use crate::proxy::name_of;
use crate::wire;

pub(super) async fn counters(State(control): State<Arc<Control>>) -> Json<wire::Counters> {
    let proxies = control.registry.all().into_iter().map(|(name, proxy)| (name, proxy.counters.snapshot()));
    Json(wire::Counters { cpu_s: Usage::own().map(|usage| usage.cpu_s), proxies: proxies.collect() })
}

pub(super) async fn metrics(State(control): State<Arc<Control>>) -> impl IntoResponse {
    let mut shown = BTreeMap::new();
    for (name, proxy) in control.registry.all() {
        shown.insert(name, (proxy.show().await, proxy.counters.snapshot()));
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], render(&shown, Usage::own()))
}

type Shown = BTreeMap<String, (wire::Proxy, wire::ProxyCounters)>;

/// Toxiproxy's own two families first, under its names and labels; then ours.
fn render(shown: &Shown, usage: Option<Usage>) -> String {
    let mut text = Text(String::new());
    text.family("toxiproxy_proxy_received_bytes_total", "counter", traffic(shown, |bytes| bytes.received_bytes));
    text.family("toxiproxy_proxy_sent_bytes_total", "counter", traffic(shown, |bytes| bytes.sent_bytes));
    text.family("doorbuster_proxy_connections_total", "counter", each(shown, |counters| counters.connections));
    text.family("doorbuster_proxy_connections_open", "gauge", each(shown, |counters| counters.connections_open));
    text.family("doorbuster_proxy_connects_failed_total", "counter", each(shown, |counters| counters.connects_failed));
    text.family("doorbuster_proxy_toxic_connections_total", "counter", tallies(shown, |toxic| toxic.connections));
    text.family("doorbuster_proxy_toxic_bytes_total", "counter", tallies(shown, |toxic| toxic.bytes));
    if let Some(usage) = usage {
        let _ = writeln!(text.0, "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total {}", usage.cpu_s);
        let _ = writeln!(
            text.0,
            "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes {}",
            usage.resident_bytes
        );
    }
    text.0
}

/// One sample: labels and value.
type Sample<'a> = (Vec<(&'static str, &'a str)>, u64);

fn traffic(shown: &Shown, value: impl Fn(&wire::TrafficCounters) -> u64) -> Vec<Sample<'_>> {
    let mut samples = Vec::with_capacity(shown.len() * 2);
    for (proxy, counters) in shown.values() {
        for (stream, bytes) in [(Stream::Upstream, &counters.upstream), (Stream::Downstream, &counters.downstream)] {
            let labels = vec![
                ("direction", name_of(stream)),
                ("listener", &*proxy.listen),
                ("proxy", &*proxy.name),
                ("upstream", &*proxy.upstream),
            ];
            samples.push((labels, value(bytes)));
        }
    }
    samples
}

fn each(shown: &Shown, value: impl Fn(&wire::ProxyCounters) -> u64) -> Vec<Sample<'_>> {
    shown.iter().map(|(name, (_, counters))| (vec![("proxy", name.as_str())], value(counters))).collect()
}

fn tallies(shown: &Shown, value: impl Fn(&wire::ToxicCounters) -> u64) -> Vec<Sample<'_>> {
    let mut samples = Vec::new();
    for (name, (_, counters)) in shown {
        for toxic in &counters.toxics {
            let labels = vec![
                ("proxy", name.as_str()),
                ("stream", name_of(toxic.stream)),
                ("toxic", &*toxic.name),
                ("type", &*toxic.kind),
            ];
            samples.push((labels, value(toxic)));
        }
    }
    samples
}

/// Prometheus' text format, <https://prometheus.io/docs/instrumenting/exposition_formats/>.
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, samples: Vec<Sample<'_>>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "# TYPE {name} {kind}");
        for (labels, value) in samples {
            let labels: Vec<String> =
                labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
            let _ = writeln!(self.0, "{name}{{{}}} {value}", labels.join(","));
        }
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
