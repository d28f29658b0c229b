//! What is wrong with a file: where, what, and what would be right.

use std::fmt;
use thiserror::Error;

/// Where a value stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// The file, as the scenario names it; empty for the scenario file itself.
    pub file: String,
    /// Dotted way to the value: `faults[1].at`; empty for the whole file.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file.as_str(), self.path.as_str()) {
            ("", "") => f.write_str("the file")?,
            (file, "") => f.write_str(file)?,
            ("", path) => f.write_str(path)?,
            (file, path) => write!(f, "{file}: {path}")?,
        }
        if self.line > 0 {
            write!(f, " (line {}, column {})", self.line, self.column)?;
        }
        Ok(())
    }
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub spot: Spot,
    /// What is wrong, as a fragment that follows the place: `is …, expected …`.
    pub problem: String,
    /// What would be right.
    pub hint: Option<String>,
}

impl Mistake {
    /// The same without live keys: a message must not repeat what should never have been written down.
    pub(super) fn redacted(mut self) -> Self {
        for text in [&mut self.spot.path, &mut self.problem].into_iter().chain(&mut self.hint) {
            *text = redact(text);
        }
        self
    }
}

/// How live keys of the payment provider begin.
pub(super) const LIVE: [&str; 3] = ["sk_live_", "pk_live_", "rk_live_"];

/// Cuts live keys after their prefix.
fn redact(text: &str) -> String {
    LIVE.into_iter().fold(text.to_owned(), |text, prefix| {
        let mut pieces = text.split(prefix);
        let first = pieces.next().unwrap_or_default().to_owned();
        pieces.fold(first, |mut text, piece| {
            let rest = piece.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
            text.push_str(prefix);
            text.push_str(if rest.len() == piece.len() { "" } else { "…" });
            text.push_str(rest);
            text
        })
    })
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {}: {}", self.spot, self.problem)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n    hint: {hint}"))
    }
}

/// All that is wrong with a scenario and the files that it names.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub struct Mistakes {
    /// The scenario file, as the user named it.
    pub scenario: String,
    /// In order of file and line.
    pub mistakes: Vec<Mistake>,
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to read scenario `{}`", self.scenario)?;
        self.mistakes.iter().try_for_each(|mistake| write!(f, "\n{mistake}"))
    }
}

/// The candidate that `word` most likely means: few letters differ.
pub(super) fn likely<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, best) = candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .min_by_key(|(distance, _)| *distance)?;
    (distance <= (word.chars().count() / 3).max(1)).then_some(best)
}

/// Optimal string alignment: insertions, deletions, replacements, and swaps of neighbours.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().map(|letter| letter.to_ascii_lowercase()).collect();
    let right: Vec<char> = right.chars().map(|letter| letter.to_ascii_lowercase()).collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for (i, l) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, r) in right.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(l != r)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *l == right[j - 1] && left[i - 1] == *r {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

/// A list for people: `a`, `a or b`, `a, b or c`.
pub(super) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => "nothing".into(),
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word() {
        assert_eq!(likely("trafic", ["traffic", "faults"]), Some("traffic"));
        assert_eq!(likely("fautls", ["traffic", "faults"]), Some("faults"));
        assert_eq!(likely("colour", ["traffic", "faults"]), None);
    }

    #[test]
    fn lists_read_well() {
        assert_eq!(one_of(["a"]), "`a`");
        assert_eq!(one_of(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
