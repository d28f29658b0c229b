//! Decimal amounts of the wire, as integers: ten-thousandths when read, minor units of the currency when computed.

use serde::Serializer;
use serde_json::Number;

/// Ten-thousandths in a whole.
pub(crate) const SCALE: i64 = 10_000;
/// Largest amount, in wholes; far above any basket, far below overflow.
const WHOLE_MAX: i64 = 1_000_000_000;

/// An amount in ten-thousandths; `None` when it is no plain decimal or has more than four places.
pub(crate) fn read(number: &Number) -> Option<i64> {
    parse(&number.to_string())
}

/// As [`read`], from text.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fraction = fraction.trim_end_matches('0');
    if whole.is_empty() || !is_plain(whole) || !is_plain(fraction) || fraction.len() > 4 {
        return None;
    }
    let whole: i64 = whole.parse().ok().filter(|whole| *whole <= WHOLE_MAX)?;
    let fraction: i64 = format!("{fraction:0<4}").parse().ok()?;
    Some(sign * (whole * SCALE + fraction))
}

/// Decimal places of a currency (ISO 4217).
pub(crate) fn places(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "JPY" | "KMF" | "KRW" | "MGA" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
        | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// Ten-thousandths to minor units, half away from zero.
pub(crate) fn to_minor(ten_thousandths: i64, places: u32) -> i64 {
    divide(i128::from(ten_thousandths), i128::from(SCALE) / 10_i128.pow(places))
}

/// Division that rounds half away from zero.
pub(crate) fn divide(value: i128, by: i128) -> i64 {
    let half = if value < 0 { -by / 2 } else { by / 2 };
    ((value + half) / by) as i64
}

/// Minor units as the wire's decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Money {
    pub(crate) minor: i64,
    pub(crate) places: u32,
}

impl serde::Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The nearest double to a decimal of so few digits is printed as that decimal.
        serializer.serialize_f64(self.minor as f64 / 10_f64.powi(self.places as i32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly() {
        for (text, expected) in [
            ("19.99", Some(199_900)),
            ("-0.5", Some(-5_000)),
            ("100", Some(1_000_000)),
            ("0.12340", Some(1_234)),
            ("0.12345", None),
            ("1e3", None),
            ("", None),
            ("1000000001", None),
            (".5", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
        let number: Number = serde_json::from_str("1.10").expect("a number");
        assert_eq!(read(&number), Some(11_000));
    }

    #[test]
    fn halves_round_away_from_zero() {
        for (value, expected) in [(149, 1), (150, 2), (-149, -1), (-150, -2), (0, 0)] {
            assert_eq!(divide(value, 100), expected, "{value}");
        }
        assert_eq!((to_minor(199_950, 2), to_minor(15_000, 0), to_minor(12_345, 3)), (2_000, 2, 1_235));
    }

    #[test]
    fn money_is_written_as_a_decimal() {
        let written = |minor, places| serde_json::to_string(&Money { minor, places }).expect("a number");
        assert_eq!(written(1_999, 2), "19.99");
        assert_eq!(written(110, 2), "1.1");
        assert_eq!(written(500, 0), "500.0");
        assert_eq!(written(99_999_999_999, 2), "999999999.99");
    }
}
