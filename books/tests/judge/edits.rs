//! Illegal edits: each breaks one law, whatever else it breaks.

use books::history::Books;
use books::intake::{Fact, Settled};
use books::rows::{OrderRow, OrderState, StatementRow};
use model::outcome::Refusal;
use serde_json::json;

/// One illegal edit of a legal history.
pub struct Edit {
    /// The law that it breaks.
    pub law: &'static str,
    /// What was done, for people.
    pub what: &'static str,
    /// Does it; none where there is nothing to do it to.
    pub apply: fn(&mut Books) -> Option<()>,
}

const fn edit(law: &'static str, what: &'static str, apply: fn(&mut Books) -> Option<()>) -> Edit {
    Edit { law, what, apply }
}

/// At least one for each law.
pub const EDITS: [Edit; 70] = [
    edit("no_intent_is_charged_twice", "another capture under another name", |books| {
        let capture =
            StatementRow { object: Some("ch_twice".into()), parent: Some("pi_twice".into()), ..paid(books)?.1 };
        add(books, capture)
    }),
    edit("no_intent_is_charged_twice", "the backup provider captures as well", |books| {
        let capture = StatementRow {
            provider: "backup_payment".into(),
            object: Some("ps_twice".into()),
            parent: Some("ps_twice".into()),
            ..paid(books)?.1
        };
        add(books, capture)
    }),
    edit("no_intent_gets_two_orders", "another order for the same purchase", |books| {
        let order = OrderRow { number: "O-again".into(), seq: 9_999, ..paid(books)?.0 };
        books.orders.push(order);
        Some(())
    }),
    edit("no_charge_without_an_order", "a paid order is gone", |books| {
        let number = paid(books)?.0.number;
        books.orders.retain(|order| order.number != number);
        Some(())
    }),
    edit("no_charge_without_an_order", "a paid order counts as failed", |books| {
        set(books, |order| order.state = "failed".into())
    }),
    edit("no_order_without_a_charge", "a paid order was never paid", |books| {
        let intent = paid(books)?.0.intent;
        books.batch.statement.retain(|row| row.intent != intent || !row.provider.contains("payment"));
        Some(())
    }),
    edit("every_statement_is_attributed", "a capture that no mark fits", |books| {
        let stray = StatementRow {
            object: Some("ch_stray".into()),
            parent: Some("pi_stray".into()),
            intent: None,
            order: Some("N-stray".into()),
            email: None,
            ..paid(books)?.1
        };
        add(books, stray)
    }),
    edit("the_charge_equals_the_order_total", "a minor unit more is captured", |books| {
        capture(books)?.amount_minor.as_mut().map(|amount| *amount += 1)
    }),
    edit("the_charge_equals_the_order_total", "the shopper was shown a minor unit less", |books| {
        let number = paid(books)?.0.number;
        let purchase = books.batch.purchases.iter_mut().find(|it| it.order_number.as_ref() == Some(&number))?;
        purchase.shown_total_minor.as_mut().map(|total| *total -= 1)
    }),
    edit("the_charge_equals_the_order_total", "captured in another currency", |books| {
        let object = capture(books)?.object.clone();
        let rows = books.batch.statement.iter_mut().filter(|row| row.object == object);
        rows.for_each(|row| row.currency = Some("jpy".into()));
        Some(())
    }),
    edit("no_acknowledged_order_is_lost", "a confirmed order is gone", |books| {
        let number = paid(books)?.0.number;
        books.orders.retain(|order| order.number != number);
        Some(())
    }),
    edit("no_acknowledged_order_is_lost", "a confirmed order was cancelled, and nobody asked", |books| {
        set(books, |order| order.state = "cancelled".into())
    }),
    edit("a_repeated_key_gets_the_same_answer", "a repeat is told of another order", |books| {
        let number = paid(books)?.0.number;
        let told =
            books.batch.attempts.iter().find(|it| it.order_number.as_ref() == Some(&number) && it.key.is_some())?;
        let mut again = told.clone();
        again.order_number = Some("O-other".into());
        books.batch.attempts.push(again);
        Some(())
    }),
    edit("stock_is_never_oversold", "there was nothing of it to sell", |books| {
        let sku = paid(books)?.0.lines.first()?.sku.clone();
        books.opening.stock.insert(sku, 0).map(drop)
    }),
    edit("promotions_stay_within_their_limit", "the promotion was for nobody", |books| {
        books.opening.promotions.insert("SAVE10".into(), 0).map(drop)
    }),
    edit("an_order_only_moves_forward", "a paid order was pending again", |books| {
        set(books, |order| order.history.insert(2, OrderState { seq: 0, state: "pending".into() }))
    }),
    edit("no_refund_exceeds_the_capture", "ten times as much is given back", |books| {
        refund(books)?.amount_minor.as_mut().map(|amount| *amount *= 10)
    }),
    edit("every_tax_amount_has_a_declared_source", "another tax than was quoted", |books| {
        set(books, |order| order.tax_minor = order.tax_minor.map(|tax| tax + 1))
    }),
    edit("every_tax_amount_has_a_declared_source", "an outage becomes zero", |books| {
        set(books, |order| (order.tax_minor, order.tax_source) = (Some(0), Some("fallback".into())))
    }),
    edit("committed_tax_documents_match_paid_orders", "a document was never filed", |books| {
        let number = paid(books)?.0.number;
        books.batch.statement.retain(|row| row.op != "document" || row.order.as_ref() != Some(&number));
        Some(())
    }),
    edit("committed_tax_documents_match_paid_orders", "the document of a cancelled order stays", |books| {
        books.batch.statement.retain(|row| row.provider != "tax" || row.op != "void");
        Some(())
    }),
    edit("every_paid_order_is_fulfilled_once", "sent twice", |books| {
        let sent =
            StatementRow { object: Some("d_twice".into()), key: Some("m_twice".into()), ..dispatch(books)?.clone() };
        add(books, sent)
    }),
    edit("every_paid_order_is_fulfilled_once", "never sent", |books| {
        let number = paid(books)?.0.number;
        books.batch.statement.retain(|row| row.provider != "warehouse" || row.order.as_ref() != Some(&number));
        Some(())
    }),
    edit("no_authorisation_is_left_open", "nothing is ever released", |books| {
        books.batch.statement.retain(|row| row.op != "void");
        Some(())
    }),
    edit("every_doubt_is_settled", "a doubt that outlives the shop's time", |books| {
        for fact in &mut books.facts {
            if let Fact::Settled { how, waited_us } = fact {
                (*how, *waited_us) = (Settled::Deadline, books.opening.settle_within_us);
            }
        }
        set(books, |order| order.in_doubt = true)
    }),
    edit("no_card_number_is_stored", "a number in the shop's file", |books| {
        books.facts.push(Fact::CardSighting { file: "/var/shop.db".into(), card: "ok".into(), count: 1 });
        Some(())
    }),
    edit("nothing_ships_unpaid", "sent before anything else happened", |books| {
        dispatch(books)?.seq = 0;
        Some(())
    }),
    edit("refunds_agree_in_both_books", "the shop books a refund that never was", |books| {
        set(books, |order| order.refunded_minor = Some(7))
    }),
    edit("refunds_agree_in_both_books", "the provider gives back a minor unit more", |books| {
        refund(books)?.amount_minor.as_mut().map(|amount| *amount += 1)
    }),
    edit("no_refund_exceeds_what_was_asked", "the same refund again under another key", |books| {
        let again =
            StatementRow { object: Some("re_again".into()), key: Some("rk_again".into()), ..refund(books)?.clone() };
        add(books, again)
    }),
    edit("every_order_number_is_unique", "two orders of one number", |books| {
        let number = paid(books)?.0.number;
        books.orders.iter_mut().find(|order| order.number != number).map(|order| order.number = number)
    }),
    edit("stock_books_balance", "a piece is gone from the shelf", |books| {
        books.batch.stock.first_mut().map(|row| row.available -= 1)
    }),
    edit("stock_books_balance", "a piece is held for nobody", |books| {
        let held: i64 =
            books.orders.iter().filter(|it| it.state == "failed").flat_map(|it| &it.lines).map(|it| it.quantity).sum();
        let row = books.batch.stock.first_mut()?;
        (row.available, row.held) = (row.available - held - 1, held + 1);
        Some(())
    }),
    edit("vouchers_stay_within_their_worth", "the voucher was worth less", |books| {
        books.opening.vouchers.insert("GIFT".into(), 1).map(drop)
    }),
    edit("voucher_books_balance", "a minor unit is gone from the voucher", |books| {
        books.batch.vouchers.first_mut().map(|row| row.balance_minor -= 1)
    }),
    edit("the_settlement_agrees_with_the_orders", "the bank has a minor unit less", |books| {
        books.batch.settlement.first_mut().map(|line| line.gross_minor -= 1)
    }),
    edit("the_settlement_agrees_with_the_orders", "the shop books less than was paid", |books| {
        set(books, |order| order.paid_minor = order.paid_minor.map(|paid| paid - 1))
    }),
    edit("every_order_adds_up", "a minor unit more than its parts", |books| {
        set(books, |order| order.total_minor = order.total_minor.map(|total| total + 1))
    }),
    edit("every_order_adds_up", "a line is left out of the subtotal", |books| {
        set(books, |order| order.subtotal_minor = order.subtotal_minor.map(|goods| goods - order.lines[0].unit_minor))
    }),
    edit("every_order_adds_up", "something is taken off without a promotion", |books| {
        set(books, |order| (order.promotion, order.discount_minor) = (None, Some(5)))
    }),
    edit("the_order_holds_what_the_shopper_chose", "one piece more", |books| {
        set(books, |order| order.lines[0].quantity += 1)
    }),
    edit("the_order_holds_what_the_shopper_chose", "another article", |books| {
        set(books, |order| order.lines[0].sku = "BOOT".into())
    }),
    edit("the_order_holds_what_the_shopper_chose", "another price", |books| {
        set(books, |order| order.lines.iter_mut().for_each(|line| line.unit_minor += 1))
    }),
    edit("the_order_holds_what_the_shopper_chose", "another address", |books| {
        set(books, |order| order.ship_to = Some(json!({ "line1": "Oak-9" })))
    }),
    edit("everybody_sees_their_own_order", "a look shows somebody else's order", |books| {
        let order = paid(books)?.0;
        let look = books.batch.attempts.iter_mut().find(|it| it.intent != order.intent && it.order_number.is_some())?;
        look.order_number = Some(order.number);
        Some(())
    }),
    edit("everybody_sees_their_own_order", "the order is in somebody else's name", |books| {
        let order = paid(books)?.0;
        let other = books.batch.purchases.iter().find(|it| Some(&it.intent) != order.intent.as_ref())?.email.clone();
        set(books, |order| order.email = Some(other.clone()))
    }),
    edit("everybody_sees_their_own_order", "another total is told", |books| {
        let number = paid(books)?.0.number;
        let told = books.batch.attempts.iter_mut().find(|it| it.order_number.as_ref() == Some(&number))?;
        told.total_minor.as_mut().map(|total| *total += 1)
    }),
    edit("everybody_pays_with_their_own_card", "another card is charged", |books| {
        let row = books.batch.statement.iter_mut().find(|row| row.op == "authorise" && row.detail.is_some())?;
        row.detail = Some(json!({ "card": "amex" }));
        Some(())
    }),
    edit("a_final_no_is_final", "whoever was declined is charged", |books| {
        let intent = books.batch.purchases.iter().find(|it| it.refusal.is_some())?.intent.clone();
        let (object, parent) = (Some("ch_no".into()), Some("pi_no".into()));
        let row = StatementRow { object, parent, intent: Some(intent), order: None, email: None, ..paid(books)?.1 };
        add(books, row)
    }),
    edit("a_confirmed_cancellation_is_kept", "a cancelled order is fulfilled", |books| {
        let cancelled = books.orders.iter_mut().find(|it| it.state == "cancelled" && !it.refunds.is_empty())?;
        cancelled.state = "fulfilled".into();
        Some(())
    }),
    edit("what_is_sent_is_what_was_ordered", "one piece more is sent", |books| {
        dispatch(books)?.detail.as_mut().and_then(|detail| {
            detail["lines"][0]["quantity"].as_i64().map(|n| detail["lines"][0]["quantity"] = (n + 1).into())
        })
    }),
    edit("what_is_sent_is_what_was_ordered", "the parcel goes elsewhere", |books| {
        dispatch(books)?.detail.as_mut().map(|detail| detail["ship_to"] = json!({ "line1": "Oak-9" }))
    }),
    edit("nothing_is_sent_of_a_cancelled_order", "a cancelled order is sent", |books| {
        let cancelled = books.orders.iter().find(|it| it.state == "cancelled")?.clone();
        let (object, order) = (Some("d_no".into()), Some(cancelled.number));
        let row = StatementRow { object, order, intent: cancelled.intent, email: None, ..dispatch(books)?.clone() };
        add(books, row)
    }),
    edit("nothing_is_given_back_unasked", "nobody asked for the refund", |books| {
        let refunded = books.orders.iter_mut().flat_map(|it| &mut it.refunds);
        refunded.for_each(|it| it.asked = None);
        Some(())
    }),
    edit("nothing_suspicious_is_sold", "the check said no, and it was sold", |books| {
        let order = books.orders.iter_mut().find(|it| it.review.as_deref() == Some("approved"))?;
        (order.fraud, order.review) = (Some("decline".into()), None);
        Some(())
    }),
    edit("tax_is_asked_on_what_is_sold", "tax was asked on less", |books| {
        let quote = paid(books)?.0.tax_quote;
        let row = books.batch.statement.iter_mut().find(|row| row.op == "quote" && row.object == quote)?;
        row.detail.as_mut().and_then(|it| it["total_minor"].as_i64().map(|n| it["total_minor"] = (n - 1).into()))
    }),
    edit("shipping_costs_what_was_quoted", "shipping costs a minor unit more", |books| {
        let order = books.orders.iter_mut().find(|it| it.shipping_quote.is_some())?;
        order.shipping_minor.as_mut().map(|shipping| *shipping += 1)
    }),
    edit("every_dispute_is_known", "a dispute is not booked", |books| {
        let order = books.orders.iter_mut().find(|it| it.dispute_state.is_some())?;
        (order.dispute_state, order.disputed_minor) = (None, Some(0));
        Some(())
    }),
    edit("every_refund_that_was_promised_is_given", "a promised refund is forgotten", |books| {
        let order = books.orders.iter_mut().find(|it| it.refunds.iter().any(|it| it.asked.is_some()))?;
        order.refunds.clear();
        Some(())
    }),
    edit("every_refund_that_was_promised_is_given", "a promised refund is a minor unit less", |books| {
        let refunds = books.orders.iter_mut().flat_map(|it| &mut it.refunds);
        refunds.filter(|it| it.asked.is_some()).for_each(|it| it.amount_minor -= 1);
        Some(())
    }),
    edit("nobody_is_refused_without_a_reason", "no provider was asked", |books| {
        let intent = books.batch.purchases.iter().find(|it| it.refusal == Some(Refusal::Declined))?.intent.clone();
        books.batch.statement.retain(|row| row.intent.as_ref() != Some(&intent));
        Some(())
    }),
    edit("nobody_is_refused_without_a_reason", "nothing was scarce", |books| {
        books.opening.stock.insert("GEM".into(), 7).map(drop)
    }),
    edit("voucher_books_balance", "an order took less than it is covered", |books| {
        books.orders.iter_mut().flat_map(|it| &mut it.credits).next().map(|it| it.amount_minor -= 1)
    }),
    edit("promotions_stay_within_their_limit", "a use is lost", |books| {
        books.batch.promotions.first_mut().map(|row| row.used += 1)
    }),
    edit("the_order_holds_what_the_shopper_chose", "the promotion is not applied", |books| {
        let order = books.orders.iter_mut().find(|it| it.promotion.is_some() && it.intent.is_some())?;
        (order.promotion, order.discount_minor) = (None, Some(0));
        Some(())
    }),
    edit("everybody_sees_their_own_order", "a page shows the address of another customer", |books| {
        let other = books.batch.purchases.last()?.email.clone();
        books.batch.attempts.first_mut().map(|it| it.shows = Some(other))
    }),
    edit("every_order_adds_up", "the article costs more than was declared", |books| {
        let sku = paid(books)?.0.lines.first()?.sku.clone();
        books.opening.prices.insert(sku, 1).map(drop)
    }),
    edit("tax_is_asked_on_what_is_sold", "tax was asked for another place", |books| {
        let quote = paid(books)?.0.tax_quote;
        let row = books.batch.statement.iter_mut().find(|row| row.op == "quote" && row.object == quote)?;
        row.detail.as_mut().map(|it| it["ship_to"] = json!({ "country": "DE" }))
    }),
    edit("no_key_stands_for_two_requests", "the key was used for another payment before", |books| {
        let reserved = books.batch.statement.iter().find(|row| row.op == "authorise" && row.key.is_some())?;
        let refused = StatementRow { op: "key_reused".into(), state: None, ..reserved.clone() };
        add(books, refused)
    }),
    edit("nobodys_mail_goes_to_another", "a notice goes to another customer", |books| {
        let sent = dispatch(books)?.intent.clone();
        let other = books.batch.purchases.iter().find(|it| Some(&it.intent) != sent.as_ref())?.email.clone();
        dispatch(books)?.email = Some(other);
        Some(())
    }),
];

/// A plain order that is paid and sent, and its capture.
fn paid(books: &Books) -> Option<(OrderRow, StatementRow)> {
    let plain = |order: &&OrderRow| {
        order.state == "fulfilled"
            && order.intent.is_some()
            && order.tax_source.as_deref() == Some("quote")
            && order.refunds.is_empty()
            && order.fraud.is_none()
            && order.dispatches.is_empty()
            && order.dispute_state.is_none()
            && order.history.len() == 3
    };
    let order = books.orders.iter().find(plain)?;
    let row = books.batch.statement.iter().find(|row| row.op == "capture" && row.intent == order.intent)?;
    Some((order.clone(), row.clone()))
}

/// Changes that order.
fn set(books: &mut Books, change: impl Fn(&mut OrderRow)) -> Option<()> {
    let number = paid(books)?.0.number;
    books.orders.iter_mut().find(|order| order.number == number).map(change)
}

/// Its capture.
fn capture(books: &mut Books) -> Option<&mut StatementRow> {
    let seq = paid(books)?.1.seq;
    books.batch.statement.iter_mut().find(|row| row.seq == seq)
}

/// Its dispatch.
fn dispatch(books: &mut Books) -> Option<&mut StatementRow> {
    let number = paid(books)?.0.number;
    books.batch.statement.iter_mut().find(|row| row.op == "dispatch" && row.order.as_ref() == Some(&number))
}

/// A refund that the desk asked for.
fn refund(books: &mut Books) -> Option<&mut StatementRow> {
    let key =
        books.orders.iter().flat_map(|it| &it.refunds).find(|it| it.asked.is_some() && it.state == "succeeded")?;
    let key = key.key.clone();
    books.batch.statement.iter_mut().find(|row| row.op == "refund" && row.key.as_ref() == Some(&key))
}

/// Appends a row of the statement.
fn add(books: &mut Books, row: StatementRow) -> Option<()> {
    let seq = books.batch.statement.iter().map(|row| row.seq).max()? + 1;
    books.batch.statement.push(StatementRow { seq, ..row });
    Some(())
}
