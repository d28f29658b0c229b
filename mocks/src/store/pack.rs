//! What the jobs of one commit have in common is written as one row: a page of the file then takes many of them, and is
//! written once.

use rusqlite::params;

use super::{Outlet, Write};

/// Bytes of an entry of an index: hash and number.
const ENTRY: usize = 16;

/// Rows that the writes of one commit are gathered in.
#[derive(Default)]
pub(super) struct Packs<'a> {
    names: Vec<u8>,
    marks: Vec<u8>,
    events: Vec<Events>,
    lines: Option<Lines<'a>>,
}

/// Events of one account, in order.
struct Events {
    account: i64,
    first: i64,
    last: i64,
    body: Vec<u8>,
}

/// Lines of the statement that follow each other, all of one run.
struct Lines<'a> {
    seq: i64,
    last: i64,
    run: Option<&'a str>,
    text: Vec<u8>,
}

impl<'a> Packs<'a> {
    /// Takes a write that is packed; says whether it is one. What is not follows at once, in its own row.
    pub(super) fn take(&mut self, outlet: &mut Outlet, write: &'a Write) -> rusqlite::Result<bool> {
        match write {
            Write::Name { hash, n } => push_entry(&mut self.names, *hash, *n),
            Write::Mark { hash, n } => push_entry(&mut self.marks, *hash, *n),
            Write::Event { n, account, kind, body } => self.event(*n, *account, kind, body),
            Write::Statement { seq, last, run, open: false, lines } => match &mut self.lines {
                Some(before) if before.last + 1 == *seq && before.run == run.as_deref() => {
                    before.last = *last;
                    before.text.extend_from_slice(lines);
                }
                _ => {
                    self.write_lines(outlet)?;
                    let mut text = Vec::with_capacity(lines.len() * 8);
                    text.extend_from_slice(lines);
                    self.lines = Some(Lines { seq: *seq, last: *last, run: run.as_deref(), text });
                }
            },
            Write::Statement { open: true, .. }
            | Write::Put { .. }
            | Write::Delete { .. }
            | Write::Settle { .. }
            | Write::Answer(_)
            | Write::Forget { .. }
            | Write::Setting { .. } => return Ok(false),
        }
        Ok(true)
    }

    fn event(&mut self, n: i64, account: i64, kind: &str, body: &[u8]) {
        let at = self.events.iter().position(|pack| pack.account == account).unwrap_or_else(|| {
            self.events.push(Events { account, first: n, last: n, body: Vec::new() });
            self.events.len() - 1
        });
        let pack = &mut self.events[at];
        pack.last = n;
        pack.body.extend_from_slice(&n.to_le_bytes());
        push_text(&mut pack.body, kind.as_bytes());
        push_text(&mut pack.body, body);
    }

    fn write_lines(&mut self, outlet: &mut Outlet) -> rusqlite::Result<()> {
        let Some(Lines { seq, last, run, text }) = self.lines.take() else { return Ok(()) };
        let sql = "INSERT INTO statement (seq, last, run, open, lines) VALUES (?1, ?2, ?3, 0, ?4)";
        let lines = outlet.bodies.put(&text);
        outlet.connection.prepare_cached(sql)?.execute(params![seq, last, run, lines])?;
        Ok(())
    }

    /// Writes what was taken.
    pub(super) fn write(mut self, outlet: &mut Outlet) -> rusqlite::Result<()> {
        self.write_lines(outlet)?;
        for Events { account, first, last, body } in self.events {
            let sql = "INSERT INTO event (n, last, account, body) VALUES (?1, ?2, ?3, ?4)";
            let body = outlet.bodies.put(&body);
            outlet.connection.prepare_cached(sql)?.execute(params![first, last, account, body])?;
        }
        let indexes =
            [(self.names, "INSERT INTO name (body) VALUES (?1)"), (self.marks, "INSERT INTO mark (body) VALUES (?1)")];
        for (entries, sql) in indexes.iter().filter(|(entries, _)| !entries.is_empty()) {
            outlet.connection.prepare_cached(sql)?.execute([outlet.bodies.put(entries)])?;
        }
        Ok(())
    }
}

fn push_entry(pack: &mut Vec<u8>, hash: i64, n: i64) {
    pack.extend_from_slice(&hash.to_le_bytes());
    pack.extend_from_slice(&n.to_le_bytes());
}

fn push_text(pack: &mut Vec<u8>, text: &[u8]) {
    let length = u32::try_from(text.len()).expect("nothing that is stored has 4 GiB");
    pack.extend_from_slice(&length.to_le_bytes());
    pack.extend_from_slice(text);
}

/// The entries of a part of an index: hash and number.
pub(super) fn entries(pack: &[u8]) -> impl Iterator<Item = (i64, i64)> {
    pack.chunks_exact(ENTRY).filter_map(|entry| {
        let (hash, n) = entry.split_first_chunk()?;
        Some((i64::from_le_bytes(*hash), i64::from_le_bytes(*n.first_chunk()?)))
    })
}

/// The events of a pack: number, type and body.
pub(super) fn events(mut pack: &[u8]) -> impl Iterator<Item = (i64, &[u8], &[u8])> {
    std::iter::from_fn(move || {
        let (n, rest) = pack.split_first_chunk()?;
        let (kind, rest) = read_text(rest)?;
        let (body, rest) = read_text(rest)?;
        pack = rest;
        Some((i64::from_le_bytes(*n), kind, body))
    })
}

fn read_text(pack: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = pack.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let mut packs = Packs::default();
        for (n, account) in [(3, 1), (4, 2), (6, 1)] {
            packs.event(n, account, "charge.succeeded", format!("{{\"n\":{n}}}").as_bytes());
        }
        let pack = &packs.events[0];
        assert_eq!((packs.events.len(), pack.first, pack.last), (2, 3, 6));
        let of_first: Vec<_> = events(&pack.body).collect();
        let kind = &b"charge.succeeded"[..];
        assert_eq!(of_first, [(3, kind, &b"{\"n\":3}"[..]), (6, kind, &b"{\"n\":6}"[..])]);
        let mut pack = Vec::new();
        push_entry(&mut pack, i64::MAX, 1);
        push_entry(&mut pack, 7, -2);
        assert_eq!(entries(&pack).collect::<Vec<_>>(), [(i64::MAX, 1), (7, -2)]);
    }
}
