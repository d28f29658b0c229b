//! One counterexample, explained: what should have been and what was, a picture, the fault, the way to see it again.

use super::{each, escape, timeline};
use crate::{lanes, sentence};
use model::record::{Chosen, Counterexample, LawRecord, RunRecord, Touch};

/// The stories of a broken law.
pub fn stories(record: &RunRecord, law: &LawRecord) -> String {
    if law.counterexamples.is_empty() {
        return "<p>No counterexample was kept.</p>\n".into();
    }
    each(law.counterexamples.iter().enumerate(), |(place, story)| {
        one(record, story, &format!("story-{}-{place}", slug(&law.name)), law.violated)
    })
}

/// A name as an identifier of the page.
fn slug(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).take(80).collect()
}

fn one(record: &RunRecord, story: &Counterexample, id: &str, violated: u64) -> String {
    let stake = sentence::stake(story)
        .map_or_else(String::new, |stake| format!("<span class=\"stake\">{}</span>", escape(&stake)));
    format!(
        "<div class=\"example\">\n<h4>{heading}{stake}</h4>\n<p class=\"why\">{told}</p>\n<p class=\"subject\"><code>{subject}</code></p>\n\
         {picture}{touched}{text}{again}</div>\n",
        heading = heading(story.chosen, violated),
        told = escape(sentence::told(story)),
        subject = escape(&story.subject),
        picture = picture(story, id),
        touched = touched(&story.touched),
        text = as_text(story),
        again = again(record, story),
    )
}

const fn heading(chosen: Chosen, violated: u64) -> &'static str {
    match (chosen, violated) {
        (Chosen::FirstAndWorst, 0 | 1) => "What happened",
        (Chosen::FirstAndWorst, _) => "The first, and none is worse",
        (Chosen::First, _) => "The first",
        (Chosen::Worst, _) => "The worst",
    }
}

fn picture(story: &Counterexample, id: &str) -> String {
    let picture = lanes::picture(story, id);
    if picture.is_empty() {
        return picture;
    }
    format!(
        "<div class=\"picture\" tabindex=\"0\" role=\"region\" aria-label=\"Timeline as a picture\">\n{picture}</div>\n"
    )
}

fn touched(touches: &[Touch]) -> String {
    if touches.is_empty() {
        return "<p class=\"touches\">No fault is stamped on its rows.</p>\n".into();
    }
    let items = each(touches, |touch| {
        let what = if touch.what.is_empty() { String::new() } else { format!(" ({})", escape(&touch.what)) };
        format!(
            "<li><span class=\"fault\">{}</span>{what}: {}</li>\n",
            escape(&touch.fault),
            escape(&sentence::did(touch).join("; "))
        )
    });
    let heading = if touches.len() == 1 { "The fault that touched it" } else { "The faults that touched it" };
    format!("<div class=\"touches\"><h5>{heading}</h5>\n<ul>\n{items}</ul></div>\n")
}

/// The timeline with every key and object; open where there is no picture.
fn as_text(story: &Counterexample) -> String {
    let timeline = timeline::timeline(&story.timeline);
    if timeline.is_empty() {
        return timeline;
    }
    if lanes::picture(story, "x").is_empty() {
        return timeline;
    }
    format!("<details><summary>The same as text, with every object and key</summary>\n{timeline}</details>\n")
}

/// The run again, and the rows in its file.
fn again(record: &RunRecord, story: &Counterexample) -> String {
    let code = |heading: &str, code: &str| {
        if code.trim().is_empty() {
            return String::new();
        }
        format!("<h5>{heading}</h5>\n<pre tabindex=\"0\"><code>{}</code></pre>\n", escape(code.trim()))
    };
    format!(
        "<details><summary>See it again: the command, and SQL for <code>run.db</code></summary>\n{}{}{}</details>\n",
        code(&format!("Repeats the run, seed {}", record.seed), &record.repeat()),
        code("Shows its rows", &story.rows_query),
        code("Finds it among all that the law examines", &story.query),
    )
}
