//! The verdict for a terminal: what one has to know before opening the page.

use crate::{decisive, numerals, plain_text, sentence};
use model::finding::{Finding, Verdict};
use model::record::{Chosen, Counterexample, LawRecord, ObjectiveRecord, RunRecord};
use std::path::Path;

/// Broken laws told; the page tells all.
const BROKEN_MAX: usize = 6;

/// Reasons told; the page tells all.
const REASONS_MAX: usize = 6;

/// Lines of a counterexample told.
const LINES_MAX: usize = 8;

/// Events told; the page tells all.
const EVENTS_MAX: usize = 5;

/// Where the lines of a counterexample go on, in columns.
const HANGING: usize = 28;

/// The narrowest terminal that is laid out for; a narrower one breaks the lines itself.
const WIDTH_MIN: usize = 40;

/// Lines wider than this are hard to read.
const WIDTH_MAX: usize = 110;

/// What a stretch of text looks like.
#[derive(Clone, Copy)]
pub(crate) enum Look {
    Good,
    Bad,
    Open,
    Strong,
    Faint,
}

impl Look {
    /// Select Graphic Rendition (ECMA-48, 8.3.117).
    const fn code(self) -> &'static str {
        match self {
            Self::Good => "1;32",
            Self::Bad => "1;31",
            Self::Open => "1;36",
            Self::Strong => "1",
            Self::Faint => "2",
        }
    }

    const fn of(finding: Finding) -> Self {
        match finding {
            Finding::Held => Self::Good,
            Finding::Violated => Self::Bad,
            Finding::Undecided | Finding::NotExercised => Self::Open,
        }
    }
}

/// Paints, or leaves text as it is.
#[derive(Clone, Copy)]
pub(crate) struct Brush {
    pub color: bool,
}

impl Brush {
    pub fn paint(self, look: Look, text: &str) -> String {
        if self.color { format!("\u{1b}[{}m{text}\u{1b}[0m", look.code()) } else { text.into() }
    }
}

/// Verdict, reasons, broken laws and objectives, in lines of at most `width` columns.
#[must_use]
pub fn verdict(record: &RunRecord, width: usize, color: bool) -> String {
    let brush = Brush { color };
    let width = width.clamp(WIDTH_MIN, WIDTH_MAX);
    let parts = [
        headline(record, width, brush),
        record.closed_model().map_or_else(String::new, |told| indented(&told, "  ", "    ", width, str::to_owned)),
        reasons(record, width),
        broken(record, width, brush),
        objectives(&record.objectives, width, brush),
        laws(record, width, brush),
        events(record, width),
        indented(&format!("seed {}   {}", record.seed, plain(&record.repeat())), "  ", "    ", width, |line| {
            brush.paint(Look::Faint, line)
        }),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Where the report is, to stand below [`verdict`].
#[must_use]
pub fn whereabouts(report: &Path, color: bool) -> String {
    let brush = Brush { color };
    format!("  {} {}\n", brush.paint(Look::Strong, "report"), plain(&report.display().to_string()))
}

fn headline(record: &RunRecord, width: usize, brush: Brush) -> String {
    let look = match record.verdict {
        Verdict::Pass => Look::Good,
        Verdict::Inconclusive => Look::Open,
        Verdict::Fail => Look::Bad,
    };
    let word = format!("{}:", record.verdict.name());
    let text = indented(&plain(&sentence::verdict(record)), "", "  ", width, str::to_owned);
    text.replacen(&word, &brush.paint(look, &word), 1)
}

fn reasons(record: &RunRecord, width: usize) -> String {
    let told = record.reasons.iter().take(REASONS_MAX);
    told.map(|reason| indented(&plain(reason), "  - ", "    ", width, str::to_owned)).collect::<Vec<_>>().concat()
}

fn broken(record: &RunRecord, width: usize, brush: Brush) -> String {
    let laws: Vec<&LawRecord> = record.laws.iter().filter(|law| law.finding == Finding::Violated).collect();
    let mut lines = Vec::new();
    for law in laws.iter().take(BROKEN_MAX) {
        let count = format!(
            "broken {} of {}  {}{}",
            numerals::count(law.violated),
            numerals::count(law.examined),
            plain(&law.name),
            numerals::first_evidence(law.first_evidence_ms)
        );
        lines.push(indented(&count, "  ", "    ", width, |line| brush.paint(Look::Bad, line)));
        for story in &law.counterexamples {
            lines.push(self::story(story, width, brush));
        }
    }
    if laws.len() > BROKEN_MAX {
        lines.push(format!("  and {} more\n", laws.len() - BROKEN_MAX));
    }
    lines.concat()
}

/// A counterexample: its sentence, and the lines that decide.
fn story(story: &Counterexample, width: usize, brush: Brush) -> String {
    let which = match story.chosen {
        Chosen::FirstAndWorst => "for example",
        Chosen::First => "the first",
        Chosen::Worst => "the worst",
    };
    let stake = sentence::stake(story).map_or_else(String::new, |stake| format!(" ({stake})"));
    let told = plain(&format!("{which}{stake}, {}: {}", story.subject, sentence::told(story)));
    let mut lines = vec![indented(&told, "    ", "    ", width, str::to_owned)];
    for place in decisive::places(&story.timeline, LINES_MAX) {
        let entry = &story.timeline[place];
        let look = if entry.breaks { Look::Bad } else { Look::Faint };
        let paragraph = plain(&plain_text::short(entry));
        lines.push(indented(paragraph.trim_end(), "    ", &" ".repeat(HANGING), width, |line| brush.paint(look, line)));
    }
    lines.concat()
}

fn objectives(objectives: &[ObjectiveRecord], width: usize, brush: Brush) -> String {
    let head = ["objective", "where", "target", "measured", "interval"].map(String::from);
    let rows: Vec<([String; 5], Finding)> =
        objectives.iter().map(|objective| (cells(objective), objective.finding)).collect();
    if rows.is_empty() {
        return String::new();
    }
    // The interval goes first, then the place, until the rest fits.
    let columns: &[usize] = [&[0, 1, 2, 3, 4][..], &[0, 1, 2, 3], &[0, 2, 3]]
        .into_iter()
        .find(|columns| {
            columns.iter().map(|column| widest(*column, &head, &rows) + 2).sum::<usize>() + "not exercised".len() + 2
                <= width
        })
        .unwrap_or(&[0, 3]);
    let line = |cells: &[String; 5]| {
        columns
            .iter()
            .map(|column| format!("{:<width$}  ", cells[*column], width = widest(*column, &head, &rows)))
            .collect::<Vec<_>>()
            .concat()
    };
    let first = format!("  {}\n", brush.paint(Look::Faint, line(&head).trim_end()));
    let rest = rows
        .iter()
        .map(|(cells, finding)| format!("  {}{}\n", line(cells), brush.paint(Look::of(*finding), finding.name())));
    [first].into_iter().chain(rest).collect::<Vec<_>>().concat()
}

fn cells(objective: &ObjectiveRecord) -> [String; 5] {
    let unit = objective.unit;
    [
        plain(&objective.name),
        plain(&objective.phase),
        numerals::target(objective.target, unit),
        numerals::measured(objective),
        numerals::interval(objective.low, objective.high, unit),
    ]
}

fn widest(column: usize, head: &[String; 5], rows: &[([String; 5], Finding)]) -> usize {
    rows.iter().map(|(cells, _)| cells).chain([head]).map(|cells| cells[column].chars().count()).max().unwrap_or(0)
}

fn laws(record: &RunRecord, width: usize, brush: Brush) -> String {
    let laws = &record.laws;
    let held = laws.iter().filter(|law| law.finding == Finding::Held).count();
    let mut lines = vec![format!("  {} of {} laws held\n", held, laws.len())];
    for finding in [Finding::Undecided, Finding::NotExercised] {
        let names: Vec<String> = laws.iter().filter(|law| law.finding == finding).map(|law| plain(&law.name)).collect();
        if !names.is_empty() {
            let text = format!("{}: {}", finding.name(), names.join(", "));
            lines.push(indented(&text, "  ", "    ", width, |line| brush.paint(Look::Faint, line)));
        }
    }
    if let Some(told) = sentence::required_exclude(record) {
        lines.insert(1, indented(&plain(&told), "  ", "    ", width, str::to_owned));
    }
    lines.concat()
}

fn events(record: &RunRecord, width: usize) -> String {
    let told = record.events.iter().take(EVENTS_MAX);
    let mut lines: Vec<String> = told
        .map(|event| {
            let told = format!("at {}: {}", numerals::seconds(event.at_s), plain(&sentence::event(event)));
            indented(&told, "  ", "    ", width, str::to_owned)
        })
        .collect();
    if record.events.len() > EVENTS_MAX {
        lines.push(format!("  and {} more events\n", record.events.len() - EVENTS_MAX));
    }
    lines.concat()
}

/// One paragraph in lines of at most `width` columns.
pub(crate) fn indented(text: &str, first: &str, rest: &str, width: usize, paint: impl Fn(&str) -> String) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    let mut margin = first.len();
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a line from the start on");
        let length = line.chars().count();
        if length > 0 && margin + length + 1 + word.chars().count() > width {
            lines.push(word.into());
            margin = rest.len();
        } else {
            if length > 0 {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    let margins = [first].into_iter().chain(std::iter::repeat(rest));
    lines.iter().zip(margins).map(|(line, margin)| format!("{margin}{}\n", paint(line))).collect::<Vec<_>>().concat()
}

/// Text without control characters: names come from files and foreign servers, and a terminal obeys them.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_keep_to_the_width() {
        let text = indented("one two three four", "- ", "  ", 10, str::to_owned);
        assert_eq!(text, "- one two\n  three\n  four\n");
    }

    #[test]
    fn a_terminal_is_told_nothing_by_a_name() {
        assert_eq!(plain("a\u{1b}[2Jb"), "a [2Jb");
    }
}
