//! How numbers are written for people, the same in every report.

use model::finding::Finding;
use model::money::{Currency, Money};
use model::objective::{Target, Unit};
use model::record::ObjectiveRecord;

/// What stands where there is no value.
pub const NONE: &str = "–";

/// A count with its thousands apart: `8,412`.
pub fn count(value: u64) -> String {
    group(&value.to_string())
}

/// A count with its noun: `1 order`, `8,412 orders`.
pub fn counted(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(value), if value == 1 { one } else { many })
}

/// A rate or another number that is not a whole one, as precise as its size deserves: `0.25`, `7.5`, `71`.
pub fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    decimal(value, decimals)
}

/// Milliseconds, from ten seconds on as seconds: `0.25 ms`, `412 ms`, `12.4 s`.
pub fn milliseconds(value: f64) -> String {
    if value.abs() >= 10_000.0 { seconds(value / 1_000.0) } else { format!("{} ms", number(value)) }
}

/// Milliseconds, where the value may be missing.
pub fn milliseconds_or_none(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.into(), milliseconds)
}

/// When a broken law could first be seen, to follow the count: `, first seen after 2.4 s`; nothing where that is not known.
pub fn first_evidence(value_ms: Option<f64>) -> String {
    value_ms.map_or_else(String::new, |value| format!(", first seen after {}", seconds(value / 1_000.0)))
}

/// Seconds: `0.25 s`, `90 s`.
pub fn seconds(value: f64) -> String {
    format!("{} s", number(value))
}

/// A length of time as people say it: `45 s`, `2 min 30 s`, `1 h 5 min`.
pub fn duration(value_s: f64) -> String {
    if value_s < 60.0 {
        return seconds(value_s);
    }
    let whole = value_s.round() as u64;
    let (hours, minutes, rest) = (whole / 3_600, whole / 60 % 60, whole % 60);
    match (hours, minutes, rest) {
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, rest) => format!("{minutes} min {rest} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// A share as a percentage that is never rounded to none or all: `99.95%`, `99.9996%`.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    let decimals = (2..=6)
        .find(|decimals| {
            let rounded = format!("{value:.decimals$}").parse::<f64>().unwrap_or(value);
            share <= 0.0 || share >= 1.0 || (rounded > 0.0 && rounded < 100.0)
        })
        .unwrap_or(6);
    format!("{}%", decimal(value, decimals))
}

/// A measured value or target in its unit.
pub fn measure(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Milliseconds => milliseconds(value),
        Unit::Seconds => seconds(value),
        Unit::Ratio => percent(value),
        Unit::Count => number(value),
    }
}

/// The measured value of an objective. One that is violated without a value was infinite: too many never came to an end.
pub fn measured(objective: &ObjectiveRecord) -> String {
    match (objective.measured, objective.finding) {
        (Some(value), _) => measure(value, objective.unit),
        (None, Finding::Violated) => "unbounded".into(),
        (None, Finding::Held | Finding::NotExercised | Finding::Undecided) => NONE.into(),
    }
}

/// A confidence interval; an end that is missing is open.
pub fn interval(low: Option<f64>, high: Option<f64>, unit: Unit) -> String {
    match (low, high) {
        (None, None) => NONE.into(),
        (Some(low), Some(high)) => format!("{} to {}", measure(low, unit), measure(high, unit)),
        (Some(low), None) => format!("{} or more", measure(low, unit)),
        (None, Some(high)) => format!("{} or less", measure(high, unit)),
    }
}

/// A target: `at most 500 ms`.
pub fn target(target: Target, unit: Unit) -> String {
    match target {
        Target::AtMost(value) => format!("at most {}", measure(value, unit)),
        Target::AtLeast(value) => format!("at least {}", measure(value, unit)),
    }
}

/// An amount with its currency: `1,234.56 USD`; in minor units where the currency is none that ISO 4217 could know.
pub fn money(minor: i64, currency: &str) -> String {
    Currency::parse(currency).map_or_else(
        || format!("{} minor units of {currency}", group(&minor.to_string())),
        |currency| {
            let text = Money { minor, currency }.to_string();
            let (amount, code) = text.rsplit_once(' ').unwrap_or((&text, ""));
            format!("{} {code}", group(amount))
        },
    )
}

/// What a law excludes that held for so many exposed subjects: `none of 412 exposed broke it: a rate under 3/412 = 0.73% with
/// 95% confidence`.
pub fn excluded(exposure: u64, rate: Option<f64>) -> String {
    match rate {
        None => "it met no hazard, which excludes nothing".into(),
        Some(rate) => {
            let who = if exposure == 1 {
                "the one exposed did not break it".into()
            } else {
                format!("none of {} exposed broke it", count(exposure))
            };
            format!("{who}: {}", rate_under(exposure, rate))
        }
    }
}

/// `a rate under 3/412 = 0.73% with 95% confidence`; the fraction stands only where the bound is that one.
pub fn rate_under(exposure: u64, rate: f64) -> String {
    let by_three = exposure > 0 && (rate * exposure as f64 - 3.0).abs() < 1e-9;
    let fraction = if by_three { format!("3/{} = ", count(exposure)) } else { String::new() };
    format!("a rate under {fraction}{} with 95% confidence", percent(rate))
}

/// A number with so many decimals, trailing zeros left out, thousands apart.
fn decimal(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".into() } else { group(text) }
}

/// Puts commas between the thousands of the whole part.
fn group(text: &str) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut grouped = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if let Some(fraction) = fraction {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}

/// `2026-11-23T10:00:00Z` as `2026-11-23 10:00:00 UTC`.
pub fn instant(rfc3339: &str) -> String {
    match rfc3339.split_once('T') {
        Some((day, time)) => {
            let time = time.strip_suffix('Z').unwrap_or(time);
            format!("{day} {} UTC", time.split('.').next().unwrap_or(time))
        }
        None => rfc3339.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(999), "999");
        assert_eq!(milliseconds(0.254), "0.25 ms");
        assert_eq!(milliseconds(1_240.4), "1,240 ms");
        assert_eq!(milliseconds(12_400.0), "12.4 s");
        assert_eq!(duration(150.0), "2 min 30 s");
        assert_eq!(duration(3_900.0), "1 h 5 min");
        assert_eq!(interval(Some(0.5), None, Unit::Seconds), "0.5 s or more");
        assert_eq!(money(-123_456, "usd"), "-1,234.56 USD");
        assert_eq!(money(5, "points"), "5 minor units of points");
    }

    #[test]
    fn a_share_is_never_rounded_to_none_or_all() {
        assert_eq!(percent(1.0), "100%");
        assert_eq!(percent(0.0), "0%");
        assert_eq!(percent(0.999), "99.9%");
        assert_eq!(percent(0.999_996), "99.9996%");
        assert_eq!(percent(0.000_012), "0.001%");
    }

    #[test]
    fn what_is_excluded_is_said_for_any_exposure() {
        assert_eq!(excluded(0, None), "it met no hazard, which excludes nothing");
        assert_eq!(excluded(1, Some(0.95)), "the one exposed did not break it: a rate under 95% with 95% confidence");
        assert_eq!(excluded(12, Some(0.220_9)), "none of 12 exposed broke it: a rate under 22.09% with 95% confidence");
        assert_eq!(
            excluded(412, Some(3.0 / 412.0)),
            "none of 412 exposed broke it: a rate under 3/412 = 0.73% with 95% confidence"
        );
    }
}
