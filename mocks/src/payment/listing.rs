//! Lists and the search: newest first, by pages.

use serde::Serialize;

use super::errors;
use super::form::Form;
use super::state::{Charge, Intent, RefundPlace};
use super::view::{self, Expand};
use crate::shelf::decode;
use crate::store::{Page, Table};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

const LIMIT_DEFAULT: usize = 10;
const LIMIT_MAX: usize = 100;
/// Payments that a search looks at.
const SEARCHED_MAX: usize = 1_000;

#[derive(Serialize)]
struct List<'a, T> {
    object: &'static str,
    data: Vec<T>,
    has_more: bool,
    url: &'a str,
    /// Searches have it, lists do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page: Option<()>,
}

fn list<T: Serialize>(url: &str, data: Vec<T>, has_more: bool) -> Answer {
    Answer::json(200, &List { object: "list", data, has_more, url, next_page: None })
}

pub(super) fn empty(url: &str) -> Answer {
    list::<()>(url, Vec::new(), false)
}

pub(super) fn limit(form: &Form) -> Result<usize, Answer> {
    match form.integer("limit")? {
        None => Ok(LIMIT_DEFAULT),
        Some(limit @ 1..=100) => Ok(limit as usize),
        Some(_) => Err(errors::invalid("parameter_invalid_integer", Some("limit"), "limit must be between 1 and 100")),
    }
}

/// The page that a form asks for; one more than its limit, to know whether there are more.
pub(super) fn page(
    form: &Form,
    turn: &Turn<'_>,
    number: impl Fn(&str) -> Option<i64>,
    kind: &str,
) -> Result<(Page, usize), Answer> {
    let limit = limit(form)?;
    let cursor = |name: &str| match form.get(name) {
        None => Ok(None),
        Some(id) => number(id).map(Some).ok_or_else(|| errors::no_such(kind, name, id)),
    };
    let (before, after) = (cursor("starting_after")?, cursor("ending_before")?);
    let page = Page {
        account: turn.context.caller.account,
        before: before.unwrap_or(i64::MAX),
        after: after.unwrap_or(0),
        limit: limit + 1,
        ascending: after.is_some() && before.is_none(),
    };
    Ok((page, limit))
}

/// The times that a list is narrowed to: `created`, `created[gte]` and the like, in unix seconds.
#[derive(Clone, Copy)]
pub(super) struct Window {
    min: i64,
    max: i64,
}

impl Window {
    pub(super) fn read(form: &Form) -> Result<Self, Answer> {
        let bound = |name: &str| form.integer(name);
        let exact = bound("created")?;
        let least = [exact, bound("created[gte]")?, bound("created[gt]")?.map(|above| above.saturating_add(1))];
        let most = [exact, bound("created[lte]")?, bound("created[lt]")?.map(|below| below.saturating_sub(1))];
        Ok(Self {
            min: least.into_iter().flatten().max().unwrap_or(i64::MIN),
            max: most.into_iter().flatten().min().unwrap_or(i64::MAX),
        })
    }

    pub(super) const fn has(self, created: i64) -> bool {
        self.min <= created && created <= self.max
    }

    /// How many rows are read for a page: more, where some will be left out.
    pub(super) const fn widen(self, limit: usize) -> usize {
        if self.min == i64::MIN && self.max == i64::MAX { limit } else { SEARCHED_MAX }
    }
}

/// Cuts what was read to the page, newest first; says whether there was more.
pub(super) fn cut<T>(mut rows: Vec<T>, page: Page, limit: usize) -> (Vec<T>, bool) {
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    if page.ascending {
        rows.reverse();
    }
    (rows, has_more)
}

fn read_intents(turn: &Turn<'_>, page: Page) -> rusqlite::Result<Vec<Intent>> {
    let rows = turn.books.reader.page(Table::Intent, page, &[])?;
    rows.iter().map(|(_, body)| decode(body)).collect()
}

pub(super) fn intents(form: &Form, expand: Expand, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let identity = turn.books.identity;
    let (page, limit) = page(form, turn, |id| identity.read("pi", id), "payment_intent")?;
    let customer = form.get("customer");
    let window = Window::read(form)?;
    let wanted = if customer.is_some() { SEARCHED_MAX } else { window.widen(page.limit) };
    let mut found = read_intents(turn, Page { limit: wanted, ..page })?;
    found.retain(|intent| customer.is_none() || intent.customer.as_deref() == customer);
    found.retain(|intent| window.has(intent.created));
    let (found, has_more) = cut(found, page, limit);
    Ok(list("/v1/payment_intents", found.iter().map(|intent| view::intent(intent, expand)).collect(), has_more))
}

/// Charges in the order of their payments; those of one payment newest first.
pub(super) fn charges(form: &Form, expand: Expand, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    const URL: &str = "/v1/charges";
    let identity = turn.books.identity;
    let limit = limit(form)?;
    let window = Window::read(form)?;
    let place = |name: &str| match form.get(name) {
        None => Ok(None),
        Some(id) => identity.read_part("ch", id).map(Some).ok_or_else(|| errors::no_such("charge", name, id)),
    };
    let (before, after) = (place("starting_after")?, place("ending_before")?);
    let intents = match form.get("payment_intent") {
        Some(id) => vec![super::intents::find(id, turn)?],
        None => read_intents(
            turn,
            Page {
                account: turn.context.caller.account,
                before: before.map_or(i64::MAX, |(n, _)| n + 1),
                after: after.map_or(0, |(n, _)| n - 1),
                limit: window.widen((limit + 1) * 4),
                ascending: after.is_some() && before.is_none(),
            },
        )?,
    };
    let mut found: Vec<(&Intent, (i64, usize), &Charge)> = intents
        .iter()
        .flat_map(|intent| {
            intent.charges.iter().enumerate().map(move |(index, charge)| (intent, (intent.n, index), charge))
        })
        .filter(|(_, at, _)| before.is_none_or(|before| *at < before) && after.is_none_or(|after| *at > after))
        .filter(|(_, _, charge)| window.has(charge.created))
        .collect();
    found.sort_by_key(|(_, at, _)| std::cmp::Reverse(*at));
    let has_more = found.len() > limit;
    if after.is_some() && before.is_none() && has_more {
        found.drain(..found.len() - limit);
    }
    found.truncate(limit);
    Ok(list(URL, found.iter().map(|(intent, _, charge)| view::charge(intent, charge, expand)).collect(), has_more))
}

pub(super) fn refunds(form: &Form, expand: Expand, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    const URL: &str = "/v1/refunds";
    let identity = turn.books.identity;
    let (page, limit) = page(form, turn, |id| identity.read("re", id), "refund")?;
    let window = Window::read(form)?;
    let of_charge = form
        .get("charge")
        .map(|id| identity.read_part("ch", id).ok_or_else(|| errors::no_such("charge", "charge", id)));
    let of_payment = match (form.get("payment_intent"), of_charge.transpose()?) {
        (Some(id), _) => Some(super::intents::find(id, turn)?),
        (None, Some((n, _))) => Some(super::intents::find(&identity.make("pi", n), turn)?),
        (None, None) => None,
    };
    let mut found: Vec<(Intent, usize)> = if let Some(intent) = of_payment {
        (0..intent.refunds.len())
            .rev()
            .filter(|index| form.get("charge").is_none_or(|charge| intent.refunds[*index].charge == charge))
            .filter(|index| {
                let n = identity.read("re", &intent.refunds[*index].id).unwrap_or_default();
                n < page.before && n > page.after
            })
            .map(|index| (intent.clone(), index))
            .collect()
    } else {
        let rows = turn.books.reader.page(Table::Refund, Page { limit: window.widen(page.limit), ..page }, &[])?;
        let mut found = Vec::with_capacity(rows.len());
        for (_, body) in rows {
            let place: RefundPlace = decode(&body)?;
            let intent = turn.books.intents.take(place.payment, &turn.books.reader)?;
            found.extend(intent.map(|intent| (intent, place.index)));
        }
        found
    };
    found.retain(|(intent, index)| window.has(intent.refunds[*index].created));
    let (found, has_more) = cut(found, page, limit);
    Ok(list(
        URL,
        found.iter().map(|(intent, index)| view::refund(intent, &intent.refunds[*index], expand)).collect(),
        has_more,
    ))
}

#[derive(Serialize)]
struct Found<'a, T> {
    object: &'static str,
    data: Vec<T>,
    has_more: bool,
    next_page: Option<String>,
    url: &'a str,
}

/// One condition of a query.
enum Condition {
    Metadata(String, String),
    Status(String),
}

pub(super) fn search(form: &Form, expand: Expand, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let query = form.get("query").ok_or_else(|| errors::missing("query"))?;
    let limit = limit(form)?;
    let conditions = read_query(query)
        .ok_or_else(|| errors::invalid_plain(Some("query"), "We were unable to parse your search query. Conditions on metadata and status, joined by AND, are understood."))?;
    let before = match form.get("page") {
        None => i64::MAX,
        Some(page) => page.parse().map_err(|_| errors::invalid_plain(Some("page"), "Invalid page."))?,
    };
    let account = turn.context.caller.account;
    let marked = conditions.iter().find_map(|condition| match condition {
        Condition::Metadata(key, value) => {
            Some(turn.books.identity.hash("mark", account, &format!("{key}\u{1}{value}")))
        }
        Condition::Status(_) => None,
    });
    let candidates = match marked {
        Some(hash) => {
            let mut found = Vec::new();
            for n in turn.books.reader.marked(hash, SEARCHED_MAX)?.into_iter().filter(|n| *n < before) {
                found.extend(turn.books.intents.take(n, &turn.books.reader)?);
            }
            found
        }
        None => read_intents(turn, Page { account, before, after: 0, limit: SEARCHED_MAX, ascending: false })?,
    };
    let mut found: Vec<Intent> = candidates
        .into_iter()
        .filter(|intent| intent.account == account)
        .filter(|intent| {
            conditions.iter().all(|condition| match condition {
                Condition::Metadata(key, value) => intent.meta(key) == Some(value),
                Condition::Status(status) => intent.status.name() == status,
            })
        })
        .collect();
    let has_more = found.len() > limit;
    found.truncate(limit.min(LIMIT_MAX));
    let data = found.iter().map(|intent| view::intent(intent, expand)).collect();
    let next_page = found.last().filter(|_| has_more).map(|intent| intent.n.to_string());
    Ok(Answer::json(
        200,
        &Found { object: "search_result", data, has_more, next_page, url: "/v1/payment_intents/search" },
    ))
}

/// Reads `metadata['order']:'X' AND status:'succeeded'`.
fn read_query(query: &str) -> Option<Vec<Condition>> {
    let mut conditions = Vec::new();
    let mut rest = query.trim();
    while !rest.is_empty() {
        let after_name;
        let key = if let Some(bracket) = rest.strip_prefix("metadata[") {
            let (key, after) = quoted(bracket)?;
            after_name = after.strip_prefix(']')?;
            Some(key)
        } else {
            after_name = rest.strip_prefix("status")?;
            None
        };
        let (value, after) = quoted(after_name.trim_start().strip_prefix(':')?.trim_start())?;
        conditions.push(match key {
            Some(key) => Condition::Metadata(key, value),
            None => Condition::Status(value),
        });
        rest = after.trim_start();
        if rest.is_empty() {
            break;
        }
        rest = rest.strip_prefix("AND ").or_else(|| rest.strip_prefix("and "))?.trim_start();
    }
    (!conditions.is_empty()).then_some(conditions)
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

    #[test]
    fn queries_are_read_with_either_quote() {
        for query in ["metadata['order']:'A 1'", "metadata[\"order\"]:\"A 1\"", " metadata['order'] : 'A 1' "] {
            let read = read_query(query).expect(query);
            assert!(
                matches!(&read[..], [Condition::Metadata(key, value)] if key == "order" && value == "A 1"),
                "{query}"
            );
        }
        assert_eq!(read_query("metadata['a']:'it\\'s' AND status:'succeeded'").map(|read| read.len()), Some(2));
        for query in
            ["", "order:'1'", "metadata['a':'b'", "metadata['a']:'b' OR status:'x'", "metadata['a']:b", "status:'"]
        {
            assert!(read_query(query).is_none(), "{query}");
        }
    }
}
