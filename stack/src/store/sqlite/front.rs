//! What the front of the shop keeps: flags and vouchers as they are first declared, and the calls for them.

use rusqlite::{Connection, params};

use super::{
    super::{
        Account, Answer, Decided, Front, Move, PromotionLine, Receipt, Review, SavedCard, StockLine, Terms, VoucherLine,
    },
    SqliteStore, accounts, remainder, reviews,
};
use crate::{
    clock::now_ms,
    flags::Flag,
    fraud::{Decision, Verdict},
};

impl Front for SqliteStore {
    fn flags(&self) -> Answer<'_, Vec<(String, String)>> {
        self.look(|connection| {
            connection
                .prepare_cached("SELECT name, value FROM flags")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }

    fn set_flag(&self, name: &'static str, value: String) -> Answer<'_, ()> {
        self.step(move |connection, _| {
            connection
                .prepare_cached(
                    "INSERT INTO flags (name, value, changed_ms) VALUES (?1, ?2, ?3)
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_ms = excluded.changed_ms",
                )?
                .execute(params![name, value, now_ms()])?;
            Ok(())
        })
    }

    fn keep_verdict(&self, verdict: Verdict) -> Answer<'_, Vec<Move>> {
        self.step(move |connection, _| reviews::keep(connection, verdict))
    }

    fn decide_review(&self, order: i64, decision: Decision) -> Answer<'_, Decided> {
        self.step(move |connection, terms| reviews::decide(connection, terms, order, decision))
    }

    fn reviews(&self) -> Answer<'_, Vec<Review>> {
        self.look(reviews::pending)
    }

    fn overdue_reviews(&self, now_ms: i64) -> Answer<'_, Vec<i64>> {
        self.look(|connection| reviews::overdue(connection, now_ms))
    }

    fn open_account(&self, id: &str, email: &str, token: [u8; 32], credit_minor: i64) -> Answer<'_, ()> {
        let (id, email) = (id.to_owned(), email.to_owned());
        self.step(move |connection, _| accounts::open(connection, &id, &email, &token, credit_minor))
    }

    fn account_by_token(&self, token: [u8; 32]) -> Answer<'_, Option<Account>> {
        self.look(|connection| accounts::by_token(connection, &token))
    }

    fn account(&self, id: &str) -> Answer<'_, Option<Account>> {
        self.look(|connection| accounts::read(connection, id))
    }

    fn cards(&self, account: &str) -> Answer<'_, Vec<SavedCard>> {
        self.look(|connection| accounts::cards(connection, account))
    }

    fn keep_customer(&self, account: &str, customer: String) -> Answer<'_, String> {
        let account = account.to_owned();
        self.step(move |connection, _| accounts::keep_customer(connection, &account, &customer))
    }

    fn keep_card(&self, account: &str, card: SavedCard) -> Answer<'_, ()> {
        let account = account.to_owned();
        self.step(move |connection, _| accounts::keep_card(connection, &account, &card))
    }

    fn receipt(&self, order: i64, asked: &str) -> Answer<'_, Option<Receipt>> {
        self.look(|connection| remainder::receipt(connection, order, asked))
    }

    fn stock(&self) -> Answer<'_, Vec<StockLine>> {
        self.archived(stock)
    }

    fn vouchers(&self) -> Answer<'_, Vec<VoucherLine>> {
        self.archived(vouchers)
    }

    fn promotions(&self) -> Answer<'_, Vec<PromotionLine>> {
        self.archived(promotions)
    }

    fn credits(&self) -> Answer<'_, Vec<(String, i64)>> {
        self.archived(accounts::credits)
    }
}

/// Stock with what orders hold and bought.
fn stock(connection: &Connection) -> rusqlite::Result<Vec<StockLine>> {
    connection
        .prepare_cached(
            "WITH part AS (SELECT l.sku, l.quantity, o.hold FROM orders o JOIN order_lines l ON l.order_seq = o.seq
                           UNION ALL
                           SELECT l.sku, -l.quantity, o.hold
                           FROM dispatches d JOIN dispatch_lines l ON l.message = d.message
                           JOIN orders o ON o.seq = d.order_seq
                           WHERE d.state = 'withdrawn' AND o.given_up_minor > 0),
                  taken AS (SELECT sku, sum(iif(hold = 'held', quantity, 0)) held,
                                   sum(iif(hold = 'sold', quantity, 0)) sold
                            FROM part GROUP BY sku)
             SELECT s.sku, s.declared, s.available, coalesce(t.held, 0), coalesce(t.sold, 0)
             FROM stock s LEFT JOIN taken t ON t.sku = s.sku ORDER BY s.sku",
        )?
        .query_map([], |row| {
            Ok(StockLine {
                sku: row.get(0)?,
                declared: row.get(1)?,
                available: row.get(2)?,
                held: row.get(3)?,
                sold: row.get(4)?,
            })
        })?
        .collect()
}

fn vouchers(connection: &Connection) -> rusqlite::Result<Vec<VoucherLine>> {
    connection
        .prepare_cached("SELECT code, declared_minor, balance_minor FROM vouchers ORDER BY code")?
        .query_map([], |row| {
            Ok(VoucherLine { code: row.get(0)?, declared_minor: row.get(1)?, balance_minor: row.get(2)? })
        })?
        .collect()
}

fn promotions(connection: &Connection) -> rusqlite::Result<Vec<PromotionLine>> {
    connection
        .prepare_cached(
            "SELECT p.code, p.used, (SELECT count(*) FROM orders o WHERE o.promotion = p.code AND o.hold = 'held')
             FROM promotions p ORDER BY p.code",
        )?
        .query_map([], |row| Ok(PromotionLine { code: row.get(0)?, used: row.get(1)?, held: row.get(2)? }))?
        .collect()
}

/// Adds flags and vouchers that are new; what was flipped or spent stays so.
pub(super) fn load(connection: &Connection, terms: &Terms) -> rusqlite::Result<()> {
    let mut flags =
        connection.prepare("INSERT INTO flags (name, value, changed_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?;
    for flag in Flag::ALL {
        flags.execute(params![flag.name(), terms.flags.value(flag).to_string(), now_ms()])?;
    }
    let mut vouchers = connection.prepare(
        "INSERT INTO vouchers (code, declared_minor, balance_minor) VALUES (?1, ?2, ?2)
         ON CONFLICT (code) DO UPDATE SET balance_minor = max(0, balance_minor + excluded.declared_minor - declared_minor),
                                          declared_minor = excluded.declared_minor",
    )?;
    for voucher in &terms.vouchers {
        vouchers.execute(params![voucher.code, voucher.balance_minor])?;
    }
    Ok(())
}
