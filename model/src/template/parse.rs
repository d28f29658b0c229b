//! From text to templates.
//!
//! A backslash before `{{` lets the braces stand for themselves, as GraphQL texts need at times.

use super::{JsonTemplate, Part, Template, Variable};
use thiserror::Error;

/// What is wrong with the text of a template.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BadTemplate {
    /// `{{` without its end.
    #[error("has `{{{{` without `}}}}`")]
    Open,
    /// Nothing between the braces.
    #[error("has nothing between `{{{{` and `}}}}`")]
    Empty,
    /// Something else than a name between the braces.
    #[error("has `{{{{{0}}}}}`, which is not a variable's name")]
    NotAName(String),
}

impl Template {
    /// Takes text apart.
    pub fn parse(text: &str) -> Result<Self, BadTemplate> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            let before = &rest[..start];
            let after = &rest[start + 2..];
            if let Some(before) = before.strip_suffix('\\') {
                literal.push_str(before);
                literal.push_str("{{");
                rest = after;
                continue;
            }
            let end = after.find("}}").ok_or(BadTemplate::Open)?;
            literal.push_str(before);
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(Part::Variable(Variable::parse(after[..end].trim())?));
            rest = &after[end + 2..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self { parts })
    }

    /// The variable that is the whole text, if one is.
    #[must_use]
    pub fn sole_variable(&self) -> Option<&Variable> {
        match self.parts.as_slice() {
            [Part::Variable(variable)] => Some(variable),
            _ => None,
        }
    }

    /// The whole text, when no variable is in it.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The variables in it.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(variable) => Some(variable),
            Part::Text(_) => None,
        })
    }
}

impl JsonTemplate {
    /// A string of a JSON document: a literal, a variable with its type, or text.
    pub fn parse_text(text: &str) -> Result<Self, BadTemplate> {
        let template = Template::parse(text)?;
        Ok(match (template.literal(), template.sole_variable()) {
            (Some(text), _) => Self::Literal(text.into()),
            (None, Some(variable)) => Self::Variable(variable.clone()),
            (None, None) => Self::Text(template),
        })
    }
}

impl Variable {
    /// `name`, `name.member` or `env:NAME`.
    fn parse(text: &str) -> Result<Self, BadTemplate> {
        if text.is_empty() {
            return Err(BadTemplate::Empty);
        }
        let bad = || BadTemplate::NotAName(text.into());
        if let Some(secret) = text.strip_prefix("env:") {
            return if is_name(secret) { Ok(Self { name: text.into(), members: Vec::new() }) } else { Err(bad()) };
        }
        let mut words = text.split('.');
        let name = words.next().filter(|word| is_name(word)).ok_or_else(bad)?.to_owned();
        let members = words.map(|word| if is_member(word) { Ok(word.to_owned()) } else { Err(bad()) });
        Ok(Self { name, members: members.collect::<Result<_, _>>()? })
    }
}

/// A letter or underscore, then letters, digits, `_` and `-`.
fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') && is_member(word)
}

/// As a name, but may begin with a digit: an index.
fn is_member(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_falls_apart_into_literals_and_variables() {
        let template = Template::parse("/carts/{{ cart }}/lines?of={{product.sku}}!").expect("a template");
        let variables: Vec<String> = template.variables().map(ToString::to_string).collect();
        assert_eq!(variables, ["cart", "product.sku"]);
        assert_eq!(template.parts.len(), 5);
    }

    #[test]
    fn a_backslash_keeps_the_braces() {
        assert_eq!(Template::parse(r"a \{{b}} c").expect("a template").literal(), Some("a {{b}} c"));
    }

    #[test]
    fn bad_templates_say_what_is_wrong() {
        let wrong = |text| Template::parse(text).expect_err("a bad template").to_string();
        assert_eq!(wrong("a {{b"), "has `{{` without `}}`");
        assert_eq!(wrong("a {{ }}"), "has nothing between `{{` and `}}`");
        assert_eq!(wrong("{{a b}}"), "has `{{a b}}`, which is not a variable's name");
        assert_eq!(wrong("{{a..b}}"), "has `{{a..b}}`, which is not a variable's name");
        assert_eq!(wrong("{{env:}}"), "has `{{env:}}`, which is not a variable's name");
    }

    #[test]
    fn a_variable_alone_keeps_its_type() {
        assert!(matches!(JsonTemplate::parse_text("{{total}}"), Ok(JsonTemplate::Variable(_))));
        assert!(matches!(JsonTemplate::parse_text("{{total}} "), Ok(JsonTemplate::Text(_))));
        assert!(matches!(JsonTemplate::parse_text("total"), Ok(JsonTemplate::Literal(_))));
    }
}
