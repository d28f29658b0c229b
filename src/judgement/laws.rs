//! Laws as the record tells them: what each said, and one violated subject across the three books.

use books::Joined;
use books::laws::{Law, LawFinding, Subject};
use model::finding::Finding;
use model::record::{Counterexample, LawRecord};

/// Examines all laws: violated first, then undecided, not exercised, held; required before others.
pub fn examine(joined: &Joined, laws: &[Law]) -> Result<Vec<LawRecord>, books::Error> {
    let required = joined.required_laws()?;
    let mut records = Vec::with_capacity(laws.len());
    for (law, found) in laws.iter().zip(joined.examine_all(laws)) {
        let counterexample = match found.violations.first() {
            Some(subject) if found.finding() == Finding::Violated => Some(tell(joined, law, subject)?),
            _ => None,
        };
        records.push(record(&found, required.get(&law.name).copied(), counterexample));
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

fn record(found: &LawFinding, exposure_min: Option<u64>, counterexample: Option<Counterexample>) -> LawRecord {
    LawRecord {
        name: found.name.clone(),
        sentence: found.sentence.clone(),
        required: exposure_min.is_some(),
        exposure_min: exposure_min.unwrap_or(0),
        finding: found.finding(),
        examined: found.examined(),
        violated: found.violated(),
        undecided: found.undecided(),
        exposure: found.exposure,
        counterexample,
    }
}

/// The subject's timeline, and the query that finds it in the run file.
fn tell(joined: &Joined, law: &Law, subject: &Subject) -> Result<Counterexample, books::Error> {
    let quoted = subject.subject.replace('\'', "''");
    Ok(Counterexample {
        subject: subject.subject.clone(),
        why: subject.why.clone(),
        timeline: joined.timeline(subject)?,
        query: format!("SELECT * FROM (\n{}\n) WHERE subject = '{quoted}'", query_of(&law.sql)),
    })
}

/// The query without the comments that open it.
fn query_of(sql: &str) -> String {
    let lines = sql.trim().trim_end_matches(';').lines();
    lines.skip_while(|line| line.starts_with("--") || line.trim().is_empty()).collect::<Vec<_>>().join("\n")
}
