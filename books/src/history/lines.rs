//! Reads histories line by line.

use super::words::{Words, number};
use super::{Books, Expect, History, HistoryError};
use crate::intake::{Complete, Fact, LoadEnd, Settled};
use crate::opening::{MixName, Opening};
use crate::rows::{Attempt, AttemptKind, Batch, Cancel, OrderLine, OrderRefund, OrderRow, OrderState, Purchase, StatementRow};
use model::card::Card;
use model::finding::Finding;
use model::outcome::{Outcome, Reading, Refusal};
use model::plan::{Arrival, Manner, Phase, PhaseWindow, RunPlan};
use model::scenario::TaxFallback;
use model::seed::Seed;
use std::collections::BTreeMap;

/// The run of every history.
const RUN: &str = "r1";
/// Time from one line to the next.
const PACE_US: u64 = 100_000;
/// When the load of every history began: Unix microseconds.
const BEGAN_US: u64 = 1_700_000_000_000_000;

pub(super) fn parse(text: &str) -> Result<Vec<History>, HistoryError> {
    let mut histories = Vec::new();
    let mut open: Option<Draft> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let at = |reason| HistoryError { line: index + 1, reason };
        if let Some(title) = line.strip_prefix("history:") {
            histories.extend(open.take().map(Draft::close).transpose().map_err(at)?);
            open = Some(Draft::open(title.trim()));
        } else {
            let draft = open.as_mut().ok_or_else(|| at("expected `history: …` first".into()))?;
            draft.line(line).map_err(at)?;
        }
    }
    let last = text.lines().count();
    histories.extend(open.take().map(Draft::close).transpose().map_err(|reason| HistoryError { line: last, reason })?);
    Ok(histories)
}

/// A history that is being read.
struct Draft {
    title: String,
    expect: Option<Expect>,
    opening: Opening,
    batch: Batch,
    orders: Vec<OrderRow>,
    shoppers: BTreeMap<String, u64>,
    now_us: u64,
    orders_read: Option<Complete>,
    files_scanned: Option<Complete>,
    load_ended: Option<LoadEnd>,
    settled: (Settled, u64),
    statement: Complete,
    files: Vec<Fact>,
}

impl Draft {
    fn open(title: &str) -> Self {
        let mix = vec![MixName { journey: "buyer".into(), buys: true }];
        Self {
            title: title.into(),
            expect: None,
            opening: Opening { run: RUN.into(), mix, settle_within_us: 60_000_000, ..Opening::default() },
            batch: Batch::default(),
            orders: Vec::new(),
            shoppers: BTreeMap::new(),
            now_us: 0,
            orders_read: Some(Complete::Yes),
            files_scanned: None,
            load_ended: Some(LoadEnd::Completed),
            settled: (Settled::Quiet, 5_000_000),
            statement: Complete::Yes,
            files: Vec::new(),
        }
    }

    fn close(self) -> Result<History, String> {
        let expect = self.expect.ok_or("the history before has no `expect: …`")?;
        let arrivals = (0..self.shoppers.len() as u64).map(|number| Arrival {
            number,
            intended_us: number,
            mix: 0,
            card: Card::Ok,
            manner: Manner::default(),
            seed: Seed(number),
        });
        let duration_us = self.now_us + PACE_US;
        let plan = RunPlan {
            scenario: "history".into(),
            seed: Seed(0),
            duration_us,
            arrivals: arrivals.collect(),
            phases: vec![PhaseWindow { phase: Phase::Steady, from_us: 0, to_us: duration_us }],
        };
        let seq = self.batch.statement.len() as u64;
        let mut facts = self.files;
        facts.push(Fact::LoadBegan(BEGAN_US));
        facts.push(Fact::StatementReadTo { process: 0, seq, complete: self.statement });
        facts.push(Fact::Settled { how: self.settled.0, waited_us: self.settled.1 });
        facts.extend(self.load_ended.map(Fact::LoadEnded));
        facts.extend(self.orders_read.map(Fact::OrdersRead));
        facts.extend(self.files_scanned.map(Fact::FilesScanned));
        let books = Books { opening: self.opening, plan, batch: self.batch, orders: self.orders, facts };
        Ok(History { title: self.title, expect, books })
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        self.now_us += PACE_US;
        let (verb, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let mut words = Words::of(rest);
        match verb {
            "expect:" => self.expect = Some(expect(&mut words)?),
            "run" => self.run(&mut words)?,
            "stock" => {
                let sku = words.expect("an article")?.to_owned();
                self.opening.stock.insert(sku, number(words.expect("a number")?)?);
            }
            "promotion" => {
                let code = words.expect("a code")?.to_owned();
                self.opening.promotions.insert(code, number(words.expect("a number")?)?);
            }
            "tax-policy" => {
                self.opening.tax = Some(match words.expect("`block` or `rate`")? {
                    "block" => TaxFallback::Block,
                    "rate" => TaxFallback::Rate(number(words.expect("basis points")?)?),
                    other => return Err(format!("`{other}` is no tax policy")),
                });
            }
            "shopper" => self.shopper(&mut words)?,
            "submit" | "look" | "settle" | "second-card" | "cancel" => return self.attempt(verb, rest),
            "payment" | "tax" | "warehouse" => self.statement(verb, &mut words)?,
            "order" => self.order(&mut words)?,
            "file" => {
                let file = words.expect("a path")?.to_owned();
                self.files.push(Fact::ScannedFile { file, bytes: words.number("bytes")?.unwrap_or(1) });
                self.files_scanned = self.files_scanned.or(Some(Complete::Yes));
            }
            "seen" => {
                let card = words.expect("the name of a card")?.to_owned();
                let file = words.text("in").ok_or("expected `in=FILE`")?;
                self.files.push(Fact::CardSighting { file, card, count: words.number("count")?.unwrap_or(1) });
            }
            other => return Err(format!("`{other}` begins no line")),
        }
        words.end()
    }

    /// How far the books got.
    fn run(&mut self, words: &mut Words<'_>) -> Result<(), String> {
        let completeness = |word: &str| match word {
            "complete" => Ok(Some(Complete::Yes)),
            "incomplete" => Ok(Some(Complete::No)),
            "absent" => Ok(None),
            other => Err(format!("`{other}` is not `complete`, `incomplete` or `absent`")),
        };
        if words.has("interrupted") {
            self.load_ended = Some(LoadEnd::Interrupted);
            self.settled = (Settled::Interrupted, 0);
        }
        if words.has("died") {
            self.load_ended = None;
            self.settled = (Settled::Interrupted, 0);
        }
        if words.has("deadline") {
            self.settled = (Settled::Deadline, self.opening.settle_within_us);
        }
        if let Some(word) = words.value("orders") {
            self.orders_read = completeness(word)?;
        }
        if let Some(word) = words.value("files") {
            self.files_scanned = completeness(word)?;
        }
        if let Some(word) = words.value("statement") {
            self.statement = completeness(word)?.ok_or("a statement is `complete` or `incomplete`")?;
        }
        Ok(())
    }

    /// `a`, or `a2` for the third wish of shopper `a`: `r1.0.2`.
    fn intent(&mut self, name: &str) -> (u64, String) {
        let (shopper, ordinal) = match name.find(|letter: char| letter.is_ascii_digit()) {
            Some(place) => name.split_at(place),
            None => (name, "0"),
        };
        let next = self.shoppers.len() as u64;
        let arrival = *self.shoppers.entry(shopper.to_owned()).or_insert(next);
        (arrival, format!("{RUN}.{arrival}.{ordinal}"))
    }

    /// A shopper's mark; one with a dot stands for itself.
    fn mark(&mut self, name: &str) -> String {
        if name.contains('.') { name.into() } else { self.intent(name).1 }
    }

    fn shopper(&mut self, words: &mut Words<'_>) -> Result<(), String> {
        let name = words.expect("a shopper")?;
        let (arrival, intent) = self.intent(name);
        let refusal = words.value("refusal").map(refusal).transpose()?;
        let outcome = words.next().unwrap_or("confirmed");
        let outcome = Outcome::ALL.into_iter().find(|it| it.name() == outcome).ok_or(format!("`{outcome}` is no outcome"))?;
        let cancel = match words.value("cancel") {
            None => Cancel::NotAsked,
            Some("asked") => Cancel::Asked,
            Some("confirmed") => Cancel::Confirmed,
            Some(other) => return Err(format!("cancel is `{other}`, expected `asked` or `confirmed`")),
        };
        self.batch.arrivals.push(crate::rows::ArrivalEnd {
            number: arrival,
            begun_us: Some(self.now_us),
            ended_us: self.now_us + PACE_US,
            outcome,
            refusal,
            step: None,
        });
        self.batch.purchases.push(Purchase {
            email: address(&intent),
            intent,
            arrival,
            intended_us: self.now_us,
            done_us: self.now_us + PACE_US,
            outcome,
            refusal,
            shown_total_minor: words.number("shown")?,
            currency: Some("USD".into()),
            order_number: words.text("order"),
            total_minor: words.number("total")?,
            cancel,
        });
        Ok(())
    }

    /// `submit a key=k1 -> 201 ok order=O1 total=100`, or `-> no answer`.
    fn attempt(&mut self, verb: &str, rest: &str) -> Result<(), String> {
        let (request, answer) = rest.split_once("->").ok_or("expected `-> ANSWER`")?;
        let (mut request, mut answer) = (Words::of(request), Words::of(answer));
        let (arrival, intent) = self.intent(request.expect("a shopper")?);
        let kind = match verb {
            "submit" => AttemptKind::Submit,
            "look" => AttemptKind::Look,
            "settle" => AttemptKind::Settle,
            "second-card" => AttemptKind::SecondCard,
            _ => AttemptKind::Cancel,
        };
        let (status, reading) = match answer.expect("a status or `no answer`")? {
            "no" if answer.has("answer") => (None, Reading::Unanswered),
            status => (Some(number(status)?), reading(answer.next().unwrap_or("ok"))?),
        };
        self.batch.attempts.push(Attempt {
            arrival,
            intent: Some(intent),
            step: "checkout".into(),
            kind,
            key: request.text("key"),
            intended_us: self.now_us,
            sent_us: Some(self.now_us),
            done_us: self.now_us + PACE_US / 2,
            status,
            reading,
            order_number: answer.text("order"),
            total_minor: answer.number("total")?,
            card: request.text("card"),
            remark: None,
        });
        request.end()?;
        answer.end()
    }

    /// `payment capture ch_1 of pi_1 100 intent=a key=k state=succeeded order=O1 email=a lost fault=f replayed`.
    fn statement(&mut self, provider: &str, words: &mut Words<'_>) -> Result<(), String> {
        let answer = if words.has("lost") { "lost" } else if words.has("altered") { "altered" } else { "sent" };
        let replayed = words.has("replayed");
        let of = words.has("of");
        let op = words.expect("an operation")?.to_owned();
        let object = words.expect("an object")?.to_owned();
        let parent = if of { Some(words.expect("an object after `of`")?.to_owned()) } else { None };
        let amount_minor = words.next().map(number).transpose()?;
        let intent = words.value("intent").map(|name| self.mark(name));
        let email = words.value("email").map(|name| self.email(name));
        self.batch.statement.push(StatementRow {
            seq: self.batch.statement.len() as u64 + 1,
            at_us: BEGAN_US + self.now_us,
            run: Some(words.text("run").unwrap_or_else(|| RUN.into())),
            provider: provider.into(),
            op,
            object: Some(object),
            parent,
            state: words.text("state"),
            amount_minor,
            currency: amount_minor.map(|_| words.text("currency").unwrap_or_else(|| "usd".into())),
            key: words.text("key"),
            replayed,
            http_status: words.number("status")?,
            intent,
            order: words.text("order"),
            email,
            fault: words.text("fault"),
            effect: words.text("effect"),
            answer: Some(answer.into()),
            detail: None,
        });
        Ok(())
    }

    fn email(&mut self, name: &str) -> String {
        if name.contains('@') { name.into() } else { address(&self.intent(name).1) }
    }

    /// `order O1 paid intent=a total=100 states=pending,paid lines=MUG*2 refunds=k1:100:succeeded in-doubt`.
    fn order(&mut self, words: &mut Words<'_>) -> Result<(), String> {
        let in_doubt = words.has("in-doubt");
        let number_of_order = words.expect("an order number")?.to_owned();
        let state = words.expect("a state")?.to_owned();
        let total_minor = words.number("total")?;
        let paid = matches!(state.as_str(), "paid" | "fulfilled").then_some(total_minor).flatten();
        let row = OrderRow {
            seq: self.orders.len() as u64 + 1,
            number: number_of_order,
            state,
            total_minor,
            paid_minor: words.number("paid")?.or(paid),
            currency: Some(words.text("currency").unwrap_or_else(|| "USD".into())),
            cart: words.text("cart"),
            subtotal_minor: words.number("subtotal")?,
            discount_minor: words.number("discount")?,
            shipping_minor: None,
            tax_minor: words.number("tax")?,
            refunded_minor: words.number("refunded")?,
            email: words.value("email").map(|name| self.email(name)),
            promotion: words.text("promotion"),
            tax_source: words.text("source"),
            tax_policy: words.text("policy"),
            tax_quote: words.text("quote"),
            tax_document: words.text("document"),
            payment: words.text("payment"),
            in_doubt,
            run: words.text("run"),
            intent: words.value("intent").map(|name| self.mark(name)),
            lines: list(words, "lines", |item| {
                let (sku, quantity) = item.split_once('*').ok_or("expected `SKU*QUANTITY`")?;
                Ok(OrderLine { sku: sku.into(), quantity: number(quantity)?, unit_minor: 100 })
            })?,
            history: list(words, "states", |item| Ok(OrderState { seq: 0, state: item.into() }))?,
            refunds: list(words, "refunds", |item| {
                let mut parts = item.splitn(3, ':');
                let mut part = || parts.next().ok_or("expected `KEY:AMOUNT:STATE`");
                let (key, amount, state) = (part()?, part()?, part()?);
                Ok(OrderRefund { key: key.into(), amount_minor: number(amount)?, state: state.into() })
            })?,
            dispatch: words.text("dispatch"),
        };
        self.orders.push(row);
        Ok(())
    }
}

fn list<T>(words: &mut Words<'_>, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    words.value(name).map_or(Ok(Vec::new()), |value| value.split(',').map(read).collect())
}

/// `r1.0.0` has `r1.0.0@intent.example`.
fn address(intent: &str) -> String {
    format!("{intent}@intent.example")
}

fn expect(words: &mut Words<'_>) -> Result<Expect, String> {
    let finding = match words.expect("a finding")? {
        "held" => Finding::Held,
        "violated" => Finding::Violated,
        "undecided" => Finding::Undecided,
        "not-exercised" => Finding::NotExercised,
        other => return Err(format!("`{other}` is no finding")),
    };
    Ok(Expect {
        finding,
        examined: words.number("examined")?,
        violated: words.number("violated")?,
        undecided: words.number("undecided")?,
        exposed: words.number("exposed")?,
    })
}

fn reading(word: &str) -> Result<Reading, String> {
    let plain = [
        Reading::Ok,
        Reading::Pending,
        Reading::InProgress,
        Reading::AlreadyOrdered,
        Reading::Absent,
        Reading::Unexpected,
        Reading::Unanswered,
    ];
    plain.into_iter().find(|it| it.name() == word).map_or_else(|| refusal(word).map(Reading::Refused), Ok)
}

fn refusal(word: &str) -> Result<Refusal, String> {
    [Refusal::Declined, Refusal::SoldOut, Refusal::PromotionUsedUp, Refusal::Technical]
        .into_iter()
        .find(|it| it.name() == word)
        .ok_or_else(|| format!("`{word}` is no reading"))
}
