//! The plots, each wide for screens and paper and narrow for telephones.

use super::{each, escape, section};
use crate::plot::{self, Format, Plot};
use model::record::RunRecord;

/// All plots, one below the other on the same axis of time.
pub fn plots(record: &RunRecord) -> String {
    let lead = match (record.faults.is_empty(), record.events.is_empty()) {
        (true, true) => "Time runs from the start of the load.",
        (false, true) => "Time runs from the start of the load; the shaded windows are the faults.",
        (true, false) => "Time runs from the start of the load; the dashed lines are events.",
        (false, false) => {
            "Time runs from the start of the load; the shaded windows are the faults, the dashed lines events."
        }
    };
    section("plots", "How it went", lead, &each(plot::all(record), |plot| figure(&plot)))
}

fn figure(plot: &Plot) -> String {
    let legend = each(&plot.legend, |(colour, name)| {
        format!("<span><i class=\"key-{}\"></i>{}</span>", colour.name(), escape(name))
    });
    let note = if plot.note.is_empty() { String::new() } else { format!("<small>{}</small>", escape(&plot.note)) };
    format!(
        "<figure>\n<figcaption><h3>{}</h3><span class=\"legend\">{legend}</span>{note}</figcaption>\n{}{}</figure>\n",
        escape(plot.title),
        plot::svg(plot, Format::Wide),
        plot::svg(plot, Format::Narrow),
    )
}
