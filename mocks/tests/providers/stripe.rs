//! Stripe's wire: objects, lists, errors, headers.

use serde_json::Value;

use crate::world::{PUBLISHABLE_KEY, SECRET_KEY, World, delete, get, post, purchase};

#[tokio::test]
async fn a_payment_is_made_in_one_call() {
    let world = World::new().await;
    let ask = purchase(1_999, "pm_card_visa").key("k1");
    let reply = world.payment(ask).await.unwrap();
    let intent = reply.json();
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(
        (&intent["object"], &intent["status"], &intent["amount"]),
        (&"payment_intent".into(), &"succeeded".into(), &1_999.into())
    );
    assert_eq!((&intent["amount_received"], &intent["metadata"]["order"]), (&1_999.into(), &"DB-1".into()));
    assert!(intent["client_secret"].as_str().unwrap().starts_with(intent["id"].as_str().unwrap()));
    assert_eq!(reply.header("idempotency-key"), Some("k1"));
    assert!(reply.header("request-id").unwrap().starts_with("req_"));
    let charge =
        world.payment(get(format!("/v1/charges/{}", intent["latest_charge"].as_str().unwrap()))).await.unwrap().json();
    assert_eq!((&charge["captured"], &charge["payment_intent"]), (&true.into(), &intent["id"]));
}

#[tokio::test]
async fn declined_cards_say_why_and_the_payment_goes_on() {
    let world = World::new().await;
    for (method, code, decline_code) in [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_authenticationRequired", "authentication_required", "authentication_required"),
    ] {
        let reply = world.payment(purchase(500, method)).await.unwrap();
        let error = &reply.json()["error"];
        assert_eq!((reply.status, &error["type"]), (402, &"card_error".into()));
        assert_eq!((&error["code"], &error["decline_code"]), (&code.into(), &decline_code.into()), "{method}");
        let intent = &error["payment_intent"];
        assert_eq!((&intent["status"], &intent["payment_method"]), (&"requires_payment_method".into(), &Value::Null));
        assert_eq!(intent["last_payment_error"]["code"], code);
        let path = format!("/v1/payment_intents/{}/confirm", intent["id"].as_str().unwrap());
        let second = world.payment(post(path, "payment_method=pm_card_mastercard")).await.unwrap();
        assert_eq!((second.status, &second.json()["status"]), (200, &"succeeded".into()));
    }
}

#[tokio::test]
async fn cards_become_methods_and_numbers_are_forgotten() {
    let world = World::new().await;
    let card = |number: &str| {
        post(
            "/v1/payment_methods",
            format!("type=card&card[number]={number}&card[exp_month]=4&card[exp_year]=2040&card[cvc]=314"),
        )
    };
    let reply = world.payment(card("4000000000009995")).await.unwrap();
    assert_eq!((reply.status, &reply.json()["card"]["last4"]), (200, &"9995".into()));
    let declined = world.payment(purchase(700, &reply.id())).await.unwrap();
    assert_eq!((declined.status, &declined.json()["error"]["decline_code"]), (402, &"insufficient_funds".into()));
    for (number, code) in [("4242424242424241", "incorrect_number"), ("4539578763621486", "card_declined")] {
        let refused = world.payment(card(number)).await.unwrap();
        assert_eq!((refused.status, &refused.json()["error"]["code"]), (402, &code.into()));
    }
    let past =
        post("/v1/payment_methods", "type=card&card[number]=4242424242424242&card[exp_month]=1&card[exp_year]=2020");
    assert_eq!(world.payment(past).await.unwrap().json()["error"]["code"], "invalid_expiry_year");
    for entry in std::fs::read_dir(world.directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(16).any(|window| window == b"4000000000009995"));
    }
}

#[tokio::test]
async fn manual_capture_takes_a_part_and_cancel_releases_all() {
    let world = World::new().await;
    let body = "amount=1000&currency=usd&confirm=true&payment_method=pm_card_visa&capture_method=manual";
    let held = world.payment(post("/v1/payment_intents", body)).await.unwrap();
    assert_eq!(
        (&held.json()["status"], &held.json()["amount_capturable"]),
        (&"requires_capture".into(), &1_000.into())
    );
    let capture = |amount: &str| {
        post(format!("/v1/payment_intents/{}/capture", held.id()), format!("amount_to_capture={amount}"))
    };
    let too_much = world.payment(capture("1001")).await.unwrap();
    assert_eq!((too_much.status, &too_much.json()["error"]["code"]), (400, &"amount_too_large".into()));
    let captured = world.payment(capture("600")).await.unwrap().json();
    assert_eq!((&captured["status"], &captured["amount_received"]), (&"succeeded".into(), &600.into()));
    let again = world.payment(capture("400")).await.unwrap();
    assert_eq!(again.json()["error"]["code"], "payment_intent_unexpected_state");

    let other = world.payment(post("/v1/payment_intents", body)).await.unwrap().id();
    let canceled = world
        .payment(post(format!("/v1/payment_intents/{other}/cancel"), "cancellation_reason=abandoned"))
        .await
        .unwrap();
    assert_eq!(
        (&canceled.json()["status"], &canceled.json()["cancellation_reason"]),
        (&"canceled".into(), &"abandoned".into())
    );
    let ops: Vec<Value> = world.statement().await.iter().map(|row| row["op"].clone()).collect();
    assert_eq!(ops, ["create", "authorise", "capture", "create", "authorise", "void", "cancel"]);
}

#[tokio::test]
async fn refunds_never_exceed_the_capture_and_refused_ones_are_stated() {
    let world = World::new().await;
    let intent = world.buy(1_000, "k").await.unwrap().id();
    let refund = |amount: &str| post("/v1/refunds", format!("payment_intent={intent}{amount}"));
    let first = world.payment(refund("&amount=300")).await.unwrap();
    assert_eq!((first.status, &first.json()["status"]), (200, &"succeeded".into()));
    let too_much = world.payment(refund("&amount=701")).await.unwrap();
    assert_eq!((too_much.status, &too_much.json()["error"]["param"]), (400, &"amount".into()));
    assert_eq!(world.payment(refund("")).await.unwrap().json()["amount"], 700);
    assert_eq!(world.payment(refund("")).await.unwrap().json()["error"]["code"], "charge_already_refunded");
    let states: Vec<Value> = world.rows("refund").await.iter().map(|row| row["state"].clone()).collect();
    assert_eq!(states, ["succeeded", "refused", "succeeded", "refused"]);
    let found = world.payment(get(format!("/v1/refunds/{}", first.id()))).await.unwrap().json();
    assert_eq!(found, first.json());
    let listed = world.payment(get(format!("/v1/refunds?payment_intent={intent}"))).await.unwrap().json();
    let amounts: Vec<&Value> = listed["data"].as_array().unwrap().iter().map(|refund| &refund["amount"]).collect();
    assert_eq!(amounts, [700, 300]);
    let all = world.payment(get("/v1/refunds?limit=1")).await.unwrap().json();
    assert_eq!((&all["data"][0]["amount"], &all["has_more"]), (&700.into(), &true.into()));
}

#[tokio::test]
async fn lists_run_newest_first_in_pages() {
    let world = World::new().await;
    let mut made = Vec::new();
    for n in 0..5 {
        made.push(world.buy(1_000 + n, &format!("k{n}")).await.unwrap().id());
    }
    made.reverse();
    let page = async |query: String| {
        let reply = world.payment(get(format!("/v1/payment_intents?{query}"))).await.unwrap().json();
        let ids: Vec<String> =
            reply["data"].as_array().unwrap().iter().map(|of| of["id"].as_str().unwrap().to_owned()).collect();
        (ids, reply["has_more"].as_bool().unwrap())
    };
    assert_eq!(page("limit=2".to_owned()).await, (made[..2].to_vec(), true));
    assert_eq!(page(format!("limit=2&starting_after={}", made[1])).await, (made[2..4].to_vec(), true));
    assert_eq!(page(format!("limit=2&starting_after={}", made[3])).await, (made[4..].to_vec(), false));
    assert_eq!(page(format!("limit=2&ending_before={}", made[3])).await, (made[1..3].to_vec(), true));
    let charges = world.payment(get("/v1/charges?limit=3&expand[]=data.payment_intent")).await.unwrap().json();
    let of: Vec<&Value> =
        charges["data"].as_array().unwrap().iter().map(|charge| &charge["payment_intent"]["id"]).collect();
    assert_eq!(of, made[..3].iter().collect::<Vec<_>>());
    let after = charges["data"][1]["id"].as_str().unwrap();
    let rest = world.payment(get(format!("/v1/charges?starting_after={after}"))).await.unwrap().json();
    assert_eq!(rest["data"].as_array().unwrap().len(), 3);
    let since = async |query: &str| {
        let reply = world.payment(get(format!("/v1/events?limit=100&{query}"))).await.unwrap().json();
        reply["data"].as_array().unwrap().len()
    };
    assert_eq!((since("created[gte]=1000000000").await, since("created[lt]=1000000000").await), (15, 0));
    let bad = world.payment(get("/v1/payment_intents?limit=101")).await.unwrap();
    assert_eq!((bad.status, &bad.json()["error"]["param"]), (400, &"limit".into()));
}

#[tokio::test]
async fn payments_are_found_by_their_metadata() {
    let world = World::new().await;
    let intent = world.buy(1_000, "k").await.unwrap().id();
    let search = async |query: &str| {
        let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        world.payment(get(format!("/v1/payment_intents/search?query={query}"))).await.unwrap().json()
    };
    let found = search("metadata['order']:'DB-1'").await;
    assert_eq!((&found["object"], &found["data"][0]["id"]), (&"search_result".into(), &intent.into()));
    assert_eq!(search("metadata['order']:'DB-2'").await["data"].as_array().unwrap().len(), 0);
    assert_eq!(search("metadata['order']:'DB-1' AND status:'canceled'").await["data"].as_array().unwrap().len(), 0);
    assert_eq!(search("order=DB-1").await["error"]["param"], "query");
}

#[tokio::test]
async fn a_browser_confirms_with_the_client_secret() {
    let world = World::new().await;
    let intent = world.payment(post("/v1/payment_intents", "amount=900&currency=eur")).await.unwrap().json();
    let path = format!("/v1/payment_intents/{}/confirm", intent["id"].as_str().unwrap());
    let secret = intent["client_secret"].as_str().unwrap();
    let browser = async |body: String| post(&path, body).to(world.addresses().payment).await.unwrap();
    let body = "payment_method_data[type]=card&payment_method_data[card][number]=4242424242424242&payment_method_data[card][exp_month]=1&payment_method_data[card][exp_year]=40";
    let wrong = browser(format!("key={PUBLISHABLE_KEY}&client_secret=no&{body}")).await;
    assert_eq!(wrong.status, 400, "{}", wrong.text);
    let right = browser(format!("key={PUBLISHABLE_KEY}&client_secret={secret}&{body}")).await;
    assert_eq!((right.status, &right.json()["status"]), (200, &"succeeded".into()), "{}", right.text);
    assert_eq!(right.header("access-control-allow-origin"), Some("*"));
    let refused = get("/v1/payment_intents").bearer(PUBLISHABLE_KEY).to(world.addresses().payment).await.unwrap();
    assert_eq!(refused.status, 403);
    let preflight = get(&path).method("OPTIONS").to(world.addresses().payment).await.unwrap();
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (204, Some("*")));
}

#[tokio::test]
async fn bad_input_meets_stripes_errors() {
    let world = World::new().await;
    let cases = [
        ("amount=x&currency=usd", 400, "parameter_invalid_integer", "amount"),
        ("amount=0&currency=usd", 400, "parameter_invalid_integer", "amount"),
        ("currency=usd", 400, "parameter_missing", "amount"),
        ("amount=5", 400, "parameter_missing", "currency"),
        ("amount=5&currency=usd&confirm=maybe", 400, "parameter_invalid_boolean", "confirm"),
        ("amount=5&currency=usd&payment_method=pm_none", 400, "resource_missing", "payment_method"),
    ];
    for (body, status, code, param) in cases {
        let reply = world.payment(post("/v1/payment_intents", body).key(body)).await.unwrap();
        let error = &reply.json()["error"];
        assert_eq!((reply.status, &error["code"], &error["param"]), (status, &code.into(), &param.into()), "{body}");
        assert_eq!(error["type"], "invalid_request_error");
        // What failed validation is not kept: the key is free for a better request.
        let better = world.payment(post("/v1/payment_intents", "amount=5&currency=usd").key(body)).await.unwrap();
        assert_eq!((better.status, better.header("idempotent-replayed")), (200, None));
    }
    let shapes = [
        (get("/v1/payment_intents/pi_none"), 404),
        (get("/v1/charges/ch_none"), 404),
        (get("/v1/nonsense"), 404),
        (get("/"), 404),
        (post("/v1/payment_intents", "{\"amount\":5}"), 400),
        (post("/v1/payment_intents", "amount=5&currency=usd&expand[]=nonsense"), 400),
        (post("/v1/payment_intents", "a".repeat((1 << 20) + 1)), 413),
        (post("/v1/payment_intents", "amount=5&currency=usd").key("k".repeat(256)), 400),
        (get("/v1/payment_intents?limit=%FF%00"), 400),
    ];
    for (ask, status) in shapes {
        let reply = world.payment(ask).await.unwrap();
        assert_eq!(reply.status, status, "{}", reply.text);
        assert!(reply.json()["error"]["message"].is_string());
    }
    assert_eq!(world.rows("create").await.len(), 6, "only what was made is stated");
}

#[tokio::test]
async fn only_test_keys_open_the_provider() {
    let world = World::new().await;
    let address = world.addresses().payment;
    for key in ["sk_live_x", "pk_live_x", "rk_live_x", "nonsense", "sk_test_"] {
        let reply = get("/v1/payment_intents").bearer(key).to(address).await.unwrap();
        assert_eq!((reply.status, &reply.json()["error"]["type"]), (401, &"invalid_request_error".into()), "{key}");
    }
    assert_eq!(get("/v1/payment_intents").to(address).await.unwrap().status, 401);
    // sk_test_shop:
    let basic =
        get("/v1/payment_intents").header("authorization", "Basic c2tfdGVzdF9zaG9wOg==").to(address).await.unwrap();
    assert_eq!(basic.status, 200);
    let strict = World::with(|config| config.open_accounts = false).await;
    assert_eq!(strict.payment(get("/v1/payment_intents")).await.unwrap().status, 401);
    strict.lease(Value::Null).await;
    assert_eq!(strict.payment(get("/v1/payment_intents")).await.unwrap().status, 200);
}

#[tokio::test]
async fn accounts_do_not_see_each_other() {
    let world = World::new().await;
    let intent = world.buy(1_000, "k").await.unwrap().id();
    let other = |ask: crate::world::Ask| ask.bearer("sk_test_other").to(world.addresses().payment);
    assert_eq!(other(get(format!("/v1/payment_intents/{intent}"))).await.unwrap().status, 404);
    assert_eq!(other(get("/v1/payment_intents")).await.unwrap().json()["data"], Value::Array(Vec::new()));
    let made = other(purchase(5, "pm_card_visa").key("k")).await.unwrap();
    assert_eq!((made.status, made.header("idempotent-replayed")), (200, None), "keys are the account's");
    assert_ne!(SECRET_KEY, "sk_test_other");
}

#[tokio::test]
async fn bank_debits_are_processing_before_they_settle() {
    let world = World::with(|config| config.processing_ms = 20).await;
    let reply = world.payment(purchase(800, "pm_usBankAccount")).await.unwrap();
    assert_eq!(reply.json()["status"], "processing");
    let failing = world.payment(purchase(800, "pm_usBankAccount_insufficientFunds")).await.unwrap();
    let status = async |id: String| {
        world.payment(get(format!("/v1/payment_intents/{id}"))).await.unwrap().json()["status"].clone()
    };
    world
        .until("both have settled", async |_| {
            status(reply.id()).await == "succeeded" && status(failing.id()).await == "requires_payment_method"
        })
        .await;
    assert_eq!(world.rows("capture").await.len(), 1);
}

#[tokio::test]
async fn endpoints_are_registered_and_deleted() {
    let world = World::new().await;
    let body = "url=http://127.0.0.1:9/hook&enabled_events[]=charge.refunded&enabled_events[]=*";
    let made = world.payment(post("/v1/webhook_endpoints", body)).await.unwrap();
    assert!(made.json()["secret"].as_str().unwrap().starts_with("whsec_"));
    let listed = world.payment(get("/v1/webhook_endpoints")).await.unwrap().json();
    assert_eq!((listed["data"].as_array().unwrap().len(), &listed["data"][0]["secret"]), (1, &Value::Null));
    let path = format!("/v1/webhook_endpoints/{}", made.id());
    assert_eq!(world.payment(get(&path)).await.unwrap().json()["url"], "http://127.0.0.1:9/hook");
    assert_eq!(world.payment(delete(&path)).await.unwrap().json()["deleted"], true);
    assert_eq!(world.payment(get(&path)).await.unwrap().status, 404);
}

#[tokio::test]
async fn events_keep_the_snapshot_of_their_moment() {
    let world = World::new().await;
    let intent = world.buy(1_000, "k").await.unwrap().id();
    world.payment(post(format!("/v1/payment_intents/{intent}"), "metadata[note]=later")).await.unwrap();
    let events = world.payment(get("/v1/events")).await.unwrap().json();
    let kinds: Vec<&str> =
        events["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["payment_intent.succeeded", "charge.succeeded", "payment_intent.created"]);
    assert_eq!(events["data"][0]["data"]["object"]["metadata"]["note"], Value::Null);
    let id = events["data"][2]["id"].as_str().unwrap();
    let created = world.payment(get(format!("/v1/events/{id}"))).await.unwrap().json();
    assert_eq!((&created, &created["request"]["idempotency_key"]), (&events["data"][2], &"k".into()));
    let only = world.payment(get("/v1/events?type=charge.succeeded")).await.unwrap().json();
    assert_eq!(only["data"].as_array().unwrap().len(), 1);
}
