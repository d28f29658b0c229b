//! The rows of the statement, as the join reads them: in the order of the statement's sequence.

use rusqlite::{Connection, Row};

/// One row.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub id: i64,
    pub provider: &'a str,
    pub op: &'a str,
    pub object: Option<&'a str>,
    pub parent: Option<&'a str>,
    pub state: Option<&'a str>,
    pub amount_minor: Option<i64>,
    pub currency: Option<&'a str>,
    pub key: Option<&'a str>,
    pub replayed: bool,
    pub run: Option<&'a str>,
    pub intent: Option<&'a str>,
    pub order: Option<&'a str>,
    pub email: Option<&'a str>,
    pub fault: Option<&'a str>,
    pub effect: Option<&'a str>,
    /// Of a capture: whether another one may follow.
    pub is_final: bool,
    pub answer: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn read(row: &'a Row<'_>) -> rusqlite::Result<Self> {
        let text = |column: usize| -> rusqlite::Result<Option<&'a str>> { Ok(row.get_ref(column)?.as_str_or_null()?) };
        Ok(Self {
            id: row.get(0)?,
            provider: text(1)?.unwrap_or_default(),
            op: text(2)?.unwrap_or_default(),
            object: text(3)?,
            parent: text(4)?,
            state: text(5)?,
            amount_minor: row.get(6)?,
            currency: text(7)?,
            key: text(8)?,
            replayed: row.get(9)?,
            run: text(10)?,
            intent: text(11)?,
            order: text(12)?,
            email: text(13)?,
            fault: text(14)?,
            answer: text(15)?,
            effect: text(16)?,
            is_final: row.get(17)?,
        })
    }

    /// Whether the row names an object whose marks are shared by all its rows.
    pub(super) fn makes_object(&self) -> bool {
        !matches!(self.op, "webhook" | "fault" | "refused_by_fault" | "quote" | "rate" | "label" | "decision")
    }

    /// Whether something was executed, and with success.
    pub(super) fn took_effect(&self) -> bool {
        !self.replayed && !matches!(self.state, Some("refused" | "declined" | "failed"))
    }

    /// Whether the row is of a provider of payments: the first or the second one.
    pub(super) fn is_payment(&self) -> bool {
        is_payment(self.provider)
    }

    /// Whether the provider made it by itself, beside the one that was asked for.
    pub(super) fn is_doubled_by_provider(&self) -> bool {
        self.effect == Some("commit_twice")
    }

    /// Whether a fault destroyed the answer of an operation that was executed.
    pub(super) fn answer_lost(&self) -> bool {
        matches!(self.answer, Some("lost" | "altered"))
    }
}

/// Whether a provider takes money.
pub(super) fn is_payment(provider: &str) -> bool {
    matches!(provider, "payment" | "backup_payment")
}

/// What a pass needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Names and marks; all else is empty.
    Marks,
    /// Everything.
    Whole,
}

/// Calls `take` for each row. Rows of the provider about its own rules (`fault`) belong to nobody and are left out.
pub(super) fn each(
    conn: &Connection,
    part: Part,
    mut take: impl FnMut(&Line<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let columns = match part {
        Part::Marks => {
            "id, provider, op, object, parent, NULL, NULL, NULL, NULL, 0, run, intent, order_number, email, NULL, NULL,
             NULL, 1"
        }
        Part::Whole => {
            "id, provider, op, object, parent, state, amount_minor, currency, key, replayed, run, intent, order_number, email,
             fault, answer, effect, op <> 'capture' OR detail IS NULL OR coalesce(detail ->> '$.final', 1)"
        }
    };
    let mut select = conn.prepare(&format!("SELECT {columns} FROM statement WHERE op <> 'fault' ORDER BY id"))?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        take(&Line::read(row)?)?;
    }
    Ok(())
}
