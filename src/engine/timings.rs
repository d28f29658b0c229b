//! Histograms of response times, counted since they were last taken: by second and by phase window.

use books::rows::{Timings, Window};
use hdrhistogram::Histogram;
use model::outcome::Reading;
use model::plan::PhaseWindow;

/// Where a histogram starts; it grows by itself.
const HIGHEST_US: u64 = 1_000_000;

/// An empty histogram of microseconds.
pub fn histogram(digits: u8) -> Histogram<u64> {
    let mut histogram =
        Histogram::new_with_bounds(1, HIGHEST_US, digits).expect("bounds and digits are valid constants");
    histogram.auto(true);
    histogram
}

/// The histograms of one worker.
pub struct Tally {
    /// Ends of the phase windows, in microseconds.
    phase_ends_us: Vec<u64>,
    seconds: Windows,
    phases: Windows,
}

/// Histograms by window, and in it by row and reading. There are few windows at a time, the latest asked for most.
struct Windows {
    digits: u8,
    open: Vec<(u32, Vec<Option<Histogram<u64>>>)>,
}

impl Tally {
    /// An empty one.
    pub fn new(phases: &[PhaseWindow]) -> Self {
        Self {
            phase_ends_us: phases.iter().map(|window| window.to_us).collect(),
            seconds: Windows { digits: 2, open: Vec::new() },
            phases: Windows { digits: 3, open: Vec::new() },
        }
    }

    /// Counts an operation of a row of the script by its intended start.
    pub fn record(&mut self, row: usize, reading: Reading, intended_us: u64, response_us: u64) {
        let second = (intended_us / 1_000_000) as u32;
        let phase = self.phase_at(intended_us);
        self.seconds.record(second, row, reading, response_us);
        self.phases.record(phase, row, reading, response_us);
    }

    /// Takes the histograms of seconds before `second`.
    pub fn take_seconds(&mut self, second: u32, rows: &[(String, String)], out: &mut Vec<Timings>) {
        self.seconds.take(second, Window::Second, rows, out);
    }

    /// Takes all histograms of phases.
    pub fn take_phases(&mut self, rows: &[(String, String)], out: &mut Vec<Timings>) {
        self.phases.take(u32::MAX, Window::Phase, rows, out);
    }

    fn phase_at(&self, at_us: u64) -> u32 {
        let next = self.phase_ends_us.partition_point(|end| *end <= at_us);
        next.min(self.phase_ends_us.len().saturating_sub(1)) as u32
    }
}

impl Windows {
    fn record(&mut self, window: u32, row: usize, reading: Reading, response_us: u64) {
        let open = self.open.iter().rposition(|(of, _)| *of == window).unwrap_or_else(|| {
            self.open.push((window, Vec::new()));
            self.open.len() - 1
        });
        let slots = &mut self.open[open].1;
        let slot = row * Reading::ALL.len() + reading.place();
        if slots.len() <= slot {
            slots.resize(slot + 1, None);
        }
        let counted = slots[slot].get_or_insert_with(|| histogram(self.digits));
        counted.record(response_us.max(1)).expect("the histogram grows");
    }

    /// Takes the windows before `end`.
    fn take(&mut self, end: u32, named: fn(u32) -> Window, rows: &[(String, String)], out: &mut Vec<Timings>) {
        for (window, slots) in self.open.extract_if(.., |(of, _)| *of < end) {
            for (slot, counted) in slots.into_iter().enumerate() {
                let Some(response_us) = counted else { continue };
                let (journey, step) = rows[slot / Reading::ALL.len()].clone();
                let reading = Reading::ALL[slot % Reading::ALL.len()];
                out.push(Timings { window: named(window), journey, step, reading, response_us });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::plan::Phase;

    #[test]
    fn operations_count_in_the_second_and_phase_of_their_intended_start() {
        let window = |from_us, to_us| PhaseWindow { phase: Phase::Steady, from_us, to_us };
        let rows = [("browse".to_owned(), "home".to_owned())];
        let mut tally = Tally::new(&[window(0, 1_500_000), window(1_500_000, 3_000_000)]);
        tally.record(0, Reading::Ok, 999_999, 5_000_000);
        tally.record(0, Reading::Ok, 1_000_000, 10);
        tally.record(0, Reading::Unanswered, 9_000_000, 10);
        let mut out = Vec::new();
        tally.take_seconds(1, &rows, &mut out);
        assert_eq!(out.len(), 1, "later seconds stay");
        assert_eq!((out[0].window, out[0].response_us.len()), (Window::Second(0), 1));
        assert!(out[0].response_us.max() >= 5_000_000, "it grew");
        out.clear();
        tally.take_seconds(u32::MAX, &rows, &mut out);
        tally.take_phases(&rows, &mut out);
        let count = |window, reading| {
            let found = out.iter().filter(|timings| timings.window == window && timings.reading == reading);
            found.map(|timings| timings.response_us.len()).sum::<u64>()
        };
        assert_eq!(count(Window::Second(1), Reading::Ok), 1);
        assert_eq!(count(Window::Second(9), Reading::Unanswered), 1);
        assert_eq!(count(Window::Phase(0), Reading::Ok), 2);
        assert_eq!(count(Window::Phase(1), Reading::Unanswered), 1, "past the load counts in the last phase");
    }
}
