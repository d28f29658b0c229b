//! Balance transactions as the API shows them.

use super::balance::Entry;
use super::form::Form;
use super::listing::{self, Listed};
use super::{errors, view};
use crate::store::Table;
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

pub(super) fn retrieve(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let no_such = || errors::no_such("balance transaction", "id", id);
    let n = turn.books.identity.read("txn", id).ok_or_else(no_such)?;
    let entry = turn.books.balance.take(n, &turn.books.reader)?;
    let entry = entry.filter(|entry| entry.account == turn.context.caller.account).ok_or_else(no_such)?;
    Ok(Answer::json(200, &view::entry(&entry).at(turn.now_s())))
}

pub(super) fn list(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let [kind, source, currency] = ["type", "source", "currency"].map(|name| form.text(name));
    let asked = Listed {
        table: Table::Balance,
        prefix: "txn",
        kind: "balance_transaction",
        url: "/v1/balance_transactions",
        marked: None,
    };
    let (identity, now_s) = (turn.books.identity, turn.now_s());
    let place = |entry: &Entry| (identity.read("txn", &entry.id).unwrap_or_default(), entry.created);
    let found = listing::numbered(&asked, form, turn, place, |entry| {
        kind.as_ref().is_none_or(|kind| kind == entry.kind.kind())
            && source.as_ref().is_none_or(|source| *source == entry.source)
            && currency.as_ref().is_none_or(|currency| currency.eq_ignore_ascii_case(&entry.currency))
    })?;
    Ok(found.told(|entry| view::entry(entry).at(now_s)))
}
