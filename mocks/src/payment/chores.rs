//! What is due later: disputes that open, refunds that settle or come back. Kept in the store, so that a restart forgets none.

use std::sync::Arc;
use std::time::Duration;

use model::fault::Provider;
use serde::{Deserialize, Serialize};

use super::{disputes, refund_fate};
use crate::ledger::{Ledger, now_us};
use crate::rules::Plan;
use crate::sheet::json;
use crate::store::{Table, Write};
use crate::turn::{Context, Labels, Turn};
use crate::wire::{Answer, Stop};

/// What is to be done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Task {
    /// The holder of a charge's card disputes it.
    OpenDispute { payment: i64, charge: usize },
    /// The bank decides, as the evidence asks for.
    DecideDispute { dispute: i64 },
    /// A pending refund succeeds.
    SettleRefund { refund: i64 },
    /// A refund that had succeeded comes back.
    FailRefund { refund: i64 },
}

/// A task and its time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Chore {
    n: i64,
    account: i64,
    /// Unix microseconds.
    due_us: i64,
    /// The mark of the shopper's intent that the payment was made under.
    intent: Option<String>,
    task: Task,
}

/// Leaves a task to be done when `delay_ms` have passed.
pub(super) fn later(task: Task, delay_ms: u64, intent: Option<&str>, turn: &mut Turn<'_>) {
    let chore = Chore {
        n: turn.books.chores.take(),
        account: turn.context.caller.account,
        due_us: now_us() + delay_ms as i64 * 1_000,
        intent: intent.map(str::to_owned),
        task,
    };
    let (n, account, body) = (chore.n, chore.account, json(&chore));
    turn.writes.push(Write::Put { table: Table::Chore, n, account, tag: None, body });
    turn.chores.push(chore);
}

/// Waits until a chore is due, then does it.
pub(crate) async fn do_later(ledger: Arc<Ledger>, chore: Chore) {
    tokio::time::sleep(Duration::from_micros((chore.due_us - now_us()).max(0) as u64)).await;
    let context = Context::of_itself(&ledger, Provider::Payment, chore.account, chore.intent.clone());
    ledger.operate(&context, Labels::default(), &Plan::default(), |turn| {
        // Done or found to be needless, it is over.
        turn.writes.push(Write::Delete { table: Table::Chore, n: chore.n });
        work(&chore.task, turn)?;
        Ok(Answer::new(200, ""))
    });
}

fn work(task: &Task, turn: &mut Turn<'_>) -> Result<(), Stop> {
    match *task {
        Task::OpenDispute { payment, charge } => disputes::open(payment, charge, turn),
        Task::DecideDispute { dispute } => disputes::decide(dispute, turn),
        Task::SettleRefund { refund } => refund_fate::settle(refund, turn),
        Task::FailRefund { refund } => refund_fate::fail(refund, turn),
    }
}
