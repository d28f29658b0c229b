//! From an answer to its reading and to what is learnt from it.

use super::answer::Answer;
use super::jar::Jar;
use super::memory::{Memory, NotSet};
use crate::engine::script::{Call, Captured, Checked, Expected, From, Place, Way, When};
use model::journey::{Meaning, Missing, StatusRange};
use model::outcome::Reading;
use model::seed::{Seed, draw};
use model::template::member;
use regex::Regex;
use serde_json::Value;
use std::borrow::Cow;
use std::time::Instant;

/// How an answer was read.
#[derive(Debug)]
pub struct Read {
    /// What it means.
    pub reading: Reading,
    /// What was captured, by slot.
    pub learnt: Vec<(usize, Value)>,
    /// What did not fit.
    pub remark: Option<String>,
}

/// Reads an answer. `seed` decides picks.
pub fn read(call: &Call, answer: &Answer, memory: &Memory, jar: &Jar, seed: Seed) -> Read {
    let reading = match reading(&call.expect, answer, memory) {
        Ok(Some(reading)) => reading,
        Ok(None) => return unexpected("no expectation fits".into()),
        Err(not_set) => return unexpected(not_set.to_string()),
    };
    // What a refusal tells is worth knowing too (the number of the order that can be paid with another card), but
    // only an answer that goes on must have everything.
    let must = matches!(reading, Reading::Ok | Reading::Pending);
    let mut learnt = Vec::with_capacity(call.captures.len());
    for capture in &call.captures {
        let heard = Heard { answer, learnt: &learnt, memory, jar };
        let found = heard.find(capture, seed).map(|value| in_full(value, capture.meaning, answer));
        match found {
            Some(value) => learnt.push((capture.slot, value)),
            None if must && capture.missing == Missing::Fails => {
                return unexpected(format!("nothing to capture for `{}`", capture.name));
            }
            None => {}
        }
    }
    Read { reading, learnt, remark: None }
}

/// An address as the shopper would follow it.
fn in_full(value: Value, meaning: Meaning, answer: &Answer) -> Value {
    match (meaning, &value) {
        (Meaning::Address, Value::String(text)) => answer.resolve(text).into(),
        (Meaning::Address | Meaning::Value, _) => value,
    }
}

/// Whether a step is taken; `draw` is the shopper's number in [0, 1) for it.
pub fn holds(condition: &When, memory: &Memory, draw: impl FnOnce() -> f64) -> bool {
    let value = |place| memory.value(place);
    let set = |place| !matches!(value(place), None | Some(Value::Null | Value::Bool(false)));
    match condition {
        When::Set(place) => set(place),
        When::Unset(place) => !set(place),
        When::Equals(place, wanted) => value(place).is_some_and(|value| equal(&value, wanted)),
        When::Chance(chance) => draw() < *chance,
    }
}

fn unexpected(remark: String) -> Read {
    Read { reading: Reading::Unexpected, learnt: Vec::new(), remark: Some(remark) }
}

fn reading(expect: &[Expected], answer: &Answer, memory: &Memory) -> Result<Option<Reading>, NotSet> {
    for expected in expect {
        if fits(expected, answer, memory)? {
            return Ok(Some(expected.reading));
        }
    }
    Ok(None)
}

fn fits(expected: &Expected, answer: &Answer, memory: &Memory) -> Result<bool, NotSet> {
    let status = answer.status.as_u16();
    let statuses = &expected.statuses;
    if !statuses.is_empty() && !statuses.iter().any(|StatusRange(from, to)| (*from..=*to).contains(&status)) {
        return Ok(false);
    }
    for check in &expected.checks {
        if !passes(check, answer, memory)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn passes(check: &Checked, answer: &Answer, memory: &Memory) -> Result<bool, NotSet> {
    let node = |way: &Way| answer.node(way).ok().flatten();
    Ok(match check {
        Checked::JsonIs(way, value) => node(way).is_some_and(|node| equal(&node, value)),
        Checked::JsonBecomes(way, template) => {
            let mut wanted = Vec::new();
            template.render_into(&mut wanted, memory)?;
            let wanted: Option<Value> = serde_json::from_slice(&wanted).ok();
            node(way).zip(wanted).is_some_and(|(node, wanted)| equal(&node, &wanted))
        }
        Checked::JsonExists(way) => node(way).is_some(),
        Checked::JsonAbsent(way) => answer.node(way) == Ok(None),
        Checked::BodyContains(text) => answer.text().contains(text.render(memory)?.as_ref()),
        Checked::BodyMatches(regex) => regex.is_match(&answer.text()),
        Checked::HeaderEquals(name, value) => answer.header(name) == Some(value.render(memory)?.as_ref()),
    })
}

/// Equal as a reader of JSON means it: `1` and `1.0` are the same number.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (left, right) => left == right,
    }
}

/// An answer, and what was captured from it so far: a capture may look into an earlier one.
struct Heard<'a> {
    answer: &'a Answer,
    learnt: &'a [(usize, Value)],
    memory: &'a Memory,
    jar: &'a Jar,
}

impl Heard<'_> {
    fn find(&self, capture: &Captured, seed: Seed) -> Option<Value> {
        let answer = self.answer;
        match &capture.from {
            From::Json(way) => answer.node(way).ok().flatten().map(Cow::into_owned),
            From::Pick(way, weight) => {
                pick(&way.all(answer.json()?), weight.as_deref(), draw(seed, "pick", &capture.name, 0))
            }
            From::Header(name) => answer.header(name).map(Value::from),
            From::Cookie(name) => self.jar.get(name, Instant::now()).map(Value::from),
            From::FinalAddress => Some(answer.address().into()),
            From::Regex(regex, Some(place)) => first_group(regex, &self.text(place)?),
            From::Regex(regex, None) => first_group(regex, &answer.text()),
        }
    }

    fn text(&self, place: &Place) -> Option<String> {
        if let Place::Captured { slot, members, .. } = place
            && let Some((_, value)) = self.learnt.iter().find(|(learnt, _)| learnt == slot)
        {
            return super::trial::text(member(value, members)?);
        }
        self.memory.text(place)
    }
}

fn first_group(regex: &Regex, text: &str) -> Option<Value> {
    let groups = regex.captures(text)?;
    let group = groups.get(1).or_else(|| groups.get(0))?;
    Some(htmlize::unescape(group.as_str()).into_owned().into())
}

/// The node on which the draw falls, heavier ones covering more of [0, 1).
fn pick(nodes: &[&Value], weight: Option<&str>, draw: f64) -> Option<Value> {
    let weigh = |node: &Value| match weight {
        Some(member) => node.get(member).and_then(Value::as_f64).filter(|weight| *weight > 0.0).unwrap_or(0.0),
        None => 1.0,
    };
    let total: f64 = nodes.iter().map(|node| weigh(node)).sum();
    if total <= 0.0 {
        // Nothing to weigh by: every candidate is as good.
        return nodes.get((draw * nodes.len() as f64) as usize).map(|node| (*node).clone());
    }
    let mut left = draw * total;
    let chosen = nodes.iter().find(|node| {
        left -= weigh(node);
        left < 0.0
    });
    chosen.or(nodes.last()).map(|node| (*node).clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn picks_follow_their_weights() {
        let (light, none, heavy) = (json!({"id": 1, "w": 1}), json!({"id": 2}), json!({"id": 3, "w": 3.0}));
        let nodes = [&light, &none, &heavy];
        let picked = |draw| pick(&nodes, Some("w"), draw).expect("a node")["id"].clone();
        assert_eq!([picked(0.0), picked(0.24), picked(0.26), picked(0.99)], [json!(1), json!(1), json!(3), json!(3)]);
        assert_eq!(pick(&nodes, None, 0.5), Some(none.clone()));
        assert_eq!(pick(&nodes, Some("missing"), 0.9), Some(heavy.clone()));
        assert_eq!(pick(&[], None, 0.5), None);
    }

    #[test]
    fn numbers_are_equal_by_value() {
        assert!(equal(&json!(1), &json!(1.0)));
        assert!(!equal(&json!(1), &json!("1")));
    }
}
