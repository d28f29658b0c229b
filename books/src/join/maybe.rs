//! Values that may be missing, in no more room than the values themselves: there are millions of them.

use super::names::Names;
use super::objects::NOTHING;
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value};
use std::num::NonZeroU32;

/// A whole number or none, in eight bytes; the least one that there is stands for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole(i64);

impl Whole {
    pub(super) const NONE: Self = Self(i64::MIN);

    pub(super) fn get(self) -> Option<i64> {
        Some(self.0).filter(|_| self != Self::NONE)
    }
}

impl Default for Whole {
    fn default() -> Self {
        Self::NONE
    }
}

impl From<Option<i64>> for Whole {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::NONE, Self)
    }
}

impl ToSql for Whole {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(self.get().map_or(Value::Null, Value::Integer)))
    }
}

/// One of the numbers that the join gives, or none, in four bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(u32);

impl Number {
    pub(super) fn get(self) -> Option<u32> {
        self.as_slice().first().copied()
    }

    pub(super) const fn as_slice(&self) -> &[u32] {
        if self.0 == NOTHING { &[] } else { std::slice::from_ref(&self.0) }
    }
}

impl Default for Number {
    fn default() -> Self {
        Self(NOTHING)
    }
}

impl From<Option<u32>> for Number {
    fn from(number: Option<u32>) -> Self {
        Self(number.unwrap_or(NOTHING))
    }
}

/// The number of a currency; a missing one takes no room of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CurrencyId(NonZeroU32);

/// All currencies met.
#[derive(Debug, Default)]
pub(super) struct Currencies(Names);

impl Currencies {
    /// The number of a code; a new one when it was not met yet.
    pub(super) fn id(&mut self, code: &str) -> CurrencyId {
        CurrencyId(NonZeroU32::MIN.saturating_add(self.0.id(code)))
    }

    pub(super) fn get(&self, id: CurrencyId) -> &str {
        self.0.get(id.0.get() - 1)
    }

    pub(super) fn codes(&self) -> impl Iterator<Item = &str> {
        (0..self.0.len() as u32).map(|id| self.0.get(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_takes_no_room() {
        assert_eq!((size_of::<Whole>(), size_of::<Option<CurrencyId>>()), (8, 4));
        assert_eq!([None, Some(0), Some(-7)].map(|number| Whole::from(number).get()), [None, Some(0), Some(-7)]);
        assert_eq!([None, Some(0)].map(|number| Number::from(number).get()), [None, Some(0)]);
        let mut codes = Currencies::default();
        let ids = ["EUR", "", "EUR"].map(|code| codes.id(code));
        assert_eq!(ids.map(|id| codes.get(id)), ["EUR", "", "EUR"]);
        assert_eq!(codes.codes().collect::<Vec<_>>(), ["EUR", ""]);
    }
}
