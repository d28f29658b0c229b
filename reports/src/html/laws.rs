//! Laws: those that were broken, those that say nothing in this run, those that held.

use super::table::{Reflow, numbers, table, words};
use super::{each, escape, section, story};
use crate::{numerals, sentence};
use model::finding::Finding;
use model::record::{LawRecord, RunRecord};

/// Broken laws, each with one counterexample; nothing when there are none.
pub fn broken(record: &RunRecord) -> String {
    let laws: Vec<&LawRecord> = with(record, &[Finding::Violated]);
    if laws.is_empty() {
        return String::new();
    }
    let body = each(&laws, |law| {
        let stake =
            sentence::at_stake(law).map_or_else(String::new, |stake| format!("; <b>{}</b> at stake", escape(&stake)));
        format!(
            "<article class=\"broken\">\n<h3>{stated}</h3>\n<p class=\"counts\"><code>{name}</code> broken for <b>{violated}</b> of {examined} examined{exposure}{stake}</p>\n{stories}</article>\n",
            stated = escape(&sentence::stated(law)),
            name = escape(&law.name),
            violated = numerals::count(law.violated),
            examined = numerals::count(law.examined),
            exposure = if law.exposure > 0 {
                format!(", {} of them exposed to the hazard", numerals::count(law.exposure))
            } else {
                String::new()
            },
            stories = story::stories(record, law),
        )
    });
    section("broken-laws", if laws.len() == 1 { "Broken law" } else { "Broken laws" }, "", &body)
}

/// Laws without a finding either way.
pub fn silent(record: &RunRecord) -> String {
    let laws = with(record, &[Finding::Undecided, Finding::NotExercised]);
    if laws.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = laws
        .iter()
        .map(|law| {
            vec![
                named(law),
                badge(law.finding),
                numerals::count(law.examined),
                numerals::count(law.undecided),
                numerals::count(law.exposure),
                if law.required { format!("yes, {} exposed", numerals::count(law.exposure_min)) } else { "no".into() },
            ]
        })
        .collect();
    let columns = [
        words("Law"),
        words("Finding"),
        numbers("Examined"),
        numbers("Undecided"),
        numbers("Exposed"),
        words("Required"),
    ];
    section(
        "silent-laws",
        "Laws without a finding",
        "This run says nothing about these, neither for the shop nor against it.",
        &table("Laws without a finding", &columns, &rows, Reflow::Cards),
    )
}

/// Laws that held, with what that is worth.
pub fn held(record: &RunRecord) -> String {
    let laws = with(record, &[Finding::Held]);
    if laws.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = laws
        .iter()
        .map(|law| {
            let worth = numerals::excluded(law.exposure, law.excluded_rate);
            vec![named(law), numerals::count(law.examined), numerals::count(law.exposure), escape(&worth)]
        })
        .collect();
    let columns = [words("Law"), numbers("Examined"), numbers("Exposed"), words("What that excludes")];
    section(
        "held-laws",
        "Laws that held",
        "<i>Exposed</i> are the subjects that met the hazard which the law is about. None of them broke the law: had the shop broken it more often than the rate told here, this run would have shown it 95 times in 100. A law that met no hazard excludes nothing.",
        &table("Laws that held", &columns, &rows, Reflow::Cards),
    )
}

/// The word for a finding, in its colour.
pub fn badge(finding: Finding) -> String {
    let class = match finding {
        Finding::Held => "good",
        Finding::Violated => "bad",
        Finding::Undecided | Finding::NotExercised => "open",
    };
    format!("<span class=\"finding {class}\">{}</span>", finding.name())
}

fn with<'a>(record: &'a RunRecord, findings: &[Finding]) -> Vec<&'a LawRecord> {
    record.laws.iter().filter(|law| findings.contains(&law.finding)).collect()
}

fn named(law: &LawRecord) -> String {
    let required = if law.required { " <span class=\"tag\">required</span>" } else { "" };
    format!("{}{required}<small><code>{}</code></small>", escape(&sentence::stated(law)), escape(&law.name))
}
