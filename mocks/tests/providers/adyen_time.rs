//! What happens to Adyen's payments as time goes by, and what finance is told in the end.

use serde_json::{Value, json};

use crate::adyen::{HMAC_KEY, ask, change, lease, ops, pay, payment, psp};
use crate::adyen_changes::{of, told, with};
use crate::endpoint::Endpoint;
use crate::world::{World, get, post};

/// Sets the vendors' clock ahead, by days.
async fn ahead(world: &World, days: u64) {
    let reply = world.admin(crate::world::put("/admin/clock", &json!({ "ahead_ms": days * 86_400_000 }))).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[tokio::test]
async fn time_goes_by() {
    let endpoint = Endpoint::new().await;
    let world = with(&endpoint).await;
    let held = psp(&pay(&world, &payment(1_000, "4111111111111111")).await);
    let mut body = payment(2_000, "4111111111111111");
    body["captureDelayHours"] = 24.into();
    pay(&world, &body).await;
    change(&world, &held, "captures", 300).await;
    let kept = ask(&world, post("/v72/payments", payment(50, "4111111111111111").to_string()).key("k")).await;
    ahead(&world, 6).await;
    let again = ask(&world, post("/v72/payments", payment(50, "4111111111111111").to_string()).key("k")).await;
    assert_eq!(again.text, kept.text);
    assert_eq!(ops(&world).await[4..], ["capture succeeded 2000", "replay - null"]);
    ahead(&world, 8).await;
    let forgotten = ask(&world, post("/v72/payments", payment(50, "4111111111111111").to_string()).key("k")).await;
    assert_ne!(psp(&forgotten), psp(&kept), "the key is forgotten");
    change(&world, &held, "captures", 100).await;
    let mut later = ops(&world).await.split_off(6);
    later.sort();
    assert_eq!(later, ["authorise succeeded 50", "capture failed 100", "expire expired 50", "expire expired 700"]);
    let told = told(&endpoint, 8).await;
    let expired = told.iter().find(|item| item["eventCode"] == "EXPIRE" && item["pspReference"] == held.as_str());
    assert_eq!(expired.unwrap()["amount"]["value"], 700);
}

#[tokio::test]
async fn what_waits_goes_on_by_itself_even_after_a_restart() {
    let endpoint = Endpoint::new().await;
    let world = World::with(|config| (config.processing_ms, config.challenge_ms) = (1, 1)).await;
    let mut webhook = endpoint.webhook();
    webhook["secret"] = HMAC_KEY.into();
    lease(&world, webhook, json!({})).await;
    let mut body = payment(1_000, "4111111111111111");
    body["paymentMethod"]["holderName"] = "PENDING".into();
    pay(&world, &body).await;
    pay(&world, &payment(2_000, "4917610000000000")).await;
    let told = told(&endpoint, 2).await;
    assert_eq!(of(&told, "AUTHORISATION", "true")["amount"]["value"], 1_000);
    assert_eq!(of(&told, "AUTHORISATION", "false")["reason"], "3D Not Authenticated");
    let mut all = ops(&world).await;
    all.sort();
    assert_eq!(
        all,
        [
            "authorise declined 2000",
            "authorise succeeded 1000",
            "capture succeeded 1000",
            "challenge abandoned 2000",
            "challenge pending 2000",
            "create received 1000",
        ]
    );

    let world = World::new().await;
    lease(&world, Value::Null, json!({ "capture": "manual" })).await;
    pay(&world, &payment(3_000, "4111111111111111")).await;
    let after = world.after_a_kill().await;
    ahead(&after, 7).await;
    assert_eq!(ops(&after).await, ["authorise succeeded 3000", "expire expired 3000"]);
}

#[tokio::test]
async fn finance_receives_what_was_settled() {
    let world = World::new().await;
    lease(&world, Value::Null, json!({})).await;
    let first = psp(&pay(&world, &payment(10_000, "5555444433331111")).await);
    change(&world, &first, "refunds", 2_500).await;
    let second = psp(&pay(&world, &payment(1_000, "4000000000000259")).await);
    let rule = json!({ "provider": "backup_payment", "effect": { "decline": { "code": "REFUNDED_REVERSED" } } });
    world.rule("back", rule).await;
    change(&world, &first, "refunds", 500).await;
    world.admin(crate::world::delete("/admin/rules")).await;
    let report =
        async |query: &str| world.admin(get(format!("/admin/settlement?provider=backup_payment{query}"))).await;
    let reply = report("&run=r7k2m9q4xa").await;
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
    let lines: Vec<Vec<&str>> = reply.text.lines().map(|line| line.split(',').collect()).collect();
    assert!(lines.iter().all(|line| line.len() == 23), "{}", reply.text);
    let column = |name: &str| lines[0].iter().position(|column| *column == name).unwrap();
    let (kind, psp_at, credit, debit) =
        (column("Type"), column("Psp Reference"), column("Gross Credit (GC)"), column("Gross Debit (GC)"));
    let told: Vec<(&str, &str, &str, &str)> =
        lines[1..].iter().map(|line| (line[kind], line[psp_at], line[credit], line[debit])).collect();
    assert_eq!(
        told,
        [
            ("Settled", first.as_str(), "100.00", ""),
            ("Refunded", &first, "", "25.00"),
            ("Settled", &second, "10.00", ""),
            ("Chargeback", &second, "", "10.00"),
            ("Refunded", &first, "", "5.00"),
            ("RefundedReversed", &first, "5.00", ""),
            ("Fee", "", "", ""),
        ]
    );
    let settled = &lines[1];
    assert_eq!((settled[column("Net Credit (NC)")], settled[column("Merchant Reference")]), ("98.97", "DB-7"));
    assert_eq!((settled[column("Markup (NC)")], lines[7][column("Net Debit (NC)")]), ("0.60", "0.44"));
    assert_eq!(report("&run=another").await.text.lines().count(), 1);
    assert_eq!(world.rows("refund_failed").await[0]["amount_minor"], 500);
}
