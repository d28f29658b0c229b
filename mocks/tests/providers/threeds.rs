//! 3-D Secure: the holder is asked, answers or does not, and the payment goes on from there.

use serde_json::{Value, json};

use crate::world::{Ask, PUBLISHABLE_KEY, Reply, World, get, post};

const CREATE: &str = "amount=1000&currency=usd&metadata[order]=DB-1";
const RETURN: &str = "return_url=http%3A%2F%2Fshop.example%2Freturn%3Ftab%3D1";

async fn create(world: &World, rest: &str) -> Reply {
    world.payment(post("/v1/payment_intents", format!("{CREATE}&confirm=true&{rest}"))).await.unwrap()
}

/// Path and query of an address.
fn path(url: &Value) -> String {
    let url = url.as_str().expect("an address");
    url[url[7..].find('/').expect("a path") + 7..].to_owned()
}

async fn visit(world: &World, ask: Ask) -> Reply {
    ask.to(world.addresses().payment).await.unwrap()
}

async fn retrieve(world: &World, id: &str) -> Value {
    world.payment(get(format!("/v1/payment_intents/{id}"))).await.unwrap().json()
}

async fn states(world: &World, op: &str) -> Vec<Value> {
    world.rows(op).await.iter().map(|row| row["state"].clone()).collect()
}

#[tokio::test]
async fn the_holder_completes_the_challenge_and_comes_back() {
    let world = World::new().await;
    let asked = create(&world, &format!("payment_method=pm_card_authenticationRequired&{RETURN}")).await;
    let intent = asked.json();
    assert_eq!((asked.status, &intent["status"]), (200, &"requires_action".into()));
    assert_eq!((&intent["next_action"]["type"], &intent["latest_charge"]), (&"redirect_to_url".into(), &Value::Null));
    let page = path(&intent["next_action"]["redirect_to_url"]["url"]);
    let shown = visit(&world, get(&page)).await;
    assert!(shown.status == 200 && shown.header("content-type").unwrap().starts_with("text/html"));
    assert!(shown.text.contains("<form method=\"post\">") && shown.text.contains("$10.00"), "{}", shown.text);

    let expected = format!(
        "http://shop.example/return?tab=1&payment_intent={}&payment_intent_client_secret={}&redirect_status=succeeded",
        asked.id(),
        intent["client_secret"].as_str().unwrap()
    );
    for _ in 0..2 {
        let back = visit(&world, post(&page, "outcome=succeeded")).await;
        assert_eq!((back.status, back.header("location")), (303, Some(expected.as_str())));
    }
    // Whoever changes his mind is too late.
    assert_eq!(visit(&world, post(&page, "outcome=failed")).await.header("location"), Some(expected.as_str()));
    assert_eq!(visit(&world, get(&page)).await.header("location"), Some(expected.as_str()));
    assert_eq!(retrieve(&world, &asked.id()).await["status"], "succeeded");
    assert_eq!(states(&world, "challenge").await, ["pending", "authenticated"]);
    let captures = world.rows("capture").await;
    assert_eq!((captures.len(), &captures[0]["order"]), (1, &"DB-1".into()));
}

#[tokio::test]
async fn a_failed_challenge_charges_nothing_and_another_card_may_follow() {
    let world = World::new().await;
    let asked = create(&world, &format!("payment_method=pm_card_authenticationRequired&{RETURN}")).await;
    let page = path(&asked.json()["next_action"]["redirect_to_url"]["url"]);
    let back = visit(&world, post(&page, "outcome=failed")).await;
    assert!(back.header("location").unwrap().ends_with("redirect_status=failed"));
    let intent = retrieve(&world, &asked.id()).await;
    let error = &intent["last_payment_error"];
    assert_eq!(
        (&intent["status"], &error["code"], &error["type"]),
        (
            &"requires_payment_method".into(),
            &"payment_intent_authentication_failure".into(),
            &"invalid_request_error".into()
        )
    );
    assert_eq!(world.rows("authorise").await.len(), 0);
    let confirm = format!("/v1/payment_intents/{}/confirm", asked.id());
    let second = world.payment(post(confirm, "payment_method=pm_card_visa")).await.unwrap();
    assert_eq!(second.json()["status"], "succeeded");
    assert!(visit(&world, post(&page, "outcome=succeeded")).await.header("location").is_some());
    assert_eq!(world.rows("capture").await.len(), 1);
}

#[tokio::test]
async fn a_challenge_that_nobody_answers_is_given_up() {
    let world = World::with(|config| config.challenge_ms = 1).await;
    world.lease(Value::Null).await;
    let asked = create(&world, "payment_method=pm_card_authenticationRequired").await;
    let action = &asked.json()["next_action"];
    assert_eq!(action["type"], "use_stripe_sdk");
    assert!(action["use_stripe_sdk"]["stripe_js"].as_str().unwrap().contains("/3ds/"));
    world.until("it is given up", async |world| states(world, "challenge").await == ["pending", "abandoned"]).await;
    assert_eq!(retrieve(&world, &asked.id()).await["status"], "requires_payment_method");
    assert_eq!(world.rows("challenge").await[1]["run"], crate::world::RUN);
}

#[tokio::test]
async fn an_open_challenge_survives_a_kill() {
    let world = World::new().await;
    let asked =
        create(&world, &format!("payment_method=pm_card_authenticationRequired&{RETURN}&capture_method=manual")).await;
    let page = path(&asked.json()["next_action"]["redirect_to_url"]["url"]);
    let after = world.after_a_kill().await;
    assert_eq!(visit(&after, post(&page, "outcome=succeeded")).await.status, 303);
    assert_eq!(retrieve(&after, &asked.id()).await["status"], "requires_capture");
}

#[tokio::test]
async fn cards_differ_in_when_they_ask() {
    let world = World::new().await;
    for (method, rest, status, code) in [
        ("pm_card_authenticationRequired", "off_session=true", 402, "authentication_required"),
        ("pm_card_authenticationRequired", "error_on_requires_action=true", 402, "authentication_required"),
        ("pm_card_authenticationRequiredSetupForOffSession", "off_session=true", 200, "succeeded"),
        ("pm_card_authenticationRequiredSetupForOffSession", "x=", 200, "requires_action"),
        ("pm_card_threeDSecureOptional", "x=", 200, "succeeded"),
        (
            "pm_card_threeDSecureOptional",
            "payment_method_options[card][request_three_d_secure]=any",
            200,
            "requires_action",
        ),
    ] {
        let rest = rest.replace("x=", "description=d");
        let reply = create(&world, &format!("payment_method={method}&{rest}")).await;
        let body = reply.json();
        let told = if status == 200 { &body["status"] } else { &body["error"]["code"] };
        assert_eq!((reply.status, told), (status, &code.into()), "{method} {rest}");
    }
    let asked = create(&world, "payment_method=pm_card_threeDSecureRequiredChargeDeclined").await;
    let page = path(&asked.json()["next_action"]["use_stripe_sdk"]["stripe_js"]);
    assert_eq!(visit(&world, post(&page, "outcome=succeeded")).await.status, 200);
    assert_eq!(retrieve(&world, &asked.id()).await["last_payment_error"]["code"], "card_declined");
}

#[tokio::test]
async fn what_was_set_up_is_not_asked_again() {
    let world = World::new().await;
    let customer = world.payment(post("/v1/customers", "email=a@example.test")).await.unwrap().id();
    let rest = format!(
        "customer={customer}&setup_future_usage=off_session&payment_method=pm_card_authenticationRequiredOnSetup"
    );
    let asked = create(&world, &rest).await.json();
    assert_eq!(asked["status"], "requires_action");
    let page = path(&asked["next_action"]["use_stripe_sdk"]["stripe_js"]);
    visit(&world, post(&page, "outcome=succeeded")).await;
    let method = asked["payment_method"].as_str().unwrap();
    assert!(method.starts_with("pm_3"), "a token becomes a method of its own: {method}");
    let later = create(&world, &format!("customer={customer}&payment_method={method}&off_session=true")).await;
    assert_eq!(later.json()["status"], "succeeded");
    let stranger = create(&world, &format!("payment_method={method}")).await;
    assert_eq!((stranger.status, &stranger.json()["error"]["param"]), (400, &"payment_method".into()));
}

#[tokio::test]
async fn the_server_confirms_again_where_it_says_so() {
    let world = World::new().await;
    let asked = create(&world, "payment_method=pm_card_authenticationRequired&confirmation_method=manual").await.json();
    let page = path(&asked["next_action"]["use_stripe_sdk"]["stripe_js"]);
    visit(&world, post(&page, "outcome=succeeded")).await;
    let id = asked["id"].as_str().unwrap();
    assert_eq!(retrieve(&world, id).await["status"], "requires_confirmation");
    let confirm = format!("/v1/payment_intents/{id}/confirm");
    assert_eq!(world.payment(post(confirm, "")).await.unwrap().json()["status"], "succeeded");
}

#[tokio::test]
async fn a_browser_sees_what_is_its_own() {
    let world = World::new().await;
    let made = world.payment(post("/v1/payment_intents", format!("{CREATE}&receipt_email=a@example.test"))).await;
    let made = made.unwrap().json();
    let confirm = |secret: &str| {
        let body = format!("client_secret={secret}&payment_method=pm_card_authenticationRequired&{RETURN}");
        post(format!("/v1/payment_intents/{}/confirm", made["id"].as_str().unwrap()), body).bearer(PUBLISHABLE_KEY)
    };
    let wrong = visit(&world, confirm("pi_wrong")).await;
    assert_eq!((wrong.status, &wrong.json()["error"]["param"]), (400, &"client_secret".into()));
    let seen = visit(&world, confirm(made["client_secret"].as_str().unwrap())).await.json();
    assert_eq!((&seen["status"], &seen["next_action"]["type"]), (&"requires_action".into(), &"redirect_to_url".into()));
    for hidden in ["metadata", "customer", "latest_charge", "amount_received"] {
        assert_eq!(seen.get(hidden), None, "{hidden}");
        assert!(made.get(hidden).is_some(), "{hidden}");
    }
}

#[tokio::test]
async fn pages_are_not_found_by_guessing() {
    let world = World::new().await;
    let asked = create(&world, &format!("payment_method=pm_card_authenticationRequired&{RETURN}")).await;
    let page = path(&asked.json()["next_action"]["redirect_to_url"]["url"]);
    let guessed = format!("{}x", &page[..page.len() - 1]);
    for (ask, status) in [
        (post(guessed, "outcome=succeeded"), 404),
        (get("/3ds/1/pi_none/x"), 404),
        (post(&page, "outcome=perhaps"), 400),
        (post(&page, ""), 400),
    ] {
        assert_eq!(visit(&world, ask).await.status, status);
    }
    assert_eq!(retrieve(&world, &asked.id()).await["status"], "requires_action");
}

#[tokio::test]
async fn events_tell_of_the_challenge() {
    let world = World::new().await;
    create(&world, "payment_method=pm_card_authenticationRequired").await;
    let events = world.payment(get("/v1/events?type=payment_intent.requires_action")).await.unwrap().json();
    let object = &events["data"][0]["data"]["object"];
    assert_eq!((&object["status"], &object["object"]), (&json!("requires_action"), &json!("payment_intent")));
}
