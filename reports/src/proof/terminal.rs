//! The proof for a terminal: a line for each defect, the honest shop by scenario where something is to be said, the bound.

use super::sentence;
use crate::numerals;
use crate::terminal::{Brush, Look, indented, plain};
use model::proof::{DefectRecord, HonestRecord, ProofRecord};

/// The narrowest terminal that is laid out for.
const WIDTH_MIN: usize = 40;

/// Lines wider than this are hard to read.
const WIDTH_MAX: usize = 140;

/// Remarks told; the page tells all.
const REMARKS_MAX: usize = 20;

/// Verdict, defects, honest shop, figures, in lines of at most `width` columns where they can be broken.
#[must_use]
pub fn terminal(record: &ProofRecord, width: usize, color: bool) -> String {
    let brush = Brush { color };
    let width = width.clamp(WIDTH_MIN, WIDTH_MAX);
    let parts = [
        defects(&record.defects, width, brush),
        honest(&record.honest, brush),
        remarks(record, width),
        figures(record),
        headline(record, width, brush),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn headline(record: &ProofRecord, width: usize, brush: Brush) -> String {
    let look = match sentence::is_good(record.verdict) {
        Some(true) => Look::Good,
        Some(false) => Look::Bad,
        None => Look::Open,
    };
    let word = format!("{}:", record.verdict.name());
    let text = indented(&plain(&sentence::verdict(record)), "", "  ", width, str::to_owned);
    text.replacen(&word, &brush.paint(look, &word), 1)
}

/// A row of cells, and how its first two look.
struct Row {
    cells: Vec<String>,
    look: Look,
}

fn defects(defects: &[DefectRecord], width: usize, brush: Brush) -> String {
    if defects.is_empty() {
        return String::new();
    }
    let head = ["defect", "caught", "by", "exposed", "first seen", "latest", "falsely"].map(String::from);
    let rows: Vec<Row> = defects
        .iter()
        .map(|defect| Row {
            cells: vec![
                plain(&defect.slug),
                sentence::caught_of(&defect.tally),
                plain(&sentence::catcher(&defect.catcher)),
                numerals::count(defect.exposure),
                sentence::first_seen(defect.first_evidence_median_ms),
                sentence::first_seen(defect.first_evidence_max_ms),
                format!("{} of {}", defect.false_accusations, defect.honest_runs),
            ],
            look: look(defect.tally.good == defect.tally.planned, defect.tally.bad > 0),
        })
        .collect();
    table(&head, &rows, width, brush)
}

fn honest(scenarios: &[HonestRecord], brush: Brush) -> String {
    if scenarios.is_empty() {
        return String::new();
    }
    let head = ["honest shop under", "passed", "inconclusive", "accused"].map(String::from);
    let rows: Vec<Row> = scenarios
        .iter()
        .map(|scenario| Row {
            cells: vec![
                plain(&scenario.scenario),
                sentence::caught_of(&scenario.tally),
                (scenario.tally.inconclusive + scenario.tally.failed).to_string(),
                scenario.tally.bad.to_string(),
            ],
            look: look(scenario.tally.good == scenario.tally.planned, scenario.tally.bad > 0),
        })
        .collect();
    table(&head, &rows, WIDTH_MAX, brush)
}

const fn look(all_good: bool, any_bad: bool) -> Look {
    match (all_good, any_bad) {
        (_, true) => Look::Bad,
        (true, false) => Look::Good,
        (false, false) => Look::Open,
    }
}

/// A table; the last columns go until the rest fits.
fn table(head: &[String], rows: &[Row], width: usize, brush: Brush) -> String {
    let widest = |column: usize| {
        let cells = rows.iter().map(|row| &row.cells[column]).chain([&head[column]]);
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let mut columns = head.len();
    while columns > 3 && (0..columns).map(|column| widest(column) + 2).sum::<usize>() > width {
        columns -= 1;
    }
    let line = |cells: &[String]| {
        let padded = (0..columns).map(|column| format!("{:<width$}  ", cells[column], width = widest(column)));
        padded.collect::<String>().trim_end().to_owned()
    };
    let first = format!("  {}\n", brush.paint(Look::Faint, &line(head)));
    let rest = rows.iter().map(|row| {
        let whole = line(&row.cells);
        let painted = brush.paint(row.look, &row.cells[1]);
        let (before, after) = whole.split_at(widest(0) + 2);
        format!("  {before}{}\n", after.replacen(&row.cells[1], &painted, 1))
    });
    std::iter::once(first).chain(rest).collect()
}

fn remarks(record: &ProofRecord, width: usize) -> String {
    let remarks = sentence::remarks(record);
    let mut told: Vec<String> = remarks
        .iter()
        .take(REMARKS_MAX)
        .map(|remark| indented(&plain(remark), "  - ", "    ", width, str::to_owned))
        .collect();
    if remarks.len() > REMARKS_MAX {
        told.push(format!("  and {} more\n", remarks.len() - REMARKS_MAX));
    }
    told.concat()
}

fn figures(record: &ProofRecord) -> String {
    sentence::figures(record)
        .into_iter()
        .map(|(name, value)| format!("  {name}: {value}\n"))
        .collect::<Vec<_>>()
        .concat()
}
