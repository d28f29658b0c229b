//! What is still open about a request when it has been decided: whether its key is free, and whether its answer arrived.

use std::sync::Arc;

use crate::ledger::Ledger;
use crate::rules::Live;
use crate::statement::{AnswerFate, Row, Stamp, render};
use crate::store::{Job, Write};

/// Keeps a key in flight; it is free again when this is dropped.
pub(crate) struct Flight {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) hash: i64,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.ledger.books.lock().keys.end(self.hash);
    }
}

/// The open question whether a held answer reaches its caller. Dropped unanswered, the answer was lost: the caller went
/// away before it left.
pub(crate) struct Fate {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) seq: i64,
    pub(crate) stamp: Stamp,
    pub(crate) rows: Vec<Row>,
    pub(crate) rule: Arc<Live>,
    /// Whether an operation ran, so that there was something to lose.
    pub(crate) has_run: bool,
    /// Whether it changed an object.
    pub(crate) is_executed: bool,
    pub(crate) is_settled: bool,
}

impl Fate {
    /// The answer left.
    pub(crate) fn sent(mut self) {
        self.settle(AnswerFate::Sent);
    }

    fn settle(&mut self, fate: AnswerFate) {
        self.is_settled = true;
        self.stamp.answer = Some(fate).filter(|fate| self.has_run || *fate == AnswerFate::Sent);
        let lines = render(self.seq, &self.stamp, &self.rows);
        let mut writes = vec![Write::Settle { seq: self.seq, lines }];
        // Under the lock, so that the row of a rule that ends now is not written after it was deleted, and so that
        // whoever reads the statement from now on reads the fate, too.
        let mut books = self.ledger.books.lock();
        if fate == AnswerFate::Lost && self.is_executed {
            self.rule.count_hazard();
        }
        writes.extend(self.rule.write());
        books.turn += 1;
        // A fate is good whatever became of memory: it says nothing of any object.
        self.ledger.writer.submit(Job { writes, turn: books.turn, epoch: u64::MAX, ..Job::default() });
    }
}

impl Drop for Fate {
    fn drop(&mut self) {
        if !self.is_settled {
            self.settle(AnswerFate::Lost);
        }
    }
}
