//! `EasyPost`'s wire: addresses, shipments, rates, labels, errors.

use serde_json::{Value, json};

use crate::world::{Ask, Reply, World, get, post};

async fn ask(world: &World, ask: Ask) -> Reply {
    // EZTKtest as the user, no password
    ask.header("authorization", "Basic RVpUS3Rlc3Q6").to(world.addresses().shipping).await.unwrap()
}

fn shipment(country: &str) -> Value {
    json!({ "shipment": {
        "to_address": { "name": "Ada", "street1": "1 Road", "city": "New York", "state": "NY", "zip": "10001",
                        "country": country, "email": "ada@example.test" },
        "from_address": { "street1": "417 Montgomery Street", "city": "San Francisco", "state": "CA", "zip": "94104", "country": "US" },
        "parcel": { "length": 10, "width": 8, "height": 4, "weight": 15.9 },
        "reference": "DB-7",
    } })
}

async fn ship(world: &World, country: &str) -> Value {
    let made = ask(world, post("/v2/shipments", shipment(country).to_string())).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()
}

fn code_of(reply: &Reply) -> (u16, String) {
    (reply.status, reply.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_shipment_is_rated_bought_and_given_back() {
    let world = World::new().await;
    let made = ship(&world, "US").await;
    let id = made["id"].as_str().unwrap();
    assert!(id.starts_with("shp_") && made["to_address"]["id"].as_str().unwrap().starts_with("adr_"), "{made}");
    let rates = made["rates"].as_array().unwrap();
    let told = (&rates[0]["carrier"], &rates[0]["rate"], &rates[0]["currency"], rates.len());
    assert_eq!(told, (&"USPS".into(), &"8.07".into(), &"USD".into(), 9));
    let rate = &rates[0]["id"];
    let found = ask(&world, get(format!("/v2/rates/{}", rate.as_str().unwrap()))).await;
    assert_eq!(found.json(), rates[0]);
    let buy = || post(format!("/v2/shipments/{id}/buy"), json!({ "rate": { "id": rate } }).to_string());
    let bought = ask(&world, buy()).await.json();
    assert!(bought["postage_label"]["id"].as_str().unwrap().starts_with("pl_"), "{bought}");
    let told = (&bought["selected_rate"]["id"], &bought["fees"][1]["amount"], &bought["status"]);
    assert_eq!(told, (rate, &"8.07000".into(), &"pre_transit".into()));
    assert_eq!(code_of(&ask(&world, buy()).await), (422, "SHIPMENT.POSTAGE.EXISTS".into()));
    let tracker = bought["tracker"]["id"].as_str().unwrap();
    let tracked = ask(&world, get(format!("/v2/trackers/{tracker}"))).await.json();
    assert_eq!(tracked["tracking_code"], bought["tracking_code"]);
    let refund = || post(format!("/v2/shipments/{id}/refund"), "{}");
    assert_eq!(ask(&world, refund()).await.json()["refund_status"], "submitted");
    assert_eq!(code_of(&ask(&world, refund()).await), (422, "SHIPMENT.REFUND.REQUESTED".into()));
    let rows: Vec<String> = world
        .statement()
        .await
        .iter()
        .map(|row| format!("{} {} {} {}", row["op"], row["state"], row["amount_minor"], row["order"]))
        .collect();
    assert_eq!(
        rows,
        [r#""rate" "rated" 807 "DB-7""#, r#""label" "bought" 807 "DB-7""#, r#""label" "refunded" 807 "DB-7""#]
    );
}

#[tokio::test]
async fn rates_are_asked_again_and_shipments_listed_in_pages() {
    let world = World::new().await;
    let made = ship(&world, "DE").await;
    let id = made["id"].as_str().unwrap();
    let again = ask(&world, post(format!("/v2/shipments/{id}/rerate"), "")).await.json();
    assert_ne!(again["rates"][0]["id"], made["rates"][0]["id"]);
    assert_eq!(again["rates"][0]["rate"], made["rates"][0]["rate"]);
    let smart = ask(&world, get(format!("/v2/shipments/{id}/smartrate"))).await.json();
    assert_eq!(smart["result"][0]["time_in_transit"]["percentile_50"], made["rates"][0]["delivery_days"]);
    for _ in 0..2 {
        ship(&world, "US").await;
    }
    let page = ask(&world, get("/v2/shipments?page_size=2&purchased=false")).await.json();
    let listed = page["shipments"].as_array().unwrap();
    assert_eq!((listed.len(), &page["has_more"]), (2, &true.into()));
    let path = format!("/v2/shipments?purchased=false&before_id={}", listed[1]["id"].as_str().unwrap());
    let rest = ask(&world, get(path)).await.json();
    assert_eq!((&rest["shipments"][0]["id"], &rest["has_more"]), (&id.into(), &false.into()));
    let bought = ask(&world, get("/v2/shipments")).await.json();
    assert_eq!(bought["shipments"], json!([]), "nothing is bought yet");
    let after = world.after_a_kill().await;
    let found = ask(&after, get(format!("/v2/shipments/{id}"))).await.json();
    assert_eq!(found["rates"], again["rates"]);
}

#[tokio::test]
async fn addresses_are_verified_or_refused() {
    let world = World::new().await;
    let address = |street: &str| json!({ "street1": street, "city": "San Francisco", "state": "CA", "zip": "94104", "country": "US" });
    let good = json!({ "address": address("417 montgomery street") }).to_string();
    let made = ask(&world, post("/v2/addresses", good.clone())).await.json();
    assert_eq!((&made["street1"], &made["verifications"]), (&"417 montgomery street".into(), &json!({})));
    let path = format!("/v2/addresses/{}/verify", made["id"].as_str().unwrap());
    let verified = ask(&world, get(path)).await.json();
    assert_eq!(verified["address"]["verifications"]["delivery"]["success"], true);
    let strict = ask(&world, post("/v2/addresses/create_and_verify", good)).await;
    assert_eq!((strict.status, &strict.json()["address"]["street1"]), (201, &"417 MONTGOMERY STREET".into()));
    let bad = |flag: &str| json!({ "address": address("UNDELIVERABLE ST"), flag: true }).to_string();
    let told = ask(&world, post("/v2/addresses", bad("verify"))).await;
    assert_eq!((told.status, &told.json()["verifications"]["delivery"]["success"]), (201, &false.into()));
    let refused = ask(&world, post("/v2/addresses", bad("verify_strict"))).await;
    assert_eq!(code_of(&refused), (422, "ADDRESS.VERIFY.FAILURE".into()));
    assert_eq!(refused.json()["error"]["errors"][0]["field"], "address");
}

#[tokio::test]
async fn a_shift_raises_prices() {
    let world = World::new().await;
    let when = json!({ "country": "US" });
    world.rule("up", json!({ "provider": "shipping", "when": when, "effect": { "shift": { "by": 1_000 } } })).await;
    assert_eq!(ship(&world, "US").await["rates"][0]["rate"], "8.88");
    assert_eq!(ship(&world, "DE").await["rates"][0]["rate"], "19.70");
    let rows = world.rows("rate").await;
    assert_eq!((&rows[0]["effect"], &rows[0]["detail"]["shift_basis_points"]), (&"shift".into(), &1_000.into()));
    assert_eq!((&rows[1]["effect"], world.counters("up").await), (&Value::Null, (1, 1, 0)));
}

#[tokio::test]
async fn bad_input_meets_easyposts_errors() {
    let world = World::new().await;
    let without = |field: &str| {
        let mut body = shipment("US");
        body["shipment"].as_object_mut().unwrap().remove(field);
        body.to_string()
    };
    for (path, body, status, code) in [
        ("/v2/shipments", "{".to_owned(), 400, "BAD_REQUEST"),
        ("/v2/shipments", "[]".to_owned(), 400, "BAD_REQUEST"),
        ("/v2/shipments", "{}".to_owned(), 422, "PARAMETER.REQUIRED"),
        ("/v2/shipments", without("to_address"), 422, "SHIPMENT.INVALID_PARAMS"),
        ("/v2/shipments", without("parcel"), 422, "SHIPMENT.INVALID_PARAMS"),
        ("/v2/parcels", r#"{"parcel":{"weight":-1}}"#.to_owned(), 422, "PARAMETER.INVALID"),
        ("/v2/parcels", r#"{"parcel":{}}"#.to_owned(), 422, "PARAMETER.REQUIRED"),
        ("/v2/shipments/shp_none/buy", r#"{"rate":{"id":"rate_1"}}"#.to_owned(), 404, "NOT_FOUND"),
        ("/v2/nothing", "{}".to_owned(), 404, "NOT_FOUND"),
        ("/v2/shipments", "x".repeat((1 << 20) + 1), 413, "PAYLOAD_TOO_LARGE"),
    ] {
        let reply = ask(&world, post(path, body)).await;
        assert_eq!(code_of(&reply), (status, code.to_owned()), "{path} {}", reply.text);
        assert!(reply.json()["error"]["errors"].is_array(), "{}", reply.text);
    }
    let address = world.addresses().shipping;
    assert_eq!(code_of(&get("/v2/shipments").to(address).await.unwrap()), (401, "UNAUTHORIZED".into()));
    let live = get("/v2/shipments").bearer("EZAKlive").to(address).await.unwrap();
    assert_eq!(code_of(&live), (403, "APIKEY.INACTIVE".into()));
    let stranger = get(format!("/v2/shipments/{}", ship(&world, "US").await["id"].as_str().unwrap()));
    assert_eq!(stranger.bearer("EZTKother").to(address).await.unwrap().status, 404, "it is another account's");
}
