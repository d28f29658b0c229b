//! The lines that are rows: of the shopper's history, of the statement, of the orders book.

use super::lines::{BEGAN_US, Draft, PACE_US, RUN};
use super::words::{Words, number};
use crate::intake::Complete;
use crate::rows::{
    ArrivalEnd, Attempt, AttemptKind, Cancel, OrderCredit, OrderDispatch, OrderLine, OrderRefund, OrderRow, OrderState,
    Purchase, SettlementKind, SettlementRow, StatementRow, TurnedAway,
};
use model::outcome::{Outcome, Reading, Refusal};

impl Draft {
    /// `a`, or `a2` for the third wish of shopper `a`: `r1.0.2`.
    pub(super) fn intent(&mut self, name: &str) -> (u64, String) {
        let (shopper, ordinal) = match name.find(|letter: char| letter.is_ascii_digit()) {
            Some(place) => name.split_at(place),
            None => (name, "0"),
        };
        let next = self.shoppers.len() as u64;
        let arrival = *self.shoppers.entry(shopper.to_owned()).or_insert(next);
        (arrival, format!("{RUN}.{arrival}.{ordinal}"))
    }

    /// A shopper's mark; one with a dot stands for itself.
    pub(super) fn mark(&mut self, name: &str) -> String {
        if name.contains('.') { name.into() } else { self.intent(name).1 }
    }

    pub(super) fn shopper(&mut self, words: &mut Words<'_>) -> Result<(), String> {
        let name = words.expect("a shopper")?;
        let (arrival, intent) = self.intent(name);
        let (outcome, refusal) = ending(words, Outcome::Confirmed)?;
        let cancel = match words.value("cancel") {
            None => Cancel::NotAsked,
            Some("asked") => Cancel::Asked,
            Some("confirmed") => Cancel::Confirmed,
            Some(other) => return Err(format!("cancel is `{other}`, expected `asked` or `confirmed`")),
        };
        self.batch.arrivals.push(ArrivalEnd {
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
            currency: Some(words.text("currency").unwrap_or_else(|| "USD".into())),
            order_number: words.text("order"),
            total_minor: words.number("total")?,
            cancel,
            basket: words.value("basket").map(basket).transpose()?,
            ship_to: words.text("ship-to").map(|place| serde_json::json!({ "line1": place })),
            promotion: words.text("promotion"),
            account: words.text("account"),
        });
        Ok(())
    }

    /// `turned-away a rejected refusal=technical`: they came to buy, and never got to submit.
    pub(super) fn turned_away(&mut self, words: &mut Words<'_>) -> Result<(), String> {
        let arrival = self.intent(words.expect("a shopper")?).0;
        let (outcome, refusal) = ending(words, Outcome::Unknown)?;
        let (begun_us, ended_us, step) = (self.now_us, self.now_us + PACE_US, "cart".to_owned());
        let (begun, at) = (Some(begun_us), Some(step.clone()));
        self.batch.arrivals.push(ArrivalEnd { number: arrival, begun_us: begun, ended_us, outcome, refusal, step: at });
        self.batch.turned_away.push(TurnedAway { arrival, step, intended_us: begun_us, ended_us, outcome, refusal });
        Ok(())
    }

    /// `submit a key=k1 -> 201 ok order=O1 total=100`, or `-> no answer`.
    pub(super) fn attempt(&mut self, verb: &str, rest: &str) -> Result<(), String> {
        let (request, answer) = rest.split_once("->").ok_or("expected `-> ANSWER`")?;
        let (mut request, mut answer) = (Words::of(request), Words::of(answer));
        let (arrival, intent) = self.intent(request.expect("a shopper")?);
        let kind = match verb {
            "submit" => AttemptKind::Submit,
            "look" => AttemptKind::Look,
            "settle" => AttemptKind::Settle,
            "second-card" => AttemptKind::SecondCard,
            "confirm" => AttemptKind::Confirm,
            "return" => AttemptKind::Return,
            "edit" => AttemptKind::Edit,
            "refund" => AttemptKind::Refund,
            _ => AttemptKind::Cancel,
        };
        let (status, reading) = match answer.expect("a status or `no answer`")? {
            "no" if answer.has("answer") => (None, Reading::Unanswered),
            status => (Some(number(status)?), reading(answer.next().unwrap_or("ok"))?),
        };
        let shows = answer.value("shows").map(|name| self.email(name));
        self.batch.attempts.push(Attempt {
            arrival,
            // Money is asked back for what was bought before.
            intent: (kind != AttemptKind::Refund).then_some(intent),
            step: "checkout".into(),
            kind,
            key: request.text("key"),
            intended_us: self.now_us,
            sent_us: Some(self.now_us),
            done_us: self.now_us + PACE_US / 2,
            status,
            reading,
            // Who asks for money back names order and amount; else the answer does.
            order_number: answer.text("order").or_else(|| request.text("order")),
            total_minor: answer.number("total")?.or(request.number("amount")?),
            card: request.text("card"),
            remark: None,
            shows,
        });
        request.end()?;
        answer.end()
    }

    /// `payment capture ch_1 of pi_1 100 intent=a key=k state=succeeded order=O1 email=a lost fault=f replayed`.
    pub(super) fn statement(&mut self, provider: &str, words: &mut Words<'_>) -> Result<(), String> {
        let answer = if words.has("lost") {
            "lost"
        } else if words.has("altered") {
            "altered"
        } else {
            "sent"
        };
        let replayed = words.has("replayed");
        let partial = words.has("partial");
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
            detail: detail(partial, words)?,
        });
        Ok(())
    }

    /// `settled payment charge ch_1 of pi_1 100 order=O1 fee=3`.
    pub(super) fn settled_line(&mut self, words: &mut Words<'_>) -> Result<(), String> {
        let of = words.has("of");
        let provider = words.expect("a provider")?.replace('-', "_");
        let kind = words.expect("a kind")?;
        let kinds = [
            SettlementKind::Charge,
            SettlementKind::Refund,
            SettlementKind::RefundFailed,
            SettlementKind::Dispute,
            SettlementKind::DisputeReversed,
            SettlementKind::Fee,
        ];
        let kind = kinds.into_iter().find(|it| it.name() == kind).ok_or(format!("`{kind}` is no kind of movement"))?;
        let object = words.expect("an object")?.to_owned();
        let payment = if of { Some(words.expect("an object after `of`")?.to_owned()) } else { None };
        self.batch.settlement.push(SettlementRow {
            provider,
            line: self.batch.settlement.len() as u64 + 1,
            kind,
            object,
            payment,
            order: words.text("order"),
            gross_minor: number(words.expect("an amount")?)?,
            fee_minor: words.number("fee")?.unwrap_or(0),
            currency: words.text("currency").unwrap_or_else(|| "USD".into()),
        });
        self.settlement_read = self.settlement_read.or(Some(Complete::Yes));
        Ok(())
    }

    pub(super) fn email(&mut self, name: &str) -> String {
        if name.contains('@') { name.into() } else { address(&self.intent(name).1) }
    }

    /// `order O1 paid intent=a total=100 states=pending,paid lines=MUG*2 refunds=k1:100:succeeded in-doubt`.
    pub(super) fn order(&mut self, words: &mut Words<'_>) -> Result<(), String> {
        let in_doubt = words.has("in-doubt");
        let number_of_order = words.expect("an order number")?.to_owned();
        let state = words.expect("a state")?.to_owned();
        let total_minor = words.number("total")?;
        let paid =
            matches!(state.as_str(), "paid" | "partially_fulfilled" | "fulfilled").then_some(total_minor).flatten();
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
            shipping_minor: words.number("shipping")?,
            tax_minor: words.number("tax")?,
            // The book tells what was given back: nothing, unless it says otherwise.
            refunded_minor: words.number("refunded")?.or(Some(0)),
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
                let (sku, quantity, unit_minor, given_up) = goods(item)?;
                Ok(OrderLine { sku: sku.into(), quantity, unit_minor: unit_minor.unwrap_or(100), given_up })
            })?,
            history: list(words, "states", |item| Ok(OrderState { seq: 0, state: item.into() }))?,
            refunds: list(words, "refunds", |item| {
                let mut parts = item.splitn(5, ':');
                let mut part = || parts.next().ok_or("expected `KEY:AMOUNT:STATE` or `KEY:AMOUNT:STATE:ASKED`");
                let (key, amount, state) = (part()?, part()?, part()?);
                Ok(OrderRefund {
                    key: key.into(),
                    amount_minor: number(amount)?,
                    state: state.into(),
                    asked: parts.next().filter(|asked| !asked.is_empty()).map(Into::into),
                    credit_minor: parts.next().map(number).transpose()?.unwrap_or(0),
                })
            })?,
            dispatch: words.text("dispatch"),
            credit_minor: words.number("credit")?,
            given_up_minor: words.number("given-up")?,
            voucher: words.text("voucher"),
            payment_provider: words.text("provider"),
            shipping_source: words.text("shipping-source"),
            shipping_quote: words.text("shipping-quote"),
            fraud: words.text("fraud"),
            review: words.text("review"),
            rounding_minor: words.number("rounding")?,
            ship_to: address_of(words),
            disputed_minor: words.number("disputed")?,
            dispute_state: words.text("dispute"),
            account: words.text("account"),
            credits: list(words, "credits", |item| {
                let mut parts = item.splitn(4, ':');
                let mut part = || parts.next().ok_or("expected `KIND:PURSE:AMOUNT` or `KIND:PURSE:AMOUNT:RETURNED`");
                let (kind, subject, amount) = (part()?, part()?, part()?);
                Ok(OrderCredit {
                    kind: kind.into(),
                    subject: subject.into(),
                    amount_minor: number(amount)?,
                    returned_minor: parts.next().map(number).transpose()?.unwrap_or(0),
                })
            })?,
            dispatches: list(words, "parts", |item| {
                let (message, amount) = item.split_once(':').ok_or("expected `MESSAGE:AMOUNT`")?;
                Ok(OrderDispatch { message: message.into(), amount_minor: number(amount)?, capture: None })
            })?,
        };
        self.orders.push(row);
        Ok(())
    }
}

fn list<T>(words: &mut Words<'_>, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    words.value(name).map_or(Ok(Vec::new()), |value| value.split(',').map(read).collect())
}

/// `SKU*QUANTITY`, then `@PRICE` and `-GIVEN_UP` if they matter.
fn goods(item: &str) -> Result<(&str, i64, Option<i64>, i64), String> {
    let (sku, rest) =
        item.split_once('*').ok_or("expected `SKU*QUANTITY`, `SKU*QUANTITY@PRICE` or `SKU*QUANTITY-GIVEN_UP`")?;
    let (rest, given_up) = rest.split_once('-').map_or((rest, None), |(rest, given_up)| (rest, Some(given_up)));
    let (quantity, price) = rest.split_once('@').map_or((rest, None), |(rest, price)| (rest, Some(price)));
    let given_up = given_up.map(number).transpose()?.unwrap_or(0);
    Ok((sku, number(quantity)?, price.map(number).transpose()?, given_up))
}

/// `MUG*2@100,CUP*1`: what a shopper put in the cart.
fn basket(list: &str) -> Result<serde_json::Value, String> {
    let line = |item: &str| {
        let (sku, quantity, unit_minor, _) = goods(item)?;
        Ok(serde_json::json!({ "sku": sku, "quantity": quantity, "unit_minor": unit_minor }))
    };
    list.split(',').map(line).collect::<Result<Vec<_>, String>>().map(Into::into)
}

/// An address: `ship-to=Elm`, its first line, `to=US/92615`, where that is.
fn address_of(words: &mut Words<'_>) -> Option<serde_json::Value> {
    let mut address = serde_json::Map::new();
    if let Some(line1) = words.value("ship-to") {
        address.insert("line1".into(), line1.into());
    }
    let names = ["country", "postal_code"];
    for (name, part) in names.into_iter().zip(words.value("to").into_iter().flat_map(|place| place.split('/'))) {
        address.insert(name.into(), part.into());
    }
    (!address.is_empty()).then_some(address.into())
}

/// What a provider says besides: `partial`, `lines=`, `ship-to=`, `to=`, `taxed=` (the amount that tax was asked on),
/// `card=`, `type=` (of a message).
fn detail(partial: bool, words: &mut Words<'_>) -> Result<Option<serde_json::Value>, String> {
    let mut detail = serde_json::Map::new();
    if partial {
        detail.insert("final".into(), false.into());
    }
    if let Some(lines) = words.value("lines") {
        detail.insert("lines".into(), basket(lines)?);
    }
    if let Some(address) = address_of(words) {
        detail.insert("ship_to".into(), address);
    }
    if let Some(taxed) = words.number::<i64>("taxed")? {
        detail.insert("total_minor".into(), taxed.into());
    }
    if let Some(weight) = words.number::<i64>("weight")? {
        detail.insert("weight_g".into(), weight.into());
    }
    if let Some(kind) = words.value("type") {
        detail.insert("type".into(), kind.into());
    }
    if let Some(card) = words.value("card") {
        detail.insert("card".into(), card.into());
    }
    Ok((!detail.is_empty()).then_some(detail.into()))
}

/// `r1.0.0` has `r1.0.0@intent.example`.
fn address(intent: &str) -> String {
    format!("{intent}@intent.example")
}

fn reading(word: &str) -> Result<Reading, String> {
    Reading::named(word).ok_or_else(|| format!("`{word}` is no reading"))
}

/// How a wish ended: an outcome, `usual` where none is named, and `refusal=`.
fn ending(words: &mut Words<'_>, usual: Outcome) -> Result<(Outcome, Option<Refusal>), String> {
    let refusal = words.value("refusal").map(refusal).transpose()?;
    let named = words.next().unwrap_or(usual.name());
    let outcome = Outcome::ALL.into_iter().find(|it| it.name() == named).ok_or(format!("`{named}` is no outcome"))?;
    Ok((outcome, refusal))
}

fn refusal(word: &str) -> Result<Refusal, String> {
    Refusal::ALL.into_iter().find(|it| it.name() == word).ok_or_else(|| format!("`{word}` is no refusal"))
}
