//! Progress as plain lines, for pipelines and logs.

use super::Snapshot;
use std::io::Write;

/// Prints one line; a reader that has left is no error.
pub fn print(snapshot: &Snapshot) {
    drop(writeln!(std::io::stdout(), "{}", line(snapshot)));
}

fn line(snapshot: &Snapshot) -> String {
    let faults =
        if snapshot.faults.is_empty() { String::new() } else { format!("  broken: {}", snapshot.faults.join(", ")) };
    format!(
        "{:>4.0}s of {:.0}s  {:<14}  {:>5.0}/s of {:.0}/s  {}  confirmed {}  refused {}  unknown {}  laws: {}{faults}",
        snapshot.elapsed.as_secs_f64(),
        snapshot.duration.as_secs_f64(),
        snapshot.phase,
        snapshot.reached_per_second,
        snapshot.planned_per_second,
        snapshot.checkout(),
        snapshot.confirmed,
        snapshot.rejected,
        snapshot.unknown,
        snapshot.laws(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_line_says_what_a_pipeline_needs() {
        let snapshot = Snapshot {
            elapsed: Duration::from_secs(35),
            duration: Duration::from_secs(90),
            phase: "lost-answers".into(),
            faults: vec!["lost-answers".into()],
            planned_per_second: 60.0,
            reached_per_second: 59.0,
            checkout_ms: Some([41.0, 380.4, 900.0]),
            confirmed: 1200,
            rejected: 12,
            laws: vec![super::super::LawSoFar {
                name: "no_intent_is_charged_twice".into(),
                standing: super::super::Standing::Broken,
            }],
            ..Snapshot::default()
        };
        assert_eq!(
            line(&snapshot),
            "  35s of 90s  lost-answers       59/s of 60/s  p50 41  p95 380  p99 900 ms  confirmed 1200  refused 12  \
             unknown 0  laws: BROKEN: no_intent_is_charged_twice  broken: lost-answers"
        );
    }
}
