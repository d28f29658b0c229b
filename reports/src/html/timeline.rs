//! The lines of a counterexample, told across the three books.

use super::{each, escape};
use model::record::{Book, TimelineEntry};

/// Lines told at most; a counterexample that needs more is cut in the middle.
const ENTRIES_MAX: usize = 60;

/// The lines of a story, a column for each book.
pub fn timeline(entries: &[TimelineEntry]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let told = if entries.len() <= ENTRIES_MAX {
        each(entries, entry)
    } else {
        let (first, last) = (&entries[..ENTRIES_MAX / 2], &entries[entries.len() - ENTRIES_MAX / 2..]);
        let cut = format!(
            "<li class=\"run\"><span class=\"at\"></span><p>{} lines left out; the query below shows them</p></li>\n",
            entries.len() - ENTRIES_MAX
        );
        [each(first, entry), cut, each(last, entry)].concat()
    };
    format!(
        "<div class=\"story\">\n<p class=\"lanes\" aria-hidden=\"true\"><span>Time</span><span>Shopper</span><span>Providers</span><span>Shop</span></p>\n\
         <ol class=\"timeline\">\n{told}</ol>\n</div>\n"
    )
}

fn entry(entry: &TimelineEntry) -> String {
    let at = entry.at_ms.map_or_else(String::new, at);
    let fault = entry
        .fault
        .as_ref()
        .map_or_else(String::new, |fault| format!(" <span class=\"fault\">{}</span>", escape(fault)));
    let breaks = if entry.breaks { " <b class=\"breaking\">breaks the law</b>" } else { "" };
    format!(
        "<li class=\"{class}\"><span class=\"at\">{at}</span><p><span class=\"who\">{who}</span>{text}{fault}{breaks}</p></li>\n",
        class = class(entry.book),
        who = escape(&who_of(entry)),
        text = escape(&entry.text),
    )
}

/// Milliseconds as `1:05.250`: minutes, seconds and their thousandths.
pub fn at(at_ms: f64) -> String {
    let sign = if at_ms < 0.0 { "−" } else { "" };
    let whole = at_ms.abs().round() as u64;
    format!("{sign}{}:{:02}.{:03}", whole / 60_000, whole / 1_000 % 60, whole % 1_000)
}

const fn class(book: Book) -> &'static str {
    match book {
        Book::Shopper => "shopper",
        Book::Provider => "provider",
        Book::Shop => "shop",
        Book::Run => "run",
    }
}

/// Who wrote a line: the book, or the provider by its name.
pub fn who_of(entry: &TimelineEntry) -> String {
    match (entry.book, &entry.provider) {
        (Book::Provider, Some(provider)) => crate::sentence::capitalised(&provider.replace('_', " ")),
        (book, _) => who(book).into(),
    }
}

/// The name of a book for people.
const fn who(book: Book) -> &'static str {
    match book {
        Book::Shopper => "Shopper",
        Book::Provider => "Provider",
        Book::Shop => "Shop",
        Book::Run => "Run",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_their_thousandths() {
        assert_eq!(at(65_250.4), "1:05.250");
        assert_eq!(at(-12.0), "−0:00.012");
    }

    #[test]
    fn a_story_without_end_is_cut() {
        let story = timeline(&vec![TimelineEntry::noted(Book::Shop, None, "again".into()); 200]);
        assert_eq!(story.matches("<li").count(), ENTRIES_MAX + 1);
        assert!(story.contains("140 lines left out"));
    }
}
