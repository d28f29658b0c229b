//! Tells one subject across the three books: what its shopper did, what the providers did, what the shop wrote down.
//!
//! Clocks serve the display only. Within a book the order is that of the book, even where its clock says otherwise.

mod evidence;
mod limits;
mod phrases;
mod provider;
mod shop;
mod shopper;

use crate::error::{Error, While};
use crate::joined::Joined;
use crate::laws::Subject;
use model::record::{Book, Passage, TimelineEntry};
use rusqlite::{OptionalExtension, params};

/// Longest telling of one book; the rest is counted.
const LINES_MAX: usize = 40;

/// What a subject stands for in the books.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Whom {
    intent: Option<String>,
    orders: Vec<i64>,
    object: Option<String>,
}

impl Joined {
    /// The timeline of a subject of a law: of its intent if it has one, else of its order or object; for an article or a
    /// promotion, of the orders that reached its limit.
    pub fn timeline(&self, subject: &Subject) -> Result<Vec<TimelineEntry>, Error> {
        let conn = self.for_stories();
        let whom = self.whom(subject)?;
        if whom == Whom::default() {
            return limits::tell(conn, &subject.subject).reading("the limits");
        }
        let began_us = conn
            .query_row("SELECT coalesce(load_began_at_us, opened_at_us) FROM v1_run", [], |row| row.get(0))
            .reading("the run")?;
        let history = shopper::tell(conn, &whom).reading("the shopper's history")?;
        let mut books = [
            history.run,
            history.shopper,
            provider::tell(conn, &whom, began_us, subject.statement).reading("the statement")?,
            shop::tell(conn, &whom).reading("the orders")?,
        ];
        mark(&mut books, subject, &whom);
        Ok(merge(books.map(cut).into()))
    }

    fn whom(&self, subject: &Subject) -> Result<Whom, Error> {
        let find = || {
            let one = |sql: &str, name: &str| {
                self.conn.query_row(sql, [name], |row| row.get::<_, Option<String>>(0)).optional().map(Option::flatten)
            };
            let intent = match &subject.intent {
                Some(intent) => Some(intent.clone()),
                None => one("SELECT intent FROM v1_intent WHERE intent = ?1", &subject.subject)?,
            };
            let number = subject.order_number.as_deref().unwrap_or(&subject.subject);
            let orders = self
                .conn
                .prepare("SELECT order_seq FROM v1_order WHERE order_number = ?1 OR intent = ?2 ORDER BY order_seq")?
                .query_map(params![number, intent], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<i64>>>()?;
            let object = one("SELECT object FROM v1_effect WHERE object = ?1", &subject.subject)?;
            Ok(Whom { intent, orders, object })
        };
        find().reading("the subject")
    }
}

impl Subject {
    /// SQL that shows the subject in the run file.
    #[must_use]
    pub fn query(&self) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        match (&self.intent, &self.order_number) {
            (Some(intent), _) => format!(
                "SELECT seq, provider, op, object, state, amount_minor, key, fault, answer FROM v1_statement WHERE intent = {} \
                 ORDER BY statement;",
                quoted(intent)
            ),
            (None, Some(number)) => format!("SELECT * FROM v1_order WHERE order_number = {};", quoted(number)),
            (None, None) => format!("SELECT * FROM v1_effect WHERE object = {};", quoted(&self.subject)),
        }
    }
}

/// Marks the row with which the law was broken, where the law does not tell it: the object or the order that it is about, else
/// the end of the story.
fn mark(books: &mut [Vec<TimelineEntry>; 4], subject: &Subject, whom: &Whom) {
    if books.iter().flatten().any(|entry| entry.breaks) {
        return;
    }
    let [_, _, statement, orders] = books;
    let names = |text: &str, name: &str| !name.is_empty() && text.contains(name);
    let number = subject.order_number.as_deref().unwrap_or(&subject.subject);
    let about = match &whom.object {
        Some(object) => {
            statement.iter_mut().find(|entry| entry.passage != Passage::Delivered && names(&entry.text, object))
        }
        None => None,
    };
    let about = match about {
        Some(entry) => Some(entry),
        None => match orders.iter().position(|entry| names(&entry.text, number)) {
            Some(place) => orders.get_mut(place),
            None => orders.last_mut(),
        },
    };
    if let Some(entry) = about.filter(|entry| matches!(entry.book, Book::Provider | Book::Shop)) {
        entry.breaks = true;
    }
}

/// Keeps the beginning of a book, and says how much was left out.
fn cut(mut entries: Vec<TimelineEntry>) -> Vec<TimelineEntry> {
    if entries.len() > LINES_MAX {
        let more = entries.len() - LINES_MAX;
        entries.truncate(LINES_MAX);
        if let Some(last) = entries.last().cloned() {
            let text = format!("and {more} more rows");
            let told = TimelineEntry { brief: text.clone(), ..TimelineEntry::noted(last.book, last.at_ms, text) };
            entries.push(TimelineEntry { provider: last.provider, ..told });
        }
    }
    entries
}

/// Merges books by their clocks, each in its own order; what has no time comes last.
fn merge(books: Vec<Vec<TimelineEntry>>) -> Vec<TimelineEntry> {
    let mut heads: Vec<_> = books.into_iter().map(|book| book.into_iter().peekable()).collect();
    let mut merged = Vec::new();
    loop {
        let time = |entry: &TimelineEntry| entry.at_ms.unwrap_or(f64::INFINITY);
        let next = heads
            .iter_mut()
            .enumerate()
            .filter_map(|(place, book)| book.peek().map(|entry| (place, time(entry))))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        match next.and_then(|(place, _)| heads[place].next()) {
            Some(entry) => merged.push(entry),
            None => return merged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::record::Book;

    fn entry(book: Book, at_ms: Option<f64>, text: &str) -> TimelineEntry {
        TimelineEntry::noted(book, at_ms, text.into())
    }

    #[test]
    fn a_clock_that_runs_backwards_does_not_change_the_order_within_its_book() {
        let provider = vec![entry(Book::Provider, Some(20.0), "first"), entry(Book::Provider, Some(5.0), "second")];
        let shopper = vec![entry(Book::Shopper, Some(10.0), "before")];
        let shop = vec![entry(Book::Shop, None, "last")];
        let told: Vec<String> = merge(vec![shop, shopper, provider]).into_iter().map(|entry| entry.text).collect();
        assert_eq!(told, ["before", "first", "second", "last"]);
    }

    #[test]
    fn a_long_book_is_cut_and_says_so() {
        let many = (0..100).map(|n| entry(Book::Provider, Some(f64::from(n)), "row")).collect();
        let told = cut(many);
        assert_eq!(told.len(), LINES_MAX + 1);
        assert_eq!(told[LINES_MAX].text, "and 60 more rows");
    }
}
