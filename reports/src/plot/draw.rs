//! A plot as SVG.

use super::axis::{self, Axis};
use super::windows::{self, Label, Named};
use super::{Colour, Layer, Plot, Scale};
use plotters::chart::ChartContext;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{
    Cartesian2d, ChartBuilder, Color, DrawingArea, DrawingAreaErrorKind, IntoDrawingArea, PathElement, Polygon,
    Rectangle, SVGBackend, Text, TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, ShapeStyle};

/// Pixels of the drawing for each pixel of the page: the backend knows whole pixels only.
const FINENESS: u32 = 2;

/// plotters divides font sizes by this before it writes them.
const FONT_DIVISOR: f64 = 1.24;

type Root<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// How large a plot is; sizes are pixels of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For screens and paper.
    Wide,
    /// For telephones.
    Narrow,
}

impl Format {
    /// The name in identifiers and classes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
        }
    }

    const fn width(self) -> u32 {
        match self {
            Self::Wide => 1_072,
            Self::Narrow => 356,
        }
    }

    /// Of the part that holds the values.
    const fn height(self) -> u32 {
        match self {
            Self::Wide => 184,
            Self::Narrow => 170,
        }
    }

    const fn left(self) -> u32 {
        match self {
            Self::Wide => 72,
            Self::Narrow => 58,
        }
    }

    const fn right(self) -> u32 {
        match self {
            Self::Wide => 20,
            Self::Narrow => 16,
        }
    }

    const fn font(self) -> f64 {
        match self {
            Self::Wide => 12.5,
            Self::Narrow => 12.0,
        }
    }

    const fn instants(self) -> usize {
        match self {
            Self::Wide => 12,
            Self::Narrow => 5,
        }
    }
}

/// Where everything stands, in pixels of the drawing.
struct Frame {
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
    width: u32,
    height: u32,
    row: i32,
    font: f64,
}

impl Frame {
    fn new(format: Format, rows: usize) -> Self {
        let fine = |pixels: u32| (pixels * FINENESS) as i32;
        let row = fine(17);
        let top = row * rows as i32 + fine(8);
        let bottom = top + fine(format.height());
        Self {
            left: fine(format.left()),
            right: fine(format.width() - format.right()),
            top,
            bottom,
            width: format.width() * FINENESS,
            height: (bottom + fine(26)) as u32,
            row,
            font: format.font() * f64::from(FINENESS),
        }
    }
}

/// The plot as an `svg` element with title and description.
pub fn svg(plot: &Plot, format: Format) -> String {
    let axis_px = f64::from(format.width() - format.left() - format.right());
    let labels = windows::labels(&plot.windows, &plot.marks, plot.duration_s, axis_px, format.font() * 0.56);
    let rows = labels.iter().map(|label| label.row + 1).max().unwrap_or(0);
    let frame = Frame::new(format, rows);
    let mut drawing = String::new();
    draw(plot, format, &frame, &labels, &mut drawing).expect("a string takes whatever is drawn");
    let (_, inner) = drawing
        .split_once("<svg")
        .and_then(|(_, rest)| rest.split_once('>'))
        .expect("the backend opens with its element");
    let id = format!("{}-{}", plot.slug, format.name());
    format!(
        "<svg class=\"plot {}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n\
         <title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>{inner}",
        format.name(),
        frame.width,
        frame.height,
        crate::html::escape(plot.title),
        crate::html::escape(&plot.description),
    )
}

fn draw(plot: &Plot, format: Format, frame: &Frame, labels: &[Label], drawing: &mut String) -> Drawn {
    let values: Vec<f64> = plot.layers.iter().flat_map(Layer::values).collect();
    let heights = axis::heights(&values, plot.scale, 4);
    let duration_s = plot.duration_s.max(1.0);
    let root = SVGBackend::with_string(drawing, (frame.width, frame.height)).into_drawing_area();
    let area = root.margin(
        frame.top as u32,
        frame.height - frame.bottom as u32,
        frame.left as u32,
        frame.width - frame.right as u32,
    );
    let mut chart = ChartBuilder::on(&area)
        .build_cartesian_2d(0.0..duration_s, height(heights.low, plot.scale)..height(heights.high, plot.scale))?;
    shade(plot, frame, &root, duration_s)?;
    rule(plot, format, frame, &root, &heights, duration_s)?;
    for layer in &plot.layers {
        lay(layer, plot.scale, &heights, &mut chart)?;
    }
    name_levels(plot, frame, &root, &heights)?;
    mark(plot, frame, &root, duration_s)?;
    name_windows(frame, labels, &root)?;
    root.present()
}

/// A value as a height in the chart.
fn height(value: f64, scale: Scale) -> f64 {
    match scale {
        Scale::Linear => value,
        Scale::Logarithmic => value.log10(),
    }
}

/// Fault windows, from the names down to the axis.
fn shade(plot: &Plot, frame: &Frame, root: &Root<'_>, duration_s: f64) -> Drawn {
    let at = |seconds: f64| {
        frame.left + (seconds.clamp(0.0, duration_s) / duration_s * f64::from(frame.right - frame.left)).round() as i32
    };
    for window in &plot.windows {
        let (from, to) = (at(window.from_s), at(window.to_s).max(at(window.from_s) + 2 * FINENESS as i32));
        root.draw(&Rectangle::new([(from, frame.top), (to, frame.bottom)], Colour::Fault.light().mix(0.16).filled()))?;
    }
    Ok(())
}

/// Instants at which something happened: a line of dashes from the names down to the axis.
fn mark(plot: &Plot, frame: &Frame, root: &Root<'_>, duration_s: f64) -> Drawn {
    let dash = 4 * FINENESS as i32;
    for mark in &plot.marks {
        let share = mark.at_s.clamp(0.0, duration_s) / duration_s;
        let x = frame.left + (share * f64::from(frame.right - frame.left)).round() as i32;
        for y in (frame.top..frame.bottom).step_by(2 * dash as usize) {
            let to = (y + dash).min(frame.bottom);
            root.draw(&PathElement::new([(x, y), (x, to)], Colour::Event.light().stroke_width(FINENESS)))?;
        }
    }
    Ok(())
}

/// Lines behind the values, and what is written beside them.
fn rule(plot: &Plot, format: Format, frame: &Frame, root: &Root<'_>, heights: &Axis, duration_s: f64) -> Drawn {
    let gap = 8 * FINENESS as i32;
    let (low, high) = (height(heights.low, plot.scale), height(heights.high, plot.scale));
    let line = Colour::Grid.light().stroke_width(FINENESS);
    for tick in &heights.ticks {
        let share = (height(*tick, plot.scale) - low) / (high - low);
        let y = frame.bottom - (share * f64::from(frame.bottom - frame.top)).round() as i32;
        root.draw(&PathElement::new([(frame.left, y), (frame.right, y)], line))?;
        let style = text(frame, Colour::Label, HPos::Right, VPos::Center);
        root.draw(&Text::new(axis::height_label(*tick, plot.unit), (frame.left - gap, y), style))?;
    }
    for instant in axis::instants(duration_s, format.instants()) {
        let x = frame.left + (instant / duration_s * f64::from(frame.right - frame.left)).round() as i32;
        root.draw(&PathElement::new([(x, frame.bottom), (x, frame.bottom + gap / 2)], line))?;
        let style = text(frame, Colour::Label, HPos::Center, VPos::Top);
        root.draw(&Text::new(axis::instant_label(instant, duration_s), (x, frame.bottom + gap), style))?;
    }
    Ok(())
}

fn lay(layer: &Layer, scale: Scale, heights: &Axis, chart: &mut Chart<'_, '_>) -> Drawn {
    let at = |value: f64| height(value.clamp(heights.low, heights.high), scale);
    match layer {
        Layer::Line { colour, width_px, points } => {
            let style = colour.light().stroke_width(width_px * FINENESS);
            for run in points.split(|point| point.1.is_none()) {
                let run: Vec<(f64, f64)> =
                    run.iter().filter_map(|point| point.1.map(|value| (point.0, at(value)))).collect();
                // One value between two gaps is a line of no length: half a second to each side make it visible.
                let run = if let [(x, y)] = run[..] { vec![(x - 0.5, y), (x + 0.5, y)] } else { run };
                chart.draw_series((!run.is_empty()).then(|| PathElement::new(run, style)))?;
            }
        }
        Layer::Band { colour, opacity, points } => {
            let upper = points.iter().map(|point| (point.0, at(point.2)));
            let lower = points.iter().rev().map(|point| (point.0, at(point.1)));
            let outline: Vec<(f64, f64)> = upper.chain(lower).collect();
            chart.draw_series(
                (outline.len() > 2).then(|| Polygon::new(outline, colour.light().mix(*opacity).filled())),
            )?;
        }
        Layer::Level { value, .. } => {
            let ends = chart.plotting_area().get_x_range();
            let style: ShapeStyle = Colour::Limit.light().stroke_width(FINENESS);
            chart.draw_series([PathElement::new([(ends.start, at(*value)), (ends.end, at(*value))], style)])?;
        }
    }
    Ok(())
}

/// Names of values to keep to, above the right end of their lines, or below where there is no room.
fn name_levels(plot: &Plot, frame: &Frame, root: &Root<'_>, heights: &Axis) -> Drawn {
    let gap = 3 * FINENESS as i32;
    let (low, high) = (height(heights.low, plot.scale), height(heights.high, plot.scale));
    for layer in &plot.layers {
        if let Layer::Level { value, name } = layer {
            let share = (height(*value, plot.scale) - low) / (high - low);
            let y = frame.bottom - (share * f64::from(frame.bottom - frame.top)).round() as i32;
            let (y, vertical) = if y - frame.row < frame.top { (y + gap, VPos::Top) } else { (y - gap, VPos::Bottom) };
            root.draw(&Text::new(
                name.clone(),
                (frame.right - gap, y),
                text(frame, Colour::Limit, HPos::Right, vertical),
            ))?;
        }
    }
    Ok(())
}

/// Names of faults, above their windows.
fn name_windows(frame: &Frame, labels: &[Label], root: &Root<'_>) -> Drawn {
    let rows = labels.iter().map(|label| label.row + 1).max().unwrap_or(0) as i32;
    for label in labels {
        let x = frame.left + (label.x_px * f64::from(FINENESS)).round() as i32;
        let y = frame.top - frame.row * (rows - label.row as i32) + frame.row / 2 - 2 * FINENESS as i32;
        let colour = match label.names {
            Named::Fault => Colour::FaultName,
            Named::Event => Colour::Event,
        };
        root.draw(&Text::new(label.text.clone(), (x, y), text(frame, colour, HPos::Left, VPos::Center)))?;
    }
    Ok(())
}

fn text(frame: &Frame, colour: Colour, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    let font = FontDesc::new(FontFamily::SansSerif, (frame.font * FONT_DIVISOR).round(), FontStyle::Normal);
    TextStyle { font, color: colour.light().to_backend_color(), pos: Pos::new(horizontal, vertical) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Window;

    fn plot(windows: Vec<Window>, layers: Vec<Layer>) -> Plot {
        Plot {
            slug: "rate",
            title: "Rate",
            description: "a <rate>".into(),
            note: String::new(),
            unit: "/s",
            scale: Scale::Linear,
            layers,
            legend: Vec::new(),
            windows,
            marks: Vec::new(),
            duration_s: 10.0,
        }
    }

    #[test]
    fn a_hostile_fault_name_stays_text() {
        let window = Window { name: "</svg><b>".into(), from_s: 1.0, to_s: 2.0 };
        let drawn = svg(&plot(vec![window], Vec::new()), Format::Wide);
        assert!(drawn.contains("&lt;/svg&gt;&lt;b&gt;"), "{drawn}");
        assert!(drawn.contains("a &lt;rate&gt;"));
        assert_eq!(drawn.matches("</svg>").count(), 1);
    }

    #[test]
    fn the_window_is_drawn_before_the_values() {
        let line =
            Layer::Line { colour: Colour::Reached, width_px: 2, points: vec![(0.5, Some(1.0)), (1.5, Some(2.0))] };
        let window = Window { name: "lost".into(), from_s: 1.0, to_s: 2.0 };
        let drawn = svg(&plot(vec![window], vec![line]), Format::Narrow);
        let position = |needle: &str| drawn.find(needle).unwrap_or_else(|| panic!("no {needle} in {drawn}"));
        assert!(position("#F0A43C") < position("#E5E7EB"));
        assert!(position("#E5E7EB") < position("#2563EB"));
    }

    #[test]
    fn a_missing_value_breaks_the_line() {
        let points = vec![(0.5, Some(1.0)), (1.5, Some(2.0)), (2.5, None), (3.5, Some(1.0))];
        let line = Layer::Line { colour: Colour::P99, width_px: 2, points };
        let drawn = svg(&plot(Vec::new(), vec![line]), Format::Wide);
        assert_eq!(drawn.matches("<polyline").count() - drawn.matches("stroke=\"#E5E7EB\"").count(), 2, "{drawn}");
    }

    #[test]
    fn nothing_to_draw_is_still_a_plot() {
        let mut empty = plot(Vec::new(), Vec::new());
        empty.duration_s = 0.0;
        assert!(svg(&empty, Format::Wide).ends_with("</svg>\n"));
    }
}
