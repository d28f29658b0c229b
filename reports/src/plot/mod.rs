//! Plots over the time of the load, as SVG that takes its fonts and colours from the page.

mod axis;
mod charts;
mod draw;
mod palette;
mod windows;

pub use charts::all;
pub use draw::{Format, svg};
pub use palette::{Colour, css};

/// A stretch of the load during which a fault was active.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The fault's name.
    pub name: String,
    /// Seconds from the start of the load.
    pub from_s: f64,
    /// The end.
    pub to_s: f64,
}

/// Something that happened at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// What.
    pub name: String,
    /// Seconds from the start of the load.
    pub at_s: f64,
}

/// What is to be drawn; all that needs no pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// Its name within the page, for identifiers.
    pub slug: &'static str,
    /// The heading.
    pub title: &'static str,
    /// What it shows, for those who cannot see it.
    pub description: String,
    /// A remark under the heading; may be empty.
    pub note: String,
    /// What the vertical axis counts, behind each of its labels: ` ms`.
    pub unit: &'static str,
    /// How values become heights.
    pub scale: Scale,
    /// Drawn in this order.
    pub layers: Vec<Layer>,
    /// Entries of the legend.
    pub legend: Vec<(Colour, &'static str)>,
    /// Shaded behind everything.
    pub windows: Vec<Window>,
    /// Instants marked by a line: actions, alerts.
    pub marks: Vec<Mark>,
    /// Length of the load, in seconds.
    pub duration_s: f64,
}

/// How values become heights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// From zero, in proportion.
    Linear,
    /// By orders of magnitude.
    Logarithmic,
}

/// One thing in a plot. Points are seconds and values; a missing value breaks the line.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// A line.
    Line {
        /// Its colour.
        colour: Colour,
        /// Width in pixels.
        width_px: u32,
        /// Seconds and values.
        points: Vec<(f64, Option<f64>)>,
    },
    /// The area between two curves.
    Band {
        /// Its colour.
        colour: Colour,
        /// How much of what is behind it is hidden, 0 to 1.
        opacity: f64,
        /// Seconds, lower and upper values.
        points: Vec<(f64, f64, f64)>,
    },
    /// A value to keep to, with its name.
    Level {
        /// The value.
        value: f64,
        /// What it is.
        name: String,
    },
}

impl Layer {
    /// The values in it.
    fn values(&self) -> Vec<f64> {
        match self {
            Self::Line { points, .. } => points.iter().filter_map(|point| point.1).collect(),
            Self::Band { points, .. } => points.iter().flat_map(|point| [point.1, point.2]).collect(),
            Self::Level { value, .. } => vec![*value],
        }
    }
}
