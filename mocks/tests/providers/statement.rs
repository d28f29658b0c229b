//! The statement: complete, in one sequence, readable in pieces.

use serde_json::{Value, json};

use crate::world::{RUN, World, get, post, purchase};

#[tokio::test]
async fn it_adds_up_to_the_state_of_the_objects() {
    let world = World::new().await;
    let mut intents = Vec::new();
    for n in 0..20 {
        let method = ["pm_card_visa", "pm_card_chargeDeclined", "pm_card_amex"][n % 3];
        let reply = world.payment(purchase(1_000 + n as i64, method)).await.unwrap().json();
        let id = reply["id"].as_str().or(reply["error"]["payment_intent"]["id"].as_str()).unwrap().to_owned();
        if n % 4 == 0 {
            world.payment(post("/v1/refunds", format!("payment_intent={id}&amount={}", 100 + n))).await.unwrap();
        }
        intents.push(id);
    }
    let rows = world.statement().await;
    for id in intents {
        let intent =
            world.payment(get(format!("/v1/payment_intents/{id}?expand[]=latest_charge"))).await.unwrap().json();
        let charge = intent["latest_charge"]["id"].clone();
        let sum = |op: &str| -> i64 {
            rows.iter()
                .filter(|row| row["op"] == op && row["state"] == "succeeded")
                .filter(|row| row["object"] == charge || row["parent"] == charge)
                .map(|row| row["amount_minor"].as_i64().unwrap())
                .sum()
        };
        assert_eq!(sum("capture"), intent["amount_received"].as_i64().unwrap());
        assert_eq!(sum("refund"), intent["latest_charge"]["amount_refunded"].as_i64().unwrap());
        assert_eq!(rows.iter().filter(|row| row["op"] == "create" && row["object"] == id).count(), 1);
    }
}

#[tokio::test]
async fn it_is_read_in_pieces_of_any_size() {
    let world = World::new().await;
    world.lease(Value::Null).await;
    for n in 0..4 {
        world.buy(1_000, &format!("k{n}")).await.unwrap();
        purchase(500, "pm_card_visa").bearer("sk_test_stranger").to(world.addresses().payment).await.unwrap();
    }
    let whole = world.statement().await;
    assert_eq!(whole.len(), 24);
    let seqs: Vec<i64> = whole.iter().map(|row| row["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=24).collect::<Vec<i64>>());
    for (limit, query) in [
        (1, String::new()),
        (2, String::new()),
        (5, String::new()),
        (5, format!("&run={RUN}")),
        (100, format!("&run={RUN}")),
    ] {
        let (mut read, mut after) = (Vec::new(), 0);
        for _ in 0..50 {
            let reply = world.admin(get(format!("/admin/statement?after={after}&limit={limit}{query}"))).await;
            let lines: Vec<Value> = reply.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert!(lines.len() <= limit);
            let last: i64 = reply.header("doorbuster-last").unwrap().parse().unwrap();
            if last == after {
                break;
            }
            read.extend(lines);
            after = last;
        }
        let expected: Vec<Value> = whole.iter().filter(|row| query.is_empty() || row["run"] == RUN).cloned().collect();
        assert_eq!(read, expected, "{limit} {query}");
        assert_eq!(after, 24);
    }
}

#[tokio::test]
async fn rows_carry_the_marks_that_came() {
    let world = World::new().await;
    let body = "amount=500&currency=usd&confirm=true&payment_method=pm_card_visa&metadata[orderCode]=O-9&receipt_email=b@example.test";
    let bought =
        world.payment(post("/v1/payment_intents", body).header("doorbuster-intent", "r7k.5.0").key("k")).await.unwrap();
    world.payment(post("/v1/refunds", format!("payment_intent={}", bought.id()))).await.unwrap();
    let rows = world.statement().await;
    assert!(rows.iter().all(|row| row["order"] == "O-9" && row["email"] == "b@example.test"));
    assert_eq!((&rows[0]["intent"], &rows[3]["intent"]), (&"r7k.5.0".into(), &Value::Null));
    assert_eq!(rows[2]["parent"], bought.id());
    let customer = world.payment(post("/v1/customers", "email=c@example.test")).await.unwrap().id();
    world.payment(post("/v1/payment_intents", format!("amount=500&currency=usd&customer={customer}"))).await.unwrap();
    assert_eq!(world.statement().await.last().unwrap()["email"], "c@example.test");
}

#[tokio::test]
async fn what_a_fault_holds_is_told_when_its_fate_is_known() {
    let world = std::sync::Arc::new(World::new().await);
    world.rule("hold", json!({ "when": { "amount_minor_min": 9_000 }, "effect": { "barrier": { "count": 2, "deadline_ms": 20_000 } } })).await;
    let held = tokio::spawn({
        let world = std::sync::Arc::clone(&world);
        async move { world.buy(9_000, "held").await.unwrap().status }
    });
    world
        .until("it is held", async |world| {
            world.counters("hold").await.1 == 1 && world.admin(get("/metrics")).await.text.contains("status=\"200\"} 1")
        })
        .await;
    world.buy(1_000, "free").await.unwrap();
    assert_eq!(world.rows("capture").await.len(), 0, "nothing overtakes an open row");
    world.admin(crate::world::delete("/admin/rules/hold")).await;
    assert_eq!(held.await.unwrap(), 200);
    let captures = world.rows("capture").await;
    assert_eq!((captures.len(), &captures[0]["answer"], &captures[1]["fault"]), (2, &"sent".into(), &Value::Null));
}
