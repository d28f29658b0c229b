//! The rows of a picture: what each says and how much room it takes.

use super::{CLOCK_PX, Lane, Lanes};
use crate::plain_text;
use model::record::{Passage, TimelineEntry};

/// A letter of a label is about so wide, in pixels.
pub const LETTER_PX: f64 = 6.8;

/// Height of a line of text, in pixels.
pub const LINE_PX: f64 = 15.0;

/// Between rows, in pixels.
const GAP_PX: f64 = 15.0;

/// From a request to its answer, in pixels.
pub const RETURN_PX: f64 = 9.0;

/// One row.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// What it tells.
    pub entry: &'a TimelineEntry,
    /// Who acts and who is acted upon; none for what concerns all.
    pub ends: Option<(Lane, Lane)>,
    /// What is written, broken into lines.
    pub lines: Vec<String>,
    /// What is written smaller below: the key.
    pub detail: String,
    /// The upper end, in pixels.
    pub top_px: f64,
    /// How high it is.
    pub height_px: f64,
}

impl Row<'_> {
    /// Whether the row is a request with its answer.
    pub const fn returns(&self) -> bool {
        matches!(self.entry.passage, Passage::Called | Passage::AnswerLost | Passage::AnswerAltered)
    }

    /// Where the arrow, or the middle of a note, is.
    pub fn line_px(&self) -> f64 {
        self.top_px + GAP_PX / 2.0 + self.lines.len() as f64 * LINE_PX + 2.0
    }
}

/// All rows, one below the other from zero.
pub fn rows<'a>(entries: &[&'a TimelineEntry], lanes: &Lanes) -> Vec<Row<'a>> {
    let mut top_px = 0.0;
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries.iter().copied() {
        let ends = lanes.ends(entry);
        let span_px = match ends {
            Some((from, to)) if from != to => (lanes.x_px(from) - lanes.x_px(to)).abs() - 18.0,
            Some(_) => lanes.gap_px * 1.25,
            None => lanes.width_px() - CLOCK_PX - 24.0,
        };
        let said = if entry.brief.is_empty() { &entry.text } else { &entry.brief };
        let lines = wrapped(said, (span_px / LETTER_PX) as usize);
        let detail = plain_text::key(&entry.text).unwrap_or_default();
        let mut row = Row { entry, ends, lines, detail, top_px, height_px: 0.0 };
        let below = match ends {
            Some((from, to)) if from != to => {
                let answer = if row.returns() { RETURN_PX } else { 0.0 };
                let touched =
                    matches!(entry.passage, Passage::AnswerLost | Passage::AnswerAltered | Passage::Undelivered)
                        || entry.fault.is_some();
                answer + if row.detail.is_empty() && !touched { 4.0 } else { LINE_PX + 3.0 }
            }
            Some(_) | None => 2.0,
        };
        row.height_px = row.line_px() - row.top_px + below + GAP_PX / 2.0;
        top_px += row.height_px;
        rows.push(row);
    }
    rows
}

/// Text in lines of at most so many letters; a longer word has a line of its own and is cut.
pub fn wrapped(text: &str, letters: usize) -> Vec<String> {
    let letters = letters.max(8);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word: String = if word.chars().count() > letters {
            word.chars().take(letters - 1).chain(['…']).collect()
        } else {
            word.into()
        };
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= letters => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_to_its_span() {
        assert_eq!(
            wrapped("order DB-1000532 is paid for 15.09 USD", 24),
            ["order DB-1000532 is paid", "for 15.09 USD"]
        );
        assert_eq!(wrapped("pi_30000097LvNt3fGXlql00", 10), ["pi_300000…"]);
        assert!(wrapped("", 10).is_empty());
    }
}
