//! Faults and how often they bit, counted where the harm was done.

use super::{JudgementError, rows};
use model::judge::Recovery;
use model::record::FaultRecord;
use rusqlite::Connection;

/// Matched and applied: requests and deliveries, as the rule counted them. Hazardous: those whose operation was carried out and
/// whose answer was lost or altered, and webhooks that were not delivered as they should have been; the rows that one request
/// wrote carry one instant.
const FAULTS: &str = "
SELECT fault.name, fault.what, fault.from_us / 1e6, fault.to_us / 1e6, fault.target = 'provider', fault.matched,
       coalesce(fault.counted, bite.applied, 0), coalesce(bite.hazardous, 0), coalesce(bite.intents, 0)
FROM v1_fault AS fault
LEFT JOIN (
    SELECT fault, count(DISTINCT printf('%d %s', at_us, coalesce(key, object))) AS applied,
           count(DISTINCT CASE WHEN answer IN ('lost', 'altered') OR op = 'webhook'
                               THEN printf('%d %s', at_us, coalesce(key, object)) END) AS hazardous,
           count(DISTINCT CASE WHEN answer IN ('lost', 'altered') OR op = 'webhook' THEN intent END) AS intents
    FROM v1_statement WHERE fault IS NOT NULL AND op <> 'fault' GROUP BY fault
) AS bite ON bite.fault = fault.name
ORDER BY fault.from_us, fault.name";

/// Faults in order of time.
pub fn faults(conn: &Connection, recoveries: &[Recovery]) -> Result<Vec<FaultRecord>, JudgementError> {
    rows(conn, "the faults", FAULTS, |row| {
        let name: String = row.get(0)?;
        let counts_itself: bool = row.get(4)?;
        let count = |index: usize| -> rusqlite::Result<Option<u64>> {
            let value: Option<i64> = row.get(index)?;
            Ok(value.filter(|_| counts_itself).map(|value| value as u64))
        };
        let recovered = recoveries.iter().find(|recovery| recovery.fault == name);
        Ok(FaultRecord {
            what: row.get(1)?,
            from_s: row.get(2)?,
            to_s: row.get(3)?,
            matched: count(5)?,
            applied: count(6)?,
            hazardous: count(7)?,
            intents: count(8)?,
            recovered_after_s: recovered.and_then(|recovery| recovery.after_s),
            name,
        })
    })
}
