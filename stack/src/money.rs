//! Amounts as decimals, in the digits of their currency: as providers write them, and back, without a float in between.

use crate::cart::exponent;

/// An amount as a decimal: `12.50` for USD, `1250` for JPY, `1.250` for KWD.
pub(crate) fn decimal(minor: i64, currency: &str) -> String {
    let digits = exponent(currency) as usize;
    let sign = if minor < 0 { "-" } else { "" };
    let amount = minor.unsigned_abs();
    if digits == 0 {
        return format!("{sign}{amount}");
    }
    let unit = 10_u64.pow(digits as u32);
    format!("{sign}{}.{:0digits$}", amount / unit, amount % unit)
}

/// The amount of an unsigned decimal; `None` for what is no amount of this currency.
pub(crate) fn minor(text: &str, currency: &str) -> Option<i64> {
    let digits = exponent(currency) as usize;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !numeric(whole) || !numeric(fraction) {
        return None;
    }
    let (kept, rest) = fraction.split_at_checked(digits).unwrap_or((fraction, ""));
    if rest.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let scale = 10_i64.pow((digits - kept.len()) as u32);
    let kept = if kept.is_empty() { 0 } else { kept.parse::<i64>().ok()? };
    let unit = 10_i64.pow(digits as u32);
    whole.parse::<i64>().ok()?.checked_mul(unit)?.checked_add(kept * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_the_digits_of_their_currency() {
        assert_eq!(decimal(1_250, "USD"), "12.50");
        assert_eq!(decimal(5, "USD"), "0.05");
        assert_eq!(decimal(1_250, "JPY"), "1250");
        assert_eq!(decimal(1_250, "KWD"), "1.250");
    }

    #[test]
    fn amounts_come_back_from_their_decimals() {
        for amount_minor in (0..20_000).chain([123_456_789_012]) {
            for currency in ["USD", "JPY", "KWD"] {
                assert_eq!(minor(&decimal(amount_minor, currency), currency), Some(amount_minor));
            }
        }
        assert_eq!(minor("7.5", "USD"), Some(750));
        assert_eq!(minor("7.5000", "USD"), Some(750));
        assert_eq!(minor("1500.00", "JPY"), Some(1_500));
        for odd in ["", ".5", "-1", "7.555", "1e3", "7,50", "99999999999999999999"] {
            assert_eq!(minor(odd, "USD"), None, "{odd}");
        }
    }
}
