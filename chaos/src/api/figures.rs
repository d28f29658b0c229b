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
use crate::lag::{Histogram, Lag, bounds_s};
use crate::process::Usage;
use crate::proxy::name_of;
use crate::wire;

pub(super) async fn counters(State(control): State<Arc<Control>>) -> Json<wire::Counters> {
    let proxies = control.registry.all().into_iter().map(|(name, proxy)| (name, proxy.counters.snapshot()));
    Json(wire::Counters {
        cpu_s: Usage::own().map(|usage| usage.cpu_s),
        lag: control.registry.lag.show(),
        proxies: proxies.collect(),
    })
}

pub(super) async fn metrics(State(control): State<Arc<Control>>) -> impl IntoResponse {
    let mut shown = BTreeMap::new();
    for (name, proxy) in control.registry.all() {
        shown.insert(name, (proxy.show().await, proxy.counters.snapshot()));
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], render(&shown, &control.registry.lag, Usage::own()))
}

type Shown = BTreeMap<String, (wire::Proxy, wire::ProxyCounters)>;

/// Toxiproxy's own two families first, under its names and labels; then ours.
fn render(shown: &Shown, lag: &Lag, usage: Option<Usage>) -> String {
    let mut text = Text(String::new());
    text.family("toxiproxy_proxy_received_bytes_total", "counter", traffic(shown, |bytes| bytes.received_bytes));
    text.family("toxiproxy_proxy_sent_bytes_total", "counter", traffic(shown, |bytes| bytes.sent_bytes));
    text.family("doorbuster_proxy_connections_total", "counter", each(shown, |counters| counters.connections));
    text.family("doorbuster_proxy_connections_open", "gauge", each(shown, |counters| counters.connections_open));
    let foreign = each(shown, |counters| counters.connections_foreign);
    text.family("doorbuster_proxy_connections_foreign_total", "counter", foreign);
    text.family("doorbuster_proxy_connects_failed_total", "counter", each(shown, |counters| counters.connects_failed));
    text.family("doorbuster_proxy_toxic_connections_total", "counter", tallies(shown, |toxic| toxic.connections));
    text.family("doorbuster_proxy_toxic_bytes_total", "counter", tallies(shown, |toxic| toxic.bytes));
    text.family("doorbuster_proxy_rule_matched_total", "counter", rules(shown, |rule| rule.matched));
    text.family("doorbuster_proxy_rule_applied_total", "counter", rules(shown, |rule| rule.applied));
    text.family("doorbuster_proxy_rule_hazardous_total", "counter", rules(shown, |rule| rule.hazardous));
    text.histograms("proxy_lag_seconds", &[("read", &lag.read), ("write", &lag.write)]);
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

fn rules(shown: &Shown, value: impl Fn(&wire::RuleCounters) -> u64) -> Vec<Sample<'_>> {
    let all = shown.iter().flat_map(|(name, (_, counters))| counters.rules.iter().map(move |rule| (name, rule)));
    all.map(|(name, rule)| (vec![("proxy", name.as_str()), ("rule", &*rule.id)], value(rule))).collect()
}

/// Prometheus' text format, <https://prometheus.io/docs/instrumenting/exposition_formats/>.
struct Text(String);

impl Text {
    /// Histograms that differ by their stage: buckets that count all below, sum and count.
    fn histograms(&mut self, name: &str, stages: &[(&str, &Histogram)]) {
        let _ = writeln!(self.0, "# TYPE {name} histogram");
        for (stage, histogram) in stages {
            let mut below = 0;
            let bounds = bounds_s().map(|bound| bound.to_string()).chain(std::iter::once("+Inf".to_owned()));
            for (count, bound) in histogram.counts().into_iter().zip(bounds) {
                below += count;
                let _ = writeln!(self.0, "{name}_bucket{{stage=\"{stage}\",le=\"{bound}\"}} {below}");
            }
            let _ = writeln!(self.0, "{name}_sum{{stage=\"{stage}\"}} {}", histogram.sum_s());
            let _ = writeln!(self.0, "{name}_count{{stage=\"{stage}\"}} {below}");
        }
    }

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
