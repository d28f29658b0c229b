//! Methods that are set up, and checkouts on the provider's own page.

use serde_json::Value;

use crate::world::{Ask, PUBLISHABLE_KEY, Reply, World, get, post, put};

async fn visit(world: &World, ask: Ask) -> Reply {
    ask.to(world.addresses().payment).await.unwrap()
}

fn path(url: &Value) -> String {
    let url = url.as_str().expect("an address");
    url[url[7..].find('/').expect("a path") + 7..].to_owned()
}

async fn kinds(world: &World) -> Vec<String> {
    let events = world.payment(get("/v1/events?limit=100")).await.unwrap().json();
    let kind = |event: &Value| event["type"].as_str().unwrap().to_owned();
    events["data"].as_array().unwrap().iter().rev().map(kind).collect()
}

#[tokio::test]
async fn a_method_is_set_up_and_pays_later_without_its_holder() {
    let world = World::new().await;
    let customer = world.payment(post("/v1/customers", "email=a@example.test")).await.unwrap().id();
    let made = world.payment(post("/v1/setup_intents", format!("customer={customer}&usage=off_session"))).await;
    let made = made.unwrap().json();
    assert_eq!((&made["object"], &made["status"]), (&"setup_intent".into(), &"requires_payment_method".into()));
    let confirm = format!(
        "client_secret={}&payment_method=pm_card_authenticationRequiredOnSetup&return_url=http://shop.example/back",
        made["client_secret"].as_str().unwrap()
    );
    let id = made["id"].as_str().unwrap();
    let asked = post(format!("/v1/setup_intents/{id}/confirm"), confirm).bearer(PUBLISHABLE_KEY);
    let asked = visit(&world, asked).await.json();
    assert_eq!((&asked["status"], asked.get("metadata")), (&"requires_action".into(), None));
    let page = path(&asked["next_action"]["redirect_to_url"]["url"]);
    assert_eq!(visit(&world, get(&page)).await.status, 200);
    for _ in 0..2 {
        let back = visit(&world, post(&page, "outcome=succeeded")).await;
        assert!(back.header("location").unwrap().ends_with("redirect_status=succeeded"), "{back:?}");
    }
    let setup = world.payment(get(format!("/v1/setup_intents/{id}"))).await.unwrap().json();
    assert_eq!(setup["status"], "succeeded");
    let body = format!(
        "amount=900&currency=usd&confirm=true&off_session=true&customer={customer}&payment_method={}",
        setup["payment_method"].as_str().unwrap()
    );
    assert_eq!(world.payment(post("/v1/payment_intents", body)).await.unwrap().json()["status"], "succeeded");
    let told = [
        "customer.created",
        "setup_intent.created",
        "setup_intent.requires_action",
        "payment_method.attached",
        "setup_intent.succeeded",
    ];
    assert_eq!(kinds(&world).await[..told.len()], told);
    let own = world.payment(get(format!("/v1/customers/{customer}/payment_methods"))).await.unwrap().json();
    assert_eq!(own["data"][0]["id"], setup["payment_method"]);
}

#[tokio::test]
async fn setting_up_can_fail_and_be_cancelled() {
    let world = World::with(|config| config.challenge_ms = 1).await;
    let create =
        async |rest: &str| world.payment(post("/v1/setup_intents", format!("confirm=true&{rest}"))).await.unwrap();
    let declined = create("payment_method=pm_card_chargeDeclined").await;
    assert_eq!(declined.status, 402);
    assert_eq!(declined.json()["error"]["setup_intent"]["last_setup_error"]["code"], "card_declined");
    assert_eq!(create("payment_method=pm_card_chargeCustomerFail").await.json()["status"], "succeeded");
    let asked = create("payment_method=pm_card_authenticationRequired").await.id();
    let retrieve = async |id: &str| world.payment(get(format!("/v1/setup_intents/{id}"))).await.unwrap().json();
    world.until("it is given up", async |_| retrieve(&asked).await["status"] == "requires_payment_method").await;
    assert_eq!(retrieve(&asked).await["last_setup_error"]["code"], "setup_intent_authentication_failure");
    let cancel = async || world.payment(post(format!("/v1/setup_intents/{asked}/cancel"), "")).await.unwrap();
    assert_eq!(cancel().await.json()["status"], "canceled");
    assert_eq!(cancel().await.json()["error"]["code"], "setup_intent_unexpected_state");
    let listed = world.payment(get("/v1/setup_intents?limit=2")).await.unwrap().json();
    assert_eq!((listed["data"].as_array().unwrap().len(), &listed["has_more"]), (2, &true.into()));
}

const SESSION: &str = "mode=payment&success_url=http://shop.example/ok?s={CHECKOUT_SESSION_ID}\
    &line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=700\
    &line_items[0][price_data][product_data][name]=Cup&line_items[0][quantity]=2\
    &metadata[order]=DB-9&payment_intent_data[metadata][order]=DB-9";

#[tokio::test]
async fn a_checkout_takes_a_card_and_goes_back_to_the_shop() {
    let world = World::new().await;
    let made = world.payment(post("/v1/checkout/sessions", SESSION)).await.unwrap();
    let session = made.json();
    assert_eq!((&session["amount_total"], &session["payment_status"]), (&1_400.into(), &"unpaid".into()));
    let page = path(&session["url"]);
    assert!(visit(&world, get(&page)).await.text.contains("2 × Cup: $14.00"));
    let card = |number: &str| post(&page, format!("card_number={number}&exp_month=4&exp_year=2040&cvc=314"));
    let declined = visit(&world, card("4000000000000002")).await;
    assert!(declined.status == 402 && declined.text.contains("Your card was declined."), "{}", declined.text);
    let expected = format!("http://shop.example/ok?s={}", made.id());
    for _ in 0..2 {
        let back = visit(&world, card("4242424242424242")).await;
        assert_eq!((back.status, back.header("location")), (303, Some(expected.as_str())), "{}", back.text);
    }
    let path = format!("/v1/checkout/sessions/{}?expand[]=payment_intent&expand[]=line_items", made.id());
    let done = world.payment(get(path)).await.unwrap().json();
    assert_eq!((&done["status"], &done["payment_intent"]["status"]), (&"complete".into(), &"succeeded".into()));
    assert_eq!(done["line_items"]["data"][0]["price"]["unit_amount"], 700);
    let captures = world.rows("capture").await;
    assert_eq!((captures.len(), &captures[0]["order"]), (1, &"DB-9".into()));
    assert_eq!(kinds(&world).await.last().unwrap(), "checkout.session.completed");
    let late = world.payment(post(format!("/v1/checkout/sessions/{}/expire", made.id()), "")).await.unwrap();
    assert_eq!(late.status, 400);
}

#[tokio::test]
async fn a_checkout_waits_for_the_holders_bank() {
    let world = World::new().await;
    let session = world.payment(post("/v1/checkout/sessions", SESSION)).await.unwrap().json();
    let page = path(&session["url"]);
    let away = visit(&world, post(&page, "payment_method=pm_card_authenticationRequired")).await;
    let challenge = path(&away.header("location").unwrap().into());
    let back = visit(&world, post(challenge, "outcome=succeeded")).await;
    let home = visit(&world, get(path(&back.header("location").unwrap().into()))).await;
    assert!(home.header("location").unwrap().starts_with("http://shop.example/ok"), "{home:?}");
}

#[tokio::test]
async fn a_checkout_ends_by_the_shop_or_by_the_clock() {
    let world = World::new().await;
    let one = world.payment(post("/v1/checkout/sessions", SESSION)).await.unwrap();
    let other = world.payment(post("/v1/checkout/sessions", SESSION)).await.unwrap();
    let ended = world.payment(post(format!("/v1/checkout/sessions/{}/expire", one.id()), "")).await.unwrap().json();
    assert_eq!((&ended["status"], &ended["url"]), (&"expired".into(), &Value::Null));
    world.admin(put("/admin/clock", &serde_json::json!({ "ahead_ms": 86_460_000 }))).await;
    let found = world.payment(get("/v1/checkout/sessions?status=expired")).await.unwrap().json();
    assert_eq!(found["data"].as_array().unwrap().len(), 2);
    assert_eq!(visit(&world, get(path(&other.json()["url"]))).await.status, 410);
    assert_eq!(kinds(&world).await, ["checkout.session.expired", "checkout.session.expired"]);
    let items = world.payment(get(format!("/v1/checkout/sessions/{}/line_items", other.id()))).await.unwrap().json();
    assert_eq!(items["data"][0]["description"], "Cup");
}
