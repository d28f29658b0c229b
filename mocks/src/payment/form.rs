//! Bracketed forms: `metadata[order]=1`, `expand[]=latest_charge`.

use crate::wire::Answer;

use super::errors;

/// The pairs of a form, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    pairs: Vec<(String, String)>,
}

impl Form {
    pub(crate) fn read(text: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        Self { pairs }
    }

    /// The value of a parameter; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// Whether a parameter is named at all, be it to empty it.
    pub(crate) fn is_given(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, _)| key == name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The values of `name[]`, `name[0]`, ….
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        self.nested(name).map(|(_, value)| value.to_owned()).collect()
    }

    /// The pairs of `name[…]`, by what stands in the brackets; empty values included, they delete.
    pub(crate) fn map(&self, name: &str) -> Vec<(String, String)> {
        self.nested(name).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    fn nested<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.pairs.iter().filter_map(move |(key, value)| {
            let inner = key.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            Some((inner, value.as_str()))
        })
    }

    /// An integer; anything else is a 400.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Answer> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|_| errors::invalid("parameter_invalid_integer", Some(name), &format!("Invalid integer: {text}")))
    }

    /// A boolean, as any client spells it.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, Answer> {
        match self.get(name) {
            None => Ok(None),
            Some("true" | "True" | "TRUE" | "1") => Ok(Some(true)),
            Some("false" | "False" | "FALSE" | "0") => Ok(Some(false)),
            Some(text) => {
                Err(errors::invalid("parameter_invalid_boolean", Some(name), &format!("Invalid boolean: {text}")))
            }
        }
    }

    /// The pairs in one order, whatever order they came in: equal requests give equal text.
    pub(crate) fn canonical(&self) -> String {
        let mut pairs: Vec<_> = self.pairs.iter().collect();
        pairs.sort();
        pairs.into_iter().flat_map(|(key, value)| [key.as_str(), "\u{1}", value.as_str(), "\u{2}"]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_nest_one_level() {
        let form = Form::read(b"amount=5&metadata[order]=A%201&metadata[tab]=&expand[]=a&expand[1]=b&confirm=True&x=");
        assert_eq!(form.get("amount"), Some("5"));
        assert_eq!(form.map("metadata"), [("order".to_owned(), "A 1".to_owned()), ("tab".to_owned(), String::new())]);
        assert_eq!(form.list("expand"), ["a", "b"]);
        assert_eq!(form.boolean("confirm").ok().flatten(), Some(true));
        assert!(!form.has("x"));
    }

    #[test]
    fn order_does_not_matter_to_a_fingerprint() {
        assert_eq!(Form::read(b"a=1&b=2").canonical(), Form::read(b"b=2&a=1").canonical());
        assert_ne!(Form::read(b"a=1&b=2").canonical(), Form::read(b"a=12&b=").canonical());
    }
}
