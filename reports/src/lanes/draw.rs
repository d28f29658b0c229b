//! A picture as SVG; its classes are coloured by the page's style sheet.

use super::rows::{LETTER_PX, LINE_PX, RETURN_PX, Row};
use super::{CLOCK_PX, Lane, Lanes};
use crate::html::escape;
use crate::html::timeline::at;
use model::record::{Book, Counterexample, Passage};

/// Height of the names of lanes, in pixels.
const HEAD_PX: f64 = 40.0;

/// Arrows end so far from the line of a lane, in pixels.
const STANDOFF_PX: f64 = 5.0;

/// The `svg` element.
pub fn svg(story: &Counterexample, id: &str, lanes: &Lanes, rows: &[Row<'_>], left_out: usize) -> String {
    let width = lanes.width_px();
    let tall = HEAD_PX + rows.last().map_or(0.0, |row| row.top_px + row.height_px) + 8.0;
    let foot = if left_out > 0 { 22.0 } else { 0.0 };
    let breaking = rows
        .iter()
        .find(|row| row.entry.breaks)
        .map_or_else(String::new, |row| format!(" The law is broken with: {}.", row.entry.text));
    let mut drawn = format!(
        "<svg class=\"story-picture\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
         aria-labelledby=\"{id}-title {id}-desc\">\n<title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-desc\">{desc}</desc>\n",
        height = tall + foot,
        title = escape(&format!("{} across shopper, shop and providers", story.subject)),
        desc = escape(&format!("{}{breaking} The text below the picture tells each row.", story.sentence)),
    );
    for row in rows.iter().filter(|row| row.entry.breaks) {
        drawn.push_str(&format!(
            "<rect class=\"breaks\" x=\"0\" y=\"{:.1}\" width=\"{width:.0}\" height=\"{:.1}\" rx=\"6\"/>\n",
            HEAD_PX + row.top_px,
            row.height_px
        ));
    }
    drawn.push_str(&head(lanes, tall));
    for row in rows {
        drawn.push_str(&format!("<g transform=\"translate(0 {HEAD_PX:.0})\">\n{}</g>\n", one(row, lanes)));
    }
    if left_out > 0 {
        let rows = if left_out == 1 { "row is" } else { "rows are" };
        drawn.push_str(&text(
            "soft",
            CLOCK_PX,
            tall + 12.0,
            "start",
            &format!("{left_out} more {rows} told in the text"),
        ));
    }
    drawn.push_str("</svg>\n");
    drawn
}

/// The parties and their lines.
fn head(lanes: &Lanes, tall: f64) -> String {
    let names = [(Lane::Shopper, "Shopper"), (Lane::Shop, "Shop")].into_iter();
    let providers = lanes.providers.iter().enumerate().map(|(place, (_, told))| (Lane::Provider(place), told.as_str()));
    let mut drawn = text("soft", CLOCK_PX - 16.0, 22.0, "end", "clock");
    for (lane, name) in names.chain(providers) {
        let x = lanes.x_px(lane);
        drawn.push_str(&format!("<path class=\"lane\" d=\"M{x:.1} {HEAD_PX:.0}V{tall:.1}\"/>\n"));
        drawn.push_str(&text(&format!("party {}", class(lane)), x, 22.0, "middle", name));
    }
    drawn
}

const fn class(lane: Lane) -> &'static str {
    match lane {
        Lane::Shopper => "of-shopper",
        Lane::Shop => "of-shop",
        Lane::Provider(_) => "of-provider",
    }
}

fn one(row: &Row<'_>, lanes: &Lanes) -> String {
    let clock = row.entry.at_ms.map_or_else(|| "in the end".into(), at);
    let first_px = row.line_px() - row.lines.len() as f64 * LINE_PX + 8.0;
    let mut drawn = text("clock", CLOCK_PX - 16.0, first_px, "end", &clock);
    if row.entry.breaks {
        drawn.push_str(&text("verdict", CLOCK_PX - 16.0, first_px + LINE_PX, "end", "breaks the law"));
    }
    drawn.push_str(&match row.ends {
        None => band(row, lanes),
        Some((from, to)) if from == to => note(row, lanes, from),
        Some((from, to)) => passage(row, lanes, from, to),
    });
    drawn
}

/// What concerns all: a fault begins, a process is killed.
fn band(row: &Row<'_>, lanes: &Lanes) -> String {
    let y = row.line_px() - LINE_PX * 0.5 * row.lines.len() as f64 + 1.0;
    let class = if row.entry.fault.is_some() { "band touched" } else { "band" };
    let mut drawn = format!("<path class=\"{class}\" d=\"M{:.1} {y:.1}H{:.1}\"/>\n", CLOCK_PX, lanes.width_px() - 8.0);
    let class = if row.entry.fault.is_some() { "label touched" } else { "label soft" };
    drawn.push_str(&lines(class, CLOCK_PX + 10.0, row, "start"));
    drawn
}

/// What somebody wrote down.
fn note(row: &Row<'_>, lanes: &Lanes, lane: Lane) -> String {
    let longest = row.lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let width = longest as f64 * LETTER_PX + 16.0;
    let x = lanes.x_px(lane).max(CLOCK_PX + width / 2.0).min(lanes.width_px() - width / 2.0 - 2.0);
    let height = row.lines.len() as f64 * LINE_PX + 8.0;
    let top = row.line_px() - row.lines.len() as f64 * LINE_PX - 6.0;
    format!(
        "<rect class=\"note {}\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"5\"/>\n{}",
        class(lane),
        x - width / 2.0,
        lines("label on-note", x, row, "middle"),
    )
}

/// What passed between two: an arrow, with its answer where one was due.
fn passage(row: &Row<'_>, lanes: &Lanes, from: Lane, to: Lane) -> String {
    let (start, end) = (lanes.x_px(from), lanes.x_px(to));
    let towards = (end - start).signum();
    let (start, end) = (start + STANDOFF_PX * towards, end - STANDOFF_PX * towards);
    let y = row.line_px() + 2.0;
    let party = match row.entry.book {
        Book::Shopper => "of-shopper",
        Book::Provider | Book::Shop | Book::Run => "of-provider",
    };
    let mut drawn = match row.entry.passage {
        Passage::Unanswered | Passage::Undelivered => broken(start, end, y),
        Passage::Answered => {
            format!("{}{}", line(&format!("{party} back"), start, end, y), tip(party, end, towards, y))
        }
        Passage::Delivered => {
            format!("{}{}", line("of-provider hook", start, end, y), tip("of-provider", end, towards, y))
        }
        Passage::Asked | Passage::Called | Passage::AnswerLost | Passage::AnswerAltered | Passage::Nothing => {
            format!("{}{}", line(party, start, end, y), tip(party, end, towards, y))
        }
    };
    let answer = y + RETURN_PX;
    match row.entry.passage {
        Passage::Called => {
            drawn.push_str(&line("of-provider back", end, start, answer));
            drawn.push_str(&tip("of-provider", start, -towards, answer));
        }
        Passage::AnswerLost => drawn.push_str(&broken(end, start, answer)),
        Passage::AnswerAltered => {
            drawn.push_str(&line("lost back", end, start, answer));
            drawn.push_str(&tip("lost", start, -towards, answer));
        }
        Passage::Nothing
        | Passage::Asked
        | Passage::Answered
        | Passage::Unanswered
        | Passage::Delivered
        | Passage::Undelivered => {}
    }
    let middle = f64::midpoint(start, end);
    drawn.push_str(&lines("label", middle, row, "middle"));
    drawn.push_str(&below(row, middle, if row.returns() { answer } else { y } + LINE_PX - 1.0));
    drawn
}

/// The key, and the fault that touched the passage.
fn below(row: &Row<'_>, middle: f64, y: f64) -> String {
    let key = escape(&row.detail);
    let Some(fault) = &row.entry.fault else {
        return if key.is_empty() { String::new() } else { text("detail", middle, y, "middle", &row.detail) };
    };
    let did = match row.entry.passage {
        Passage::AnswerLost => "answer lost:",
        Passage::AnswerAltered => "answer replaced:",
        Passage::Undelivered => "not delivered:",
        Passage::Nothing
        | Passage::Asked
        | Passage::Answered
        | Passage::Unanswered
        | Passage::Called
        | Passage::Delivered => "touched by",
    };
    let gap = if key.is_empty() { "" } else { " · " };
    format!(
        "<text class=\"detail\" x=\"{middle:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{key}{gap}<tspan class=\"touched\">{did} {}</tspan></text>\n",
        escape(&shortened(fault))
    )
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= 24 { name.into() } else { name.chars().take(23).chain(['…']).collect() }
}

fn line(class: &str, from: f64, to: f64, y: f64) -> String {
    format!("<path class=\"way {class}\" d=\"M{from:.1} {y:.1}H{to:.1}\"/>\n")
}

/// A line that never arrives: it stops in the middle, crossed out.
fn broken(from: f64, to: f64, y: f64) -> String {
    let stop = from + (to - from) * 0.5;
    format!(
        "{}<path class=\"cross\" d=\"M{:.1} {:.1}l9 9m0 -9l-9 9\"/>\n",
        line("lost back", from, stop, y),
        stop - 4.5,
        y - 4.5
    )
}

/// The tip of an arrow that points to where `towards` says.
fn tip(class: &str, x: f64, towards: f64, y: f64) -> String {
    format!("<path class=\"tip {class}\" d=\"M{x:.1} {y:.1}l{:.1} -4v8z\"/>\n", -8.0 * towards)
}

/// The lines of a row, the last one just above its arrow.
fn lines(class: &str, x: f64, row: &Row<'_>, anchor: &str) -> String {
    let first = row.line_px() - (row.lines.len() as f64 - 1.0) * LINE_PX - 5.0;
    row.lines
        .iter()
        .enumerate()
        .map(|(place, line)| text(class, x, first + place as f64 * LINE_PX, anchor, line))
        .collect::<Vec<_>>()
        .concat()
}

fn text(class: &str, x: f64, y: f64, anchor: &str, said: &str) -> String {
    format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>\n", escape(said))
}
