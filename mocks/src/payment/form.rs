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

    /// A form of ours, made for an operation of ours.
    pub(crate) fn of(pairs: Vec<(String, String)>) -> Self {
        Self { pairs }
    }

    /// What stands under `name[…]`, as parameters without that prefix: `name[a][b]` becomes `a[b]`.
    pub(crate) fn under(&self, name: &str) -> Vec<(String, String)> {
        self.nested_any(name)
            .filter_map(|(inner, value)| {
                let (first, rest) = inner.split_once(']')?;
                Some((format!("{first}{rest}"), value.to_owned()))
            })
            .collect()
    }

    /// The places of a list of hashes, `name[0][…]`, `name[1][…]`, …, in order.
    pub(crate) fn places(&self, name: &str) -> Vec<usize> {
        let mut places: Vec<usize> =
            self.nested_any(name).filter_map(|(inner, _)| inner.split(']').next()?.parse().ok()).collect();
        places.sort_unstable();
        places.dedup();
        places
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

    /// Whether anything stands under `name[…]`.
    pub(crate) fn has_any(&self, name: &str) -> bool {
        self.nested_any(name).any(|(_, value)| !value.is_empty())
    }

    fn nested_any<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.pairs.iter().filter_map(move |(key, value)| {
            let inner = key.strip_prefix(name)?.strip_prefix('[')?;
            Some((inner, value.as_str()))
        })
    }

    /// The names of all parameters, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(key, _)| key.as_str())
    }

    /// The value of a parameter, an empty one included: it unsets a field.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// What a text becomes: said anew, unset by an empty value, or as it was.
    pub(crate) fn retext(&self, name: &str, was: Option<String>) -> Option<String> {
        match self.raw(name) {
            Some("") => None,
            Some(text) => Some(text.to_owned()),
            None => was,
        }
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
