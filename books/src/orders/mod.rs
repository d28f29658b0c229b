//! Orders books of foreign shops: CSV, a JSON array, or a JSON object a line, with a mapping of columns, states and amounts.

mod csv;
mod json;
mod mapping;

use crate::rows::OrderRow;
use mapping::Mapping;
use model::scenario::{OrdersBook, OrdersSource};

/// An orders book that cannot be read; completes "failed to …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrdersError {
    /// The mapping does not fit the book.
    #[error("read the orders book: {reason}")]
    Book {
        /// What does not fit.
        reason: String,
    },
    /// A line cannot be read.
    #[error("read the orders book, line {line}: {reason}")]
    Line {
        /// From 1, the header included.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// An entry of a JSON array cannot be read.
    #[error("read the orders book, entry {entry}: {reason}")]
    Entry {
        /// From 1.
        entry: u64,
        /// What is wrong.
        reason: String,
    },
}

/// Reads a book in the words of the shop. An address may answer in any of the three forms: what begins with `[` is a JSON
/// array, what begins with `{` a JSON object a line, anything else CSV.
pub fn read(text: &str, book: &OrdersBook) -> Result<Vec<OrderRow>, OrdersError> {
    let text = text.trim_start_matches('\u{feff}');
    let mapping = Mapping::of(book).map_err(|reason| OrdersError::Book { reason })?;
    match (&book.from, text.trim_start().bytes().next()) {
        (OrdersSource::Http(_), Some(b'[')) => json::array(text, &mapping),
        (OrdersSource::Http(_), Some(b'{')) => json::lines(text, &mapping),
        (OrdersSource::Http(_) | OrdersSource::Csv(_), _) => csv::read(text, &mapping),
    }
}

/// Reads a book in our own words, a JSON object a line, as the reference shop exports it.
pub fn read_native(text: &str) -> Result<Vec<OrderRow>, OrdersError> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| {
            let failed =
                |error: serde_json::Error| OrdersError::Line { line: index as u64 + 1, reason: error.to_string() };
            serde_json::from_str(line).map_err(failed)
        })
        .collect()
}
