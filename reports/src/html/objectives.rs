//! Objectives with target, measured value, confidence interval and finding.

use super::laws::badge;
use super::table::{Reflow, numbers, table, words};
use super::{escape, section};
use crate::{numerals, sentence};
use model::finding::Finding;
use model::objective::Target;
use model::record::{ObjectiveRecord, RunRecord};

/// The table of objectives.
pub fn objectives(record: &RunRecord) -> String {
    let rows: Vec<Vec<String>> = record.objectives.iter().map(row).collect();
    let columns = [
        words("Objective"),
        words("Target"),
        numbers("Measured"),
        words("Confidence interval"),
        numbers("Samples"),
        words("Finding"),
    ];
    section(
        "objectives",
        "Objectives",
        "A finding needs the whole confidence interval on one side of the target, which is the upright mark in each bar.",
        &table("Objectives", &columns, &rows, Reflow::Cards),
    )
}

fn row(objective: &ObjectiveRecord) -> Vec<String> {
    let unit = objective.unit;
    let interval = format!("{}{}", bar(objective), escape(&numerals::interval(objective.low, objective.high, unit)));
    let remark = if objective.remark.is_empty() {
        String::new()
    } else {
        format!("<small>{}</small>", escape(&objective.remark))
    };
    vec![
        format!("{}<small>{}</small>", escape(&sentence::objective_name(&objective.name)), escape(&objective.phase)),
        escape(&numerals::target(objective.target, unit)),
        format!("<b>{}</b>", escape(&numerals::measured(objective))),
        interval,
        numerals::count(objective.samples),
        format!("{}{remark}", badge(objective.finding)),
    ]
}

/// Interval, measured value and target on one line; decoration, since the numbers stand beside it.
fn bar(objective: &ObjectiveRecord) -> String {
    let target = match objective.target {
        Target::AtMost(value) | Target::AtLeast(value) => value,
    };
    let (Some(low), Some(high), Some(measured)) = (objective.low, objective.high, objective.measured) else {
        return String::new();
    };
    let all = [target, low, high, measured];
    let (least, most) =
        (all.into_iter().fold(f64::INFINITY, f64::min), all.into_iter().fold(f64::NEG_INFINITY, f64::max));
    if !(least.is_finite() && most.is_finite()) || most <= least {
        return String::new();
    }
    let at = |value: f64| 6.0 + (value - least) / (most - least) * 108.0;
    let class = match objective.finding {
        Finding::Held => "good",
        Finding::Violated => "bad",
        Finding::Undecided | Finding::NotExercised => "open",
    };
    format!(
        "<svg class=\"bar {class}\" viewBox=\"0 0 120 14\" aria-hidden=\"true\"><path class=\"track\" d=\"M2 7H118\"/>\
         <path class=\"interval\" d=\"M{:.1} 7H{:.1}\"/><path class=\"target\" d=\"M{:.1} 1V13\"/><circle cx=\"{:.1}\" cy=\"7\" r=\"3\"/></svg>",
        at(low),
        at(high).max(at(low) + 0.5),
        at(target),
        at(measured),
    )
}
