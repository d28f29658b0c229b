//! Lists, newest first, in pages.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::errors;
use crate::http::Call;
use crate::identity::Identity;
use crate::shelf::decode;
use crate::store::{Page, Table};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

const SIZE_DEFAULT: usize = 20;
const SIZE_MAX: usize = 100;

/// Which page is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    size: usize,
    before: Option<String>,
    after: Option<String>,
    /// Whether shipments without a label are left out.
    only_purchased: bool,
}

impl Query {
    pub(super) fn read(call: &Call) -> Result<Self, Answer> {
        let size = call.query_value("page_size").map_or(Some(SIZE_DEFAULT), |text| text.parse().ok());
        let size = size.filter(|size| (1..=SIZE_MAX).contains(size));
        Ok(Self {
            size: size.ok_or_else(|| errors::invalid("page_size", "must lie in 1 to 100"))?,
            before: call.query_value("before_id"),
            after: call.query_value("after_id"),
            only_purchased: call.query_value("purchased").is_none_or(|text| !text.eq_ignore_ascii_case("false")),
        })
    }
}

/// What a list is of.
pub(super) struct Of {
    pub(super) table: Table,
    pub(super) prefix: &'static str,
    pub(super) name: &'static str,
    /// Whether its objects can be purchased.
    pub(super) is_purchasable: bool,
}

fn place(id: Option<&String>, prefix: &str, identity: Identity) -> Result<Option<i64>, Stop> {
    match id {
        None => Ok(None),
        Some(id) => Ok(Some(identity.read(prefix, id).ok_or_else(errors::not_found)?)),
    }
}

/// The caller's objects of a kind.
pub(super) fn list<T: DeserializeOwned>(
    query: &Query,
    of: &Of,
    view: impl Fn(&T) -> Value,
    turn: &Turn<'_>,
) -> Result<Answer, Stop> {
    let identity = turn.books.identity;
    let before = place(query.before.as_ref(), of.prefix, identity)?;
    let after = place(query.after.as_ref(), of.prefix, identity)?;
    let ascending = after.is_some() && before.is_none();
    let page = Page {
        account: turn.context.caller.account,
        before: before.unwrap_or(i64::MAX),
        after: after.unwrap_or(0),
        limit: query.size + 1,
        ascending,
    };
    let tags = if of.is_purchasable && query.only_purchased { vec!["purchased".to_owned()] } else { Vec::new() };
    let mut rows = turn.books.reader.page(of.table, page, &tags)?;
    let has_more = rows.len() > query.size;
    rows.truncate(query.size);
    if ascending {
        rows.reverse();
    }
    let objects =
        rows.iter().map(|(_, body)| Ok(view(&decode::<T>(body)?))).collect::<rusqlite::Result<Vec<Value>>>()?;
    let mut list = Map::new();
    list.insert(of.name.to_owned(), objects.into());
    list.insert("has_more".to_owned(), has_more.into());
    Ok(Answer::json(200, &list))
}
