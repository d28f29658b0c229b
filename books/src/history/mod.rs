//! Small histories as text: three books in a few lines, each labelled with what a law should say about them.
//!
//! ```text
//! history: a charge whose answer was lost is repeated with the same key
//! expect: held examined=1 exposed=1
//! shopper a confirmed shown=4590 order=O1 total=4590
//! submit a key=k1 -> no answer
//! submit a key=k1 -> 201 ok order=O1 total=4590
//! payment capture ch_1 of pi_1 4590 intent=a lost fault=lost-answers
//! order O1 paid intent=a total=4590 states=pending,paid
//! ```
//!
//! One line is one row, in the order of its book. A lone letter is a shopper with one intent; amounts are minor units of US
//! dollars. `books.md` lists the words.

mod lines;
mod row_lines;
mod words;

use crate::error::{Error, While};
use crate::file::RunFile;
use crate::insert;
use crate::intake::Fact;
use crate::opening::Opening;
use crate::rows::{Batch, OrderRow};
use crate::writer;
use model::finding::Finding;
use model::plan::RunPlan;

/// A history that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read line {line} of the histories: {reason}")]
pub struct HistoryError {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// A labelled history.
#[derive(Clone, Debug)]
pub struct History {
    /// What happens in it.
    pub title: String,
    /// What the law should say.
    pub expect: Expect,
    /// The books.
    pub books: Books,
}

/// What a law should say; numbers that are not given are not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expect {
    /// The finding.
    pub finding: Finding,
    /// Subjects.
    pub examined: Option<u64>,
    /// Subjects that violate it.
    pub violated: Option<u64>,
    /// Subjects for which it cannot be said.
    pub undecided: Option<u64>,
    /// Subjects that met the hazard.
    pub exposed: Option<u64>,
}

/// The rows of a history.
#[derive(Clone, Debug)]
pub struct Books {
    /// What was declared.
    pub opening: Opening,
    /// One arrival for each shopper.
    pub plan: RunPlan,
    /// The shopper's history, the statement and events.
    pub batch: Batch,
    /// The orders book.
    pub orders: Vec<OrderRow>,
    /// How far the books got.
    pub facts: Vec<Fact>,
}

impl Books {
    /// A run file in memory with these rows, not yet joined.
    pub fn file(&self) -> Result<RunFile, Error> {
        let file = RunFile::in_memory(&self.opening, &self.plan)?;
        insert::batch(&file.conn, &self.batch).writing("the history")?;
        insert::orders(&file.conn, &self.orders).writing("the orders")?;
        for fact in &self.facts {
            writer::note(&file.conn, fact).writing("the facts")?;
        }
        Ok(file)
    }
}

/// Reads histories, one after the other.
pub fn parse(text: &str) -> Result<Vec<History>, HistoryError> {
    lines::parse(text)
}
