//! The itemised balance report, as finance downloads it.

use super::balance::Entry;
use crate::calendar;
use crate::settlement::{decimal, line};
use crate::shelf::decode;
use crate::store::{Reader, Table};

/// The columns, in Stripe's words.
const HEADER: &str = "balance_transaction_id,created_utc,available_on_utc,reporting_category,source_id,gross,fee,net,currency,description,charge_id,payment_intent_id,charge_created_utc,payment_metadata[order]\n";

/// Every entry of the balance, or those of one run, oldest first.
pub(crate) fn settlement(reader: &Reader, run: Option<&str>, chunk: usize) -> rusqlite::Result<String> {
    let mut text = HEADER.to_owned();
    let mut from = 0;
    loop {
        let rows = reader.all(Table::Balance, from, chunk)?;
        let Some((last, _, _)) = rows.last() else { return Ok(text) };
        from = last + 1;
        for (_, _, body) in &rows {
            let entry: Entry = decode(body)?;
            if run.is_none() || entry.run.as_deref() == run {
                write(&entry, &mut text);
            }
        }
    }
}

fn write(entry: &Entry, text: &mut String) {
    let money = |amount| decimal(amount, &entry.currency);
    line(
        text,
        &[
            &entry.id,
            &calendar::stamp(entry.created),
            &calendar::stamp(entry.available_on()),
            entry.kind.category(),
            &entry.source,
            &money(entry.amount),
            &money(entry.fee),
            &money(entry.net()),
            &entry.currency,
            entry.description.as_deref().unwrap_or_default(),
            &entry.charge,
            &entry.payment,
            &calendar::stamp(entry.charge_created),
            entry.order.as_deref().unwrap_or_default(),
        ],
    );
}
