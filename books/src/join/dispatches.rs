//! What the warehouse was told to send, and what it held of the customer's money then.

use super::by_object::ByObject;
use super::lines::{Line, Op};
use super::maybe::Whole;
use super::places::Kind;
use super::store::Found;
use rusqlite::params;

/// A message to the warehouse.
#[derive(Debug)]
pub(super) struct Dispatch {
    pub object: u32,
    /// The first row that tells of it.
    pub statement: i64,
    /// What its order held when it was sent: captured less given back; none where nothing was sent.
    pub held_minor: Whole,
    pub redeliveries: u32,
    pub faults: u32,
}

impl ByObject<Dispatch> {
    /// Adds what a row of the warehouse says; `held_minor` is what the order holds at that row.
    pub(super) fn take(&mut self, line: &Line<'_>, object: u32, held_minor: i64) {
        let kind = line.kind;
        let dispatch = self.meet(object, || Dispatch {
            object,
            statement: line.id,
            held_minor: Whole::NONE,
            redeliveries: 0,
            faults: 0,
        });
        dispatch.faults += u32::from(kind.fault.is_some());
        dispatch.redeliveries += u32::from(kind.op == Op::Redelivery);
        if kind.op == Op::Dispatch && !kind.replayed {
            // The least that it was ever sent for.
            let least = dispatch.held_minor.get().map_or(held_minor, |known| known.min(held_minor));
            dispatch.held_minor = Some(least).into();
        }
    }
}

impl Found<'_> {
    pub(super) fn store_dispatches(&self) -> rusqlite::Result<()> {
        let mut insert =
            self.conn.prepare("INSERT INTO dispatch VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?;
        for dispatch in self.tally.dispatches.all() {
            let place = self.place(dispatch.object);
            insert.execute(params![
                self.objects.name(dispatch.object),
                place.and_then(|place| place.intent()),
                self.order(place).map(|order| order.seq),
                place.map_or(Kind::Nobody.code(), |place| place.kind().code()),
                place.and_then(|place| place.mark_code()),
                self.described(dispatch.object, place),
                dispatch.statement,
                dispatch.held_minor,
                dispatch.redeliveries,
                dispatch.faults,
            ])?;
        }
        Ok(())
    }
}
