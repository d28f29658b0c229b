//! Text and JSON with `{{variables}}`: parsed once, rendered for every request.

mod parse;
mod render;

pub use parse::BadTemplate;
pub use render::{Found, Lookup, RenderError, member};

use serde_json::Value;
use std::fmt;

/// Text in which `{{name}}` and `{{name.member}}` stand for variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// In order.
    pub parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// A variable and the way into its members.
    Variable(Variable),
}

/// A variable and the way into its members: `cart`, `product.sku`, `card.ok.number`, `env:TOKEN`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Variable {
    /// Its name; `env:NAME` names an environment variable (a secret).
    pub name: String,
    /// Members, from the outside in.
    pub members: Vec<String>,
}

impl Variable {
    /// The environment variable that it names, if it names one.
    #[must_use]
    pub fn secret(&self) -> Option<&str> {
        self.name.strip_prefix("env:")
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.members.iter().try_for_each(|member| write!(f, ".{member}"))
    }
}

/// JSON in which strings may be templates; a variable alone in a string keeps its type.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonTemplate {
    /// As it stands.
    Literal(Value),
    /// A variable with its type.
    Variable(Variable),
    /// Text with variables in it.
    Text(Template),
    /// An array.
    Array(Vec<JsonTemplate>),
    /// An object, in the order of the file.
    Object(Vec<(String, JsonTemplate)>),
}
