//! Faults: planned, and how often they bit; and what is still to be undone.

use super::rows;
use crate::error::Error;
use crate::joined::Joined;
use crate::opening::FaultKind;
use crate::rows::{Event, EventKind};
use std::collections::BTreeMap;

/// A fault and how often it bit, by the stamps in the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRow {
    /// Its name.
    pub name: String,
    /// What it does, for people.
    pub what: String,
    /// What it acts on.
    pub target: FaultKind,
    /// From the start of the load, in microseconds.
    pub from_us: u64,
    /// The end.
    pub to_us: u64,
    /// Operations that it matched, by its own count; none for faults on links and processes.
    pub matched: Option<u64>,
    /// Operations that it was applied to; none for faults on links and processes.
    pub applied: Option<u64>,
    /// Operations that were executed and whose answer was lost or altered; none for faults on links and processes.
    pub hazardous: Option<u64>,
    /// Distinct intents among these.
    pub intents: Option<u64>,
}

/// Something that a run did to the world and has not undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    /// The fault.
    pub name: String,
    /// What undoes it: JSON of the controller.
    pub undo: String,
}

/// Requests that a fault was applied to count once, however many rows they left: an authorisation and its capture are one.
const BITES: &str = "
    SELECT fault, count(DISTINCT request), count(DISTINCT iif(hazardous, request, NULL)),
           count(DISTINCT iif(hazardous, intent, NULL))
    FROM (SELECT fault, intent, answer IN ('lost', 'altered') AND NOT replayed AND op NOT IN ('refused_by_fault', 'webhook', 'replay')
                     AS hazardous,
                 CASE WHEN op IN ('create', 'authorise', 'capture') THEN coalesce(parent, object) || ' ' || coalesce(key, '')
                      ELSE statement END AS request
          FROM v1_statement WHERE fault IS NOT NULL)
    GROUP BY fault";

impl Joined {
    /// The planned faults, in order of time.
    pub fn faults(&self) -> Result<Vec<FaultRow>, Error> {
        let bites = rows(&self.conn, "the faults", BITES, |row| {
            let count = |column: usize| row.get::<_, i64>(column).map(i64::cast_unsigned);
            Ok((row.get::<_, String>(0)?, (count(1)?, count(2)?, count(3)?)))
        })?;
        let bites: BTreeMap<String, (u64, u64, u64)> = bites.into_iter().collect();
        let sql = "SELECT name, what, target, from_us, to_us, matched, counted FROM v1_fault ORDER BY from_us, name";
        rows(&self.conn, "the faults", sql, |row| {
            let name: String = row.get(0)?;
            let target = match row.get_ref(2)?.as_str()? {
                "provider" => FaultKind::Provider,
                "link" => FaultKind::Link,
                _ => FaultKind::Process,
            };
            let number = |column: usize| row.get::<_, Option<i64>>(column).map(|it| it.map(i64::cast_unsigned));
            let (stamped, hazardous, intents) = bites.get(&name).copied().unwrap_or_default();
            let known = |count: u64| (target == FaultKind::Provider).then_some(count);
            let applied = number(6)?.unwrap_or(stamped);
            Ok(FaultRow {
                what: row.get(1)?,
                from_us: number(3)?.unwrap_or_default(),
                to_us: number(4)?.unwrap_or_default(),
                matched: known(number(5)?.unwrap_or(applied)),
                applied: known(applied),
                hazardous: known(hazardous),
                intents: known(intents),
                name,
                target,
            })
        })
    }

    /// What happened to the run, in order of time.
    pub fn events(&self) -> Result<Vec<Event>, Error> {
        rows(
            &self.conn,
            "the events",
            "SELECT at_us, kind, name, text, undo FROM v1_event ORDER BY at_us, event",
            |row| {
                Ok(Event {
                    at_us: row.get::<_, i64>(0)?.cast_unsigned(),
                    kind: match row.get_ref(1)?.as_str()? {
                        "fault_began" => EventKind::FaultBegan,
                        "fault_ended" => EventKind::FaultEnded,
                        "process" => EventKind::Process,
                        _ => EventKind::Note,
                    },
                    name: row.get(2)?,
                    text: row.get(3)?,
                    undo: row.get(4)?,
                })
            },
        )
    }

    /// Faults that began with something to undo and never ended, the last one first.
    pub fn to_undo(&self) -> Result<Vec<Undo>, Error> {
        let sql = "
            SELECT b.name, b.undo FROM v1_event AS b
            WHERE b.kind = 'fault_began' AND b.undo <> ''
              AND NOT EXISTS (SELECT 1 FROM v1_event AS e WHERE e.kind = 'fault_ended' AND e.name = b.name AND e.event > b.event)
            ORDER BY b.event DESC";
        rows(&self.conn, "the events", sql, |row| Ok(Undo { name: row.get(0)?, undo: row.get(1)? }))
    }
}
