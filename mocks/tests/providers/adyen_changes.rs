//! Changes of Adyen's payments, and what notifications say came of them.

use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::adyen::{HMAC_KEY, MERCHANT, ask, change, changing, lease, ops, pay, payment, psp};
use crate::endpoint::Endpoint;
use crate::world::{World, get, post};

/// A world whose shop hears of everything, and takes the money when it asks to.
pub(crate) async fn with(endpoint: &Endpoint) -> World {
    let world = World::new().await;
    let mut webhook = endpoint.webhook();
    webhook["secret"] = HMAC_KEY.into();
    lease(&world, webhook, json!({ "capture": "manual" })).await;
    world
}

/// What an endpoint was told, in the order of the references' making: `code success amount reason`.
pub(crate) async fn told(endpoint: &Endpoint, count: usize) -> Vec<Value> {
    let arrived = endpoint.wait(count).await;
    let items = arrived.iter().map(|one| one.event["notificationItems"][0]["NotificationRequestItem"].clone());
    items.inspect(verify).collect()
}

/// The signature holds, as Adyen documents it.
pub(crate) fn verify(item: &Value) {
    let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let signed = [
        text("pspReference"),
        text("originalReference"),
        text("merchantAccountCode"),
        text("merchantReference"),
        item["amount"]["value"].to_string(),
        item["amount"]["currency"].as_str().unwrap().to_owned(),
        text("eventCode"),
        text("success"),
    ];
    let mut mac = Hmac::<Sha256>::new_from_slice(&hex::decode(HMAC_KEY).unwrap()).unwrap();
    mac.update(signed.join(":").as_bytes());
    let expected = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!(item["additionalData"]["hmacSignature"], expected.as_str(), "{item}");
    assert!(matches!(item["success"].as_str(), Some("true" | "false")));
    assert!(item["eventDate"].as_str().unwrap().ends_with("+00:00"));
}

/// The notification of a code; there must be one.
pub(crate) fn of<'a>(told: &'a [Value], code: &str, success: &str) -> &'a Value {
    let found = told.iter().find(|item| item["eventCode"] == code && item["success"] == success);
    found.unwrap_or_else(|| panic!("no {code} {success} in {told:?}"))
}

#[tokio::test]
async fn captures_come_in_parts_and_never_too_much() {
    let endpoint = Endpoint::new().await;
    let world = with(&endpoint).await;
    let reference = psp(&pay(&world, &payment(1_000, "4111111111111111")).await);
    for (value, what) in
        [(600, "captures"), (500, "captures"), (400, "captures"), (700, "refunds"), (400, "refunds"), (0, "cancels")]
    {
        assert_eq!(change(&world, &reference, what, value).await.status, 201);
    }
    assert_eq!(
        ops(&world).await,
        [
            "authorise succeeded 1000",
            "capture succeeded 600",
            "capture failed 500",
            "capture succeeded 400",
            "refund succeeded 700",
            "refund failed 400",
            "void failed 0",
        ]
    );
    let captures = world.rows("capture").await;
    assert_eq!((&captures[0]["detail"]["final"], &captures[2]["detail"]["final"]), (&false.into(), &true.into()));
    let told = told(&endpoint, 7).await;
    let authorised = of(&told, "AUTHORISATION", "true");
    assert_eq!(
        (&authorised["pspReference"], &authorised["merchantReference"]),
        (&reference.as_str().into(), &"DB-7".into())
    );
    assert_eq!((&authorised["paymentMethod"], &authorised["operations"][1]), (&"visa".into(), &"CAPTURE".into()));
    let failed = of(&told, "CAPTURE", "false");
    assert_eq!(
        (&failed["reason"], &failed["amount"]["value"]),
        (&"Insufficient balance on payment".into(), &500.into())
    );
    assert_eq!(
        (&failed["originalReference"], &failed["merchantReference"]),
        (&reference.as_str().into(), &"captures-1".into())
    );
    assert_eq!(of(&told, "REFUND", "false")["reason"], "Insufficient balance on payment");
    assert_eq!((of(&told, "REFUND", "true")["amount"]["value"].as_i64(), told.len()), (Some(700), 7));
    of(&told, "CANCELLATION", "false");
}

#[tokio::test]
async fn what_is_reserved_is_released() {
    let endpoint = Endpoint::new().await;
    let world = with(&endpoint).await;
    let whole = psp(&pay(&world, &payment(1_000, "4111111111111111")).await);
    let part = psp(&pay(&world, &payment(2_000, "4111111111111111")).await);
    change(&world, &whole, "cancels", 0).await;
    change(&world, &part, "captures", 500).await;
    change(&world, &part, "reversals", 0).await;
    change(&world, &whole, "captures", 1_000).await;
    let asked = pay(&world, &payment(3_000, "4917610000000000")).await;
    change(&world, &psp(&asked), "cancels", 0).await;
    assert_eq!(
        ops(&world).await,
        [
            "authorise succeeded 1000",
            "authorise succeeded 2000",
            "void succeeded 1000",
            "capture succeeded 500",
            "void succeeded 1500",
            "refund succeeded 500",
            "capture failed 1000",
            "challenge pending 3000",
            "challenge abandoned 3000",
            "cancel succeeded 0",
        ]
    );
    let told = told(&endpoint, 7).await;
    assert_eq!(of(&told, "CANCEL_OR_REFUND", "true")["additionalData"]["modification.action"], "refund");
    assert_eq!(of(&told, "CAPTURE", "false")["reason"], "Transaction has already been cancelled");
}

#[tokio::test]
async fn a_payment_is_cancelled_by_its_reference() {
    let endpoint = Endpoint::new().await;
    let world = with(&endpoint).await;
    let reference = psp(&pay(&world, &payment(1_000, "4111111111111111")).await);
    let body =
        |named: &str| json!({ "merchantAccount": MERCHANT, "paymentReference": named, "reference": "c-1" }).to_string();
    let reply = ask(&world, post("/v72/cancels", body("DB-7"))).await;
    assert_eq!(
        (reply.status, &reply.json()["paymentReference"], &reply.json()["status"]),
        (201, &"DB-7".into(), &"received".into())
    );
    assert_eq!(ask(&world, post("/v72/cancels", body("nobody's"))).await.status, 201);
    let told = told(&endpoint, 2).await;
    assert_eq!(of(&told, "TECHNICAL_CANCEL", "true")["originalReference"], reference.as_str());
    assert_eq!(ops(&world).await, ["authorise succeeded 1000", "void succeeded 1000"]);
}

#[tokio::test]
async fn another_amount_is_reserved() {
    let endpoint = Endpoint::new().await;
    let world = with(&endpoint).await;
    let mut body = payment(1_000, "4111111111111111");
    let fixed = psp(&pay(&world, &body).await);
    body["additionalData"] = json!({ "authorisationType": "PreAuth" });
    let open = psp(&pay(&world, &body).await);
    change(&world, &fixed, "amountUpdates", 1_500).await;
    change(&world, &open, "amountUpdates", 1_500).await;
    change(&world, &open, "captures", 1_400).await;
    change(&world, &open, "amountUpdates", 1_400).await;
    let told = told(&endpoint, 6).await;
    assert_eq!(of(&told, "AUTHORISATION_ADJUSTMENT", "false")["originalReference"], fixed.as_str());
    assert_eq!(
        ops(&world).await[2..],
        ["authorise failed 1500", "authorise succeeded 500", "capture succeeded 1400", "void succeeded 100"]
    );
}

#[tokio::test]
async fn the_account_and_the_payment_say_when_money_is_taken() {
    let world = World::new().await;
    lease(&world, Value::Null, json!({ "capture": "manual" })).await;
    let mut body = payment(1_000, "4111111111111111");
    pay(&world, &body).await;
    body["captureDelayHours"] = 0.into();
    pay(&world, &body).await;
    body["additionalData"] = json!({ "manualCapture": "true" });
    pay(&world, &body).await;
    assert_eq!(
        ops(&world).await,
        ["authorise succeeded 1000", "authorise succeeded 1000", "capture succeeded 1000", "authorise succeeded 1000"]
    );
}

#[tokio::test]
async fn rules_decline_in_adyens_words() {
    let endpoint = Endpoint::new().await;
    let world = with(&endpoint).await;
    let rule = async |when: Value, code: Value| {
        let effect = json!({ "decline": { "code": code } });
        world.rule("no", json!({ "provider": "backup_payment", "when": when, "effect": effect })).await;
    };
    rule(json!({ "path": "/v72/payments", "brand": "mastercard" }), json!("NOT_ENOUGH_BALANCE")).await;
    assert_eq!(pay(&world, &payment(1_000, "4111111111111111")).await.json()["resultCode"], "Authorised");
    let refused = pay(&world, &payment(1_000, "5555444433331111")).await.json();
    assert_eq!((&refused["resultCode"], &refused["refusalReasonCode"]), (&"Refused".into(), &"12".into()));
    let reference = psp(&pay(&world, &payment(900, "4111111111111111")).await);
    rule(json!({ "path": "*/captures" }), Value::Null).await;
    change(&world, &reference, "captures", 900).await;
    world.admin(crate::world::delete("/admin/rules")).await;
    change(&world, &reference, "captures", 900).await;
    rule(json!({ "path": "*/refunds", "currency": "EUR", "amount_minor_min": 100 }), Value::Null).await;
    change(&world, &reference, "refunds", 900).await;
    let told = told(&endpoint, 6).await;
    let failed = of(&told, "CAPTURE_FAILED", "true");
    assert!(failed["reason"].as_str().unwrap().contains("rejected by card scheme"));
    of(&told, "CAPTURE", "true");
    of(&told, "REFUND_FAILED", "true");
    let rows = world.statement().await;
    let failed = rows.iter().find(|row| row["op"] == "capture" && row["state"] == "failed").unwrap();
    assert_eq!((&failed["fault"], &failed["effect"]), (&"no".into(), &"decline".into()));
}

#[tokio::test]
async fn a_disputed_payment_is_charged_back() {
    let endpoint = Endpoint::new().await;
    let world = with(&endpoint).await;
    let reference = psp(&pay(&world, &payment(1_000, "4000000000000259")).await);
    change(&world, &reference, "captures", 1_000).await;
    change(&world, &reference, "refunds", 1_000).await;
    let arrived = told(&endpoint, 5).await;
    of(&arrived, "NOTIFICATION_OF_CHARGEBACK", "true");
    assert_eq!(
        of(&arrived, "REFUND", "false")["originalReference"],
        reference.as_str(),
        "the holder has it back already"
    );
    let dispute = of(&arrived, "CHARGEBACK", "true")["pspReference"].clone();
    let body = json!({ "disputePspReference": dispute, "merchantAccountCode": MERCHANT, "defenseReasonCode": "AirlineFlightProvided" });
    let defend = async || ask(&world, post("/ca/services/DisputeService/v30/defendDispute", body.to_string())).await;
    assert_eq!(defend().await.json()["disputeServiceResult"]["success"], true);
    assert_eq!(defend().await.status, 422);
    of(&told(&endpoint, 6).await, "CHARGEBACK_REVERSED", "true");
    change(&world, &reference, "refunds", 1_000).await;
    assert_eq!(
        ops(&world).await[2..],
        ["dispute needs_response 1000", "refund failed 1000", "dispute won 1000", "refund succeeded 1000"]
    );

    let another = psp(&pay(&world, &payment(1_000, "4000000000000259")).await);
    change(&world, &another, "captures", 1_000).await;
    let so_far = told(&endpoint, 11).await;
    let charged_back = so_far.iter().rev().find(|item| item["eventCode"] == "CHARGEBACK").unwrap();
    let body = json!({ "disputePspReference": charged_back["pspReference"], "merchantAccountCode": MERCHANT });
    assert_eq!(ask(&world, post("/ca/services/DisputeService/v30/acceptDispute", body.to_string())).await.status, 200);
    of(&told(&endpoint, 12).await, "DISPUTE_DEFENSE_PERIOD_ENDED", "true");
    assert_eq!(ops(&world).await.last().unwrap(), "dispute lost 1000");
}

#[tokio::test]
async fn faults_meet_notifications_as_they_do_events() {
    let endpoint = Endpoint::new().await;
    let world = with(&endpoint).await;
    let rule = async |id: &str, when: Value, effect: Value| {
        world.rule(id, json!({ "provider": "backup_payment", "when": when, "effect": effect })).await;
    };
    rule("gone", json!({ "event": "REFUND*" }), json!({ "webhook_lose": {} })).await;
    rule("twice", json!({ "event": "CAPTURE" }), json!({ "webhook_duplicate": { "copies": 1, "gap_ms": 1 } })).await;
    let reference = psp(&pay(&world, &payment(1_000, "4111111111111111")).await);
    change(&world, &reference, "captures", 1_000).await;
    change(&world, &reference, "refunds", 1_000).await;
    let arrived = told(&endpoint, 3).await;
    assert_eq!(arrived.iter().filter(|item| item["eventCode"] == "CAPTURE").count(), 2);
    world
        .until("nothing waits", async |world| world.admin(get("/admin/quiet")).await.json()["webhooks_pending"] == 0)
        .await;
    let rows = world.rows("webhook").await;
    assert!(rows.iter().all(|row| row["provider"] == "backup_payment"
        && row["order"] == "DB-7"
        && row["parent"] == reference.as_str()));
    let lost = rows.iter().find(|row| row["state"] == "lost").unwrap();
    assert_eq!((&lost["detail"]["type"], &lost["fault"]), (&"REFUND".into(), &"gone".into()));
}

#[tokio::test]
async fn notifications_are_tried_again_and_survive_a_restart() {
    let endpoint = Endpoint::shut().await;
    let world = with(&endpoint).await;
    let reference = psp(&pay(&world, &payment(1_000, "4111111111111111")).await);
    let captured = ask(&world, changing(&reference, "captures", 600).key("c-1")).await;
    endpoint.wait(2).await;
    let after = world.after_a_kill().await;
    endpoint.open();
    let arrived = told(&endpoint, 4).await;
    assert_eq!(arrived.iter().filter(|item| item["eventCode"] == "CAPTURE").count(), 2);
    let again = ask(&after, changing(&reference, "captures", 600).key("c-1")).await;
    assert_eq!((again.status, &again.text), (201, &captured.text));
    change(&after, &reference, "captures", 600).await;
    change(&after, &reference, "captures", 400).await;
    assert_eq!(
        ops(&after).await,
        [
            "authorise succeeded 1000",
            "capture succeeded 600",
            "replay - null",
            "capture failed 600",
            "capture succeeded 400"
        ]
    );
}

#[tokio::test]
async fn a_stranger_claims_success() {
    let endpoint = Endpoint::new().await;
    let world = with(&endpoint).await;
    let rule = json!({ "provider": "backup_payment", "effect": { "webhook_forge": {} } });
    world.rule("stranger", rule).await;
    let reference = psp(&pay(&world, &payment(1_000, "4000000000000002")).await);
    let arrived = endpoint.wait(2).await;
    let items: Vec<&Value> =
        arrived.iter().map(|one| &one.event["notificationItems"][0]["NotificationRequestItem"]).collect();
    let forged = items.iter().find(|item| item["success"] == "true").unwrap();
    assert_eq!((&forged["eventCode"], &forged["pspReference"]), (&"AUTHORISATION".into(), &reference.as_str().into()));
    let genuine = items.iter().find(|item| item["success"] == "false").unwrap();
    verify(genuine);
    assert_ne!(forged["additionalData"]["hmacSignature"], genuine["additionalData"]["hmacSignature"]);
    world.until("both are told of", async |world| world.rows("webhook").await.len() == 2).await;
    let rows = world.rows("webhook").await;
    let row = rows.iter().find(|row| row["state"] == "forged").unwrap();
    assert_eq!(
        (&row["fault"], &row["effect"], &row["http_status"]),
        (&"stranger".into(), &"webhook_forge".into(), &200.into())
    );
    assert!(rows.iter().any(|row| row["state"] == "delivered" && row["fault"].is_null()));
}
