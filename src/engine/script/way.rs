//! JSON paths made ready: most lead straight to one node, and need no search.

use serde_json::Value;
use serde_json_path::JsonPath;

/// A way into a document.
#[derive(Clone, Debug)]
pub enum Way {
    /// Straight to one node.
    Straight(Vec<Leg>),
    /// A search.
    Search(JsonPath),
}

/// One leg of a straight way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leg {
    /// Into an object.
    Member(String),
    /// Into an array.
    Index(usize),
}

impl Way {
    /// From a path.
    pub fn compile(path: &JsonPath) -> Self {
        straight(&path.to_string()).map_or_else(|| Self::Search(path.clone()), Self::Straight)
    }

    /// The first node.
    pub fn first<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        match self {
            Self::Straight(legs) => legs.iter().try_fold(document, |value, leg| match leg {
                Leg::Member(name) => value.as_object()?.get(name),
                Leg::Index(index) => value.as_array()?.get(*index),
            }),
            Self::Search(path) => path.query(document).first(),
        }
    }

    /// Every node.
    pub fn all<'a>(&self, document: &'a Value) -> Vec<&'a Value> {
        match self {
            Self::Straight(_) => self.first(document).into_iter().collect(),
            Self::Search(path) => path.query(document).all(),
        }
    }
}

/// The legs of a path that has names and indices from the front only.
fn straight(path: &str) -> Option<Vec<Leg>> {
    let mut rest = path.strip_prefix('$')?;
    let mut legs = Vec::new();
    while !rest.is_empty() {
        let leg;
        (leg, rest) = if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            (Leg::Member(plain(&after[..end])?.into()), &after[end..])
        } else {
            let after = rest.strip_prefix('[')?;
            let end = after.find(']')?;
            let leg = match after.strip_prefix('\'') {
                Some(quoted) => Leg::Member(plain(quoted.get(..end.checked_sub(2)?)?)?.into()),
                None => Leg::Index(after[..end].parse().ok()?),
            };
            (leg, &after[end + 1..])
        };
        legs.push(leg);
    }
    Some(legs)
}

/// A name without anything that a path could mean specially.
fn plain(name: &str) -> Option<&str> {
    let plain =
        !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '-');
    plain.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn way(path: &str) -> Way {
        Way::compile(&JsonPath::parse(path).expect("a path"))
    }

    #[test]
    fn straight_ways_and_searches_find_the_same() {
        let document = json!({"a": {"b-c": [{"d": 1}, {"d": 2}]}, "e": null});
        for (path, is_straight) in [
            ("$", true),
            ("$.a", true),
            ("$.a['b-c'][1].d", true),
            ("$['a']", true),
            ("$.e", true),
            ("$.missing", true),
            ("$.a.*", false),
            ("$..d", false),
            ("$.a['b-c'][-1]", false),
            ("$.a['b-c'][0:2].d", false),
            ("$.a['b-c'][?@.d > 1].d", false),
        ] {
            let parsed = JsonPath::parse(path).expect("a path");
            let way = way(path);
            assert_eq!(matches!(way, Way::Straight(_)), is_straight, "{path} is {parsed}: {way:?}");
            assert_eq!(way.first(&document), parsed.query(&document).first(), "{path}");
            assert_eq!(way.all(&document), parsed.query(&document).all(), "{path}");
        }
    }
}
