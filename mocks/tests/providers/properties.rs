//! Any sequence of calls leaves the money right, as a model of a few lines says.

use proptest::prelude::*;
use serde_json::Value;

use crate::world::{World, get, post};

#[derive(Clone, Debug)]
enum Call {
    Create {
        amount: i64,
        is_manual: bool,
        is_declined: bool,
        /// In one call, or by a call of its own.
        is_confirmed: bool,
    },
    Confirm {
        which: usize,
    },
    Capture {
        which: usize,
        amount: i64,
        is_final: bool,
    },
    Cancel {
        which: usize,
    },
    Refund {
        which: usize,
        amount: Option<i64>,
    },
    /// The same call as some time before, under its key.
    Repeat {
        which: usize,
    },
}

fn call() -> impl Strategy<Value = Call> {
    let amount = 50i64..250;
    let which = 0usize..64;
    prop_oneof![
        3 => (amount.clone(), any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.7)).prop_map(
            |(amount, is_manual, is_declined, is_confirmed)| Call::Create { amount, is_manual, is_declined, is_confirmed }
        ),
        2 => which.clone().prop_map(|which| Call::Confirm { which }),
        4 => (which.clone(), amount.clone(), any::<bool>())
            .prop_map(|(which, amount, is_final)| Call::Capture { which, amount: amount / 2, is_final }),
        1 => which.clone().prop_map(|which| Call::Cancel { which }),
        4 => (which.clone(), prop::option::of(amount)).prop_map(|(which, amount)| Call::Refund { which, amount }),
        3 => which.prop_map(|which| Call::Repeat { which }),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    New,
    Open,
    Held,
    Taken,
    Gone,
}

/// What a payment should be.
struct Expected {
    id: String,
    amount: i64,
    captured: i64,
    refunded: i64,
    /// Authorised, and given back without a capture.
    released: i64,
    stage: Stage,
    /// What confirming leads to.
    confirmed: Stage,
}

/// A call that was made: path, body, key, answer.
type Made = (String, String, String, (u16, String));

async fn send(world: &World, path: &str, body: &str, key: &str) -> (u16, String) {
    let reply = world.payment(post(path, body).key(key)).await.unwrap();
    (reply.status, reply.text)
}

/// Path, body, and whether the model says that it succeeds; the model moves on.
fn decide(call: &Call, expected: &mut [Expected]) -> Option<(String, String, u16)> {
    let count = expected.len();
    let at = |which: usize| (count > 0).then(|| which % count);
    match call {
        Call::Create { amount, is_manual, is_declined, is_confirmed } => {
            let (capture, method) =
                (if *is_manual { "manual" } else { "automatic" }, if *is_declined { "chargeDeclined" } else { "visa" });
            let body = format!(
                "amount={amount}&currency=usd&confirm={is_confirmed}&capture_method={capture}&payment_method=pm_card_{method}\
                 &payment_method_options[card][request_multicapture]=if_available"
            );
            let status = if *is_declined && *is_confirmed { 402 } else { 200 };
            Some(("/v1/payment_intents".to_owned(), body, status))
        }
        Call::Confirm { which } => {
            let payment = &mut expected[at(*which)?];
            let status = match (payment.stage, payment.confirmed) {
                (Stage::New, Stage::Open) => 402,
                (Stage::New, _) => 200,
                _ => 400,
            };
            if payment.stage == Stage::New {
                payment.stage = payment.confirmed;
                payment.captured = if payment.stage == Stage::Taken { payment.amount } else { 0 };
            }
            Some((format!("/v1/payment_intents/{}/confirm", payment.id), String::new(), status))
        }
        Call::Capture { which, amount, is_final } => {
            let payment = &mut expected[at(*which)?];
            let left = payment.amount - payment.captured;
            let is_fine = payment.stage == Stage::Held && *amount <= left;
            if is_fine {
                payment.captured += amount;
                payment.stage = if *is_final || *amount == left { Stage::Taken } else { Stage::Held };
            }
            Some((
                format!("/v1/payment_intents/{}/capture", payment.id),
                format!("amount_to_capture={amount}&final_capture={is_final}"),
                if is_fine { 200 } else { 400 },
            ))
        }
        Call::Cancel { which } => {
            let payment = &mut expected[at(*which)?];
            let is_fine = matches!(payment.stage, Stage::New | Stage::Open | Stage::Held);
            if is_fine {
                payment.released =
                    if payment.stage == Stage::Held && payment.captured == 0 { payment.amount } else { 0 };
                payment.stage = Stage::Gone;
            }
            Some((format!("/v1/payment_intents/{}/cancel", payment.id), String::new(), if is_fine { 200 } else { 400 }))
        }
        Call::Refund { which, amount } => {
            let payment = &mut expected[at(*which)?];
            let left = payment.captured - payment.refunded;
            let asked = amount.unwrap_or(left);
            // What is only held is released whole, or not at all.
            let is_held = payment.stage == Stage::Held && payment.captured == 0;
            let is_release = is_held && amount.is_none_or(|amount| amount == payment.amount);
            let is_fine = is_release || (left > 0 && asked <= left);
            if is_release {
                (payment.released, payment.stage) = (payment.amount, Stage::Gone);
            } else if is_fine {
                payment.refunded += asked;
            }
            let body = format!(
                "payment_intent={}{}",
                payment.id,
                amount.map(|amount| format!("&amount={amount}")).unwrap_or_default()
            );
            Some(("/v1/refunds".to_owned(), body, if is_fine { 200 } else { 400 }))
        }
        Call::Repeat { .. } => None,
    }
}

async fn play(calls: Vec<Call>) {
    let world = World::new().await;
    let mut expected: Vec<Expected> = Vec::new();
    let mut made: Vec<Made> = Vec::new();
    for (n, call) in calls.iter().enumerate() {
        if let Call::Repeat { which } = call {
            if let Some((path, body, key, answer)) = made.get(which % made.len().max(1)) {
                assert_eq!(send(&world, path, body, key).await, *answer, "a repeated key gets the first answer");
            }
            continue;
        }
        let Some((path, body, status)) = decide(call, &mut expected) else { continue };
        let key = format!("key-{n}");
        let answer = send(&world, &path, &body, &key).await;
        assert_eq!(answer.0, status, "{call:?}: {}", answer.1);
        if let Call::Create { amount, is_manual, is_declined, is_confirmed } = call {
            let value: Value = serde_json::from_str(&answer.1).unwrap();
            let id = value["id"].as_str().or(value["error"]["payment_intent"]["id"].as_str()).unwrap().to_owned();
            let confirmed = match (is_declined, is_manual) {
                (true, _) => Stage::Open,
                (false, true) => Stage::Held,
                (false, false) => Stage::Taken,
            };
            let stage = if *is_confirmed { confirmed } else { Stage::New };
            let captured = if stage == Stage::Taken { *amount } else { 0 };
            expected.push(Expected { id, amount: *amount, captured, refunded: 0, released: 0, stage, confirmed });
        }
        made.push((path, body, key, answer));
    }
    check(&world, &expected).await;
    check(&world.after_a_kill().await, &expected).await;
}

async fn check(world: &World, expected: &[Expected]) {
    for payment in expected {
        let intent = world
            .payment(get(format!("/v1/payment_intents/{}?expand[]=latest_charge", payment.id)))
            .await
            .unwrap()
            .json();
        let status = match payment.stage {
            Stage::New => "requires_confirmation",
            Stage::Open => "requires_payment_method",
            Stage::Held => "requires_capture",
            Stage::Taken => "succeeded",
            Stage::Gone => "canceled",
        };
        assert_eq!((&intent["status"], &intent["amount_received"]), (&status.into(), &payment.captured.into()));
        let given_back = intent["latest_charge"]["amount_refunded"].as_i64().unwrap_or(0);
        assert_eq!(given_back, payment.refunded + payment.released);
        assert!(payment.captured <= payment.amount && payment.refunded <= payment.captured);
    }
    let sum = |rows: &[Value], op: &str| -> i64 {
        rows.iter()
            .filter(|row| row["op"] == op && row["state"] == "succeeded")
            .map(|row| row["amount_minor"].as_i64().unwrap())
            .sum()
    };
    let rows = world.statement().await;
    assert_eq!(sum(&rows, "capture"), expected.iter().map(|payment| payment.captured).sum::<i64>());
    assert_eq!(sum(&rows, "refund"), expected.iter().map(|payment| payment.refunded).sum::<i64>());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_leaves_the_money_right(calls in prop::collection::vec(call(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(calls));
    }
}
