//! `summary.md`: the verdict as a comment on a pull request, short enough to be read there.

use crate::html::escape;
use crate::{numerals, sentence};
use model::finding::{Finding, Verdict};
use model::record::{LawRecord, ObjectiveRecord, RunRecord};

/// Broken laws told in full; the page tells all.
const BROKEN_MAX: usize = 5;

/// Reasons told; the page tells all.
const REASONS_MAX: usize = 5;

/// The comment, in GitHub's dialect.
#[must_use]
pub fn render(record: &RunRecord) -> String {
    let mark = match record.verdict {
        Verdict::Pass => "✅",
        Verdict::Inconclusive => "➖",
        Verdict::Fail => "❌",
    };
    let parts = [
        format!("### {mark} Doorbuster, {}\n\n**{}**\n", line(&record.scenario), line(&sentence::verdict(record))),
        record.closed_model().map_or_else(String::new, |told| format!("{}.\n", sentence::capitalised(&told))),
        reasons(record),
        broken(record),
        objectives(&record.objectives),
        laws(&record.laws),
        format!(
            "<sub>seed {} · plan `{}` · {} · `report.html` has the rest</sub>\n",
            record.seed,
            code(record.plan_hash.get(..12).unwrap_or(&record.plan_hash)),
            line(&record.shop)
        ),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn reasons(record: &RunRecord) -> String {
    items(record.reasons.iter().take(REASONS_MAX).map(|reason| format!("- {}\n", line(reason))))
}

fn broken(record: &RunRecord) -> String {
    let laws: Vec<&LawRecord> = record.laws.iter().filter(|law| law.finding == Finding::Violated).collect();
    let told = laws.iter().take(BROKEN_MAX).map(|law| {
        let example = law.counterexample.as_ref().map_or_else(String::new, |counterexample| {
            format!("\n  For example `{}`: {}", code(&counterexample.subject), line(&counterexample.why))
        });
        format!(
            "- **{}** (`{}`): broken for {} of {}{}{example}\n",
            line(&sentence::stated(law)),
            code(&law.name),
            numerals::count(law.violated),
            numerals::count(law.examined),
            numerals::first_evidence(law.first_evidence_ms)
        )
    });
    if laws.is_empty() { String::new() } else { format!("#### Broken laws\n\n{}", items(told)) }
}

fn objectives(objectives: &[ObjectiveRecord]) -> String {
    if objectives.is_empty() {
        return String::new();
    }
    let rows = items(objectives.iter().map(|objective| {
        format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            line(&sentence::objective_name(&objective.name)),
            line(&objective.phase),
            numerals::target(objective.target, objective.unit),
            numerals::measured(objective),
            numerals::interval(objective.low, objective.high, objective.unit),
            found(objective.finding)
        )
    }));
    format!("| objective | where | target | measured | interval | finding |\n|---|---|---|--:|---|---|\n{rows}")
}

fn laws(laws: &[LawRecord]) -> String {
    let count = |finding| laws.iter().filter(|law| law.finding == finding).count();
    let told: Vec<String> = [Finding::Held, Finding::Violated, Finding::Undecided, Finding::NotExercised]
        .into_iter()
        .filter(|finding| count(*finding) > 0)
        .map(|finding| format!("{} {}", count(finding), finding.name()))
        .collect();
    if told.is_empty() { String::new() } else { format!("Laws: {}.\n", told.join(", ")) }
}

const fn found(finding: Finding) -> &'static str {
    match finding {
        Finding::Held => "held",
        Finding::Violated => "**violated**",
        Finding::Undecided => "undecided",
        Finding::NotExercised => "not exercised",
    }
}

fn items(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().concat()
}

/// Text for one line outside code: neither HTML nor Markdown, nor a mention of somebody, can come of it.
pub(crate) fn line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in escape(&one_line(text)).chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => safe.extend(['\\', letter]),
            '@' => safe.push_str("&#64;"),
            letter => safe.push(letter),
        }
    }
    safe.replace("&#39;", "'").replace("&quot;", "\"")
}

/// Text for between backticks.
pub(crate) fn code(text: &str) -> String {
    one_line(text).replace('`', "'").replace('|', "¦")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hostile_becomes_markup() {
        assert_eq!(line("a|b\n<img src=x> @team `c`"), "a\\|b &lt;img src=x&gt; &#64;team \\`c\\`");
        assert_eq!(code("a`b`\n| c"), "a'b' ¦ c");
    }
}
