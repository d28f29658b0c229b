//! Where operations are decided and handed to the store: one lock, one sequence, one order.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::{Mutex, RwLock};

use model::fault::{Effect, Provider};

use crate::accounts::Accounts;
use crate::books::Books;
use crate::decision::{Outcome, decide, execute_again};
use crate::fate::{Fate, Flight};
use crate::payment::Chore;
use crate::rules::{Hit, Live, Plan, Rules};
use crate::statement::{AnswerFate, Op, Row, Stamp, render};
use crate::store::{Acked, Job, Write, Writer, WriterGone};
use crate::turn::{Context, Labels, Turn};
use crate::webhooks::{Outgoing, Queue};
use crate::wire::{Answer, Stop};

/// Name under which the store keeps how far the vendors' clock is ahead.
pub(crate) const AHEAD_SETTING: &str = "clock_ahead_us";

/// Unix microseconds.
pub(crate) fn now_us() -> i64 {
    // A clock before 1970 is no clock to keep books by; 0 shows it.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}

/// The providers' state and everything that changes it.
pub(crate) struct Ledger {
    pub(crate) books: Arc<Mutex<Books>>,
    pub(crate) writer: Writer,
    pub(crate) accounts: RwLock<Accounts>,
    pub(crate) rules: Rules,
    pub(crate) webhooks: Queue,
    pub(crate) runtime: tokio::runtime::Handle,
    /// Requests that are being worked on.
    pub(crate) in_flight: AtomicU64,
    /// When an object last changed or a webhook was last attempted; unix microseconds.
    pub(crate) last_change_us: AtomicI64,
    /// How far the admin interface set the vendors' clock ahead, in microseconds.
    pub(crate) ahead_us: AtomicI64,
}

/// A request that was decided, and is on its way to the store.
pub(crate) struct Decided {
    pub(crate) outcome: Outcome,
    /// Told when it is stored; absent when nothing was written.
    pub(crate) stored: Option<Acked>,
    /// The turn that must be stored before what was read may be told, and its epoch.
    pub(crate) read_turn: (u64, u64),
    /// Says whether a held answer arrived.
    pub(crate) fate: Option<Fate>,
    /// Keeps the key in flight until the answer has left.
    pub(crate) flight: Option<Flight>,
    /// Webhooks that are to arrive before the answer leaves.
    pub(crate) early: Vec<tokio::sync::oneshot::Receiver<()>>,
}

/// What the rules will do to the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prospect {
    Known(AnswerFate),
    /// It is held, so that the caller may be gone before it leaves.
    Open,
}

fn prospect(plan: &Plan) -> Prospect {
    match plan.ending.as_ref().map(Hit::effect) {
        Some(Effect::CommitThenDrop { .. }) => Prospect::Known(AnswerFate::Lost),
        Some(Effect::ErrorAfterCommit { .. } | Effect::Malformed { .. }) => Prospect::Known(AnswerFate::Altered),
        Some(Effect::Drip { .. }) => Prospect::Open,
        _ if plan.holds.is_empty() => Prospect::Known(AnswerFate::Sent),
        _ => Prospect::Open,
    }
}

impl Ledger {
    /// What the vendors' clock says: the time, and as far ahead as the admin interface and the rules set it.
    pub(crate) fn clock_us(&self, at_us: i64) -> i64 {
        at_us + self.ahead_us.load(Ordering::Relaxed) + self.rules.ahead_us()
    }

    /// Decides a request: replays its key, or executes it; writes what follows and says when it is stored.
    pub(crate) fn operate(
        self: &Arc<Self>,
        context: &Context,
        labels: Labels,
        plan: &Plan,
        mut execute: impl FnMut(&mut Turn<'_>) -> Result<Answer, Stop>,
    ) -> Decided {
        let mut books = self.books.lock();
        let key_hash = context.key.as_ref().map(|key| books.identity.hash("key", context.caller.account, &key.text));
        let progress = books.progress(context.at_us, self.writer.finished_turn());
        let mut turn = Turn {
            books: &mut books,
            accounts: &self.accounts,
            rules: &self.rules,
            context,
            progress,
            writes: Vec::with_capacity(12),
            rows: Vec::with_capacity(3),
            labels,
            mark: None,
            outgoing: Vec::new(),
            timers: Vec::new(),
            chores: Vec::new(),
        };
        let outcome = decide(&mut turn, key_hash, &mut execute).unwrap_or_else(|error| {
            tracing::error!(%error, "failed to read the store");
            Outcome::Broken
        });
        let second_rows = match (&outcome, &plan.twice) {
            (Outcome::Executed(_), Some(hit)) => execute_again(&mut turn, hit, &mut execute),
            _ => Vec::new(),
        };
        let flight = match (&outcome, key_hash) {
            (Outcome::Executed(_) | Outcome::Replayed(_), Some(hash)) => {
                turn.books.keys.begin(hash);
                Some(Flight { ledger: Arc::clone(self), hash })
            }
            _ => None,
        };
        let written = Written { second_rows, ..Written::from(turn) };
        self.hand_over(&mut books, context, plan, outcome, flight, written)
    }

    fn hand_over(
        self: &Arc<Self>,
        books: &mut Books,
        context: &Context,
        plan: &Plan,
        outcome: Outcome,
        flight: Option<Flight>,
        mut written: Written,
    ) -> Decided {
        let is_executed = !written.writes.is_empty() && matches!(outcome, Outcome::Executed(_));
        let has_run = is_executed || !written.rows.is_empty();
        let foremost = plan.foremost(matches!(outcome, Outcome::Executed(_)));
        if foremost.is_some() && written.rows.is_empty() {
            written.rows.push(Row::new(Op::RefusedByFault));
        }
        if matches!(outcome, Outcome::Executed(_)) {
            plan.bends.iter().for_each(|hit| hit.rule.count_applied());
        }
        let prospect = prospect(plan);
        let stamp = Stamp {
            at_us: context.at_us,
            run: context.caller.run.clone(),
            provider: context.provider,
            key: context.key.as_ref().map(|key| key.text.clone()).or(written.labels.key),
            replayed: matches!(outcome, Outcome::Replayed(_)),
            http_status: Some(outcome.status()),
            // A browser carries none; whoever calls from the shop's side may have its reasons.
            intent: context.intent.clone().or(written.mark.filter(|_| context.caller.is_browser)),
            order: written.labels.order,
            email: written.labels.email,
            fault: foremost.map(|hit| hit.rule.rule.id.clone()),
            effect: foremost.map(|hit| hit.effect().name().into()),
            answer: match prospect {
                Prospect::Known(AnswerFate::Lost | AnswerFate::Altered) if !has_run => None,
                Prospect::Known(fate) => Some(fate),
                Prospect::Open => None,
            },
        };
        if is_executed
            && let (Prospect::Known(AnswerFate::Lost | AnswerFate::Altered), Some(hit)) = (prospect, foremost)
        {
            hit.rule.count_hazard();
        }
        written.writes.extend(plan.matched.iter().filter_map(|rule| rule.write()));
        let second = plan.twice.as_ref().filter(|_| !written.second_rows.is_empty()).map(|hit| Stamp {
            fault: Some(hit.rule.rule.id.clone()),
            effect: Some(hit.effect().name().into()),
            answer: Some(AnswerFate::Lost),
            ..stamp.clone()
        });
        let mut fate = None;
        if !written.rows.is_empty() {
            let seq = books.seq + 1;
            books.seq += written.rows.len() as i64;
            written.writes.push(Write::Statement {
                seq,
                last: books.seq,
                run: stamp.run.clone(),
                open: prospect == Prospect::Open,
                lines: render(seq, &stamp, &written.rows),
            });
            fate = foremost.filter(|_| prospect == Prospect::Open).map(|hit| Fate {
                ledger: Arc::clone(self),
                seq,
                stamp,
                rows: written.rows,
                rule: Arc::clone(&hit.rule),
                has_run,
                is_executed,
                is_settled: false,
            });
        }
        if let Some(second) = second {
            written.writes.push(books.statement(&second, &written.second_rows));
        }
        if is_executed {
            self.last_change_us.store(context.at_us, Ordering::Relaxed);
        }
        let early = written.outgoing.iter_mut().filter_map(Outgoing::take_early).collect();
        let later = Later { outgoing: written.outgoing, timers: written.timers, chores: written.chores };
        let stored = self.submit(books, written.writes, later);
        Decided { outcome, stored, read_turn: (books.turn, books.epoch), fate, flight, early }
    }

    /// Hands writes to the store in the order in which they were decided: the caller holds the lock.
    fn submit(self: &Arc<Self>, books: &mut Books, writes: Vec<Write>, later: Later) -> Option<Acked> {
        if writes.is_empty() {
            return None;
        }
        books.turn += 1;
        for write in &writes {
            if let Write::Mark { hash, n } = write {
                books.marks.put(*hash, *n);
            }
        }
        let (done, acked) = tokio::sync::oneshot::channel();
        let after = (!later.is_empty()).then(|| {
            let ledger = Arc::clone(self);
            Box::new(move || ledger.set_off(later)) as Box<dyn FnOnce() + Send>
        });
        self.writer.submit(Job { writes, turn: books.turn, epoch: books.epoch, done: Some(done), after });
        Some(acked)
    }

    /// Starts what an operation leaves to be done once it is stored.
    fn set_off(self: &Arc<Self>, later: Later) {
        if !later.outgoing.is_empty() {
            self.webhooks.take(later.outgoing);
        }
        for chore in later.chores {
            self.runtime.spawn(crate::payment::do_later(Arc::clone(self), chore));
        }
        for (payment, due_us) in later.timers {
            self.runtime.spawn(crate::payment::settle_at(Arc::clone(self), payment, due_us));
        }
    }

    /// Writes rows that no request caused.
    pub(crate) fn note(self: &Arc<Self>, stamp: &Stamp, rows: &[Row], writes: Vec<Write>) -> Option<Acked> {
        self.note_in(&mut self.books.lock(), stamp, rows, writes)
    }

    /// The same, for who holds the lock.
    pub(crate) fn note_in(
        self: &Arc<Self>,
        books: &mut Books,
        stamp: &Stamp,
        rows: &[Row],
        mut writes: Vec<Write>,
    ) -> Option<Acked> {
        if !rows.is_empty() {
            writes.push(books.statement(stamp, rows));
        }
        self.submit(books, writes, Later::default())
    }

    /// Writes that a fault began, ended or expired, with its counters.
    pub(crate) fn note_fault(self: &Arc<Self>, rule: &Live, state: &'static str) -> Option<Acked> {
        let stored = rule.stored();
        let mut stamp = Stamp::bare(now_us(), Some(rule.rule.run.clone()), rule.rule.provider);
        stamp.fault = Some(rule.rule.id.clone());
        stamp.effect = Some(rule.rule.effect.name().into());
        let detail = serde_json::json!({
            "matched": stored.matched, "applied": stored.applied, "hazardous": stored.hazardous
        });
        let row = Row::new(Op::Fault).object(rule.rule.id.clone()).state(state).detail(detail);
        let write = if state == "began" { rule.write() } else { Some(rule.delete()) };
        self.note(&stamp, &[row], write.into_iter().collect())
    }

    /// A row for a request that a fault refused before anything was executed.
    pub(crate) fn note_refused(
        self: &Arc<Self>,
        context: &Context,
        labels: Labels,
        plan: &Plan,
        status: Option<u16>,
    ) -> Option<Acked> {
        let hit = plan.refusal.as_ref()?;
        let mut stamp = Stamp::bare(context.at_us, context.caller.run.clone(), context.provider);
        stamp.key = context.key.as_ref().map(|key| key.text.clone()).or(labels.key);
        stamp.http_status = status;
        stamp.intent.clone_from(&context.intent);
        stamp.order = labels.order;
        stamp.email = labels.email;
        stamp.fault = Some(hit.rule.rule.id.clone());
        stamp.effect = Some(hit.effect().name().into());
        stamp.answer = status.map(|_| AnswerFate::Sent);
        let mut books = self.books.lock();
        let writes = plan.matched.iter().filter_map(|rule| rule.write()).collect();
        self.note_in(&mut books, &stamp, &[Row::new(Op::RefusedByFault)], writes)
    }

    /// Waits until everything decided so far is stored.
    pub(crate) async fn settled(&self) -> Result<(), WriterGone> {
        let (turn, epoch) = {
            let books = self.books.lock();
            (books.turn, books.epoch)
        };
        self.writer.settled(turn, epoch).await
    }

    /// Whether any rule may meet requests to a provider.
    pub(crate) fn is_provider_faulty(&self, provider: Provider) -> bool {
        self.rules.is_any(provider, false)
    }
}

/// What a turn leaves to be written.
struct Written {
    writes: Vec<Write>,
    rows: Vec<Row>,
    /// Rows of what was executed a second time.
    second_rows: Vec<Row>,
    labels: Labels,
    mark: Option<String>,
    outgoing: Vec<Outgoing>,
    timers: Vec<(i64, i64)>,
    chores: Vec<Chore>,
}

/// What an operation leaves to be done once it is stored.
#[derive(Default)]
struct Later {
    outgoing: Vec<Outgoing>,
    timers: Vec<(i64, i64)>,
    chores: Vec<Chore>,
}

impl Later {
    const fn is_empty(&self) -> bool {
        self.outgoing.is_empty() && self.timers.is_empty() && self.chores.is_empty()
    }
}

impl From<Turn<'_>> for Written {
    fn from(turn: Turn<'_>) -> Self {
        Self {
            writes: turn.writes,
            rows: turn.rows,
            second_rows: Vec::new(),
            labels: turn.labels,
            mark: turn.mark,
            outgoing: turn.outgoing,
            timers: turn.timers,
            chores: turn.chores,
        }
    }
}
