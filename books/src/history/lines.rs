//! Reads histories line by line.

use super::words::{Words, number};
use super::{Books, Expect, History, HistoryError};
use crate::intake::{Complete, Fact, LoadEnd, Settled};
use crate::opening::{MixName, Opening};
use crate::rows::{AccountRow, Batch, OrderRow, PromotionRow, StockRow, VoucherRow};
use model::card::Card;
use model::finding::Finding;
use model::plan::{Arrival, Manner, Phase, PhaseWindow, RunPlan};
use model::scenario::TaxFallback;
use model::seed::Seed;
use std::collections::BTreeMap;

/// The run of every history.
pub(super) const RUN: &str = "r1";
/// Time from one line to the next.
pub(super) const PACE_US: u64 = 100_000;
/// When the load of every history began: Unix microseconds.
pub(super) const BEGAN_US: u64 = 1_700_000_000_000_000;

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
pub(super) struct Draft {
    title: String,
    expect: Option<Expect>,
    opening: Opening,
    pub(super) batch: Batch,
    pub(super) orders: Vec<OrderRow>,
    pub(super) shoppers: BTreeMap<String, u64>,
    pub(super) now_us: u64,
    orders_read: Option<Complete>,
    files_scanned: Option<Complete>,
    pub(super) settlement_read: Option<Complete>,
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
            settlement_read: None,
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
        facts.extend(self.settlement_read.map(Fact::SettlementRead));
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
                self.opening.prices.extend(words.number("price")?.map(|unit_minor| (sku.clone(), unit_minor)));
                self.opening.weights_g.extend(words.number("weight")?.map(|weight_g| (sku.clone(), weight_g)));
                self.opening.stock.insert(sku, number(words.expect("a number")?)?);
            }
            "promotion" => {
                let code = words.expect("a code")?.to_owned();
                self.opening.discounts_bp.extend(words.number("percent-bp")?.map(|bp| (code.clone(), bp)));
                self.opening.promotions.insert(code, number(words.expect("a number")?)?);
            }
            "shipping-rate" => {
                let country = words.text("country").unwrap_or_default();
                self.opening.shipping.insert(country, number(words.expect("an amount")?)?);
            }
            "tax-policy" => {
                self.opening.tax = Some(match words.expect("`block` or `rate`")? {
                    "block" => TaxFallback::Block,
                    "rate" => TaxFallback::Rate(number(words.expect("basis points")?)?),
                    other => return Err(format!("`{other}` is no tax policy")),
                });
            }
            "shopper" => self.shopper(&mut words)?,
            "turned-away" => self.turned_away(&mut words)?,
            "submit" | "look" | "settle" | "second-card" | "confirm" | "return" | "edit" | "cancel" | "refund" => {
                return self.attempt(verb, rest);
            }
            "payment" | "tax" | "fraud" | "shipping" | "warehouse" => self.statement(verb, &mut words)?,
            "backup-payment" => self.statement("backup_payment", &mut words)?,
            "settled" => self.settled_line(&mut words)?,
            "stock-book" => {
                let sku = words.expect("an article")?.to_owned();
                let mut count = |name: &str| words.number(name).map(Option::unwrap_or_default);
                let (declared, available) = (count("declared")?, count("available")?);
                let row = StockRow { sku, declared, available, held: count("held")?, sold: count("sold")? };
                self.batch.stock.push(row);
            }
            "voucher-book" => {
                let code = words.expect("a code")?.to_owned();
                let declared_minor = self.opening.vouchers.get(&code).copied().unwrap_or_default();
                let balance_minor = words.number("balance")?.ok_or("expected `balance=`")?;
                self.batch.vouchers.push(VoucherRow { code, declared_minor, balance_minor });
            }
            "promotion-book" => {
                let code = words.expect("a code")?.to_owned();
                let mut count = |name: &str| words.number(name).map(Option::unwrap_or_default);
                let (used, held) = (count("used")?, count("held")?);
                self.batch.promotions.push(PromotionRow { code, used, held });
            }
            "account-book" => {
                let account = words.expect("an account")?.to_owned();
                let mut amount = |name: &str| words.number(name)?.ok_or(format!("expected `{name}=`"));
                let (declared_minor, balance_minor) = (amount("declared")?, amount("balance")?);
                self.batch.accounts.push(AccountRow { account, declared_minor, balance_minor });
            }
            "voucher" => {
                let code = words.expect("a code")?.to_owned();
                self.opening.vouchers.insert(code, number(words.expect("a number")?)?);
            }
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
        if words.has("tells-who-asked") {
            self.opening.facts.insert(crate::opening::TELLS_WHO_ASKED.into(), "1".into());
        }
        if words.has("takes-the-cheapest") {
            self.opening.facts.insert(crate::opening::SHIPPING_TAKES.into(), "cheapest".into());
        }
        if words.has("gives-back-to-the-card-first") {
            self.opening.facts.insert(crate::opening::REFUNDS_FIRST.into(), "card".into());
        }
        if let Some(word) = words.value("orders") {
            self.orders_read = completeness(word)?;
        }
        if let Some(word) = words.value("settlement") {
            self.settlement_read = completeness(word)?;
        }
        if let Some(word) = words.value("files") {
            self.files_scanned = completeness(word)?;
        }
        if let Some(word) = words.value("statement") {
            self.statement = completeness(word)?.ok_or("a statement is `complete` or `incomplete`")?;
        }
        Ok(())
    }
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
