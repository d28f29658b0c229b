//! Where the lines behind the values stand, and what is written beside them.

use super::Scale;
use crate::numerals;

/// The values of an axis from end to end, and those of its lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The lowest value shown.
    pub low: f64,
    /// The highest.
    pub high: f64,
    /// Lines, each within the two.
    pub ticks: Vec<f64>,
}

/// An axis for heights that holds all the values, with about so many lines.
pub fn heights(values: &[f64], scale: Scale, lines: usize) -> Axis {
    let most = values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
    match scale {
        Scale::Linear => linear(if most > 0.0 { most } else { 1.0 }, lines),
        Scale::Logarithmic => {
            let least =
                values.iter().copied().filter(|value| value.is_finite() && *value > 0.0).fold(f64::INFINITY, f64::min);
            logarithmic(if least.is_finite() { least } else { 1.0 }, most)
        }
    }
}

/// From zero to the first line above the most.
fn linear(most: f64, lines: usize) -> Axis {
    let step = round_step(most / lines as f64);
    let count = (most / step * 1.02).ceil() as usize;
    Axis { low: 0.0, high: step * count as f64, ticks: (0..=count).map(|index| step * index as f64).collect() }
}

/// Over whole decades, at least one.
fn logarithmic(least: f64, most: f64) -> Axis {
    let low = least.log10().floor() as i32;
    let high = (most.log10().ceil() as i32).max(low + 1);
    Axis {
        low: 10_f64.powi(low),
        high: 10_f64.powi(high),
        ticks: (low..=high).map(|power| 10_f64.powi(power)).collect(),
    }
}

/// The next of 1, 2, 2.5, 5 times a power of ten.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|factor| factor * power >= step * 0.999).unwrap_or(10.0);
    factor * power
}

/// Seconds at which to write the time, at most so many.
pub fn instants(duration_s: f64, lines: usize) -> Vec<f64> {
    const STEPS_S: [f64; 16] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0,
    ];
    let step = STEPS_S
        .into_iter()
        .find(|step| duration_s / step <= lines as f64)
        .unwrap_or_else(|| (duration_s / lines as f64 / 86_400.0).ceil() * 86_400.0);
    (0..=(duration_s / step) as usize).map(|index| step * index as f64).collect()
}

/// A time on the axis: `30 s`, `2:30`, `1:00:00`.
pub fn instant_label(at_s: f64, duration_s: f64) -> String {
    let at = at_s as u64;
    if duration_s <= 120.0 {
        format!("{at} s")
    } else if duration_s < 3_600.0 {
        format!("{}:{:02}", at / 60, at % 60)
    } else {
        format!("{}:{:02}:{:02}", at / 3_600, at / 60 % 60, at % 60)
    }
}

/// A value on the axis of heights; whole seconds are written as such.
pub fn height_label(value: f64, unit: &str) -> String {
    match unit {
        " ms" if value >= 1_000.0 => numerals::seconds(value / 1_000.0),
        unit => format!("{}{unit}", numerals::number(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_at_round_values() {
        assert_eq!(heights(&[71.0], Scale::Linear, 4).ticks, [0.0, 20.0, 40.0, 60.0, 80.0]);
        assert_eq!(heights(&[], Scale::Linear, 4).ticks, [0.0, 0.25, 0.5, 0.75, 1.0, 1.25]);
        assert_eq!(heights(&[12.0, 2_300.0], Scale::Logarithmic, 4).ticks, [10.0, 100.0, 1_000.0, 10_000.0]);
        assert_eq!(heights(&[f64::INFINITY, 0.0], Scale::Logarithmic, 4).ticks, [1.0, 10.0]);
    }

    #[test]
    fn times_are_written_at_round_seconds() {
        assert_eq!(instants(150.0, 6), [0.0, 30.0, 60.0, 90.0, 120.0, 150.0]);
        assert_eq!(instants(0.0, 6), [0.0]);
        assert_eq!(instant_label(90.0, 150.0), "1:30");
        assert_eq!(instant_label(30.0, 90.0), "30 s");
    }
}
