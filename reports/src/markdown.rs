//! `summary.md`: the verdict as a comment on a pull request, short enough to be read there.

use crate::html::escape;
use crate::{decisive, numerals, plain_text, sentence};
use model::finding::{Finding, Verdict};
use model::record::{Chosen, Counterexample, LawRecord, ObjectiveRecord, RunRecord};

/// Broken laws told in full; the page tells all.
const BROKEN_MAX: usize = 5;

/// Reasons told; the page tells all.
const REASONS_MAX: usize = 5;

/// Lines of a counterexample told; the page tells all.
const LINES_MAX: usize = 16;

/// What a fault did to a counterexample, told so many times.
const TOUCHES_MAX: usize = 3;

/// Events told; the page tells all.
const EVENTS_MAX: usize = 10;

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
        sentence::required_exclude(record)
            .map_or_else(String::new, |told| format!("{}.\n", line(&sentence::capitalised(&told)))),
        excluded(&record.laws),
        events(record),
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
        let stake = sentence::at_stake(law).map_or_else(String::new, |stake| format!(", {} at stake", line(&stake)));
        let stories = items(law.counterexamples.iter().map(|story| self::story(record, story)));
        format!(
            "- **{}** (`{}`): broken for {} of {}{}{stake}\n{stories}",
            line(&sentence::stated(law)),
            code(&law.name),
            numerals::count(law.violated),
            numerals::count(law.examined),
            numerals::first_evidence(law.first_evidence_ms)
        )
    });
    if laws.is_empty() { String::new() } else { format!("#### Broken laws\n\n{}", items(told)) }
}

/// A counterexample: its sentence, and folded away its timeline, the command and the SQL.
fn story(record: &RunRecord, story: &Counterexample) -> String {
    let which = match story.chosen {
        Chosen::FirstAndWorst => "For example",
        Chosen::First => "The first",
        Chosen::Worst => "The worst",
    };
    let stake = sentence::stake(story).map_or_else(String::new, |stake| format!(" ({})", line(&stake)));
    let faults = items(story.touched.iter().map(|touch| {
        let did = sentence::did(touch).iter().take(TOUCHES_MAX).map(|did| line(did)).collect::<Vec<_>>().join("; ");
        format!("  Fault `{}`: {did}\n", code(&touch.fault))
    }));
    let places = decisive::places(&story.timeline, LINES_MAX);
    let left_out = story.timeline.len() - places.len();
    let mut told: Vec<String> = places.iter().map(|place| plain_text::line(&story.timeline[*place])).collect();
    if left_out > 0 {
        told.push(format!("{left_out} more in report.html"));
    }
    let block = |name: &str, text: &str| {
        if text.trim().is_empty() {
            return String::new();
        }
        let lines: Vec<String> = text.lines().map(|line| format!("  {}\n", line.replace("```", "'''"))).collect();
        format!("  ```{name}\n{}  ```\n", lines.concat())
    };
    let rows = if story.rows_query.is_empty() { &story.query } else { &story.rows_query };
    format!(
        "\n  {which}{stake}, `{}`: {}\n{faults}\n  <details><summary>Timeline, command and SQL</summary>\n\n{}{}{}\n  </details>\n",
        code(&story.subject),
        line(sentence::told(story)),
        block("text", &told.join("\n")),
        block("sh", &one_line(&record.repeat())),
        block("sql", rows),
    )
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

/// What the laws that held exclude; the required ones first.
fn excluded(laws: &[LawRecord]) -> String {
    let held: Vec<&LawRecord> = laws.iter().filter(|law| law.finding == Finding::Held).collect();
    if held.is_empty() {
        return String::new();
    }
    let rows = items(held.iter().map(|law| {
        let required = if law.required { ", required" } else { "" };
        format!(
            "| `{}`{required} | {} | {} | {} |\n",
            code(&law.name),
            numerals::count(law.examined),
            numerals::count(law.exposure),
            line(&numerals::excluded(law.exposure, law.excluded_rate))
        )
    }));
    format!(
        "<details><summary>What the laws that held exclude</summary>\n\n| law | examined | exposed | excludes |\n|---|--:|--:|---|\n{rows}\n</details>\n"
    )
}

fn events(record: &RunRecord) -> String {
    let told = record.events.iter().take(EVENTS_MAX);
    let told =
        items(told.map(|event| format!("- at {}: {}\n", numerals::seconds(event.at_s), line(&sentence::event(event)))));
    let more = record.events.len().saturating_sub(EVENTS_MAX);
    let more = if more == 0 { String::new() } else { format!("- and {more} more\n") };
    if told.is_empty() { String::new() } else { format!("#### Events\n\n{told}{more}") }
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
