//! What happened to the run beside its faults: actions, alerts of other systems, children that ended.

use super::table::{Reflow, table, words};
use super::{escape, section};
use crate::numerals;
use model::record::{EventKind, RunRecord};

/// Events told at most.
const EVENTS_MAX: usize = 100;

/// The table of events; nothing when there were none.
pub fn events(record: &RunRecord) -> String {
    if record.events.is_empty() {
        return String::new();
    }
    let mut rows: Vec<Vec<String>> = record
        .events
        .iter()
        .take(EVENTS_MAX)
        .map(|event| {
            vec![
                format!("<span class=\"together\">{}</span>", numerals::seconds(event.at_s)),
                kind(event.kind).into(),
                format!("<code>{}</code>", escape(&event.name)),
                escape(&event.text),
            ]
        })
        .collect();
    let more = record.events.len().saturating_sub(EVENTS_MAX) as u64;
    if more > 0 {
        rows.push(vec![String::new(), String::new(), String::new(), format!("and {} more", numerals::count(more))]);
    }
    section(
        "events",
        "Events",
        "What happened on the run’s clock beside its faults: actions of the scenario, and what other systems told.",
        &table(
            "Events",
            &[words("At"), words("Kind"), words("Name"), words("What came of it, or what was told")],
            &rows,
            Reflow::Cards,
        ),
    )
}

const fn kind(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Action => "action",
        EventKind::External => "told by another system",
        EventKind::Process => "process",
        EventKind::Note => "note",
    }
}
