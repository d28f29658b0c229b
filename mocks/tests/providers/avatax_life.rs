//! A tax document's whole life, the rates of places and dates, and what else `AvaTax` is asked.

use serde_json::{Value, json};

use crate::world::{Reply, World, get, post, put};

fn invoice(code: &str, city: &str, region: &str, more: &Value) -> Value {
    let mut body = json!({
        "type": "SalesInvoice", "code": code, "companyCode": "DEFAULT", "date": "2025-11-28", "customerCode": "c",
        "commit": true, "addresses": { "singleLocation": { "line1": "1 Road", "city": city, "region": region, "country": "US" } },
        "lines": [{ "number": "1", "amount": 100, "itemCode": "A" }, { "number": "2", "amount": 50, "itemCode": "B" }],
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn create(world: &World, body: &Value) -> Reply {
    world.tax(post("/api/v2/transactions/create", body.to_string())).await.unwrap()
}

async fn act(world: &World, code: &str, word: &str, body: &Value) -> Reply {
    let path = format!("/api/v2/companies/DEFAULT/transactions/{code}/{word}");
    world.tax(post(path, body.to_string())).await.unwrap()
}

fn code_of(reply: &Reply) -> (u16, String) {
    (reply.status, reply.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn each_jurisdiction_takes_its_part() {
    let world = World::new().await;
    let made = create(&world, &invoice("A", "New York", "NY", &json!({}))).await.json();
    assert_eq!(made["totalTax"], 13.32, "{made}");
    let taxes: Vec<&Value> = made["summary"].as_array().unwrap().iter().map(|part| &part["tax"]).collect();
    assert_eq!(taxes, [&6.0, &6.75, &0.57]);
    let details = made["lines"][0]["details"].as_array().unwrap();
    let told: Vec<(&Value, &Value, &Value)> =
        details.iter().map(|detail| (&detail["jurisType"], &detail["rate"], &detail["tax"])).collect();
    assert_eq!(
        told,
        [
            (&"STA".into(), &0.04.into(), &4.0.into()),
            (&"CIT".into(), &0.045.into(), &4.5.into()),
            (&"STJ".into(), &0.003_75.into(), &0.38.into()),
        ]
    );
    let rates = world
        .tax(get("/api/v2/taxrates/byaddress?line1=x&city=Chicago&region=IL&postalCode=60601&country=US"))
        .await
        .unwrap()
        .json();
    assert_eq!((&rates["totalRate"], rates["rates"].as_array().unwrap().len()), (&0.1025.into(), 4));
    let by_code = world.tax(get("/api/v2/taxrates/bypostalcode?country=US&postalCode=98101")).await.unwrap().json();
    assert_eq!(by_code["totalRate"], 0.1035, "{by_code}");
}

#[tokio::test]
async fn a_committed_document_is_adjusted_and_given_back() {
    let world = World::new().await;
    create(&world, &invoice("A", "Austin", "TX", &json!({}))).await;
    let change = json!({ "adjustmentReason": "PriceAdjusted", "newTransaction":
        invoice("A", "Austin", "TX", &json!({ "lines": [{ "number": "1", "amount": 80 }] })) });
    let adjusted = act(&world, "A", "adjust", &change).await.json();
    assert_eq!(
        (&adjusted["version"], &adjusted["totalTax"], &adjusted["adjustmentReason"], &adjusted["status"]),
        (&2.into(), &6.6.into(), &"PriceAdjusted".into(), &"Committed".into())
    );
    let path = "/api/v2/companies/DEFAULT/transactions?$filter=status%20eq%20Adjusted";
    let old = world.tax(get(path)).await.unwrap().json();
    assert_eq!((&old["@recordsetCount"], &old["value"][0]["totalTax"]), (&1.into(), &12.38.into()), "{old}");
    let refund = json!({ "refundTransactionCode": "A-1", "refundType": "Percentage", "refundPercentage": 50 });
    let back = act(&world, "A", "refund", &refund).await;
    let told = back.json();
    assert_eq!(
        (back.status, &told["type"], &told["totalAmount"], &told["totalTax"]),
        (201, &"ReturnInvoice".into(), &(-40.0).into(), &(-3.3).into())
    );
    assert_eq!(code_of(&act(&world, "A", "refund", &refund).await), (400, "DuplicateEntry".into()));
    let again = invoice("A", "Austin", "TX", &json!({}));
    let made = world
        .tax(post("/api/v2/transactions/createoradjust", json!({ "createTransactionModel": again }).to_string()))
        .await
        .unwrap();
    assert_eq!((made.status, &made.json()["version"]), (201, &3.into()));
    let told: Vec<String> =
        world.statement().await.iter().map(|row| format!("{} {}", row["op"], row["amount_minor"])).collect();
    assert_eq!(told, [r#""document" 1238"#, r#""adjust" 660"#, r#""document" -330"#, r#""adjust" 1238"#]);
}

#[tokio::test]
async fn states_follow_each_other_as_documented() {
    let world = World::new().await;
    let saved = invoice("A", "Nowhere", "CA", &json!({ "commit": false }));
    create(&world, &saved).await;
    let wrong = json!({ "verify": { "verifyTotalTax": 1 }, "commit": { "commit": false } });
    assert_eq!(code_of(&act(&world, "A", "settle", &wrong).await), (400, "DocumentVerifyError".into()));
    let right = json!({ "verify": { "verifyTotalTax": 10.88, "verifyTotalAmount": 150, "verifyTransactionDate": "2025-11-28" } });
    let posted = act(&world, "A", "settle", &right).await.json();
    assert_eq!(posted["status"], "Posted", "{posted}");
    assert_eq!(act(&world, "A", "changecode", &json!({ "newCode": "B" })).await.json()["code"], "B");
    assert_eq!(code_of(&act(&world, "A", "commit", &json!({ "commit": true })).await).0, 404);
    assert_eq!(act(&world, "B", "commit", &json!({ "commit": true })).await.json()["status"], "Committed");
    assert_eq!(act(&world, "B", "lock", &json!({ "isLocked": true })).await.json()["locked"], true);
    let locked = act(&world, "B", "void", &json!({ "code": "DocVoided" })).await;
    assert_eq!(code_of(&locked), (400, "CannotModifyLockedTransaction".into()));
    act(&world, "B", "lock", &json!({ "isLocked": false })).await;
    assert_eq!(act(&world, "B", "void", &json!({ "code": "DocVoided" })).await.json()["status"], "Cancelled");
    assert_eq!(act(&world, "B", "unvoid", &json!({})).await.json()["status"], "Committed");
    assert_eq!(code_of(&act(&world, "B", "unvoid", &json!({})).await), (400, "DocStatusError".into()));
    create(&world, &saved).await;
    let adjust = json!({ "adjustmentReason": "PriceAdjusted", "newTransaction": saved });
    assert_eq!(code_of(&act(&world, "A", "adjust", &adjust).await), (400, "DocStatusError".into()));
    act(&world, "A", "void", &json!({ "code": "DocDeleted" })).await;
    assert_eq!(create(&world, &saved).await.status, 201, "the code of what was deleted is free");
}

#[tokio::test]
async fn one_code_may_name_two_types() {
    let world = World::new().await;
    create(&world, &invoice("A", "x", "CA", &json!({}))).await;
    create(&world, &invoice("A", "x", "CA", &json!({ "type": "ReturnInvoice", "lines": [{ "amount": -10 }] }))).await;
    let path = "/api/v2/companies/DEFAULT/transactions/A";
    assert_eq!(code_of(&world.tax(get(path)).await.unwrap()), (400, "DocumentCodeConflict".into()));
    let back = world.tax(get(format!("{path}?documentType=ReturnInvoice&$include=Lines"))).await.unwrap().json();
    assert_eq!((&back["totalTax"], back["lines"].as_array().unwrap().len()), (&(-0.73).into(), 1));
    let head = world.tax(get(format!("{path}?documentType=SalesInvoice"))).await.unwrap().json();
    assert!(head.get("lines").is_none() && head.get("summary").is_none(), "{head}");
}

#[tokio::test]
async fn a_rate_changes_at_its_instant_and_comes_back_after_a_kill() {
    let world = World::new().await;
    let instant = 1_764_331_200_000_000_i64; // 2025-11-28T12:00:00Z
    let change = json!({ "changes": [{ "jurisdiction": "US-OR", "from_us": instant, "basis_points": 1_000 }] });
    let told = world.admin(put("/admin/rate_changes", &change)).await;
    assert_eq!(told.status, 200, "{}", told.text);
    let tax_at = async |world: &World, date: &str| {
        let body = invoice("", "Portland", "OR", &json!({ "type": "SalesOrder", "date": date }));
        create(world, &body).await.json()["totalTax"].clone()
    };
    for world in [&world, &world.after_a_kill().await] {
        assert_eq!(tax_at(world, "2025-11-27").await, 0.0);
        assert_eq!(tax_at(world, "2025-11-28T11:59:59").await, 0.0);
        assert_eq!(tax_at(world, "2025-11-28T12:00:00").await, 15.0);
        assert_eq!(tax_at(world, "2025-11-29").await, 15.0);
    }
    assert_eq!(world.rows("quote").await[3]["detail"]["rate"], 0.1);
    let bad = json!({ "changes": [{ "jurisdiction": "DE", "basis_points": 1 }] });
    assert_eq!(world.admin(put("/admin/rate_changes", &bad)).await.status, 400);
}

#[tokio::test]
async fn a_shift_moves_every_rate_and_is_told() {
    let world = World::new().await;
    let when = json!({ "country": "US", "currency": "USD" });
    world.rule("up", json!({ "provider": "tax", "when": when, "effect": { "shift": { "by": 100 } } })).await;
    let made = create(&world, &invoice("A", "x", "CA", &json!({}))).await.json();
    assert_eq!(made["totalTax"], 12.38, "{made}");
    let row = &world.rows("document").await[0];
    assert_eq!(
        (&row["effect"], &row["detail"]["rate"], &row["detail"]["shift_basis_points"]),
        (&"shift".into(), &0.0825.into(), &100.into())
    );
    assert_eq!(world.counters("up").await, (1, 1, 0));
    world.tax(get("/api/v2/companies/DEFAULT/transactions/A")).await.unwrap();
    assert_eq!(world.counters("up").await.1, 1, "nothing is computed, so nothing is moved");
}

#[tokio::test]
async fn places_are_resolved_or_refused() {
    let world = World::new().await;
    let address = json!({ "line1": "2000 Main Street", "city": "Irvine", "region": "CA", "country": "US", "postalCode": "92614" });
    let found = world.tax(post("/api/v2/addresses/resolve", address.to_string())).await.unwrap().json();
    assert_eq!(
        (&found["validatedAddresses"][0]["city"], found["taxAuthorities"].as_array().unwrap().len()),
        (&"IRVINE".into(), 3)
    );
    let nothing = world.tax(get("/api/v2/addresses/resolve?country=US")).await.unwrap().json();
    assert_eq!((&nothing["validatedAddresses"], &nothing["messages"][0]["severity"]), (&json!([]), &"Error".into()));
    for (region, country) in [("ZZ", "US"), ("", "XX")] {
        let to = json!({ "addresses": { "shipTo": { "city": "x", "region": region, "country": country } } });
        let refused = create(&world, &invoice("A", "x", "CA", &to)).await;
        assert_eq!(code_of(&refused), (400, "GetTaxError".into()), "{}", refused.text);
    }
    assert_eq!(
        code_of(&world.tax(get("/api/v2/taxrates/byaddress?country=US")).await.unwrap()).1,
        "ValueRequiredError"
    );
    let companies = world.tax(get("/api/v2/companies")).await.unwrap().json();
    assert_eq!(companies["value"][0]["companyCode"], "DEFAULT");
}
