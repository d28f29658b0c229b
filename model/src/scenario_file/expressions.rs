//! Values with a grammar of their own inside journeys: JSON bodies with templates, `JSONPath`, regular expressions.

use super::desk::{At, Sees};
use super::form::{Book, Kind};
use super::node::NodeKind;
use super::scalars::{TEMPLATE_HINT, text};
use crate::template::{JsonTemplate, Template, Variable};
use regex::Regex;
use serde_json::{Value, json};
use serde_json_path::JsonPath;

/// A `JSONPath` expression (RFC 9535).
pub(super) fn json_path() -> impl Kind<Value = JsonPath> {
    text().and(|text, at| parse_path(&text, at))
}

/// From text that stands at `at`.
pub(super) fn parse_path(text: &str, at: &At<'_>) -> Option<JsonPath> {
    match JsonPath::parse(text) {
        Ok(path) => Some(path),
        Err(error) => {
            let problem = format!("is `{text}`, which is not a JSONPath from character {} on", error.position() + 1);
            at.wrong(&problem, Some("write a path such as `$.order` or `$.products[*]`".into()));
            None
        }
    }
}

/// A regular expression.
pub(super) fn regex() -> impl Kind<Value = Regex> {
    text().and(|text, at| match Regex::new(&text) {
        Ok(regex) => Some(regex),
        Err(error) => {
            // The last line says what is wrong, those before draw where.
            let why = error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            at.wrong(&format!("is `{text}`, which is not a regular expression: {why}"), None);
            None
        }
    })
}

/// The name of a variable that may be set by a step.
pub(super) fn variable(sees: Sees) -> impl Kind<Value = String> {
    text().and(move |name, at| {
        let template = Template::parse(&format!("{{{{{name}}}}}"));
        match template.as_ref().map(Template::sole_variable) {
            Ok(Some(Variable { name, members })) if members.is_empty() => {
                at.desk.uses(Variable { name: name.clone(), members: Vec::new() }, at.spot(), sees);
                Some(name.clone())
            }
            _ => {
                at.expected("the name of a variable", Some("write it without braces and members".into()));
                None
            }
        }
    })
}

/// JSON in which strings may hold `{{variables}}`.
#[derive(Clone, Copy)]
pub(super) struct JsonBody;

impl Kind for JsonBody {
    type Value = JsonTemplate;

    fn read(&self, at: &At<'_>) -> Option<JsonTemplate> {
        if at.node.unquoted_template().is_some() {
            at.expected("a value", None);
            return None;
        }
        match &at.node.kind {
            NodeKind::Scalar { text, plain } => match super::node::scalar_to_json(text, *plain) {
                Value::String(text) => text_template(&text, at),
                other => Some(JsonTemplate::Literal(other)),
            },
            NodeKind::List(items) => {
                let items: Vec<_> =
                    items.iter().enumerate().map(|(index, node)| self.read(&at.item(index, node))).collect();
                Some(array(items.into_iter().collect::<Option<_>>()?))
            }
            NodeKind::Map(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(key, node)| self.read(&at.value(key, node)).map(|member| (key.name.clone(), member)))
                    .collect();
                Some(object(members.into_iter().collect::<Option<_>>()?))
            }
        }
    }

    fn schema(&self, _: &mut Book) -> Value {
        json!({})
    }
}

fn text_template(text: &str, at: &At<'_>) -> Option<JsonTemplate> {
    match JsonTemplate::parse_text(text) {
        Ok(template) => {
            match &template {
                JsonTemplate::Variable(variable) => at.desk.uses(variable.clone(), at.spot(), Sees::Earlier),
                JsonTemplate::Text(text) => {
                    text.variables().for_each(|variable| at.desk.uses(variable.clone(), at.spot(), Sees::Earlier));
                }
                JsonTemplate::Literal(_) | JsonTemplate::Array(_) | JsonTemplate::Object(_) => {}
            }
            Some(template)
        }
        Err(bad) => {
            at.wrong(&bad.to_string(), Some(TEMPLATE_HINT.into()));
            None
        }
    }
}

/// An array; a literal when nothing in it varies.
fn array(items: Vec<JsonTemplate>) -> JsonTemplate {
    let literal: Option<Vec<Value>> = items.iter().map(as_literal).collect();
    literal.map_or(JsonTemplate::Array(items), |items| JsonTemplate::Literal(Value::Array(items)))
}

/// An object; a literal when nothing in it varies.
fn object(members: Vec<(String, JsonTemplate)>) -> JsonTemplate {
    let literal: Option<serde_json::Map<String, Value>> =
        members.iter().map(|(name, member)| Some((name.clone(), as_literal(member)?))).collect();
    literal.map_or(JsonTemplate::Object(members), |members| JsonTemplate::Literal(Value::Object(members)))
}

fn as_literal(template: &JsonTemplate) -> Option<Value> {
    match template {
        JsonTemplate::Literal(value) => Some(value.clone()),
        JsonTemplate::Variable(_) | JsonTemplate::Text(_) | JsonTemplate::Array(_) | JsonTemplate::Object(_) => None,
    }
}
