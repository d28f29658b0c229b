//! What was sent and what became of it: steps, arrivals, money.

use super::table::{Reflow, numbers, table, words};
use super::{each, escape, section};
use crate::numerals;
use model::record::{MoneyRecord, RunRecord, StepRecord};

/// The table of steps.
pub fn steps(record: &RunRecord) -> String {
    if record.steps.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = record.steps.iter().map(step_row).collect();
    let columns = [
        words("Step"),
        numbers("Requests"),
        numbers("Failed"),
        numbers("Median"),
        numbers("p95"),
        numbers("p99"),
        numbers("p99.9"),
        numbers("Largest"),
    ];
    section(
        "steps",
        "Steps",
        "Response time from the intended start of each request to the last byte of its answer.",
        &table("Steps", &columns, &rows, Reflow::Scroll),
    )
}

fn step_row(step: &StepRecord) -> Vec<String> {
    let times = [step.p50_ms, step.p95_ms, step.p99_ms, step.p999_ms, step.max_ms].map(numerals::milliseconds);
    [
        format!("{}<small>{}</small>", escape(&step.step), escape(&step.journey)),
        numerals::count(step.requests),
        numerals::count(step.failed),
    ]
    .into_iter()
    .chain(times)
    .collect()
}

/// The identity of arrivals, as an equation.
pub fn arrivals(record: &RunRecord) -> String {
    let arrivals = &record.arrivals;
    let terms = [
        (arrivals.confirmed, "confirmed"),
        (arrivals.rejected, "rejected"),
        (arrivals.unknown, "unknown"),
        (arrivals.abandoned, "abandoned"),
        (arrivals.completed, "completed"),
        (arrivals.shed, "shed"),
        (arrivals.in_flight, "in flight"),
    ];
    let terms = each(terms.into_iter().enumerate(), |(index, (value, name))| {
        let sign = if index == 0 { "=" } else { "+" };
        format!(
            "<span class=\"sign\">{sign}</span> <span class=\"term\"><b>{}</b> <small>{name}</small></span> ",
            numerals::count(value)
        )
    });
    let balance = if arrivals.balance() {
        "<p class=\"lead\">Every arrival is accounted for.</p>\n"
    } else {
        "<p class=\"lead\"><span class=\"finding bad\">does not balance</span> The two sides differ: the harness lost count of arrivals.</p>\n"
    };
    let refusals = each(&record.refusals, |(reason, count)| {
        format!("<li><b>{}</b> {}</li>", numerals::count(*count), escape(&reason.replace('_', " ")))
    });
    let refusals = if refusals.is_empty() {
        String::new()
    } else {
        format!("<p>Of the rejected:</p>\n<ul class=\"inline\">{refusals}</ul>\n")
    };
    let body = format!(
        "{balance}<p class=\"equation\"><span class=\"term\"><b>{}</b> <small>scheduled</small></span> {terms}</p>\n{refusals}",
        numerals::count(arrivals.scheduled)
    );
    section("arrivals", "Arrivals", "", &body)
}

/// Sums of money.
pub fn money(record: &RunRecord) -> String {
    if record.money.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = record.money.iter().map(money_row).collect();
    let columns = [
        words("Currency"),
        numbers("Captured"),
        numbers("Refunded"),
        numbers("Kept"),
        numbers("Owed by orders"),
        numbers("Difference"),
    ];
    section(
        "money",
        "Money",
        "<i>Captured</i> and <i>refunded</i> stand in the provider’s statement, <i>owed</i> in the shop’s book of accepted orders.",
        &table("Money", &columns, &rows, Reflow::Cards),
    )
}

fn money_row(money: &MoneyRecord) -> Vec<String> {
    let amount =
        |minor: i64| format!("<span class=\"together\">{}</span>", escape(&numerals::money(minor, &money.currency)));
    let kept = money.captured_minor.saturating_sub(money.refunded_minor);
    vec![
        escape(&money.currency),
        amount(money.captured_minor),
        amount(money.refunded_minor),
        amount(kept),
        amount(money.owed_minor),
        format!("<b>{}</b>", amount(kept.saturating_sub(money.owed_minor))),
    ]
}
