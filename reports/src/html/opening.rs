//! The top of the page: the verdict as a sentence, why, and the handful of numbers that people ask for first.

use super::{each, escape};
use crate::{numerals, sentence};
use model::finding::{Finding, Verdict};
use model::record::RunRecord;

/// Reasons told at the top; the rest stand with their laws and objectives.
const REASONS_MAX: usize = 8;

/// Verdict, reasons and key numbers.
pub fn section(record: &RunRecord) -> String {
    let sentence = sentence::without_verdict(record);
    let (class, badge) = match record.verdict {
        Verdict::Pass => ("pass", "Pass"),
        Verdict::Inconclusive => ("open", "Inconclusive – not proven"),
        Verdict::Fail => ("fail", "Fail"),
    };
    format!(
        "<header class=\"opening {class}\">\n<p class=\"brand\"><b>Doorbuster</b><span>{scenario}</span><span>{shop}</span><span><time>{started}</time></span></p>\n\
         <h1><span class=\"badge\">{badge}</span><span class=\"hidden\">: </span><span class=\"sentence\">{sentence}</span></h1>\n{description}{reasons}{tiles}</header>\n",
        scenario = escape(&record.scenario),
        shop = escape(&record.shop),
        started = escape(&numerals::instant(&record.started_at)),
        sentence = escape(&sentence::capitalised(&sentence)),
        description = paragraph(&record.description),
        reasons = reasons(record),
        tiles = tiles(record),
    )
}

fn paragraph(text: &str) -> String {
    if text.trim().is_empty() {
        String::new()
    } else {
        format!("<p class=\"description\">{}</p>\n", escape(text.trim()))
    }
}

fn reasons(record: &RunRecord) -> String {
    if record.reasons.is_empty() {
        return String::new();
    }
    let heading = match record.verdict {
        Verdict::Pass => "Remarks",
        Verdict::Inconclusive => "What a proof still lacks",
        Verdict::Fail => "Why",
    };
    let told = each(record.reasons.iter().take(REASONS_MAX), |reason| format!("<li>{}</li>\n", escape(reason)));
    let rest = record.reasons.len().saturating_sub(REASONS_MAX);
    let rest = if rest == 0 {
        String::new()
    } else {
        format!("<li>and {} more, told below</li>\n", numerals::count(rest as u64))
    };
    format!("<div class=\"reasons\"><h2>{heading}</h2>\n<ul>\n{told}{rest}</ul></div>\n")
}

fn tiles(record: &RunRecord) -> String {
    let mut tiles = vec![
        (
            numerals::count(record.arrivals.confirmed),
            "orders confirmed".into(),
            format!("of {} arrivals", numerals::count(record.arrivals.scheduled)),
        ),
        (format!("{}/s", sentence::peak(record)), "at the peak".into(), "busiest ten seconds".into()),
    ];
    for name in ["checkout_p95", "availability"] {
        if let Some(objective) = record.objectives.iter().find(|objective| objective.name == name) {
            let target = format!("{}, {}", objective.phase, numerals::target(objective.target, objective.unit));
            tiles.push((numerals::measured(objective), sentence::objective_name(name), target));
        }
    }
    let count = |finding| record.laws.iter().filter(|law| law.finding == finding).count();
    let (held, violated) = (count(Finding::Held), count(Finding::Violated));
    let others = record.laws.len() - held - violated;
    let aside = match (violated, others) {
        (0, 0) => "none broken".into(),
        (0, others) => format!("{others} without a finding"),
        (violated, _) => format!("{violated} broken"),
    };
    tiles.push((format!("{held} of {}", record.laws.len()), "laws held".into(), aside));
    let hazards: u64 = record.faults.iter().filter_map(|fault| fault.hazardous).sum();
    if hazards > 0 {
        tiles.push((numerals::count(hazards), "hazards met".into(), "operations left in doubt by a fault".into()));
    }
    let tiles = each(tiles, |(value, name, aside): (String, String, String)| {
        format!(
            "<div><dt>{}</dt><dd><b>{}</b><small>{}</small></dd></div>\n",
            escape(&name),
            escape(&value),
            escape(&aside)
        )
    });
    format!("<dl class=\"tiles\">\n{tiles}</dl>\n")
}
