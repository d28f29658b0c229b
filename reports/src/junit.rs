//! `junit.xml`: laws and objectives as test cases, for pipelines that show those.
//!
//! | finding | test case |
//! |---|---|
//! | held | passed |
//! | violated | failure |
//! | undecided | error for an objective and a required law, else skipped |
//! | not exercised | error for a required law, else skipped |
//!
//! A third suite holds the verdict itself, so that a run which is inconclusive for another reason is not all green.

use crate::html::escape;
use crate::{numerals, plain_text, sentence};
use model::finding::{Finding, Verdict};
use model::record::{LawRecord, ObjectiveRecord, RunRecord};

/// A test case, before it is written.
struct Case {
    name: String,
    result: Outcome,
}

/// What became of a test case.
enum Outcome {
    Passed,
    Failure { message: String, text: String },
    Error { message: String },
    Skipped { message: String },
}

/// The file, UTF-8.
#[must_use]
pub fn render(record: &RunRecord) -> String {
    let suites = [
        ("verdict", vec![Case { name: "the shop survives".into(), result: verdict(record) }]),
        ("laws", record.laws.iter().map(|law| Case { name: law.name.clone(), result: of_law(law) }).collect()),
        (
            "objectives",
            record
                .objectives
                .iter()
                .map(|objective| Case { name: named(objective), result: of_objective(objective) })
                .collect(),
        ),
    ];
    let suites: Vec<String> = suites.iter().map(|(name, cases)| suite(record, name, cases)).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"doorbuster {}\" time=\"{:.3}\">\n{}</testsuites>\n",
        escape(&record.scenario),
        record.duration_s,
        suites.concat()
    )
}

fn verdict(record: &RunRecord) -> Outcome {
    let message = sentence::verdict(record);
    match record.verdict {
        Verdict::Pass => Outcome::Passed,
        Verdict::Inconclusive => {
            Outcome::Error { message: [vec![message], record.reasons.clone()].concat().join("\n") }
        }
        Verdict::Fail => Outcome::Failure { message, text: record.reasons.join("\n") },
    }
}

fn of_law(law: &LawRecord) -> Outcome {
    let counts = format!(
        "{}: {} examined, {} undecided, {} exposed",
        law.finding.name(),
        numerals::count(law.examined),
        numerals::count(law.undecided),
        numerals::count(law.exposure)
    );
    match (law.finding, law.required) {
        (Finding::Held, _) => Outcome::Passed,
        (Finding::Violated, _) => Outcome::Failure {
            message: format!(
                "{}: broken for {} of {}",
                sentence::stated(law),
                numerals::count(law.violated),
                numerals::count(law.examined)
            ),
            text: told(law),
        },
        (Finding::Undecided | Finding::NotExercised, true) => {
            Outcome::Error { message: format!("{counts}; the scenario requires {}", numerals::count(law.exposure_min)) }
        }
        (Finding::Undecided | Finding::NotExercised, false) => Outcome::Skipped { message: counts },
    }
}

/// Counterexamples as plain text.
fn told(law: &LawRecord) -> String {
    let stories = law.counterexamples.iter().map(|story| {
        let head = format!("{}\n{}\n", story.subject, sentence::told(story));
        let lines = story.timeline.iter().map(|entry| format!("{}\n", plain_text::line(entry)));
        [head].into_iter().chain(lines).chain([story.query.clone()]).collect::<Vec<_>>().concat()
    });
    stories.collect::<Vec<_>>().join("\n\n")
}

fn named(objective: &ObjectiveRecord) -> String {
    format!("{} ({})", objective.name, objective.phase)
}

fn of_objective(objective: &ObjectiveRecord) -> Outcome {
    let unit = objective.unit;
    let message = format!(
        "{}: {}, target {}, interval {}, {}",
        objective.finding.name(),
        numerals::measured(objective),
        numerals::target(objective.target, unit),
        numerals::interval(objective.low, objective.high, unit),
        numerals::counted(objective.samples, "sample", "samples")
    );
    match objective.finding {
        Finding::Held => Outcome::Passed,
        Finding::Violated => Outcome::Failure { message, text: objective.remark.clone() },
        Finding::Undecided => Outcome::Error { message: format!("{message}; {}", objective.remark) },
        Finding::NotExercised => Outcome::Skipped { message },
    }
}

fn suite(record: &RunRecord, name: &str, cases: &[Case]) -> String {
    let count = |is: fn(&Outcome) -> bool| cases.iter().filter(|case| is(&case.result)).count();
    let class = format!("doorbuster.{}.{name}", record.scenario.replace('.', "-"));
    let written: Vec<String> = cases.iter().map(|case| written(case, &class)).collect();
    format!(
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" timestamp=\"{}\">\n{}  </testsuite>\n",
        cases.len(),
        count(|result| matches!(result, Outcome::Failure { .. })),
        count(|result| matches!(result, Outcome::Error { .. })),
        count(|result| matches!(result, Outcome::Skipped { .. })),
        escape(&record.started_at),
        written.concat()
    )
}

fn written(case: &Case, class: &str) -> String {
    let inner = match &case.result {
        Outcome::Passed => String::new(),
        Outcome::Failure { message, text } => {
            format!("      <failure message=\"{}\" type=\"violated\">{}</failure>\n", attribute(message), escape(text))
        }
        Outcome::Error { message } => {
            format!("      <error message=\"{}\" type=\"not proven\"/>\n", attribute(message))
        }
        Outcome::Skipped { message } => format!("      <skipped message=\"{}\"/>\n", attribute(message)),
    };
    format!(
        "    <testcase name=\"{}\" classname=\"{}\">\n{inner}    </testcase>\n",
        attribute(&case.name),
        attribute(class)
    )
}

/// Text for an attribute, where a bare line break would be read as a space.
fn attribute(text: &str) -> String {
    escape(text).replace('\n', "&#10;").replace('\t', "&#9;")
}
