//! The harness itself: whether it kept its budgets, the machine, and how to repeat the run.

use super::{each, escape, section};
use crate::numerals;
use model::record::RunRecord;

/// Health of the generator, the machine, remarks.
pub fn harness(record: &RunRecord) -> String {
    let generator = &record.generator;
    let health = if generator.valid {
        "<span class=\"finding good\">valid</span> The generator kept its own budgets throughout."
    } else {
        "<span class=\"finding open\">not valid throughout</span> The harness was slow at times; what it measured then says nothing about the shop."
    };
    let mut facts = schedule(record);
    facts.extend([
        ("Requests sent", numerals::count(generator.requests)),
        ("Arrivals shed", numerals::count(generator.shed)),
        ("Seconds not judged", numerals::count(generator.invalid_seconds)),
    ]);
    let processors = [
        (
            "Processor time of the generator",
            generator.cpu_us_per_request.map(|value| format!("{} µs per request", numerals::number(value))),
        ),
        ("Processor time of the shop", generator.shop_cpu_s.map(numerals::seconds)),
        ("Processor time of the providers", generator.providers_cpu_s.map(numerals::seconds)),
        ("Processor time of the proxy", generator.proxy_cpu_s.map(numerals::seconds)),
    ];
    facts.extend(processors.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))));
    facts.extend(machine(record));
    let facts = each(facts, |(name, value)| format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", escape(&value)));
    let body = format!(
        "<dl class=\"facts\">\n{facts}</dl>\n{}{}",
        items("", &generator.reasons),
        items("Remarks of the judge", &record.remarks)
    );
    section("harness", "The harness and its machine", health, &body)
}

/// How well a schedule was kept, or that there was none.
fn schedule(record: &RunRecord) -> Vec<(&'static str, String)> {
    if let Some(closed) = record.closed_model() {
        return vec![("Traffic", closed)];
    }
    let generator = &record.generator;
    vec![
        ("Dispatch lag, median", numerals::milliseconds(generator.dispatch_lag_p50_ms)),
        (
            "Dispatch lag, p99",
            format!(
                "{} (budget {})",
                numerals::milliseconds(generator.dispatch_lag_p99_ms),
                numerals::milliseconds(generator.dispatch_lag_budget_ms)
            ),
        ),
        ("Dispatch lag, largest", numerals::milliseconds(generator.dispatch_lag_max_ms)),
    ]
}

fn machine(record: &RunRecord) -> Vec<(&'static str, String)> {
    let machine = &record.machine;
    let cores = numerals::counted(u64::from(machine.cores), "core", "cores");
    vec![
        ("Machine", machine.system.clone()),
        ("Processor", if machine.processor.is_empty() { cores } else { format!("{}, {cores}", machine.processor) }),
        ("Memory", format!("{} GiB", numerals::number(machine.memory_mib as f64 / 1_024.0))),
    ]
}

fn items(heading: &str, items: &[String]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let heading = if heading.is_empty() { String::new() } else { format!("<h3>{heading}</h3>\n") };
    format!("{heading}<ul class=\"plain\">\n{}</ul>\n", each(items, |item| format!("<li>{}</li>\n", escape(item))))
}

/// How to repeat the run.
pub fn foot(record: &RunRecord) -> String {
    format!(
        "<footer>\n<h2>Repeat this run</h2>\n<pre tabindex=\"0\"><code>{command}</code></pre>\n\
         <dl class=\"facts\">\n<div><dt>Seed</dt><dd><code>{seed}</code></dd></div>\n<div><dt>Load</dt><dd>{duration}</dd></div>\n\
         <div><dt>Run</dt><dd><code>{run}</code></dd></div>\n<div><dt>Plan, SHA-256</dt><dd><code class=\"hash\">{hash}</code></dd></div>\n\
         <div><dt>Doorbuster</dt><dd>{version}</dd></div>\n</dl>\n</footer>\n",
        command = escape(&record.repeat()),
        seed = record.seed,
        duration = numerals::duration(record.duration_s),
        run = escape(&record.run),
        hash = escape(&record.plan_hash),
        version = escape(&record.doorbuster_version),
    )
}
