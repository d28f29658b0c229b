//! Figures as sentences write them.

use crate::objective::{Target, Unit};

/// A count with its thousands set apart: `5,310`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A value in its unit: `412 ms`, `99.93%`, `4 s`, `6.02`; `never` for an infinite time.
#[must_use]
pub fn value(value: f64, unit: Unit) -> String {
    if value.is_infinite() {
        return "never".into();
    }
    match unit {
        Unit::Milliseconds if value.abs() < 100.0 => format!("{} ms", trimmed(value, 1)),
        Unit::Milliseconds => format!("{} ms", count(value.round().max(0.0) as u64)),
        Unit::Seconds => format!("{} s", trimmed(value, 1)),
        // Towards nought, so that 99.9996% is never shown as all.
        Unit::Ratio => format!("{}%", trimmed((value * 100_000.0 + 1e-6).floor() / 1000.0, 3)),
        Unit::Count => trimmed(value, 2),
    }
}

/// A target in words: `at most 500 ms`.
#[must_use]
pub fn target(target: Target, unit: Unit) -> String {
    match target {
        Target::AtMost(limit) => format!("at most {}", value(limit, unit)),
        Target::AtLeast(limit) => format!("at least {}", value(limit, unit)),
    }
}

/// Decimals, without noughts at their end.
fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_readable() {
        let counts = [0, 12, 999, 1_000, 5_310, 1_234_567].map(count);
        assert_eq!(counts, ["0", "12", "999", "1,000", "5,310", "1,234,567"]);
        for (number, unit, text) in [
            (412.3, Unit::Milliseconds, "412 ms"),
            (3.24, Unit::Milliseconds, "3.2 ms"),
            (12_412.3, Unit::Milliseconds, "12,412 ms"),
            (f64::INFINITY, Unit::Milliseconds, "never"),
            (0.999_3, Unit::Ratio, "99.93%"),
            (0.999, Unit::Ratio, "99.9%"),
            (0.999_999, Unit::Ratio, "99.999%"),
            (1.0, Unit::Ratio, "100%"),
            (4.0, Unit::Seconds, "4 s"),
            (6.021, Unit::Count, "6.02"),
            (10.0, Unit::Count, "10"),
        ] {
            assert_eq!(value(number, unit), text);
        }
        assert_eq!(target(Target::AtMost(500.0), Unit::Milliseconds), "at most 500 ms");
        assert_eq!(target(Target::AtLeast(0.97), Unit::Ratio), "at least 97%");
    }
}
