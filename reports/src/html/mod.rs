//! A run as one self-contained page: no script, no request, no font.

mod events;
mod faults;
mod harness;
mod laws;
mod objectives;
mod opening;
mod plots;
mod story;
pub(crate) mod table;
pub(crate) mod timeline;
mod traffic;

use crate::plot;
use crate::sentence;
use model::record::RunRecord;

/// What stands in every page; the colours of plots are added to it.
pub(crate) const STYLE: &str = concat!(include_str!("style.css"), include_str!("story.css"));

/// The page, as UTF-8.
#[must_use]
pub fn render(record: &RunRecord) -> String {
    let parts = [
        opening::section(record),
        laws::broken(record),
        objectives::objectives(record),
        plots::plots(record),
        faults::faults(record),
        events::events(record),
        laws::silent(record),
        laws::held(record),
        faults::phases(record),
        traffic::steps(record),
        traffic::arrivals(record),
        traffic::money(record),
        harness::harness(record),
    ];
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"generator\" content=\"Doorbuster {version}\">\n\
         <meta name=\"description\" content=\"{sentence}\">\n\
         <title>{verdict}: {scenario}</title>\n<style>\n{STYLE}{colours}</style>\n</head>\n<body>\n<main>\n{parts}</main>\n{foot}</body>\n</html>\n",
        version = escape(&record.doorbuster_version),
        sentence = escape(&sentence::verdict(record)),
        verdict = record.verdict.name(),
        scenario = escape(&record.scenario),
        colours = plot::css(),
        parts = parts.concat(),
        foot = harness::foot(record),
    )
}

/// Text for any place of the page, attributes included. Control characters, which pages may not hold, become `�`.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(letter),
            letter if letter.is_control() => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// What is written for each item, one after the other.
pub(crate) fn each<T>(items: impl IntoIterator<Item = T>, write: impl Fn(T) -> String) -> String {
    items.into_iter().map(write).collect::<Vec<_>>().concat()
}

/// A section with its heading; `lead` and `body` are HTML.
pub(crate) fn section(slug: &str, heading: &str, lead: &str, body: &str) -> String {
    let lead = if lead.is_empty() { String::new() } else { format!("<p class=\"lead\">{lead}</p>\n") };
    format!(
        "<section id=\"{slug}\" aria-labelledby=\"{slug}-heading\">\n<h2 id=\"{slug}-heading\">{heading}</h2>\n{lead}{body}</section>\n"
    )
}
