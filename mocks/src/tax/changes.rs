//! Rates that are told to change: read, kept beside the documents, and taken back.

use super::rates::RateChange;
use crate::books::Books;
use crate::config::TaxRateChange;
use crate::sheet::json;
use crate::store::{Table, Write};

/// Most changes in force.
const CHANGES_MAX: usize = 1_000;
const BASIS_POINTS_MAX: u32 = 10_000;

/// Why changes cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChangeError {
    #[error("a change needs `from_us` or `after_ms`, not both")]
    When,
    #[error("`basis_points` is above 10000")]
    Rate,
    #[error("`jurisdiction` is empty")]
    Nowhere,
    #[error("at most 1000 changes can be in force")]
    TooMany,
}

/// Reads changes; an `after_ms` counts from `now_us`.
pub(crate) fn read(told: &[TaxRateChange], run: Option<&str>, now_us: i64) -> Result<Vec<RateChange>, ChangeError> {
    if told.len() > CHANGES_MAX {
        return Err(ChangeError::TooMany);
    }
    let changes = told.iter().map(|change| {
        let from_us = match (change.from_us, change.after_ms) {
            (Some(from_us), None) => from_us,
            (None, Some(after_ms)) => now_us.saturating_add((after_ms.min(1 << 40) as i64) * 1_000),
            (Some(_), Some(_)) | (None, None) => return Err(ChangeError::When),
        };
        match change {
            TaxRateChange { basis_points, .. } if *basis_points > BASIS_POINTS_MAX => Err(ChangeError::Rate),
            TaxRateChange { jurisdiction, .. } if jurisdiction.is_empty() => Err(ChangeError::Nowhere),
            TaxRateChange { jurisdiction, basis_points, .. } => Ok(RateChange {
                run: run.map(str::to_owned),
                jurisdiction: jurisdiction.clone(),
                from_us,
                basis_points: *basis_points,
            }),
        }
    });
    changes.collect()
}

/// Puts a run's changes in the place of those that it had; says what is to be written.
pub(crate) fn replace(books: &mut Books, run: Option<&str>, changes: Vec<RateChange>) -> Vec<Write> {
    let before = books.rate_changes.len();
    books.rate_changes.retain(|change| change.run.as_deref() != run);
    books.rate_changes.extend(changes);
    let kept = books.rate_changes.iter().enumerate().map(|(n, change)| Write::Put {
        table: Table::RateChange,
        n: n as i64,
        account: 0,
        tag: None,
        body: json(change),
    });
    let gone = (books.rate_changes.len()..before).map(|n| Write::Delete { table: Table::RateChange, n: n as i64 });
    kept.chain(gone).collect()
}
