//! The four plots of a run.

use super::{Colour, Layer, Mark, Plot, Scale, Window};
use crate::numerals;
use model::objective::Target;
use model::record::{EventKind, RunRecord, Series};

/// Points in a line at most; longer runs are drawn by groups of seconds.
const POINTS_MAX: usize = 360;

/// Events marked at most.
const MARKS_MAX: usize = 20;

/// From this ratio of the largest to the typical value on, latency is drawn by orders of magnitude.
const LOGARITHMIC_FROM: f64 = 12.0;

/// Rate, latency, outcomes, dispatch lag.
pub fn all(record: &RunRecord) -> Vec<Plot> {
    let charts = [rate(record), latency(record), outcomes(record)].into_iter();
    // In a closed model nothing is scheduled that could be late.
    charts.chain(record.closed_users.is_none().then(|| lag(record))).collect()
}

fn rate(record: &RunRecord) -> Plot {
    let series = &record.series;
    let step = step_s(series);
    let planned = grouped(&series.planned, step);
    let reached = grouped(&series.begun, step);
    Plot {
        description: format!(
            "Arrivals planned for each second and arrivals begun. The plan peaks at {}/s, {}/s were reached. {}",
            numerals::number(largest(&planned)),
            numerals::number(largest(&reached)),
            faults_in_words(record)
        ),
        layers: vec![
            Layer::Band {
                colour: Colour::Reached,
                opacity: 0.10,
                points: reached.iter().map(|(at, value)| (*at, 0.0, *value)).collect(),
            },
            line(Colour::Planned, 2, &planned),
            line(Colour::Reached, 2, &reached),
        ],
        legend: vec![(Colour::Planned, "planned"), (Colour::Reached, "begun")],
        note: grouping_note(step, "mean"),
        ..plot(record, "rate", "Arrivals", "/s")
    }
}

fn latency(record: &RunRecord) -> Plot {
    let series = &record.series;
    let step = step_s(series);
    let [p50, p95, p99] = [&series.p50_ms, &series.p95_ms, &series.p99_ms].map(|values| worst(values, step));
    let most = p99.iter().chain(&p95).filter_map(|point| point.1).fold(0.0, f64::max);
    let mut typical: Vec<f64> = p50.iter().filter_map(|point| point.1).collect();
    typical.sort_by(f64::total_cmp);
    let typical = typical.get(typical.len() / 2).copied().unwrap_or(0.0);
    let scale = if typical > 0.0 && most / typical > LOGARITHMIC_FROM { Scale::Logarithmic } else { Scale::Linear };
    let level =
        record.objectives.iter().find(|objective| objective.name == "checkout_p95").and_then(
            |objective| match objective.target {
                Target::AtMost(value) if value > 0.0 => {
                    Some(Layer::Level { value, name: format!("target of p95: {}", numerals::milliseconds(value)) })
                }
                Target::AtMost(_) | Target::AtLeast(_) => None,
            },
        );
    let notes = [
        match scale {
            Scale::Linear => "",
            Scale::Logarithmic => "logarithmic",
        },
        "in a gap there was no value, or an unbounded one",
        &grouping_note(step, "worst second"),
    ]
    .into_iter()
    .filter(|note| !note.is_empty())
    .collect::<Vec<_>>()
    .join("; ");
    Plot {
        description: format!(
            "Median, 95th and 99th percentile of the checkout by the second in which it was intended to start. The median is typically {}, \
             the largest value is {}. {}",
            numerals::milliseconds(typical),
            numerals::milliseconds(most),
            faults_in_words(record)
        ),
        scale,
        layers: [Layer::Line { colour: Colour::P99, width_px: 2, points: p99 }]
            .into_iter()
            .chain([
                Layer::Line { colour: Colour::P95, width_px: 2, points: p95 },
                Layer::Line { colour: Colour::P50, width_px: 2, points: p50 },
            ])
            .chain(level)
            .collect(),
        legend: vec![(Colour::P50, "median"), (Colour::P95, "p95"), (Colour::P99, "p99")],
        note: notes,
        ..plot(record, "latency", "Checkout latency", " ms")
    }
}

fn outcomes(record: &RunRecord) -> Plot {
    let series = &record.series;
    let step = step_s(series);
    let [confirmed, refused, failed] =
        [&series.confirmed, &series.refused, &series.failed].map(|values| grouped(values, step));
    let value = |points: &[(f64, f64)], index: usize| points.get(index).map_or(0.0, |point| point.1);
    let (mut confirmed_band, mut refused_band, mut failed_band) = (Vec::new(), Vec::new(), Vec::new());
    let longest = if confirmed.len() >= refused.len().max(failed.len()) {
        &confirmed
    } else if refused.len() >= failed.len() {
        &refused
    } else {
        &failed
    };
    for (index, (at, _)) in longest.iter().enumerate() {
        let first = value(&confirmed, index);
        let second = first + value(&refused, index);
        let third = second + value(&failed, index);
        confirmed_band.push((*at, 0.0, first));
        refused_band.push((*at, first, second));
        failed_band.push((*at, second, third));
    }
    let sum = |values: &[u64]| numerals::count(values.iter().sum());
    Plot {
        description: format!(
            "Purchases by the second in which their checkout was intended to start: {} confirmed, {} refused, {} failed. {}",
            sum(&series.confirmed),
            sum(&series.refused),
            sum(&series.failed),
            faults_in_words(record)
        ),
        layers: vec![
            Layer::Band { colour: Colour::Confirmed, opacity: 0.80, points: confirmed_band },
            Layer::Band { colour: Colour::Refused, opacity: 0.95, points: refused_band },
            Layer::Band { colour: Colour::Failed, opacity: 0.95, points: failed_band },
        ],
        legend: vec![
            (Colour::Confirmed, "confirmed"),
            (Colour::Refused, "refused for the card, sold out or promotion used up"),
            (Colour::Failed, "failed or unknown"),
        ],
        note: grouping_note(step, "mean"),
        ..plot(record, "outcomes", "Outcomes of purchases", "/s")
    }
}

fn lag(record: &RunRecord) -> Plot {
    let step = step_s(&record.series);
    let budget_ms = record.generator.dispatch_lag_budget_ms;
    let level = (budget_ms > 0.0).then(|| Layer::Level {
        value: budget_ms,
        name: format!("budget of p99: {}", numerals::milliseconds(budget_ms)),
    });
    Plot {
        description: format!(
            "Largest dispatch lag in each second: how late the generator sent its first request. Over the run its 99th percentile is {}, the largest {}. {}",
            numerals::milliseconds(record.generator.dispatch_lag_p99_ms),
            numerals::milliseconds(record.generator.dispatch_lag_max_ms),
            faults_in_words(record)
        ),
        layers: [Layer::Line { colour: Colour::Lag, width_px: 2, points: worst(&record.series.lag_ms, step) }]
            .into_iter()
            .chain(level)
            .collect(),
        legend: vec![(Colour::Lag, "largest lag in each second")],
        note: ["the harness, not the shop", &grouping_note(step, "worst second")]
            .into_iter()
            .filter(|note| !note.is_empty())
            .collect::<Vec<_>>()
            .join("; "),
        ..plot(record, "lag", "Dispatch lag of the generator", " ms")
    }
}

/// What all four share.
fn plot(record: &RunRecord, slug: &'static str, title: &'static str, unit: &'static str) -> Plot {
    let windows =
        record.faults.iter().map(|fault| Window { name: fault.name.clone(), from_s: fault.from_s, to_s: fault.to_s });
    Plot {
        slug,
        title,
        description: String::new(),
        note: String::new(),
        unit,
        scale: Scale::Linear,
        layers: Vec::new(),
        legend: Vec::new(),
        windows: windows.collect(),
        marks: marks(record),
        duration_s: record.duration_s.max(seconds(&record.series) as f64),
    }
}

/// Events as marks; the table has those beyond the most.
fn marks(record: &RunRecord) -> Vec<Mark> {
    let of_load = record.events.iter().filter(|event| (0.0..=record.duration_s).contains(&event.at_s));
    let named = of_load.take(MARKS_MAX).map(|event| {
        let name = match event.kind {
            EventKind::Action => format!("action {}", event.name),
            EventKind::External | EventKind::Process | EventKind::Note => event.name.clone(),
        };
        Mark { name, at_s: event.at_s }
    });
    named.collect()
}

fn faults_in_words(record: &RunRecord) -> String {
    let events = match record.events.len() {
        0 => String::new(),
        1 => " One event is marked.".into(),
        events => format!(" {} events are marked.", events.min(MARKS_MAX)),
    };
    if record.faults.is_empty() {
        return format!("No fault was active.{events}");
    }
    let told = record.faults.iter().take(12).map(|fault| {
        format!("{} from {} to {}", fault.name, numerals::duration(fault.from_s), numerals::duration(fault.to_s))
    });
    format!("Faults: {}.{events}", told.collect::<Vec<_>>().join(", "))
}

fn seconds(series: &Series) -> usize {
    [series.planned.len(), series.begun.len(), series.confirmed.len(), series.p99_ms.len(), series.lag_ms.len()]
        .into_iter()
        .max()
        .unwrap_or(0)
}

/// Seconds that share a point.
fn step_s(series: &Series) -> usize {
    seconds(series).div_ceil(POINTS_MAX).max(1)
}

fn grouping_note(step: usize, how: &str) -> String {
    if step == 1 { String::new() } else { format!("each point is the {how} of {step} seconds") }
}

/// The middle of each group of seconds, and the mean of its values.
fn grouped(values: &[u64], step: usize) -> Vec<(f64, f64)> {
    let groups = values.chunks(step).enumerate();
    groups
        .map(|(index, group)| {
            (middle_s(index, step, group.len()), group.iter().sum::<u64>() as f64 / group.len() as f64)
        })
        .collect()
}

/// The middle of each group of seconds, and the largest of its values: quantiles cannot be averaged.
fn worst(values: &[Option<f64>], step: usize) -> Vec<(f64, Option<f64>)> {
    let groups = values.chunks(step).enumerate();
    groups
        .map(|(index, group)| {
            let largest = group.iter().flatten().copied().filter(|value| value.is_finite()).reduce(f64::max);
            (middle_s(index, step, group.len()), largest)
        })
        .collect()
}

fn middle_s(index: usize, step: usize, length: usize) -> f64 {
    (index * step) as f64 + length as f64 / 2.0
}

fn line(colour: Colour, width_px: u32, points: &[(f64, f64)]) -> Layer {
    Layer::Line { colour, width_px, points: points.iter().map(|(at, value)| (*at, Some(*value))).collect() }
}

fn largest(points: &[(f64, f64)]) -> f64 {
    points.iter().map(|point| point.1).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_is_drawn_by_groups() {
        assert_eq!(grouped(&[1, 3, 5], 2), [(1.0, 2.0), (2.5, 5.0)]);
        assert_eq!(
            worst(&[Some(1.0), None, None, Some(4.0), None], 2),
            [(1.0, Some(1.0)), (3.0, Some(4.0)), (4.5, None)]
        );
    }
}
