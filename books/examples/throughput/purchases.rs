//! What the providers and the shop wrote down of one purchase.

use super::{RUN, Trouble, intended_us, total_minor};
use books::rows::{OrderLine, OrderRefund, OrderRow, OrderState, StatementRow};
use serde_json::{Value, json};

/// What a refund gives back.
pub const REFUND_MINOR: i64 = 500;
const SHIPPING_MINOR: i64 = 495;
const TAX_MINOR: i64 = 75;

/// The shop's number for it.
pub fn order_number(number: u64) -> String {
    format!("DB-{}", 1_000_001 + number)
}

/// The payment that paid it.
pub fn payment(number: u64, trouble: Trouble) -> String {
    let nth = u8::from(trouble == Trouble::SecondCard);
    format!("pi_{nth}{number:018x}")
}

fn cart(number: u64) -> String {
    format!("c_{:032x}", u128::from(number) << 16)
}

fn quote(number: u64) -> String {
    format!("q_{:032x}", u128::from(number) << 16)
}

/// Adds the rows of the statement.
pub fn statement(number: u64, seq: &mut u64, rows: &mut Vec<StatementRow>) {
    let trouble = Trouble::of(number);
    let (total, first) = (total_minor(number), format!("pi_0{number:018x}"));
    let mut add = |row: StatementRow| {
        *seq += 1;
        rows.push(StatementRow { seq: *seq, ..row });
    };
    let taxed = json!({"rate": 0.0475, "taxable_minor": total - TAX_MINOR, "total_minor": total - TAX_MINOR});
    let row = |provider, op, object, state| row(number, provider, op, object, state);
    add(StatementRow {
        order: Some(cart(number)),
        email: Some(cart(number)),
        amount_minor: Some(TAX_MINOR),
        detail: Some(taxed.clone()),
        ..row("tax", "quote", quote(number), "quoted")
    });
    if matches!(trouble, Trouble::SecondCard | Trouble::Declined) {
        decline(row, &first, total).into_iter().for_each(&mut add);
        if trouble == Trouble::Declined {
            return;
        }
    }
    let (pi, key) = (payment(number, trouble), format!("pk_{:032x}", u128::from(number) << 16));
    let charge = format!("ch_{}00", &pi[3..]);
    let lost = trouble == Trouble::LostAnswer;
    let paying = |op: &'static str, object: &str, parent: Option<&str>| StatementRow {
        parent: parent.map(Into::into),
        amount_minor: Some(total),
        key: Some(key.clone()),
        fault: lost.then(|| "lost-answers".into()),
        effect: lost.then(|| "lose_answer".into()),
        answer: Some(if lost { "lost" } else { "sent" }.into()),
        ..row("payment", op, object.into(), "succeeded")
    };
    add(paying("create", &pi, None));
    add(paying("authorise", &charge, Some(&pi)));
    add(paying("capture", &charge, Some(&pi)));
    if lost {
        add(StatementRow { replayed: true, fault: None, effect: None, answer: None, ..paying("create", &pi, None) });
    }
    add(webhook(row, number, &pi, "payment_intent.succeeded"));
    add(StatementRow {
        amount_minor: Some(TAX_MINOR),
        detail: Some(taxed),
        ..row("tax", "document", order_number(number), "committed")
    });
    let sent = skus(number).map(|sku| json!({"quantity": 1, "sku": sku}));
    let lines = json!({"lines": sent});
    let dispatch = |op: &'static str| StatementRow {
        key: Some(format!("m_{}", number * 2)),
        currency: None,
        detail: Some(lines.clone()),
        ..row("warehouse", op, format!("dis_{number:018x}"), "dispatched")
    };
    add(dispatch("dispatch"));
    if trouble == Trouble::Redelivery {
        add(dispatch("redelivery"));
    }
    if trouble == Trouble::Refund {
        add(StatementRow {
            parent: Some(charge),
            amount_minor: Some(REFUND_MINOR),
            key: Some(format!("rk_{number:032x}")),
            ..row("payment", "refund", format!("re_{number:018x}"), "succeeded")
        });
        add(webhook(row, number, &pi, "charge.refunded"));
    }
}

fn row(number: u64, provider: &str, op: &str, object: String, state: &str) -> StatementRow {
    StatementRow {
        seq: 0,
        at_us: 1_795_450_916_000_000 + intended_us(number),
        run: Some(RUN.into()),
        provider: provider.into(),
        op: op.into(),
        object: Some(object),
        parent: None,
        state: Some(state.into()),
        amount_minor: None,
        currency: Some("USD".into()),
        key: None,
        replayed: false,
        http_status: Some(200),
        intent: Some(format!("{RUN}.{number}.0")),
        order: Some(order_number(number)),
        email: Some(format!("{RUN}.{number}.0@shoppers.example")),
        fault: None,
        effect: None,
        answer: Some("sent".into()),
        detail: None::<Value>,
    }
}

/// A payment whose card is declined.
fn decline(
    row: impl Fn(&'static str, &'static str, String, &'static str) -> StatementRow,
    pi: &str,
    total: i64,
) -> [StatementRow; 3] {
    let of =
        |op, object: String, state| StatementRow { amount_minor: Some(total), ..row("payment", op, object, state) };
    let charge = format!("ch_{}00", &pi[3..]);
    [
        of("create", pi.into(), "requires_payment_method"),
        StatementRow {
            parent: Some(pi.into()),
            detail: Some(json!({"code": "card_declined", "decline_code": "generic_decline"})),
            ..of("authorise", charge, "declined")
        },
        StatementRow {
            parent: Some(pi.into()),
            email: None,
            ..row("payment", "webhook", format!("evt_{pi}"), "delivered")
        },
    ]
}

fn webhook(
    row: impl Fn(&'static str, &'static str, String, &'static str) -> StatementRow,
    number: u64,
    pi: &str,
    kind: &str,
) -> StatementRow {
    StatementRow {
        parent: Some(pi.into()),
        currency: None,
        email: None,
        answer: None,
        detail: Some(json!({"attempt": 1, "last": true, "type": kind})),
        ..row("payment", "webhook", format!("evt_{}{number:016x}", kind.len()), "delivered")
    }
}

/// The shop's order.
pub fn order(number: u64) -> OrderRow {
    let trouble = Trouble::of(number);
    let sells = trouble.sells();
    let total = total_minor(number);
    let subtotal = total - SHIPPING_MINOR - TAX_MINOR;
    let states: &[&str] = match (sells, number % 3) {
        (false, _) => &["pending", "failed"],
        (true, 0) => &["pending", "authorised", "paid", "fulfilled"],
        (true, _) => &["pending", "paid", "fulfilled"],
    };
    let history = states.iter().zip(1..).map(|(state, seq)| OrderState { seq, state: (*state).into() }).collect();
    let [first, second] = skus(number);
    let line = |sku, unit_minor| OrderLine { sku, quantity: 1, unit_minor, given_up: 0 };
    let refund = OrderRefund {
        key: format!("rk_{number:032x}"),
        amount_minor: REFUND_MINOR,
        state: "succeeded".into(),
        asked: Some(format!("desk-{number}")),
        credit_minor: 0,
    };
    let refunded = trouble == Trouble::Refund;
    OrderRow {
        seq: number + 1,
        number: order_number(number),
        cart: Some(cart(number)),
        state: states.last().map(|state| (*state).into()).unwrap_or_default(),
        currency: Some("USD".into()),
        subtotal_minor: Some(subtotal),
        discount_minor: Some(0),
        shipping_minor: Some(SHIPPING_MINOR),
        tax_minor: Some(TAX_MINOR),
        total_minor: Some(total),
        paid_minor: Some(if sells { total } else { 0 }),
        refunded_minor: Some(if refunded { REFUND_MINOR } else { 0 }),
        email: Some(format!("{RUN}.{number}.0@shoppers.example")),
        promotion: number.is_multiple_of(20).then(|| "DOORS20".into()),
        tax_source: Some("quote".into()),
        tax_policy: Some("rate".into()),
        tax_quote: Some(quote(number)),
        tax_document: sells.then(|| order_number(number)),
        payment: Some(payment(number, trouble)),
        payment_provider: Some("payment".into()),
        shipping_source: Some("flat".into()),
        run: Some(RUN.into()),
        intent: Some(format!("{RUN}.{number}.0")),
        lines: vec![line(first, subtotal / 2), line(second, subtotal - subtotal / 2)],
        history,
        refunds: if refunded { vec![refund] } else { vec![] },
        dispatch: sells.then(|| "sent".into()),
        credit_minor: Some(0),
        disputed_minor: Some(0),
        given_up_minor: Some(0),
        ..OrderRow::default()
    }
}

/// The articles of an order, one piece each.
fn skus(number: u64) -> [String; 2] {
    [number, number * 7 + 1].map(|sku| format!("SKU-{:04}", sku % 100))
}
