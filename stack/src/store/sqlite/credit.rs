//! Vouchers and store credit: taken with the hold, given back with it, never below nothing. The guard and the decrement are
//! one statement, so that nobody spends what another order holds.

use rusqlite::{Connection, params};

use super::writer::Done;
use crate::{
    cart::{Cart, covered_minor},
    refusal::{Refusal, known},
};

/// Whose money it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Voucher,
    Account,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Voucher => "voucher",
            Self::Account => "account",
        }
    }

    fn named(name: &str) -> Self {
        if name == "voucher" { Self::Voucher } else { Self::Account }
    }

    fn take(self) -> &'static str {
        match self {
            Self::Voucher => {
                "UPDATE vouchers SET balance_minor = balance_minor - ?2 WHERE code = ?1 AND balance_minor >= ?2"
            }
            Self::Account => {
                "UPDATE accounts SET credit_minor = credit_minor - ?2 WHERE id = ?1 AND credit_minor >= ?2"
            }
        }
    }

    fn give(self) -> &'static str {
        match self {
            Self::Voucher => "UPDATE vouchers SET balance_minor = balance_minor + ?2 WHERE code = ?1",
            Self::Account => "UPDATE accounts SET credit_minor = credit_minor + ?2 WHERE id = ?1",
        }
    }

    fn spent(self) -> Refusal {
        match self {
            Self::Voucher => known::VOUCHER_EMPTY,
            Self::Account => known::CREDIT_SPENT,
        }
    }
}

/// Whether an account's credit is to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreCredit {
    Used,
    Kept,
}

/// What a cart takes of vouchers and credit for a total.
pub(super) struct Taken {
    uses: Vec<(Kind, String, i64)>,
}

impl Taken {
    /// In minor units.
    pub(super) fn minor(&self) -> i64 {
        self.uses.iter().map(|(_, _, amount_minor)| amount_minor).sum()
    }
}

/// Takes what a cart may use, the voucher first; less where less is there.
pub(super) fn take(
    connection: &Connection,
    cart: &Cart,
    (total_minor, currency): (i64, &str),
    credit: StoreCredit,
) -> Done<Taken> {
    let mut uses = Vec::new();
    let of_voucher = cart.voucher_covers_minor(total_minor, currency);
    if let Some((code, _)) = cart.voucher.as_ref().filter(|_| of_voucher > 0) {
        uses.push((Kind::Voucher, code.clone(), of_voucher));
    }
    if let Some(account) = cart.account.as_ref().filter(|_| credit == StoreCredit::Used) {
        let credit_minor: i64 = connection
            .prepare_cached("SELECT credit_minor FROM accounts WHERE id = ?1")?
            .query_row([account], |row| row.get(0))?;
        let of_account = covered_minor(credit_minor, total_minor - of_voucher, currency);
        if of_account > 0 {
            uses.push((Kind::Account, account.clone(), of_account));
        }
    }
    for (kind, subject, amount_minor) in &uses {
        if connection.prepare_cached(kind.take())?.execute(params![subject, amount_minor])? == 0 {
            return Err(kind.spent().into());
        }
    }
    Ok(Taken { uses })
}

/// Writes down what an order took.
pub(super) fn keep(connection: &Connection, order: i64, taken: &Taken) -> Done<()> {
    for (kind, subject, amount_minor) in &taken.uses {
        connection
            .prepare_cached("INSERT INTO credit_uses (order_seq, kind, subject, amount_minor) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![order, kind.name(), subject, amount_minor])?;
    }
    Ok(())
}

/// What an order took and has not got back: kind, subject, amount; credit before vouchers.
fn outstanding(connection: &Connection, order: i64) -> rusqlite::Result<Vec<(Kind, String, i64)>> {
    connection
        .prepare_cached(
            "SELECT kind, subject, amount_minor - returned_minor FROM credit_uses
             WHERE order_seq = ?1 AND amount_minor > returned_minor ORDER BY kind",
        )?
        .query_map([order], |row| Ok((Kind::named(row.get_ref(0)?.as_str()?), row.get(1)?, row.get(2)?)))?
        .collect()
}

/// What could still be given back as credit, in minor units.
pub(super) fn left_minor(connection: &Connection, order: i64) -> rusqlite::Result<i64> {
    Ok(outstanding(connection, order)?.into_iter().map(|(_, _, amount_minor)| amount_minor).sum())
}

/// Gives credit back, at most what was taken; answers how much that was.
pub(super) fn give_back(connection: &Connection, order: i64, amount_minor: i64) -> rusqlite::Result<i64> {
    let mut given = 0;
    for (kind, subject, left_minor) in outstanding(connection, order)? {
        let part = left_minor.min(amount_minor - given);
        if part <= 0 {
            break;
        }
        connection.prepare_cached(kind.give())?.execute(params![subject, part])?;
        connection
            .prepare_cached(
                "UPDATE credit_uses SET returned_minor = returned_minor + ?4
                 WHERE order_seq = ?1 AND kind = ?2 AND subject = ?3",
            )?
            .execute(params![order, kind.name(), subject, part])?;
        given += part;
    }
    Ok(given)
}

/// Takes again what was given back with an order's hold.
pub(super) fn take_again(connection: &Connection, order: i64) -> Done<()> {
    let returned: Vec<(Kind, String, i64)> = connection
        .prepare_cached(
            "SELECT kind, subject, returned_minor FROM credit_uses WHERE order_seq = ?1 AND returned_minor > 0",
        )?
        .query_map([order], |row| Ok((Kind::named(row.get_ref(0)?.as_str()?), row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    for (kind, subject, amount_minor) in returned {
        if connection.prepare_cached(kind.take())?.execute(params![subject, amount_minor])? == 0 {
            return Err(kind.spent().into());
        }
        connection
            .prepare_cached(
                "UPDATE credit_uses SET returned_minor = 0 WHERE order_seq = ?1 AND kind = ?2 AND subject = ?3",
            )?
            .execute(params![order, kind.name(), subject])?;
    }
    Ok(())
}
