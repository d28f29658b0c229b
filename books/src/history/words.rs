//! The words of one line: `name=value` pairs, and words that stand alone.

use std::str::FromStr;

/// Words not yet understood.
#[derive(Debug)]
pub(super) struct Words<'a> {
    words: Vec<&'a str>,
}

impl<'a> Words<'a> {
    pub(super) fn of(line: &'a str) -> Self {
        Self { words: line.split_whitespace().collect() }
    }

    /// Takes the next word that stands alone.
    pub(super) fn next(&mut self) -> Option<&'a str> {
        let place = self.words.iter().position(|word| !word.contains('='))?;
        Some(self.words.remove(place))
    }

    /// Takes the next word, or says what was expected.
    pub(super) fn expect(&mut self, what: &str) -> Result<&'a str, String> {
        self.next().ok_or_else(|| format!("expected {what}"))
    }

    /// Takes a word if it is there.
    pub(super) fn has(&mut self, word: &str) -> bool {
        let place = self.words.iter().position(|other| *other == word);
        place.map(|place| self.words.remove(place)).is_some()
    }

    /// Takes the value of a pair.
    pub(super) fn value(&mut self, name: &str) -> Option<&'a str> {
        let (place, value) = self
            .words
            .iter()
            .enumerate()
            .find_map(|(place, word)| Some((place, word.strip_prefix(name)?.strip_prefix('=')?)))?;
        self.words.remove(place);
        Some(value)
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.value(name).map(str::to_owned)
    }

    pub(super) fn number<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, String> {
        self.value(name).map(|value| number(value)).transpose()
    }

    /// Says what was not understood.
    pub(super) fn end(self) -> Result<(), String> {
        if self.words.is_empty() { Ok(()) } else { Err(format!("unexpected `{}`", self.words.join(" "))) }
    }
}

pub(super) fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}
