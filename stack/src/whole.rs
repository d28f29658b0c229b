//! Integers as JSON has them: `2.0` is as whole a number as `2`. Fractions, and what no reader takes exactly, are refused.

use serde::{Deserialize, Deserializer, de::Error};

const EXACT_MAX: f64 = 9_007_199_254_740_991.0;

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Integer(i64),
    Decimal(f64),
}

/// Reads a whole number.
pub(crate) fn number<'de, D: Deserializer<'de>, T: TryFrom<i64>>(reader: D) -> Result<T, D::Error> {
    let integer = match Number::deserialize(reader)? {
        Number::Integer(integer) => integer,
        Number::Decimal(decimal) if decimal.fract() == 0.0 && decimal.abs() <= EXACT_MAX => decimal as i64,
        Number::Decimal(_) => return Err(D::Error::custom("not a whole number")),
    };
    T::try_from(integer).map_err(|_| D::Error::custom("out of range"))
}

/// Reads a whole number that may be left out, but is never null.
pub(crate) fn optional<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<i64>, D::Error> {
    number(reader).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Body {
        #[serde(deserialize_with = "number")]
        count: u32,
        #[serde(default, deserialize_with = "optional")]
        amount_minor: Option<i64>,
    }

    #[test]
    fn whole_numbers_are_whole_however_they_are_written() {
        let read = |text: &str| serde_json::from_str::<Body>(text).ok().map(|it| (it.count, it.amount_minor));
        assert_eq!(read(r#"{"count": 2}"#), Some((2, None)));
        assert_eq!(read(r#"{"count": 2.0, "amount_minor": 112245894149.0}"#), Some((2, Some(112_245_894_149))));
        for odd in [
            r#"{"count": 2.5}"#,
            r#"{"count": -1}"#,
            r#"{"count": 1e300}"#,
            r#"{"count": "2"}"#,
            r#"{"count": true}"#,
            r#"{"count": 1, "amount_minor": null}"#,
        ] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
