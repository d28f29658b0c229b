//! Templates made ready for many renderings: what never changes is written out once, variables become places.

use super::place::{Place, Places, UnknownVariable};
use crate::engine::shopper::{Memory, NotSet};
use model::template::{JsonTemplate, Part, Template, Variable};
use std::borrow::Cow;

/// A template for text.
#[derive(Clone, Debug)]
pub struct Text {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    Fixed(Box<str>),
    Value(Place),
}

/// A template for JSON text.
#[derive(Clone, Debug)]
pub struct JsonText {
    pieces: Vec<JsonPiece>,
}

#[derive(Clone, Debug)]
enum JsonPiece {
    /// JSON text as it stands, not by itself valid.
    Fixed(Box<[u8]>),
    /// A variable with its type.
    Typed(Place),
    /// A string with variables in it.
    Quoted(Text),
}

impl Text {
    /// Resolves the variables.
    pub fn compile(template: &Template, places: &Places) -> Result<Self, UnknownVariable> {
        let mut pieces = Vec::new();
        let mut fixed = String::new();
        for part in &template.parts {
            match part {
                Part::Text(text) => fixed.push_str(text),
                Part::Variable(variable) => match places.find(variable)? {
                    Place::Fixed(value) => model::template::Found::Json(&value).write_text(&mut fixed),
                    place => {
                        if !fixed.is_empty() {
                            pieces.push(Piece::Fixed(std::mem::take(&mut fixed).into()));
                        }
                        pieces.push(Piece::Value(place));
                    }
                },
            }
        }
        if !fixed.is_empty() {
            pieces.push(Piece::Fixed(fixed.into()));
        }
        Ok(Self { pieces })
    }

    /// The text, when it never changes.
    pub fn fixed(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Fixed(text)] => Some(text),
            _ => None,
        }
    }

    /// Appends the text.
    pub fn render_into(&self, out: &mut String, memory: &Memory) -> Result<(), NotSet> {
        for piece in &self.pieces {
            match piece {
                Piece::Fixed(text) => out.push_str(text),
                Piece::Value(place) => memory.with(place, |value| value.write_text(out))?,
            }
        }
        Ok(())
    }

    /// The text; borrowed when it never changes.
    pub fn render<'a>(&'a self, memory: &Memory) -> Result<Cow<'a, str>, NotSet> {
        if let Some(fixed) = self.fixed() {
            return Ok(Cow::Borrowed(fixed));
        }
        let mut out = String::new();
        self.render_into(&mut out, memory)?;
        Ok(Cow::Owned(out))
    }
}

impl JsonText {
    /// The JSON text, when it never changes.
    pub fn fixed(&self) -> Option<&[u8]> {
        match self.pieces.as_slice() {
            [JsonPiece::Fixed(bytes)] => Some(bytes),
            _ => None,
        }
    }

    /// Resolves the variables.
    pub fn compile(template: &JsonTemplate, places: &Places) -> Result<Self, UnknownVariable> {
        let mut writer = JsonWriter::default();
        writer.take(template, places)?;
        writer.seal();
        Ok(Self { pieces: writer.pieces })
    }

    /// Appends the JSON text.
    pub fn render_into(&self, out: &mut Vec<u8>, memory: &Memory) -> Result<(), NotSet> {
        for piece in &self.pieces {
            match piece {
                JsonPiece::Fixed(bytes) => out.extend_from_slice(bytes),
                JsonPiece::Typed(place) => memory.with(place, |value| value.write_json(out))?,
                JsonPiece::Quoted(text) => write_string(out, &text.render(memory)?),
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct JsonWriter {
    pieces: Vec<JsonPiece>,
    fixed: Vec<u8>,
}

impl JsonWriter {
    fn take(&mut self, template: &JsonTemplate, places: &Places) -> Result<(), UnknownVariable> {
        match template {
            JsonTemplate::Literal(value) => self.fixed.extend_from_slice(value.to_string().as_bytes()),
            JsonTemplate::Variable(variable) => self.take_variable(variable, places)?,
            JsonTemplate::Text(template) => {
                let text = Text::compile(template, places)?;
                match text.fixed() {
                    Some(fixed) => write_string(&mut self.fixed, fixed),
                    None => self.push(JsonPiece::Quoted(text)),
                }
            }
            JsonTemplate::Array(items) => {
                self.fixed.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    self.separate(index);
                    self.take(item, places)?;
                }
                self.fixed.push(b']');
            }
            JsonTemplate::Object(members) => {
                self.fixed.push(b'{');
                for (index, (name, member)) in members.iter().enumerate() {
                    self.separate(index);
                    write_string(&mut self.fixed, name);
                    self.fixed.push(b':');
                    self.take(member, places)?;
                }
                self.fixed.push(b'}');
            }
        }
        Ok(())
    }

    fn take_variable(&mut self, variable: &Variable, places: &Places) -> Result<(), UnknownVariable> {
        match places.find(variable)? {
            Place::Fixed(value) => self.fixed.extend_from_slice(value.to_string().as_bytes()),
            place => self.push(JsonPiece::Typed(place)),
        }
        Ok(())
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.fixed.push(b',');
        }
    }

    fn push(&mut self, piece: JsonPiece) {
        self.seal();
        self.pieces.push(piece);
    }

    fn seal(&mut self) {
        if !self.fixed.is_empty() {
            self.pieces.push(JsonPiece::Fixed(std::mem::take(&mut self.fixed).into()));
        }
    }
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a string has JSON, and a Vec takes all bytes");
}
