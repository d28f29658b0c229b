//! Reading the store.

use std::fs::File;

use bytes::Bytes;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Table, bodies, pack};

/// An answer as it is replayed.
#[derive(Clone, Debug)]
pub(crate) struct StoredAnswer {
    pub(crate) n: i64,
    pub(crate) account: i64,
    pub(crate) key: String,
    pub(crate) fingerprint: i64,
    pub(crate) status: u16,
    /// The object that the operation was about.
    pub(crate) object: Option<String>,
    /// Order, e-mail, amount: what a replay's row repeats, as JSON.
    pub(crate) labels: String,
    pub(crate) body: Bytes,
    /// When the key is forgotten, in unix microseconds of the vendors' clock.
    pub(crate) until_us: i64,
    /// What was asked, and the request that was answered.
    pub(crate) endpoint: String,
    pub(crate) request: String,
    /// Where its name stands.
    pub(crate) place: i64,
}

/// A part of a list, newest first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) account: i64,
    /// Only numbers below.
    pub(crate) before: i64,
    /// Only numbers above.
    pub(crate) after: i64,
    pub(crate) limit: usize,
    /// The oldest first, as a page that ends before another is cut.
    pub(crate) ascending: bool,
}

/// A connection that only reads.
pub(crate) struct Reader {
    connection: Connection,
    bodies: File,
}

impl Reader {
    pub(crate) const fn new(connection: Connection, bodies: File) -> Self {
        Self { connection, bodies }
    }

    /// The body that a row has, or leads to.
    fn body_of(&self, row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
        bodies::read(&self.bodies, row, column)
    }

    fn lines_of(&self, row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
        String::from_utf8(self.body_of(row, column)?)
            .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, Box::new(error)))
    }

    pub(crate) fn body(&self, table: Table, n: i64) -> rusqlite::Result<Option<Vec<u8>>> {
        let sql = match table {
            Table::Intent => "SELECT body FROM intent WHERE n = ?1",
            Table::Method => "SELECT body FROM method WHERE n = ?1",
            Table::Document => "SELECT body FROM document WHERE n = ?1",
            Table::Dispatch => "SELECT body FROM dispatch WHERE n = ?1",
            Table::BackupPayment => "SELECT body FROM backup_payment WHERE n = ?1",
            other => &format!("SELECT body FROM {} WHERE n = ?1", other.name()),
        };
        self.connection.prepare_cached(sql)?.query_row([n], |row| self.body_of(row, 0)).optional()
    }

    /// The largest number in a table, 0 when it is empty.
    pub(crate) fn last(&self, table: Table) -> rusqlite::Result<i64> {
        let sql = format!("SELECT coalesce(max(n), 0) FROM {}", table.name());
        self.connection.query_row(&sql, [], |row| row.get(0))
    }

    pub(crate) fn last_seq(&self) -> rusqlite::Result<i64> {
        self.connection.query_row(
            "SELECT coalesce(max(last), 0) FROM statement WHERE seq = (SELECT max(seq) FROM statement)",
            [],
            |row| row.get(0),
        )
    }

    pub(crate) fn last_answer(&self) -> rusqlite::Result<i64> {
        self.connection.query_row("SELECT coalesce(max(n), 0) FROM answer", [], |row| row.get(0))
    }

    /// Everything of a small table, or of a large one from a number on.
    pub(crate) fn all(&self, table: Table, from: i64, limit: usize) -> rusqlite::Result<Vec<(i64, i64, Vec<u8>)>> {
        let sql = format!("SELECT n, account, body FROM {} WHERE n >= ?1 ORDER BY n LIMIT ?2", table.name());
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement
            .query_map(params![from, limit as i64], |row| Ok((row.get(0)?, row.get(1)?, self.body_of(row, 2)?)))?;
        rows.collect()
    }

    /// Numbers and bodies of a page; of any of the tags, when some are given.
    pub(crate) fn page(&self, table: Table, page: Page, tags: &[String]) -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
        let order = if page.ascending { "ASC" } else { "DESC" };
        let filter = if tags.is_empty() { "" } else { "AND tag IN (SELECT value FROM json_each(?5))" };
        let sql = format!(
            "SELECT n, body FROM {} WHERE account = ?1 AND n < ?2 AND n > ?3 {filter} ORDER BY n {order} LIMIT ?4",
            table.name()
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let read = |row: &Row<'_>| Ok((row.get(0)?, self.body_of(row, 1)?));
        let (account, before, after, limit) = (page.account, page.before, page.after, page.limit as i64);
        if tags.is_empty() {
            return statement.query_map(params![account, before, after, limit], read)?.collect();
        }
        let tags = serde_json::Value::from(tags).to_string();
        statement.query_map(params![account, before, after, limit, tags], read)?.collect()
    }

    /// Bodies of the objects of a table that have a tag.
    pub(crate) fn tagged(&self, table: Table) -> rusqlite::Result<Vec<Vec<u8>>> {
        let sql = format!("SELECT body FROM {} WHERE tag IS NOT NULL", table.name());
        let mut statement = self.connection.prepare(&sql)?;
        let rows = statement.query_map([], |row| self.body_of(row, 0))?;
        rows.collect()
    }

    /// What an account can have paid out at a time, in unix seconds, and what not yet: currency and net sums, minor units.
    pub(crate) fn balance(&self, account: i64, now_s: i64) -> rusqlite::Result<Vec<(String, i64, i64)>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT body ->> '$.currency' AS currency,
                    sum(iif(due <= ?2, net, 0)), sum(iif(due <= ?2, 0, net))
             FROM (SELECT body, (body ->> '$.amount') - (body ->> '$.fee') AS net,
                          ((body ->> '$.created') / 86400 + 2) * 86400 AS due
                   FROM balance WHERE account = ?1)
             GROUP BY currency ORDER BY currency",
        )?;
        let rows = statement.query_map(params![account, now_s], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        rows.collect()
    }

    /// Payments that are settled later.
    pub(crate) fn waiting_intents(&self) -> rusqlite::Result<Vec<i64>> {
        let mut statement = self.connection.prepare("SELECT n FROM intent WHERE tag = 'processing'")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect()
    }

    /// Objects whose tag lies between two others, those included; the least first.
    pub(crate) fn due(&self, table: Table, from: &str, to: &str, limit: usize) -> rusqlite::Result<Vec<i64>> {
        let sql = format!("SELECT n FROM {} WHERE tag >= ?1 AND tag <= ?2 ORDER BY tag LIMIT ?3", table.name());
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![from, to, limit as i64], |row| row.get(0))?;
        rows.collect()
    }

    /// Calls `take` with every name that was given, in order: hash and number.
    pub(crate) fn names(&self, take: impl FnMut(i64, i64)) -> rusqlite::Result<()> {
        self.entries("SELECT body FROM name ORDER BY pack", take)
    }

    /// Calls `take` with every mark: hash and number.
    pub(crate) fn marks(&self, take: impl FnMut(i64, i64)) -> rusqlite::Result<()> {
        self.entries("SELECT body FROM mark ORDER BY pack", take)
    }

    fn entries(&self, sql: &str, mut take: impl FnMut(i64, i64)) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            pack::entries(&self.body_of(row, 0)?).for_each(|(hash, n)| take(hash, n));
        }
        Ok(())
    }

    /// The number of the latest event, 0 when there is none.
    pub(crate) fn last_event(&self) -> rusqlite::Result<i64> {
        // Of one commit the pack that begins last need not end last; there is one for each account.
        self.connection.query_row(
            "SELECT coalesce(max(last), 0) FROM (SELECT last FROM event ORDER BY n DESC LIMIT 10000)",
            [],
            |row| row.get(0),
        )
    }

    /// Numbers and bodies of a page of events; of any of the types, when some are given.
    pub(crate) fn events(&self, page: Page, kinds: &[String]) -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
        let order = if page.ascending { "ASC" } else { "DESC" };
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT body FROM event WHERE account = ?1 AND n < ?2 AND last > ?3 ORDER BY n {order}"
        ))?;
        let mut rows = statement.query([page.account, page.before, page.after])?;
        let mut found = Vec::new();
        while found.len() < page.limit
            && let Some(row) = rows.next()?
        {
            let is_meant = |n: i64, kind: &[u8]| {
                let is_kind = kinds.is_empty() || kinds.iter().any(|asked| asked.as_bytes() == kind);
                is_kind && n < page.before && n > page.after
            };
            let pack = self.body_of(row, 0)?;
            let events = pack::events(&pack);
            let meant = events.filter(|(n, kind, _)| is_meant(*n, kind)).map(|(n, _, body)| (n, body.to_vec()));
            if page.ascending {
                found.extend(meant);
            } else {
                let of_pack: Vec<_> = meant.collect();
                found.extend(of_pack.into_iter().rev());
            }
        }
        found.truncate(page.limit);
        Ok(found)
    }

    /// The body of one event.
    pub(crate) fn event(&self, account: i64, n: i64) -> rusqlite::Result<Option<Vec<u8>>> {
        let page = Page { account, before: n + 1, after: n - 1, limit: 1, ascending: false };
        Ok(self.events(page, &[])?.pop().map(|(_, body)| body))
    }

    pub(crate) fn answer(&self, n: i64) -> rusqlite::Result<Option<StoredAnswer>> {
        self.connection
            .prepare_cached("SELECT account, key, fingerprint, status, object, labels, body, until_us, place, endpoint, request FROM answer WHERE n = ?1")?
            .query_row([n], |row| {
                Ok(StoredAnswer {
                    n,
                    account: row.get(0)?,
                    key: row.get(1)?,
                    fingerprint: row.get(2)?,
                    status: row.get(3)?,
                    object: row.get(4)?,
                    labels: row.get(5)?,
                    body: self.body_of(row, 6)?.into(),
                    until_us: row.get(7)?,
                    place: row.get(8)?,
                    endpoint: row.get(9)?,
                    request: row.get(10)?,
                })
            })
            .optional()
    }

    /// Keys that are past their time: number and place of the name.
    pub(crate) fn old_answers(&self, until_us: i64, limit: usize) -> rusqlite::Result<Vec<(i64, i64)>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT n, place FROM answer WHERE until_us <= ?1 ORDER BY until_us LIMIT ?2")?;
        let rows = statement.query_map(params![until_us, limit as i64], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    }

    /// A number that belongs to the store as a whole.
    pub(crate) fn setting(&self, name: &str) -> rusqlite::Result<Option<i64>> {
        self.connection.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0)).optional()
    }

    /// Lines of the statement after `after` and before the first whose fate is open; at least one operation, and no more
    /// once `limit` lines are reached. Returns the lines and the last number that was looked at.
    pub(crate) fn statement(&self, after: i64, limit: usize, run: Option<&str>) -> rusqlite::Result<(String, i64)> {
        let open: i64 = self
            .connection
            .prepare_cached("SELECT coalesce(min(seq), ?1) FROM statement WHERE open = 1")?
            .query_row([i64::MAX], |row| row.get(0))?;
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, last, lines, run FROM statement
             WHERE last > ?1 AND seq >= (SELECT coalesce(max(seq), 0) FROM statement WHERE seq <= ?1) AND seq < ?2
             ORDER BY seq",
        )?;
        let mut rows = statement.query([after, open])?;
        let (mut text, mut count, mut last) = (String::new(), 0, after);
        while count < limit
            && let Some(row) = rows.next()?
        {
            let (first, row_last): (i64, i64) = (row.get(0)?, row.get(1)?);
            let of_run: Option<&str> = row.get_ref(3)?.as_str_or_null()?;
            if run.is_some() && of_run != run {
                last = row_last;
                continue;
            }
            let lines = self.lines_of(row, 2)?;
            for (offset, line) in
                lines.lines().enumerate().skip((after + 1 - first).max(0) as usize).take(limit - count)
            {
                text.push_str(line);
                text.push('\n');
                last = first + offset as i64;
                count += 1;
            }
        }
        Ok((text, last))
    }

    /// Operations whose answer was held when the process ended: number and lines.
    pub(crate) fn open_rows(&self) -> rusqlite::Result<Vec<(i64, String)>> {
        let mut statement = self.connection.prepare("SELECT seq, lines FROM statement WHERE open = 1")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, self.lines_of(row, 1)?)))?;
        rows.collect()
    }
}
