//! Any sequence of Adyen's calls leaves the money right, as statement and notifications tell it.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::adyen::{HMAC_KEY, MERCHANT, ask, lease, payment, psp};
use crate::endpoint::Endpoint;
use crate::world::{World, get, post};

#[derive(Clone, Debug)]
enum Call {
    Pay {
        value: i64,
        is_declined: bool,
        is_manual: bool,
    },
    Change {
        which: usize,
        what: &'static str,
        value: i64,
    },
    /// The same call as some time before, under its key.
    Repeat {
        which: usize,
    },
}

fn call() -> impl Strategy<Value = Call> {
    let what = prop::sample::select(vec!["captures", "captures", "refunds", "refunds", "cancels", "reversals"]);
    prop_oneof![
        2 => (1i64..200, prop::bool::weighted(0.2), any::<bool>())
            .prop_map(|(value, is_declined, is_manual)| Call::Pay { value, is_declined, is_manual }),
        6 => (0usize..64, what, 1i64..200).prop_map(|(which, what, value)| Call::Change { which, what, value }),
        2 => (0usize..64).prop_map(|which| Call::Repeat { which }),
    ]
}

/// What one book says of a payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    authorised: i64,
    captured: i64,
    refunded: i64,
    released: i64,
}

/// What the statement's rows come to; asserted at every one of them.
fn by_statement(rows: &[Value], payment: &str) -> Sums {
    let mut sums = Sums::default();
    for row in rows.iter().filter(|row| row["parent"] == payment && row["state"] == "succeeded") {
        let amount = row["amount_minor"].as_i64().unwrap();
        match row["op"].as_str().unwrap() {
            "authorise" => sums.authorised += amount,
            "capture" => sums.captured += amount,
            "refund" => sums.refunded += amount,
            "void" => sums.released += amount,
            other => panic!("{other}"),
        }
        assert!(sums.captured + sums.released <= sums.authorised, "{sums:?}");
        assert!(sums.refunded <= sums.captured, "{sums:?}");
    }
    sums
}

/// What the notifications come to; automatic captures are not among them.
fn by_notifications(items: &[Value], payment: &str) -> (i64, i64) {
    let sum = |codes: &[&str]| {
        items
            .iter()
            .filter(|item| item["originalReference"] == payment && item["success"] == "true")
            .filter(|item| codes.contains(&item["eventCode"].as_str().unwrap()))
            .filter(|item| item["additionalData"]["modification.action"] != "cancel")
            .map(|item| item["amount"]["value"].as_i64().unwrap())
            .sum()
    };
    (sum(&["CAPTURE"]), sum(&["REFUND", "CANCEL_OR_REFUND"]))
}

async fn play(calls: Vec<Call>) {
    let endpoint = Endpoint::new().await;
    let world = World::new().await;
    let mut webhook = endpoint.webhook();
    webhook["secret"] = HMAC_KEY.into();
    lease(&world, webhook, json!({})).await;
    let mut payments: Vec<(String, bool)> = Vec::new();
    let mut made: Vec<(String, String, String, String)> = Vec::new();
    for (n, call) in calls.iter().enumerate() {
        let (path, body) = match call {
            Call::Repeat { which } => {
                if let Some((path, body, key, answer)) = made.get(which % made.len().max(1)) {
                    let again = ask(&world, post(path, body.clone()).key(key)).await;
                    assert_eq!(again.text, *answer, "a repeated key gets the first answer");
                }
                continue;
            }
            Call::Pay { value, is_declined, is_manual } => {
                let mut body = payment(*value, if *is_declined { "4000000000000002" } else { "4111111111111111" });
                body["additionalData"] = json!({ "manualCapture": is_manual.to_string() });
                ("/v72/payments".to_owned(), body)
            }
            Call::Change { which, what, value } => {
                let Some((psp, _)) = payments.get(which % payments.len().max(1)) else { continue };
                let mut body = json!({ "merchantAccount": MERCHANT });
                if matches!(*what, "captures" | "refunds") {
                    body["amount"] = json!({ "currency": "EUR", "value": value });
                }
                (format!("/v72/payments/{psp}/{what}"), body)
            }
        };
        let (body, key) = (body.to_string(), format!("k{n}"));
        let reply = ask(&world, post(&path, body.clone()).key(&key)).await;
        assert!(matches!(reply.status, 200 | 201), "{}", reply.text);
        if let Call::Pay { is_manual, .. } = call {
            payments.push((psp(&reply), *is_manual));
        }
        made.push((path, body, key, reply.text));
    }
    let is_quiet = async |world: &World| world.admin(get("/admin/quiet")).await.json()["webhooks_pending"] == 0;
    world.until("everything is told", is_quiet).await;
    let rows: Vec<Value> = world.statement().await.into_iter().filter(|row| row["op"] != "webhook").collect();
    let items: Vec<Value> = endpoint
        .arrived()
        .iter()
        .map(|one| one.event["notificationItems"][0]["NotificationRequestItem"].clone())
        .collect();
    for (psp, is_manual) in &payments {
        let sums = by_statement(&rows, psp);
        let (captured, refunded) = by_notifications(&items, psp);
        assert_eq!(refunded, sums.refunded);
        assert_eq!(captured, if *is_manual { sums.captured } else { 0 });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn money_is_kept_right(calls in prop::collection::vec(call(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(calls));
    }
}
