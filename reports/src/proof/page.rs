//! `prove.html`: the proof as one self-contained page, with the look of a run's report.

use super::sentence;
use crate::html::table::{Reflow, numbers, table, words};
use crate::html::{STYLE, each, escape, section};
use crate::{numerals, plot};
use model::proof::{DefectRecord, HonestRecord, ProofRecord, Tally};

/// The page, as UTF-8.
#[must_use]
pub fn html(record: &ProofRecord) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"generator\" content=\"Doorbuster {version}\">\n\
         <meta name=\"description\" content=\"{sentence}\">\n\
         <title>{verdict}: proof</title>\n<style>\n{STYLE}{colours}</style>\n</head>\n<body>\n<main>\n{parts}</main>\n{foot}</body>\n</html>\n",
        version = escape(&record.doorbuster_version),
        sentence = escape(&sentence::verdict(record)),
        verdict = record.verdict.name(),
        colours = plot::css(),
        parts = [opening(record), defects(&record.defects), honest(&record.honest)].concat(),
        foot = foot(record),
    )
}

fn opening(record: &ProofRecord) -> String {
    let class = match sentence::is_good(record.verdict) {
        Some(true) => "pass",
        Some(false) => "fail",
        None => "open",
    };
    let remarks = sentence::remarks(record);
    let remarks = if remarks.is_empty() {
        String::new()
    } else {
        let items = each(&remarks, |remark| format!("<li>{}</li>\n", escape(remark)));
        format!("<div class=\"reasons\"><h2>What to look at</h2>\n<ul>\n{items}</ul></div>\n")
    };
    format!(
        "<header class=\"opening {class}\">\n<p class=\"brand\"><b>Doorbuster</b><span>proof</span><span>{seeds}</span><span><time>{at}</time></span></p>\n\
         <h1><span class=\"badge\">{verdict}</span><span class=\"hidden\">: </span><span class=\"sentence\">{halves}</span></h1>\n{remarks}{tiles}</header>\n",
        seeds = sentence::seeds(record),
        at = escape(&numerals::instant(&record.written_at)),
        verdict = record.verdict.name(),
        halves = escape(&crate::sentence::capitalised(&sentence::halves(record))),
        tiles = tiles(record),
    )
}

fn tiles(record: &ProofRecord) -> String {
    let figures = &record.figures;
    let mut tiles = Vec::new();
    if !record.defects.is_empty() {
        tiles.push((
            format!("{} of {}", figures.caught_always, record.defects.len()),
            "defects caught".to_owned(),
            "by what was named beforehand, with every seed".to_owned(),
        ));
    }
    let counted = figures.honest_runs.good + figures.honest_runs.bad;
    if !record.honest.is_empty() {
        let bound = figures.accusation_rate_max.filter(|bound| *bound < 1.0);
        let bound = bound.map_or_else(
            || "too few to bound a rate".into(),
            |bound| format!("a rate under {}", numerals::percent(bound)),
        );
        tiles.push((
            numerals::count(figures.honest_runs.bad),
            "false accusations".to_owned(),
            format!("in {}, {bound}", numerals::counted(counted, "honest run", "honest runs")),
        ));
    }
    for (name, value) in sentence::figures(record) {
        tiles.push((value, name.to_owned(), String::new()));
    }
    let tiles = each(tiles, |(value, name, aside): (String, String, String)| {
        format!(
            "<div><dt>{}</dt><dd><b>{}</b><small>{}</small></dd></div>\n",
            escape(&crate::sentence::capitalised(&name)),
            escape(&value),
            escape(&aside)
        )
    });
    format!("<dl class=\"tiles\">\n{tiles}</dl>\n")
}

fn defects(defects: &[DefectRecord]) -> String {
    if defects.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = defects
        .iter()
        .map(|defect| {
            let others = sentence::others(defect);
            let others =
                if others.is_empty() { String::new() } else { format!("<small>also {}</small>", escape(&others)) };
            vec![
                format!(
                    "<code>{}</code><small>{}</small><small>seen at {}</small>",
                    escape(&defect.slug),
                    escape(&defect.summary),
                    escape(&defect.origin)
                ),
                badge(&defect.tally),
                format!("<code>{}</code>{others}", escape(&sentence::catcher(&defect.catcher))),
                numerals::count(defect.exposure),
                sentence::first_seen(defect.first_evidence_median_ms),
                sentence::first_seen(defect.first_evidence_max_ms),
                format!("{} of {}", defect.false_accusations, defect.honest_runs),
            ]
        })
        .collect();
    let columns = [
        words("Defect"),
        words("Caught"),
        words("By"),
        numbers("Exposed"),
        numbers("First seen"),
        numbers("At latest"),
        numbers("Falsely"),
    ];
    section(
        "defects",
        "Seeded defects",
        "Each was reported in a real project. <i>Exposed</i> are the subjects that met the hazard which the law is about, over all seeds; \
         <i>first seen</i> is the time from the start of the load to the first row that the finding rests on, median and longest; \
         <i>falsely</i> counts honest runs under the same scenario that the same law accused.",
        &table("Seeded defects", &columns, &rows, Reflow::Cards),
    )
}

fn honest(scenarios: &[HonestRecord]) -> String {
    if scenarios.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = scenarios
        .iter()
        .map(|scenario| {
            let accusers = scenario.accusations.keys().map(String::as_str);
            let why: Vec<&str> = accusers.chain(scenario.reasons.iter().map(String::as_str)).collect();
            vec![
                format!("<code>{}</code>", escape(&scenario.scenario)),
                badge(&scenario.tally),
                (scenario.tally.inconclusive + scenario.tally.failed).to_string(),
                scenario.tally.bad.to_string(),
                if why.is_empty() { numerals::NONE.into() } else { escape(&why.join("; ")) },
            ]
        })
        .collect();
    let columns = [words("Scenario"), words("Passed"), numbers("Inconclusive"), numbers("Accused"), words("Why")];
    section(
        "honest",
        "The honest shop",
        "The same shop without a defect. A run counts only if it passed or was accused; one that proved neither had a second go \
         with the machine to itself.",
        &table("The honest shop by scenario", &columns, &rows, Reflow::Cards),
    )
}

fn badge(tally: &Tally) -> String {
    let class = match (tally.good == tally.planned, tally.bad > 0) {
        (_, true) => "bad",
        (true, false) => "good",
        (false, false) => "open",
    };
    format!("<span class=\"finding {class}\">{}</span>", sentence::caught_of(tally))
}

fn foot(record: &ProofRecord) -> String {
    format!(
        "<footer>\n<p>Repeat it:</p>\n<pre>{}</pre>\n<p class=\"hash\">program {} · {} · {} cores · {} MiB</p>\n</footer>\n",
        escape(&record.command),
        escape(&record.program_hash),
        escape(&record.machine.processor),
        record.machine.cores,
        numerals::count(record.machine.memory_mib)
    )
}
