//! One value of a JSON text, found without building the rest of it.

use crate::engine::script::Leg;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// What is at the end of the legs; an error when the text is not JSON to its end.
pub fn seek(json: &[u8], legs: &[Leg]) -> Result<Option<Value>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let found = Seek { legs }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(found)
}

#[derive(Clone, Copy)]
struct Seek<'a> {
    legs: &'a [Leg],
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.legs.is_empty() {
            return serde::Deserialize::deserialize(deserializer).map(Some);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (wanted, rest) = match self.legs {
            [Leg::Member(name), rest @ ..] => (Some(name.as_str()), rest),
            rest => (None, rest),
        };
        let mut found = None;
        while let Some(is_it) = map.next_key_seed(IsIt(wanted))? {
            if is_it {
                // Of members with the same name the last one counts, as in a tree.
                found = map.next_value_seed(Seek { legs: rest })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        if let [Leg::Index(index), rest @ ..] = self.legs {
            for _ in 0..*index {
                if sequence.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(None);
                }
            }
            found = sequence.next_element_seed(Seek { legs: rest })?.flatten();
        }
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Whether a key is the wanted one; compared where it stands.
struct IsIt<'a>(Option<&'a str>);

impl<'de> DeserializeSeed<'de> for IsIt<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for IsIt<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(self.0 == Some(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::script::Way;
    use serde_json_path::JsonPath;

    #[test]
    fn what_is_sought_is_what_a_tree_holds() {
        let texts = [
            r#"{"a": {"b": [1, {"c": "x\ny"}, null]}, "d": 1.5, "a2": {}, "é": true}"#,
            r#"{"a": 1, "a": {"b": [2]}}"#,
            r#"[{"a": 1}, [2, 3]]"#,
            r#""text""#,
            "null",
        ];
        let paths = [
            "$",
            "$.a",
            "$.a.b",
            "$.a.b[0]",
            "$.a.b[1].c",
            "$.a.b[2]",
            "$.a.b[9]",
            "$.d",
            "$['é']",
            "$[0].a",
            "$[1][1]",
            "$.d.e",
        ];
        for text in texts {
            let tree: Value = serde_json::from_str(text).expect("JSON");
            for path in paths {
                let Way::Straight(legs) = Way::compile(&JsonPath::parse(path).expect("a path")) else {
                    panic!("{path} is straight");
                };
                let wanted = Way::Straight(legs.clone()).first(&tree).cloned();
                assert_eq!(seek(text.as_bytes(), &legs).expect("JSON"), wanted, "{path} in {text}");
            }
        }
    }

    #[test]
    fn what_is_not_json_to_its_end_is_not_sought_in() {
        for text in ["", "<html>", r#"{"a": 1"#, r#"{"a": 1} x"#, r#"{"a": 1, "b": nul}"#] {
            assert!(seek(text.as_bytes(), &[Leg::Member("a".into())]).is_err(), "{text}");
        }
    }
}
