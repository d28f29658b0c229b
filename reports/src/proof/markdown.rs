//! `prove.md`: the table of a proof, to stand in documents.

use super::sentence;
use crate::markdown::{code, line};
use crate::numerals;
use model::proof::{DefectRecord, HonestRecord, ProofRecord};

/// The proof, in GitHub's dialect.
#[must_use]
pub fn markdown(record: &ProofRecord) -> String {
    let parts = [
        format!("# Proof\n\n**{}**\n", line(&sentence::verdict(record))),
        figures(record),
        list(&sentence::remarks(record)),
        defects(&record.defects),
        honest(&record.honest),
        format!(
            "<sub>doorbuster {} · program `{}` · {} · {} cores · `{}`</sub>\n",
            line(&record.doorbuster_version),
            code(record.program_hash.get(..12).unwrap_or(&record.program_hash)),
            line(&record.written_at),
            record.machine.cores,
            code(&record.command)
        ),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn figures(record: &ProofRecord) -> String {
    sentence::figures(record)
        .into_iter()
        .map(|(name, value)| format!("- {name}: {value}\n"))
        .collect::<Vec<_>>()
        .concat()
}

fn list(remarks: &[String]) -> String {
    remarks.iter().map(|remark| format!("- {}\n", line(remark))).collect::<Vec<_>>().concat()
}

fn defects(defects: &[DefectRecord]) -> String {
    if defects.is_empty() {
        return String::new();
    }
    let rows = defects.iter().map(|defect| {
        format!(
            "| `{}` | {} | `{}` | {} | {} | {} | {} | {} | {} |\n",
            code(&defect.slug),
            line(&defect.summary),
            code(&sentence::catcher(&defect.catcher)),
            sentence::caught_of(&defect.tally),
            numerals::count(defect.exposure),
            sentence::first_seen(defect.first_evidence_median_ms),
            sentence::first_seen(defect.first_evidence_max_ms),
            or_none(&line(&sentence::others(defect))),
            format_args!("{} of {}", defect.false_accusations, defect.honest_runs),
        )
    });
    format!(
        "## Seeded defects\n\n\
         | defect | what the shop does wrong | caught by | caught | exposed | first evidence, median | longest | also broken | falsely accused |\n\
         |---|---|---|--:|--:|--:|--:|---|--:|\n{}",
        rows.collect::<String>()
    )
}

fn honest(scenarios: &[HonestRecord]) -> String {
    if scenarios.is_empty() {
        return String::new();
    }
    let rows = scenarios.iter().map(|scenario| {
        let names: Vec<&str> = scenario.accusations.keys().map(String::as_str).collect();
        let told: Vec<&str> = names.into_iter().chain(scenario.reasons.iter().map(String::as_str)).collect();
        format!(
            "| `{}` | {} | {} | {} | {} |\n",
            code(&scenario.scenario),
            sentence::caught_of(&scenario.tally),
            scenario.tally.inconclusive + scenario.tally.failed,
            scenario.tally.bad,
            or_none(&line(&told.join("; ")))
        )
    });
    format!(
        "## The honest shop\n\n| scenario | passed | inconclusive | accused | why |\n|---|--:|--:|--:|---|\n{}",
        rows.collect::<String>()
    )
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { numerals::NONE } else { text }
}
