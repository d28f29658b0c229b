//! The settlement detail report, as finance receives it: one entry for each time that money came or went.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::state::Payment;
use crate::calendar;
use crate::settlement::{decimal, line};
use crate::sheet::json;
use crate::shelf::decode;
use crate::store::{Reader, Table, Write};
use crate::turn::Turn;

/// The columns, in Adyen's words.
const HEADER: &str = "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Creation Date,TimeZone,Type,Modification Reference,Gross Currency,Gross Debit (GC),Gross Credit (GC),Exchange Rate,Net Currency,Net Debit (NC),Net Credit (NC),Commission (NC),Markup (NC),Scheme Fees (NC),Interchange (NC),Payment Method Variant,Modification Merchant Reference,Batch Number\n";
const COMPANY: &str = "Doorbuster";
const TIME_ZONE: &str = "UTC";
/// What each settled or refunded transaction costs beside its share, in minor units.
const TRANSACTION_FEE: i64 = 11;

/// Why money came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Movement {
    Settled,
    Refunded,
    /// A refund came back.
    RefundedReversed,
    Chargeback,
    ChargebackReversed,
}

impl Movement {
    const fn name(self) -> &'static str {
        match self {
            Self::Settled => "Settled",
            Self::Refunded => "Refunded",
            Self::RefundedReversed => "RefundedReversed",
            Self::Chargeback => "Chargeback",
            Self::ChargebackReversed => "ChargebackReversed",
        }
    }

    const fn is_credit(self) -> bool {
        match self {
            Self::Settled | Self::RefundedReversed | Self::ChargebackReversed => true,
            Self::Refunded | Self::Chargeback => false,
        }
    }
}

/// A line of the report as it is kept; amounts in minor units.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    run: Option<String>,
    merchant: String,
    psp: String,
    reference: String,
    method: String,
    /// Unix seconds.
    at_s: i64,
    movement: Movement,
    modification: String,
    modification_reference: String,
    currency: String,
    amount: i64,
}

/// Books a movement of a payment's money, made by `modification` under the merchant's `reference`.
pub(super) fn book(
    payment: &Payment,
    movement: Movement,
    amount: i64,
    (modification, reference): (&str, &str),
    turn: &mut Turn<'_>,
) {
    let entry = Entry {
        run: turn.context.caller.run.clone(),
        merchant: payment.merchant.clone(),
        psp: payment.psp.clone(),
        reference: payment.reference.clone(),
        method: payment.card.brand.name().to_owned(),
        at_s: turn.now_s(),
        movement,
        modification: modification.to_owned(),
        modification_reference: reference.to_owned(),
        currency: payment.currency.clone(),
        amount,
    };
    let n = turn.books.backup_entries.take();
    let body = json(&entry);
    turn.writes.push(Write::Put { table: Table::BackupEntry, n, account: payment.account, tag: None, body });
}

/// What is kept of a settled amount: markup, scheme fees, interchange. Hundredths of a percent, half a unit rounded up.
fn shares(entry: &Entry) -> [i64; 3] {
    match entry.movement {
        Movement::Settled => [60, 13, 30].map(|basis_points| (entry.amount * basis_points + 5_000) / 10_000),
        Movement::Refunded | Movement::RefundedReversed | Movement::Chargeback | Movement::ChargebackReversed => [0; 3],
    }
}

/// Every entry, or those of one run, oldest first, and what the transactions cost at the end.
pub(crate) fn settlement(reader: &Reader, run: Option<&str>, chunk: usize) -> rusqlite::Result<String> {
    let mut text = HEADER.to_owned();
    let mut fees: BTreeMap<(String, String), (i64, i64)> = BTreeMap::new();
    let mut from = 0;
    loop {
        let rows = reader.all(Table::BackupEntry, from, chunk)?;
        let Some((last, _, _)) = rows.last() else { break };
        from = last + 1;
        for (_, _, body) in &rows {
            let entry: Entry = decode(body)?;
            if run.is_some() && entry.run.as_deref() != run {
                continue;
            }
            write(&entry, &mut text);
            if matches!(entry.movement, Movement::Settled | Movement::Refunded) {
                let of_merchant = fees.entry((entry.merchant, entry.currency)).or_default();
                *of_merchant = (of_merchant.0 + TRANSACTION_FEE, entry.at_s);
            }
        }
    }
    for ((merchant, currency), (fee, at_s)) in &fees {
        write_fee(merchant, currency, *fee, *at_s, &mut text);
    }
    Ok(text)
}

fn write(entry: &Entry, text: &mut String) {
    let money = |amount| decimal(amount, &entry.currency);
    let [markup, scheme, interchange] = shares(entry);
    let net = entry.amount - markup - scheme - interchange;
    let sides = |amount| {
        if entry.movement.is_credit() { [String::new(), money(amount)] } else { [money(amount), String::new()] }
    };
    let ([gross_debit, gross_credit], [net_debit, net_credit]) = (sides(entry.amount), sides(net));
    let of_share = |amount: i64| if amount == 0 { String::new() } else { money(amount) };
    line(
        text,
        &[
            COMPANY,
            &entry.merchant,
            &entry.psp,
            &entry.reference,
            &entry.method,
            &calendar::stamp(entry.at_s),
            TIME_ZONE,
            entry.movement.name(),
            &entry.modification,
            &entry.currency,
            &gross_debit,
            &gross_credit,
            "1",
            &entry.currency,
            &net_debit,
            &net_credit,
            "",
            &of_share(markup),
            &of_share(scheme),
            &of_share(interchange),
            &entry.method,
            &entry.modification_reference,
            "1",
        ],
    );
}

fn write_fee(merchant: &str, currency: &str, fee: i64, at_s: i64, text: &mut String) {
    let (fee, date) = (decimal(fee, currency), calendar::stamp(at_s));
    line(
        text,
        &[
            COMPANY,
            merchant,
            "",
            "",
            "",
            &date,
            TIME_ZONE,
            "Fee",
            "Transaction Fees",
            "",
            "",
            "",
            "",
            currency,
            &fee,
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "1",
        ],
    );
}
