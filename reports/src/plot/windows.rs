//! Where the names of faults stand above a plot, so that none covers another.

use super::{Mark, Window};

/// Rows for names at most; faults beyond them are shaded without a name.
const ROWS_MAX: usize = 4;

/// A name and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// What is written; shortened if it has to be.
    pub text: String,
    /// Pixels from the left end of the axis.
    pub x_px: f64,
    /// Counted from the top.
    pub row: usize,
    /// What it names.
    pub names: Named,
}

/// What a label names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A fault and its window.
    Fault,
    /// Something that happened at an instant.
    Event,
}

/// Places the names of faults and events over an axis of `width_px` for `duration_s`, where a letter is `letter_px` wide.
pub fn labels(windows: &[Window], marks: &[Mark], duration_s: f64, width_px: f64, letter_px: f64) -> Vec<Label> {
    let faults = windows.iter().map(|window| (window.from_s, &window.name, Named::Fault));
    let events = marks.iter().map(|mark| (mark.at_s, &mark.name, Named::Event));
    let mut sorted: Vec<(f64, &String, Named)> = faults.chain(events).collect();
    sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut ends_px = [f64::NEG_INFINITY; ROWS_MAX];
    let mut labels = Vec::new();
    for (from_s, name, names) in sorted {
        let text = shortened(&printable(name), (width_px / letter_px) as usize);
        let length_px = text.chars().count() as f64 * letter_px;
        let start_px = from_s.clamp(0.0, duration_s) / duration_s.max(1e-9) * width_px;
        let x_px = start_px.min(width_px - length_px).max(0.0);
        if let Some(row) = ends_px.iter().position(|end_px| *end_px <= x_px) {
            ends_px[row] = x_px + length_px + 2.0 * letter_px;
            labels.push(Label { text, x_px, row, names });
        }
    }
    labels
}

/// Without control characters, which pages may not hold.
fn printable(name: &str) -> String {
    name.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

fn shortened(name: &str, letters_max: usize) -> String {
    if name.chars().count() <= letters_max {
        return name.into();
    }
    name.chars().take(letters_max.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(name: &str, from_s: f64) -> Window {
        Window { name: name.into(), from_s, to_s: from_s + 1.0 }
    }

    #[test]
    fn names_that_would_collide_take_another_row() {
        let placed = labels(
            &[window("lost-answers", 10.0), window("slow-tax", 12.0), window("late", 60.0)],
            &[],
            100.0,
            500.0,
            6.0,
        );
        let rows: Vec<(&str, usize)> = placed.iter().map(|label| (label.text.as_str(), label.row)).collect();
        assert_eq!(rows, [("lost-answers", 0), ("slow-tax", 1), ("late", 0)]);
    }

    #[test]
    fn a_name_near_the_end_stays_inside() {
        let placed = labels(&[window("lost-answers", 99.0)], &[], 100.0, 500.0, 6.0);
        assert!((placed[0].x_px - 428.0).abs() < 1e-9, "{placed:?}");
    }

    #[test]
    fn a_hundred_faults_fill_the_rows_and_no_more() {
        let windows: Vec<Window> = (0..100).map(|_| window("the same instant", 5.0)).collect();
        assert_eq!(labels(&windows, &[], 100.0, 500.0, 6.0).len(), ROWS_MAX);
    }
}
