//! Lines of a timeline where there are neither lanes nor colours.

use crate::html::timeline::{at, who_of};
use model::record::{Book, Passage, TimelineEntry};

/// `0:15.168    Payment   charges 15.09 USD, ch_1, key …dc26; answer lost by fault `x`  <- breaks the law`.
pub fn line(entry: &TimelineEntry) -> String {
    format!("{}{}{}", head(entry, &entry.text), fault(entry, &entry.text), mark(entry))
}

/// The same without names of objects: `0:15.168    Payment   charges 15.09 USD, key …dc26; answer lost: x`.
pub fn short(entry: &TimelineEntry) -> String {
    if entry.book != Book::Provider || entry.brief.is_empty() {
        return line(entry);
    }
    let key = key(&entry.text).map_or_else(String::new, |key| format!(", {key}"));
    let fault = entry.fault.as_ref().map_or_else(String::new, |fault| match entry.passage {
        Passage::AnswerLost => format!("; answer lost by `{fault}`"),
        Passage::AnswerAltered => format!("; answer replaced by `{fault}`"),
        Passage::Undelivered => format!("; stopped by `{fault}`"),
        Passage::Nothing
        | Passage::Asked
        | Passage::Answered
        | Passage::Unanswered
        | Passage::Called
        | Passage::Delivered => format!("; touched by `{fault}`"),
    });
    format!("{}{key}{fault}{}", head(entry, &entry.brief), mark(entry))
}

/// The key that a text names: what tells a repeat from a second wish.
pub fn key(text: &str) -> Option<String> {
    let from = text.find("key ")?;
    let rest = &text[from..];
    Some(rest[..rest.find([';', ',', ':']).unwrap_or(rest.len())].trim().to_owned())
}

fn head(entry: &TimelineEntry, said: &str) -> String {
    let at = entry.at_ms.map_or_else(|| "in the end".into(), at);
    format!("{at:<10}  {:<9} {said}", who_of(entry))
}

const fn mark(entry: &TimelineEntry) -> &'static str {
    if entry.breaks { "  <- breaks the law" } else { "" }
}

/// The fault, where the text does not name it.
fn fault(entry: &TimelineEntry, said: &str) -> String {
    match &entry.fault {
        Some(fault) if !said.contains(fault.as_str()) => format!(" [fault: {fault}]"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn the_key_is_found() {
        assert_eq!(key("charges 1.00 USD, ch_1, key …dc26; answer lost").as_deref(), Some("key …dc26"));
        assert_eq!(key("has bought"), None);
    }
}
