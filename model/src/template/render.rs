//! From templates and variables to text, JSON values and JSON text.

use super::{JsonTemplate, Part, Template, Variable};
use serde_json::Value;
use std::borrow::Cow;
use thiserror::Error;

/// Where variables are looked up.
pub trait Lookup {
    /// The value of a variable, its members followed; none when it is not set.
    fn look_up(&self, variable: &Variable) -> Option<Found<'_>>;
}

/// The value of a variable.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// A whole number.
    Integer(i64),
    /// JSON of any type.
    Json(&'a Value),
}

/// A variable that no step has set.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{{{{{0}}}}}` is not set")]
pub struct RenderError(pub Variable);

/// The value inside `value` that the members lead to; a number leads into an array.
#[must_use]
pub fn member<'a>(value: &'a Value, members: &[String]) -> Option<&'a Value> {
    members.iter().try_fold(value, |value, member| match value {
        Value::Object(object) => object.get(member),
        Value::Array(array) => array.get(member.parse::<usize>().ok()?),
        _ => None,
    })
}

impl Template {
    /// The text, appended to `out`.
    pub fn render_into(&self, out: &mut String, lookup: &dyn Lookup) -> Result<(), RenderError> {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Variable(variable) => find(lookup, variable)?.write_text(out),
            }
        }
        Ok(())
    }

    /// The text.
    pub fn render(&self, lookup: &dyn Lookup) -> Result<String, RenderError> {
        let mut out = String::new();
        self.render_into(&mut out, lookup)?;
        Ok(out)
    }
}

impl JsonTemplate {
    /// The JSON text, appended to `out`; no tree is built on the way.
    pub fn render_into(&self, out: &mut Vec<u8>, lookup: &dyn Lookup) -> Result<(), RenderError> {
        match self {
            Self::Literal(value) => write_json(out, value),
            Self::Variable(variable) => find(lookup, variable)?.write_json(out),
            Self::Text(template) => write_json(out, &template.render(lookup)?),
            Self::Array(items) => {
                out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    item.render_into(out, lookup)?;
                }
                out.push(b']');
            }
            Self::Object(members) => {
                out.push(b'{');
                for (index, (name, member)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    write_json(out, name);
                    out.push(b':');
                    member.render_into(out, lookup)?;
                }
                out.push(b'}');
            }
        }
        Ok(())
    }

    /// The JSON value.
    pub fn render(&self, lookup: &dyn Lookup) -> Result<Value, RenderError> {
        Ok(match self {
            Self::Literal(value) => value.clone(),
            Self::Variable(variable) => find(lookup, variable)?.into_value(),
            Self::Text(template) => Value::String(template.render(lookup)?),
            Self::Array(items) => Value::Array(items.iter().map(|item| item.render(lookup)).collect::<Result<_, _>>()?),
            Self::Object(members) => {
                let rendered = members.iter().map(|(name, member)| Ok((name.clone(), member.render(lookup)?)));
                Value::Object(rendered.collect::<Result<_, _>>()?)
            }
        })
    }
}

impl Found<'_> {
    /// As text: strings without quotes, nothing for null, everything else as JSON.
    pub fn write_text(&self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Integer(number) => out.push_str(&number.to_string()),
            Self::Json(Value::String(text)) => out.push_str(text),
            Self::Json(Value::Null) => {}
            Self::Json(value) => out.push_str(&value.to_string()),
        }
    }

    /// As JSON, with its type.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => write_json(out, text),
            Self::Integer(number) => write_json(out, number),
            Self::Json(value) => write_json(out, value),
        }
    }

    /// As a value of its own.
    #[must_use]
    pub fn into_value(self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.into_owned()),
            Self::Integer(number) => number.into(),
            Self::Json(value) => value.clone(),
        }
    }
}

fn find<'a>(lookup: &'a dyn Lookup, variable: &Variable) -> Result<Found<'a>, RenderError> {
    lookup.look_up(variable).ok_or_else(|| RenderError(variable.clone()))
}

fn write_json<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("strings, numbers and JSON values have JSON, and a Vec takes all bytes");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Values(Value);

    impl Lookup for Values {
        fn look_up(&self, variable: &Variable) -> Option<Found<'_>> {
            member(self.0.get(&variable.name)?, &variable.members).map(Found::Json)
        }
    }

    fn values() -> Values {
        Values(json!({"cart": "c_1", "lines": [{"sku": "a\"b", "quantity": 2}], "none": null}))
    }

    #[test]
    fn text_takes_members_and_indices() {
        let template = Template::parse("{{cart}}/{{lines.0.quantity}}{{none}}").expect("a template");
        assert_eq!(template.render(&values()), Ok("c_1/2".into()));
    }

    #[test]
    fn json_keeps_types_and_escapes_text() {
        let template = JsonTemplate::Object(vec![
            ("sku".into(), JsonTemplate::parse_text("{{lines.0.sku}}").expect("a template")),
            ("quantity".into(), JsonTemplate::parse_text("{{lines.0.quantity}}").expect("a template")),
            (
                "note".into(),
                JsonTemplate::Array(vec![JsonTemplate::parse_text("<{{lines.0.sku}}>").expect("a template")]),
            ),
            ("gift".into(), JsonTemplate::Literal(json!(false))),
        ]);
        let mut out = Vec::new();
        template.render_into(&mut out, &values()).expect("all is set");
        assert_eq!(
            String::from_utf8(out).expect("JSON"),
            r#"{"sku":"a\"b","quantity":2,"note":["<a\"b>"],"gift":false}"#
        );
        assert_eq!(
            template.render(&values()).expect("all is set"),
            json!({"sku": "a\"b", "quantity": 2, "note": ["<a\"b>"], "gift": false})
        );
    }

    #[test]
    fn what_is_not_set_is_named() {
        let template = Template::parse("{{cart.member}}").expect("a template");
        assert_eq!(template.render(&values()).expect_err("not set").to_string(), "`{{cart.member}}` is not set");
    }
}
