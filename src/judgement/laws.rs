//! Laws as the record tells them: what each said, what it excludes by having held, and the violated subjects that explain it.

use super::tell::Teller;
use books::Joined;
use books::laws::{Law, LawFinding};
use model::finding::Finding;
use model::judge;
use model::record::{LawRecord, Stake};

/// Examines all laws: violated first, then undecided, not exercised, held; required before others.
pub fn examine(joined: &Joined, laws: &[Law]) -> Result<Vec<LawRecord>, books::Error> {
    let required = joined.required_laws()?;
    let teller = Teller::new(joined)?;
    let mut records = Vec::with_capacity(laws.len());
    for (law, found) in laws.iter().zip(joined.examine_all(laws)) {
        let mut record = record(&found, required.get(&law.name).copied());
        if record.finding == Finding::Violated
            && let Some((first, seen_us)) = teller.first(law, &found)?
        {
            record.first_evidence_ms = seen_us.map(|us| us as f64 / 1e3);
            record.counterexamples = teller.counterexamples(law, first, &found)?;
        }
        records.push(record);
    }
    records.sort_by_key(|record| {
        let rank = match record.finding {
            Finding::Violated => 0,
            Finding::Undecided => 1,
            Finding::NotExercised if record.required => 2,
            Finding::Held => 3,
            Finding::NotExercised => 4,
        };
        (rank, !record.required, record.name.clone())
    });
    Ok(records)
}

fn record(found: &LawFinding, exposure_min: Option<u64>) -> LawRecord {
    let finding = found.finding();
    let stake = |(currency, minor): (&String, &i64)| Stake {
        currency: currency.clone(),
        amount_minor: (*minor).max(0).cast_unsigned(),
    };
    LawRecord {
        name: found.name.clone(),
        sentence: found.sentence.clone(),
        required: exposure_min.is_some(),
        exposure_min: exposure_min.unwrap_or(0),
        finding,
        examined: found.examined(),
        violated: found.violated(),
        undecided: found.undecided(),
        exposure: found.exposure,
        remark: found.remark().to_owned(),
        excluded_rate: if finding == Finding::Held { judge::excluded_rate(found.exposure) } else { None },
        at_stake: found.at_stake.iter().map(stake).collect(),
        counterexamples: Vec::new(),
        first_evidence_ms: None,
    }
}
