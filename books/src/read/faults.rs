//! Faults: planned, and how often they bit; and what is still to be undone.

use super::{count_at, rows};
use crate::error::Error;
use crate::file::RunFile;
use crate::joined::Joined;
use crate::rows::{Event, EventKind};
use std::path::Path;

/// A fault and how often it bit, by the stamps in the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRow {
    /// Its name.
    pub name: String,
    /// What it does, for people.
    pub what: String,
    /// From the start of the load, in microseconds.
    pub from_us: u64,
    /// The end.
    pub to_us: u64,
    /// Operations that it matched, by its own count; connections for toxics; none for harm to processes.
    pub matched: Option<u64>,
    /// Operations that it was applied to; connections for toxics; none for harm to processes.
    pub applied: Option<u64>,
    /// Operations that were executed and whose answer was lost or altered; none for toxics and harm to processes.
    pub hazardous: Option<u64>,
    /// Distinct intents among these.
    pub intents: Option<u64>,
}

/// A fault that a run has begun and not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    /// The fault.
    pub name: String,
    /// What undoes it: JSON of the controller; empty when nothing has to be.
    pub undo: String,
}

/// Matched and applied: requests and deliveries, as the rule counted them. Hazardous: those whose operation was carried out and
/// whose answer was lost or altered, and webhooks that were not delivered as they should have been; the rows that one request
/// wrote carry one instant.
const FAULTS: &str = "
SELECT fault.name, fault.what, fault.target = 'provider' OR fault.matched IS NOT NULL, fault.from_us, fault.to_us, fault.matched,
       coalesce(fault.counted, bite.applied, 0), 
       iif(fault.target = 'provider', coalesce(bite.hazardous, 0), fault.hazards_counted), coalesce(bite.intents, 0)
FROM v1_fault AS fault
LEFT JOIN (
    SELECT fault, count(DISTINCT printf('%d %s', at_us, coalesce(key, object))) AS applied,
           count(DISTINCT CASE WHEN answer IN ('lost', 'altered') OR op = 'webhook'
                               THEN printf('%d %s', at_us, coalesce(key, object)) END) AS hazardous,
           count(DISTINCT CASE WHEN answer IN ('lost', 'altered') OR op = 'webhook' THEN intent END) AS intents
    FROM bitten JOIN v1_statement AS s ON s.statement = bitten.id WHERE op <> 'fault' GROUP BY fault
) AS bite ON bite.fault = fault.name
ORDER BY fault.from_us, fault.name";

impl Joined {
    /// The planned faults, in order of time.
    pub fn faults(&self) -> Result<Vec<FaultRow>, Error> {
        rows(&self.conn, "the faults", FAULTS, [], |row| {
            let counts_itself: bool = row.get(2)?;
            let count = |column: usize| {
                let value = row.get::<_, Option<i64>>(column)?;
                Ok::<_, rusqlite::Error>(value.filter(|_| counts_itself).map(i64::cast_unsigned))
            };
            Ok(FaultRow {
                name: row.get(0)?,
                what: row.get(1)?,
                from_us: count_at(row, 3)?,
                to_us: count_at(row, 4)?,
                matched: count(5)?,
                applied: count(6)?,
                hazardous: count(7)?,
                intents: count(8)?,
            })
        })
    }

    /// What happened to the run, in the order in which it was written down.
    pub fn events(&self) -> Result<Vec<Event>, Error> {
        rows(&self.conn, "the events", "SELECT at_us, kind, name, text, undo FROM v1_event ORDER BY event", [], |row| {
            Ok(Event {
                at_us: count_at(row, 0)?,
                kind: match row.get_ref(1)?.as_str()? {
                    "fault_began" => EventKind::FaultBegan,
                    "fault_ended" => EventKind::FaultEnded,
                    "process" => EventKind::Process,
                    "action" => EventKind::Action,
                    "external" => EventKind::External,
                    _ => EventKind::Note,
                },
                name: row.get(2)?,
                text: row.get(3)?,
                undo: row.get(4)?,
            })
        })
    }
}

/// Faults that began and never ended, in order of their beginnings. It needs no join, so that a file that a crash has left behind
/// is not touched.
pub fn to_undo(path: &Path) -> Result<Vec<Undo>, Error> {
    let sql = "
        SELECT began.name, began.undo FROM v1_event AS began
        WHERE began.kind = 'fault_began'
          AND NOT EXISTS (SELECT 1 FROM v1_event AS ended
                          WHERE ended.kind = 'fault_ended' AND ended.name = began.name AND ended.event > began.event)
        ORDER BY began.event";
    let conn = RunFile::open_to_read(path)?;
    rows(&conn, "the events", sql, [], |row| Ok(Undo { name: row.get(0)?, undo: row.get(1)? }))
}
