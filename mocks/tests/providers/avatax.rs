//! `AvaTax`'s wire: quotes, documents, errors.

use serde_json::{Value, json};

use crate::world::{Reply, World, get, post};

fn transaction(kind: &str, code: &str, commit: bool) -> Value {
    json!({
        "type": kind, "code": code, "companyCode": "DEFAULT", "date": "2025-11-28", "customerCode": "a@example.test",
        "purchaseOrderNo": "DB-7", "commit": commit, "currencyCode": "USD",
        "addresses": { "shipTo": { "line1": "1 Road", "city": "X", "region": "CA", "postalCode": "90001", "country": "US" } },
        "lines": [
            { "number": "1", "quantity": 2, "amount": 19.98, "itemCode": "SKU-1" },
            { "number": "2", "quantity": 1, "amount": 5.00, "taxCode": "NT", "itemCode": "SKU-2" },
        ],
    })
}

async fn create(world: &World, body: &Value) -> Reply {
    world.tax(post("/api/v2/transactions/create", body.to_string())).await.unwrap()
}

async fn of_document(world: &World, code: &str, action: &str, body: Value) -> Reply {
    world.tax(post(format!("/api/v2/companies/DEFAULT/transactions/{code}/{action}"), body.to_string())).await.unwrap()
}

#[tokio::test]
async fn a_quote_is_computed_and_forgotten() {
    let world = World::new().await;
    let reply = create(&world, &transaction("SalesOrder", "q_1", true)).await;
    let quote = reply.json();
    assert_eq!((reply.status, &quote["status"], &quote["type"]), (201, &"Temporary".into(), &"SalesOrder".into()));
    assert_eq!(
        (&quote["totalAmount"], &quote["totalTax"], &quote["totalTaxable"]),
        (&24.98.into(), &1.45.into(), &19.98.into())
    );
    assert_eq!((&quote["lines"][0]["tax"], &quote["lines"][1]["exemptAmount"]), (&1.45.into(), &5.0.into()));
    assert_eq!((&quote["summary"][0]["region"], &quote["summary"][0]["rate"]), (&"CA".into(), &0.06.into()));
    let found = world.tax(get("/api/v2/companies/DEFAULT/transactions/q_1")).await.unwrap();
    assert_eq!((found.status, &found.json()["error"]["code"]), (404, &"EntityNotFoundError".into()));
    let rows = world.rows("quote").await;
    assert_eq!(
        (&rows[0]["object"], &rows[0]["amount_minor"], &rows[0]["order"]),
        (&"q_1".into(), &145.into(), &"DB-7".into())
    );
    assert_eq!((&rows[0]["email"], &rows[0]["detail"]["total_minor"]), (&"a@example.test".into(), &2_498.into()));
}

#[tokio::test]
async fn a_document_is_saved_committed_and_voided() {
    let world = World::new().await;
    assert_eq!(create(&world, &transaction("SalesInvoice", "DB-7", false)).await.json()["status"], "Saved");
    let replaced = create(&world, &transaction("SalesInvoice", "DB-7", false)).await.json();
    assert_eq!((&replaced["status"], &replaced["version"]), (&"Saved".into(), &2.into()));
    let committed = of_document(&world, "DB-7", "commit", json!({ "commit": true })).await;
    assert_eq!((committed.status, &committed.json()["status"]), (200, &"Committed".into()));
    let conflict = create(&world, &transaction("SalesInvoice", "DB-7", true)).await;
    assert_eq!((conflict.status, &conflict.json()["error"]["code"]), (400, &"DocumentCodeConflict".into()));
    let voided = of_document(&world, "DB-7", "void", json!({ "code": "DocVoided" })).await;
    assert_eq!((voided.status, &voided.json()["status"]), (200, &"Cancelled".into()));
    let again = of_document(&world, "DB-7", "void", json!({ "code": "DocVoided" })).await;
    assert_eq!(again.json()["error"]["code"], "DocStatusError");
    let found = world.tax(get("/api/v2/companies/DEFAULT/transactions/DB-7")).await.unwrap().json();
    assert_eq!(found["status"], "Cancelled");
    let ops: Vec<String> =
        world.statement().await.iter().map(|row| format!("{} {}", row["op"], row["state"])).collect();
    assert_eq!(
        ops,
        [r#""document" "saved""#, r#""document" "saved""#, r#""commit" "committed""#, r#""void" "cancelled""#]
    );
}

#[tokio::test]
async fn the_ping_needs_no_account_and_all_else_does() {
    let world = World::new().await;
    let address = world.addresses().tax;
    let ping = get("/api/v2/utilities/ping").to(address).await.unwrap();
    assert_eq!((ping.status, &ping.json()["authenticated"]), (200, &false.into()));
    assert_eq!(world.tax(get("/api/v2/utilities/ping")).await.unwrap().json()["authenticated"], true);
    let refused = post("/api/v2/transactions/create", "{}").to(address).await.unwrap();
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (401, &"AuthenticationException".into()));
}

#[tokio::test]
async fn bad_input_meets_avataxs_errors() {
    let world = World::new().await;
    let good = transaction("SalesOrder", "q", false);
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body.to_string()
    };
    for (body, status, code) in [
        ("{".to_owned(), 400, "JsonFormatError"),
        ("[]".to_owned(), 400, "JsonFormatError"),
        (with("lines", json!([])), 400, "ValueRequiredError"),
        (with("lines", json!([{ "amount": 0.00001 }])), 400, "ValueRangeError"),
        (with("lines", json!([{ "amount": 1e300 }])), 400, "ValueRangeError"),
        (with("customerCode", Value::Null), 400, "ValueRequiredError"),
        (with("addresses", json!({})), 400, "ValueRequiredError"),
        (with("type", json!("PurchaseOrder")), 400, "InvalidTransactionType"),
        (with("companyCode", json!("OTHER")), 404, "CompanyNotFoundError"),
        (with("code", json!("x".repeat(51))), 400, "StringLengthError"),
        ("x".repeat((1 << 20) + 1), 413, "RequestTooLarge"),
    ] {
        let reply = world.tax(post("/api/v2/transactions/create", body.clone())).await.unwrap();
        let error = &reply.json()["error"];
        assert_eq!((reply.status, &error["code"]), (status, &code.into()), "{body:.200}");
        assert_eq!((&error["details"][0]["code"], error["target"].is_string()), (&code.into(), true));
    }
    for (ask, status) in [
        (post("/api/v2/companies/DEFAULT/transactions/none/commit", r#"{"commit":true}"#), 404),
        (post("/api/v2/companies/DEFAULT/transactions/none/commit", r#"{"commit":false}"#), 400),
        (post("/api/v2/companies/DEFAULT/transactions/none/void", r#"{"code":"Whatever"}"#), 400),
        (get("/api/v2/nothing"), 404),
    ] {
        assert_eq!(world.tax(ask).await.unwrap().status, status);
    }
    assert!(world.statement().await.is_empty());
}

#[tokio::test]
async fn faults_speak_avataxs_language() {
    let world = World::new().await;
    let when = json!({ "path": "/api/v2/transactions/*", "amount_minor_min": 2_000 });
    world.rule("down", json!({ "provider": "tax", "when": when, "effect": { "respond": { "status": 503 } } })).await;
    let reply = create(&world, &transaction("SalesOrder", "q", false)).await;
    assert_eq!((reply.status, &reply.json()["error"]["code"]), (503, &"ServerUnreachable".into()));
    assert_eq!(world.tax(get("/api/v2/utilities/ping")).await.unwrap().status, 200);
    world.rule("drop", json!({ "provider": "tax", "effect": { "commit_then_drop": {} } })).await;
    world.admin(crate::world::delete("/admin/rules/down")).await;
    let body = transaction("SalesInvoice", "DB-9", true).to_string();
    assert!(world.tax(post("/api/v2/transactions/create", body)).await.is_err());
    let rows = world.rows("document").await;
    assert_eq!((&rows[0]["state"], &rows[0]["answer"]), (&"committed".into(), &"lost".into()));
}
