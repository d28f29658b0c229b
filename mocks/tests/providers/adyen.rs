//! Adyen's wire: a payment's life, refusals, the holder asked, sessions, bad input.

use serde_json::{Value, json};

use crate::world::{Ask, RUN, Reply, World, delete, get, post};

pub(crate) const API_KEY: &str = "AQE_test_shop";
pub(crate) const MERCHANT: &str = "DoorbusterECOM";
pub(crate) const HMAC_KEY: &str = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";

/// Leases the shop's account to the run; `rest` adds to the lease.
pub(crate) async fn lease(world: &World, webhook: Value, rest: Value) {
    let mut body = json!({
        "provider": "backup_payment", "key": API_KEY, "merchant_account": MERCHANT, "run": RUN, "webhook": webhook,
    });
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    let reply = world.admin(post("/admin/accounts", body.to_string())).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
}

pub(crate) async fn ask(world: &World, ask: Ask) -> Reply {
    ask.header("x-api-key", API_KEY).to(world.addresses().backup_payment).await.unwrap()
}

/// A card payment.
pub(crate) fn payment(value: i64, number: &str) -> Value {
    json!({
        "amount": { "currency": "EUR", "value": value }, "merchantAccount": MERCHANT, "reference": "DB-7",
        "paymentMethod": {
            "type": "scheme", "number": number, "expiryMonth": "03", "expiryYear": "2030",
            "cvc": if number.starts_with("37") { "7373" } else { "737" }, "holderName": "J. Smith",
        },
        "returnUrl": "http://shop.example.test/return?order=DB-7",
        "shopperReference": "shopper-1", "shopperEmail": "a@example.test",
    })
}

pub(crate) async fn pay(world: &World, body: &Value) -> Reply {
    ask(world, post("/v72/payments", body.to_string())).await
}

/// Changes a payment; an amount of 0 sends none.
pub(crate) fn changing(psp: &str, what: &str, value: i64) -> Ask {
    let mut body = json!({ "merchantAccount": MERCHANT, "reference": format!("{what}-1") });
    if value > 0 {
        body["amount"] = json!({ "currency": "EUR", "value": value });
    }
    post(format!("/v72/payments/{psp}/{what}"), body.to_string())
}

pub(crate) async fn change(world: &World, psp: &str, what: &str, value: i64) -> Reply {
    ask(world, changing(psp, what, value)).await
}

pub(crate) fn psp(reply: &Reply) -> String {
    reply.json()["pspReference"].as_str().unwrap_or_else(|| panic!("no reference: {}", reply.text)).to_owned()
}

/// `op state amount` of every row but webhooks.
pub(crate) async fn ops(world: &World) -> Vec<String> {
    let rows = world.statement().await;
    let told = rows.iter().filter(|row| row["op"] != "webhook");
    told.map(|row| {
        format!("{} {} {}", row["op"].as_str().unwrap(), row["state"].as_str().unwrap_or("-"), row["amount_minor"])
    })
    .collect()
}

#[tokio::test]
async fn a_payment_is_authorised_captured_and_refunded() {
    let world = World::new().await;
    lease(&world, Value::Null, json!({})).await;
    let paid = ask(
        &world,
        post("/v72/payments", payment(1_000, "4111111111111111").to_string())
            .header("doorbuster-intent", "r7k2m9q4xa.5.0")
            .header("traceparent", "00-1-2-01"),
    )
    .await;
    let body = paid.json();
    assert_eq!((paid.status, &body["resultCode"]), (200, &"Authorised".into()));
    assert_eq!((&body["merchantReference"], &body["amount"]["value"]), (&"DB-7".into(), &1_000.into()));
    assert_eq!(
        (&body["paymentMethod"]["brand"], &body["additionalData"]["cardSummary"]),
        (&"visa".into(), &"1111".into())
    );
    assert_eq!(
        (paid.header("pspreference"), paid.header("traceparent")),
        (body["pspReference"].as_str(), Some("00-1-2-01"))
    );
    let reference = psp(&paid);
    let refund = change(&world, &reference, "refunds", 400).await;
    assert_eq!((refund.status, &refund.json()["status"]), (201, &"received".into()));
    assert_eq!(
        (&refund.json()["paymentPspReference"], &refund.json()["reference"]),
        (&reference.as_str().into(), &"refunds-1".into())
    );
    assert_ne!(psp(&refund), reference);
    assert_eq!(ops(&world).await, ["authorise succeeded 1000", "capture succeeded 1000", "refund succeeded 400"]);
    let rows = world.statement().await;
    assert!(rows.iter().all(|row| row["provider"] == "backup_payment" && row["run"] == RUN && row["order"] == "DB-7"));
    assert!(rows.iter().all(|row| row["email"] == "a@example.test" && row["parent"] == reference.as_str()));
    assert_eq!((&rows[0]["intent"], &rows[0]["object"]), (&"r7k2m9q4xa.5.0".into(), &reference.as_str().into()));
    assert_eq!((&rows[0]["detail"]["resultCode"], &rows[2]["object"]), (&"Authorised".into(), &psp(&refund).into()));
}

#[tokio::test]
async fn refusals_are_answers() {
    let world = World::new().await;
    let with = |name: &str, value: Value| {
        let mut body = payment(1_000, "4111111111111111");
        body["paymentMethod"][name] = value;
        body
    };
    let mut asked = payment(1_000, "4111111111111111");
    asked["additionalData"] = json!({ "RequestedTestAcquirerResponseCode": 6 });
    let mut mark = payment(1_000, "4111111111111111");
    mark["metadata"] = json!({ "order": "DB-8" });
    for (body, result, reason, code) in [
        (with("holderName", json!("DECLINED")), "Refused", "Refused", "2"),
        (with("holderName", json!("NOT_ENOUGH_BALANCE")), "Refused", "Not enough balance", "12"),
        (with("holderName", json!("CVC_DECLINED")), "Refused", "CVC Declined", "24"),
        (with("holderName", json!("ERROR")), "Error", "Acquirer Error", "4"),
        (with("holderName", json!("CANCELLED")), "Cancelled", "Cancelled", "15"),
        (with("cvc", json!("111")), "Refused", "CVC Declined", "24"),
        (with("expiryYear", json!(2_031)), "Refused", "Expired Card", "6"),
        (asked, "Refused", "Expired Card", "6"),
        (payment(1_000, "4000000000000002"), "Refused", "Refused", "2"),
        (payment(1_000, "4000000000009995"), "Refused", "Not enough balance", "12"),
        (payment(1_000, "4000000000000119"), "Error", "Acquirer Error", "4"),
        (payment(1_000, "4539578763621486"), "Refused", "Invalid Card Number", "8"),
    ] {
        let reply = pay(&world, &body).await;
        let told = reply.json();
        assert_eq!((reply.status, &told["resultCode"]), (200, &result.into()), "{}", reply.text);
        assert_eq!((&told["refusalReason"], &told["refusalReasonCode"]), (&reason.into(), &code.into()));
    }
    assert_eq!(pay(&world, &with("holderName", json!("PENDING"))).await.json()["resultCode"], "Received");
    assert_eq!(pay(&world, &mark).await.json()["resultCode"], "Authorised");
    let rows = world.rows("authorise").await;
    assert_eq!(
        (rows.len(), &rows[0]["state"], &rows[1]["detail"]["refusal"]),
        (13, &"declined".into(), &"Not enough balance".into())
    );
    assert_eq!(world.rows("capture").await.len(), 1);
    assert_eq!(rows[12]["order"], "DB-8", "metadata names the order better than the reference");
}

#[tokio::test]
async fn cards_come_encrypted_and_stored() {
    let world = World::new().await;
    let mut body = payment(1_000, "");
    body["paymentMethod"] = json!({
        "type": "scheme", "encryptedCardNumber": "test_5555444433331111", "encryptedExpiryMonth": "test_03",
        "encryptedExpiryYear": "test_2030", "encryptedSecurityCode": "test_737",
    });
    body["storePaymentMethod"] = true.into();
    let reply = pay(&world, &body).await.json();
    assert_eq!((&reply["resultCode"], &reply["paymentMethod"]["brand"]), (&"Authorised".into(), &"mc".into()));
    let id = reply["additionalData"]["tokenization.storedPaymentMethodId"].as_str().unwrap().to_owned();
    let query = format!("merchantAccount={MERCHANT}&shopperReference=shopper-1");
    let listed = ask(&world, get(format!("/v72/storedPaymentMethods?{query}"))).await.json();
    assert_eq!(
        (&listed["storedPaymentMethods"][0]["id"], &listed["storedPaymentMethods"][0]["lastFour"]),
        (&id.as_str().into(), &"1111".into())
    );
    let methods = json!({ "merchantAccount": MERCHANT, "shopperReference": "shopper-1" }).to_string();
    let methods = ask(&world, post("/v72/paymentMethods", methods)).await.json();
    assert_eq!(
        (&methods["paymentMethods"][0]["type"], &methods["storedPaymentMethods"][0]["id"]),
        (&"scheme".into(), &id.as_str().into())
    );
    body["paymentMethod"] = json!({ "type": "scheme", "storedPaymentMethodId": id });
    body["shopperInteraction"] = "ContAuth".into();
    assert_eq!(pay(&world, &body).await.json()["resultCode"], "Authorised");
    body["paymentMethod"] = json!({ "type": "scheme", "storedPaymentMethodId": "pm_card_chargeDeclined" });
    assert_eq!(pay(&world, &body).await.json()["refusalReasonCode"], "2");
    assert_eq!(ask(&world, delete(format!("/v72/storedPaymentMethods/{id}?{query}"))).await.status, 204);
    body["paymentMethod"] = json!({ "type": "scheme", "storedPaymentMethodId": id });
    assert_eq!(pay(&world, &body).await.json()["errorCode"], "800");
}

/// Where the holder is sent.
fn page(reply: &Reply) -> String {
    let body = reply.json();
    assert_eq!((&body["resultCode"], &body["action"]["type"]), (&"RedirectShopper".into(), &"redirect".into()));
    let url = body["action"]["url"].as_str().unwrap().to_owned();
    url.split_once("/checkoutshopper").map(|(_, rest)| format!("/checkoutshopper{rest}")).unwrap()
}

async fn choose(world: &World, page: &str, outcome: &str) -> Reply {
    post(page, format!("outcome={outcome}")).to(world.addresses().backup_payment).await.unwrap()
}

async fn details(world: &World, details: Value) -> Reply {
    ask(world, post("/v72/payments/details", json!({ "details": details }).to_string())).await
}

#[tokio::test]
async fn the_holder_is_asked_on_a_page() {
    let world = World::new().await;
    lease(&world, Value::Null, json!({})).await;
    for (number, outcome, result, code) in [
        ("4917610000000000", "complete", "Authorised", Value::Null),
        ("5201281505129736", "fail", "Refused", json!("11")),
        ("4000002760003184", "cancel", "Cancelled", json!("16")),
        ("4000008400001629", "complete", "Refused", json!("2")),
    ] {
        let asked = pay(&world, &payment(1_000, number)).await;
        let page = page(&asked);
        let shown = get(&page).to(world.addresses().backup_payment).await.unwrap();
        assert!(
            shown.status == 200
                && shown.text.contains("<form")
                && shown.header("content-type").unwrap().starts_with("text/html")
        );
        let back = choose(&world, &page, outcome).await;
        let location = back.header("location").unwrap().to_owned();
        assert_eq!(back.status, 302);
        assert_eq!(
            choose(&world, &page, "fail").await.header("location"),
            Some(location.as_str()),
            "the first reply counts"
        );
        let result_of = location.strip_prefix("http://shop.example.test/return?order=DB-7&redirectResult=").unwrap();
        let told = details(&world, json!({ "redirectResult": result_of })).await;
        assert_eq!(
            (told.status, &told.json()["resultCode"], &told.json()["refusalReasonCode"]),
            (200, &result.into(), &code)
        );
        assert_eq!(psp(&told), psp(&asked));
        let again = details(&world, json!({ "redirectResult": result_of })).await;
        assert_eq!(again.json()["resultCode"], result, "whoever asks again is told the same");
    }
    let rows = world.rows("challenge").await;
    let states: Vec<&str> = rows.iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(
        states,
        ["pending", "authenticated", "pending", "failed", "pending", "abandoned", "pending", "authenticated"]
    );
    assert!(rows.iter().all(|row| row["run"] == RUN && row["order"] == "DB-7"));
    assert_eq!(world.rows("authorise").await.len(), 4);
    assert_eq!(world.rows("capture").await.len(), 1);
}

#[tokio::test]
async fn the_holder_is_asked_on_the_shops_own_page() {
    let world = World::new().await;
    let mut body = payment(1_000, "4917610000000000");
    body["authenticationData"] = json!({ "threeDSRequestData": { "nativeThreeDS": "preferred" } });
    let encode = |value: Value| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(value.to_string())
    };
    let identified = pay(&world, &body).await.json();
    assert_eq!(
        (&identified["resultCode"], &identified["action"]["subtype"]),
        (&"IdentifyShopper".into(), &"fingerprint".into())
    );
    let token = identified["action"]["authorisationToken"].clone();
    let found = encode(json!({ "authorisationToken": token, "threeDSCompInd": "Y" }));
    let asked = details(&world, json!({ "threeDSResult": found })).await.json();
    assert_eq!((&asked["resultCode"], &asked["action"]["subtype"]), (&"ChallengeShopper".into(), &"challenge".into()));
    let replied = encode(json!({ "authorisationToken": token, "transStatus": "Y" }));
    assert_eq!(details(&world, json!({ "threeDSResult": replied })).await.json()["resultCode"], "Authorised");
    assert_eq!(ops(&world).await[1], "challenge authenticated 1000");
    let forged = encode(json!({ "authorisationToken": format!("{}.x", psp_of(&identified)), "transStatus": "Y" }));
    assert_eq!(details(&world, json!({ "threeDSResult": forged })).await.status, 422);
}

fn psp_of(body: &Value) -> &str {
    body["pspReference"].as_str().unwrap()
}

#[tokio::test]
async fn a_browser_pays_a_session() {
    let world = World::new().await;
    let session = ask(&world, post("/v71/sessions", payment(1_000, "").to_string())).await;
    assert_eq!(session.status, 201);
    let session = session.json();
    let id = session["id"].as_str().unwrap();
    let result = async || ask(&world, get(format!("/v72/sessions/{id}?sessionResult=x"))).await.json();
    assert_eq!(result().await["status"], "active");
    let path = format!("/checkoutshopper/v1/sessions/{id}/payments?clientKey={API_KEY}");
    let paying = |data: &Value, number: &str| {
        let body = json!({ "sessionData": data, "paymentMethod": payment(1, number)["paymentMethod"] });
        post(&path, body.to_string()).to(world.addresses().backup_payment)
    };
    assert_eq!(paying(&"other".into(), "4111111111111111").await.unwrap().status, 422);
    let data = &session["sessionData"];
    assert_eq!(paying(data, "4000000000000002").await.unwrap().json()["resultCode"], "Refused");
    assert_eq!(result().await["status"], "refused");
    assert_eq!(paying(data, "4111111111111111").await.unwrap().json()["resultCode"], "Authorised");
    assert_eq!(
        (&result().await["status"], &result().await["payments"][0]["resultCode"]),
        (&"completed".into(), &"Authorised".into())
    );
    assert_eq!(paying(data, "4111111111111111").await.unwrap().status, 422, "it is paid once");
}

#[tokio::test]
async fn who_calls_must_be_known() {
    let world = World::with(|config| config.open_accounts = false).await;
    lease(&world, Value::Null, json!({})).await;
    let address = world.addresses().backup_payment;
    let body = payment(1_000, "4111111111111111").to_string();
    for key in [None, Some("another"), Some("AQE_live_key")] {
        let bare = post("/v72/payments", body.clone());
        let asked = if let Some(key) = key { bare.header("x-api-key", key) } else { bare };
        let reply = asked.to(address).await.unwrap();
        let error = reply.json();
        assert_eq!((reply.status, &error["errorCode"], &error["errorType"]), (401, &"000".into(), &"security".into()));
        assert_eq!(error["message"], "HTTP Status Response - Unauthorized");
    }
    let mut other = payment(1_000, "4111111111111111");
    other["merchantAccount"] = "OtherECOM".into();
    let reply = pay(&world, &other).await;
    assert_eq!(
        (reply.status, &reply.json()["errorCode"], &reply.json()["message"]),
        (403, &"901".into(), &"Invalid Merchant Account".into())
    );
    assert!(world.statement().await.is_empty());
}

#[tokio::test]
async fn bad_input_meets_adyens_errors() {
    let world = World::new().await;
    let paid = psp(&pay(&world, &payment(1_000, "4111111111111111")).await);
    let seen = world.statement().await.len();
    let good = payment(1_000, "4111111111111111");
    let with = |at: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(at).unwrap() = value;
        ("/v72/payments".to_owned(), body.to_string())
    };
    let change = |what: &str, body: Value| (format!("/v72/payments/{paid}/{what}"), body.to_string());
    let unknown = |body: Value| ("/v72/payments/8515131751004933/captures".to_owned(), body.to_string());
    let amount = json!({ "currency": "EUR", "value": 5 });
    for ((path, body), status, code) in [
        (("/v72/payments".to_owned(), "{".to_owned()), 400, "702"),
        (("/v72/payments".to_owned(), "[]".to_owned()), 400, "702"),
        (("/v72/payments".to_owned(), r#"{"amount":{"value":"ten"}}"#.to_owned()), 400, "702"),
        (("/v72/payments".to_owned(), "x".repeat((1 << 20) + 1)), 413, "000"),
        (with("/amount", Value::Null), 422, "100"),
        (with("/reference", json!("")), 422, "130"),
        (with("/amount/value", json!(-1)), 422, "137"),
        (with("/amount/currency", json!("eur")), 422, "138"),
        (with("/amount/currency", json!("ABC")), 422, "138"),
        (with("/paymentMethod/number", json!("4111111111111112")), 422, "101"),
        (with("/paymentMethod/number", Value::Null), 422, "101"),
        (with("/paymentMethod/cvc", json!("7")), 422, "103"),
        (with("/paymentMethod/expiryMonth", json!("13")), 422, "129"),
        (with("/paymentMethod/type", json!("ideal")), 422, "905"),
        (with("/merchantAccount", Value::Null), 403, "901"),
        (unknown(json!({ "merchantAccount": MERCHANT, "amount": amount })), 422, "167"),
        (change("captures", json!({ "merchantAccount": MERCHANT })), 422, "100"),
        (
            change("refunds", json!({ "merchantAccount": MERCHANT, "amount": { "currency": "USD", "value": 5 } })),
            422,
            "138",
        ),
        (
            change("refunds", json!({ "merchantAccount": MERCHANT, "amount": { "currency": "EUR", "value": 0 } })),
            422,
            "137",
        ),
        (change("captures", json!({ "merchantAccount": "Other", "amount": amount })), 422, "167"),
        (change("nothing", json!({})), 404, "000"),
        (("/v72/nothing".to_owned(), "{}".to_owned()), 404, "000"),
        (("/payments".to_owned(), "{}".to_owned()), 404, "000"),
        (("/v72/payments/details".to_owned(), r#"{"details":{"redirectResult":"x"}}"#.to_owned()), 422, "14_0408"),
        (("/v72/payments/details".to_owned(), "{}".to_owned()), 422, "702"),
    ] {
        let reply = ask(&world, post(&path, body.clone())).await;
        let error = reply.json();
        assert_eq!((reply.status, &error["errorCode"]), (status, &code.into()), "{path} {body:.200}");
        assert_eq!(error["status"], status);
        assert!(error["message"].is_string() && error["errorType"].is_string());
    }
    assert_eq!(world.statement().await.len(), seen);
}
