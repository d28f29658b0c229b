//! Stripe's query language: `metadata['order']:'X' AND amount>1000`, `-status:'canceled'`, `email~'amy'`.

use super::errors;
use crate::wire::Answer;

/// What a field of an object is.
pub(super) enum Value<'a> {
    Text(&'a str),
    Number(i64),
    Flag(bool),
    /// The object has no such field, or nothing in it.
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Is,
    Contains,
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Operand {
    Text(String),
    Number(i64),
    Null,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause {
    is_negated: bool,
    /// As the query names it; the key where it is metadata.
    field: String,
    is_metadata: bool,
    comparison: Comparison,
    operand: Operand,
}

/// How conditions are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Junction {
    All,
    Any,
}

/// A query that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    clauses: Vec<Clause>,
    junction: Junction,
}

fn unparsed() -> Answer {
    errors::invalid_plain(
        Some("query"),
        "We were unable to parse your search query. Try using the format `metadata[\"key\"]:\"value\"` to query for metadata or key:\"value\" to query for other fields.",
    )
}

impl Query {
    /// Reads a query over an object's fields, metadata apart.
    pub(super) fn read(text: &str, resource: &str, is_field: impl Fn(&str) -> bool) -> Result<Self, Answer> {
        let query = parse(text).ok_or_else(unparsed)?;
        if let Some(clause) = query.clauses.iter().find(|clause| !clause.is_metadata && !is_field(&clause.field)) {
            let message = format!(
                "Field `{}` is an unsupported search field for resource `{resource}`. See http://stripe.com/docs/search#query-fields-for-{} for a list of supported fields.",
                clause.field,
                resource.replace('_', "-")
            );
            return Err(errors::invalid_plain(Some("query"), &message));
        }
        Ok(query)
    }

    /// A pair of metadata that whatever is found must carry.
    pub(super) fn mark(&self) -> Option<(&str, &str)> {
        let must = |clause: &&Clause| clause.is_metadata && !clause.is_negated && clause.comparison == Comparison::Is;
        let clause = self.clauses.iter().filter(|_| self.junction == Junction::All).find(must)?;
        match &clause.operand {
            Operand::Text(value) => Some((&clause.field, value)),
            Operand::Number(_) | Operand::Null => None,
        }
    }

    /// Whether an object is meant; `value` reads its fields.
    pub(super) fn meets<'a>(&self, metadata: &'a [(String, String)], value: impl Fn(&str) -> Value<'a>) -> bool {
        let meets = |clause: &Clause| {
            let found = if clause.is_metadata {
                let pair = metadata.iter().find(|(key, _)| *key == clause.field);
                pair.map_or(Value::Nothing, |(_, value)| Value::Text(value))
            } else {
                value(&clause.field)
            };
            clause.holds(&found) != clause.is_negated
        };
        match self.junction {
            Junction::All => self.clauses.iter().all(meets),
            Junction::Any => self.clauses.iter().any(meets),
        }
    }
}

impl Clause {
    fn holds(&self, found: &Value<'_>) -> bool {
        let is_in_order = |found: i64, asked: i64| match self.comparison {
            Comparison::Is | Comparison::Contains => found == asked,
            Comparison::Below => found < asked,
            Comparison::AtMost => found <= asked,
            Comparison::Above => found > asked,
            Comparison::AtLeast => found >= asked,
        };
        match (found, &self.operand) {
            (Value::Nothing, operand) => *operand == Operand::Null,
            (Value::Number(found), Operand::Number(asked)) => is_in_order(*found, *asked),
            (Value::Number(found), Operand::Text(text)) => text.parse().is_ok_and(|asked| is_in_order(*found, asked)),
            (Value::Text(found), Operand::Text(asked)) => {
                let (found, asked) = (found.to_lowercase(), asked.to_lowercase());
                match self.comparison {
                    Comparison::Contains => found.contains(&asked),
                    Comparison::Is => found == asked,
                    Comparison::Below | Comparison::AtMost | Comparison::Above | Comparison::AtLeast => false,
                }
            }
            // The last four digits of a card are text, and need no quotes.
            (Value::Text(found), Operand::Number(asked)) => {
                self.comparison == Comparison::Is && found.parse() == Ok(*asked)
            }
            (Value::Flag(found), Operand::Text(asked)) => asked == if *found { "true" } else { "false" },
            (Value::Flag(_), Operand::Number(_)) | (_, Operand::Null) => false,
        }
    }
}

fn parse(text: &str) -> Option<Query> {
    let (mut clauses, mut junction) = (Vec::new(), None);
    let mut rest = text.trim();
    loop {
        let (clause, after) = parse_clause(rest)?;
        clauses.push(clause);
        rest = after.trim_start();
        if rest.is_empty() {
            return Some(Query { clauses, junction: junction.unwrap_or(Junction::All) });
        }
        // Conditions side by side are joined by AND; the two words may not be mixed.
        let (next, after) = match rest.get(..4).map(str::to_ascii_uppercase).as_deref() {
            Some("AND ") => (Junction::All, &rest[4..]),
            Some(word) if word.starts_with("OR ") => (Junction::Any, &rest[3..]),
            _ => (Junction::All, rest),
        };
        if *junction.get_or_insert(next) != next {
            return None;
        }
        rest = after.trim_start();
    }
}

fn parse_clause(text: &str) -> Option<(Clause, &str)> {
    let (is_negated, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (field, is_metadata, rest) = if let Some(rest) = text.strip_prefix("metadata[") {
        let (key, after) = quoted(rest)?;
        (key, true, after.strip_prefix(']')?)
    } else {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.')?;
        (text[..end].to_owned(), false, &text[end..])
    };
    let rest = rest.trim_start();
    let (comparison, rest) = [
        (":", Comparison::Is),
        ("~", Comparison::Contains),
        ("<=", Comparison::AtMost),
        (">=", Comparison::AtLeast),
        ("<", Comparison::Below),
        (">", Comparison::Above),
    ]
    .into_iter()
    .find_map(|(sign, comparison)| Some((comparison, rest.strip_prefix(sign)?)))?;
    let rest = rest.trim_start();
    let (operand, rest) = if let Some((text, after)) = quoted(rest) {
        (Operand::Text(text), after)
    } else {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let operand = match &rest[..end] {
            "null" | "NULL" => Operand::Null,
            number => Operand::Number(number.parse().ok()?),
        };
        (operand, &rest[end..])
    };
    let is_fit = !field.is_empty() && (comparison == Comparison::Is || operand != Operand::Null);
    is_fit.then_some((Clause { is_negated, field, is_metadata, comparison, operand }, rest))
}

/// A text in single or double quotes, with `\` before a quote that belongs to it; and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            c if c == quote => return Some((value, &text[at + 1..])),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meets(query: &str) -> Option<bool> {
        let metadata = [("order".to_owned(), "A 1".to_owned())];
        let query = parse(query)?;
        Some(query.meets(&metadata, |field| match field {
            "status" => Value::Text("succeeded"),
            "amount" => Value::Number(1_000),
            "refunded" => Value::Flag(false),
            _ => Value::Nothing,
        }))
    }

    #[test]
    fn queries_say_what_they_mean() {
        for (query, expected) in [
            ("metadata['order']:'A 1'", true),
            (" metadata[\"order\"] : \"a 1\" ", true),
            ("metadata['order']~'1' AND status:'succeeded'", true),
            ("metadata['order']:'A 1' -status:'succeeded'", false),
            ("metadata['tab']:null", true),
            ("-metadata['order']:null", true),
            ("amount>999 AND amount<=1000", true),
            ("amount<1000 OR status:\"succeeded\"", true),
            ("amount:1000 amount<1000", false),
            ("refunded:'false'", true),
            ("metadata['a']:'it\\'s' OR status:'no'", false),
        ] {
            assert_eq!(meets(query), Some(expected), "{query}");
        }
    }

    #[test]
    fn what_is_no_query_is_refused() {
        for query in [
            "",
            "order=1",
            "metadata['a':'b'",
            "a:'b' AND c:'d' OR e:'f'",
            "metadata['a']:b",
            "status:'",
            "status~null",
        ] {
            assert_eq!(meets(query), None, "{query}");
        }
        let read = |query: &str| Query::read(query, "charges", |field| field == "amount");
        assert!(read("amount>5").is_ok() && read("metadata['x']:'y'").is_ok());
        assert_eq!(read("colour:'red'").err().map(|answer| answer.status), Some(400));
    }
}
