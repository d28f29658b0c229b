//! Faults and how often they bit, counted where the harm was done.

use books::read::FaultRow;
use model::judge::Recovery;
use model::record::FaultRecord;

/// A fault, and when service was good again after it.
pub fn fault(row: FaultRow, recoveries: &[Recovery]) -> FaultRecord {
    let recovered = recoveries.iter().find(|recovery| recovery.fault == row.name);
    FaultRecord {
        what: row.what,
        from_s: row.from_us as f64 / 1e6,
        to_s: row.to_us as f64 / 1e6,
        matched: row.matched,
        applied: row.applied,
        hazardous: row.hazardous,
        intents: row.intents,
        recovered_after_s: recovered.and_then(|recovery| recovery.after_s),
        name: row.name,
    }
}
