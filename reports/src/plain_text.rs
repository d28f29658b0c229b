//! Lines of a timeline where there are neither lanes nor colours.

use crate::html::timeline::{at, who_of};
use model::record::TimelineEntry;

/// `  0:15.168  Payment   charges 15.09 USD, ch_1; answer lost by fault `x` <- breaks the law`.
pub fn line(entry: &TimelineEntry) -> String {
    let mark = if entry.breaks { "  <- breaks the law" } else { "" };
    let at = entry.at_ms.map_or_else(String::new, at);
    format!("{at:>10}  {:<9} {}{}{mark}", who_of(entry), entry.text, fault(entry))
}

/// The fault, where the text does not name it.
fn fault(entry: &TimelineEntry) -> String {
    match &entry.fault {
        Some(fault) if !entry.text.contains(fault.as_str()) => format!(" [fault: {fault}]"),
        _ => String::new(),
    }
}
