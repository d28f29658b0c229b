//! Leases: of accounts and of rules; they end by themselves when nobody renews them.

use serde_json::{Value, json};

use crate::world::{RUN, SECRET_KEY, World, delete, get, post, put};

#[tokio::test]
async fn a_rule_ends_when_nobody_renews_it() {
    let world = World::new().await;
    let error = json!({ "respond": { "status": 500 } });
    world.rule("short", json!({ "ttl_ms": 150, "effect": error })).await;
    world.rule("kept", json!({ "ttl_ms": 150, "run": "other", "when": { "path": "/none" }, "effect": error })).await;
    let renewed = world.admin(put("/admin/lease", &json!({ "run": "other", "ttl_ms": 60_000 }))).await;
    assert_eq!(renewed.json(), json!({ "rules": 1 }));
    assert_eq!(world.buy(1_000, "k").await.unwrap().status, 500);
    world
        .until("the lease has run out", async |world| {
            world.admin(get("/admin/rules")).await.json().as_array().unwrap().len() == 1
        })
        .await;
    assert_eq!(world.buy(1_000, "k").await.unwrap().status, 200);
    let states: Vec<(Value, Value)> =
        world.rows("fault").await.iter().map(|row| (row["object"].clone(), row["state"].clone())).collect();
    assert_eq!(
        states,
        [("short".into(), "began".into()), ("kept".into(), "began".into()), ("short".into(), "expired".into())]
    );
    let nothing = world.admin(put("/admin/lease", &json!({ "run": "nobody", "ttl_ms": 1 }))).await;
    assert_eq!((nothing.status, nothing.json()), (200, json!({ "rules": 0 })));
}

#[tokio::test]
async fn a_set_replaces_the_runs_rules_at_once() {
    let world = World::new().await;
    let rule = |id: &str, status: u16| json!({ "id": id, "run": "ignored", "provider": "tax", "seed": 1, "ttl_ms": 1, "effect": { "respond": { "status": status } } });
    let set = async |rules: Value| {
        world.admin(post("/admin/rules:set", json!({ "run": RUN, "ttl_ms": 60_000, "rules": rules }).to_string())).await
    };
    assert_eq!(set(json!([rule("a", 500), rule("b", 501)])).await.json(), json!({ "rules": 2 }));
    assert_eq!(world.tax(get("/api/v2/utilities/ping")).await.unwrap().status, 500);
    assert_eq!(set(json!([rule("a", 500), rule("c", 502)])).await.json(), json!({ "rules": 2 }));
    assert_eq!(world.counters("a").await, (1, 1, 0), "what stays keeps its counters");
    let refused = set(json!([rule("d", 500), rule("e", 99)])).await;
    assert_eq!((refused.status, world.admin(get("/admin/rules")).await.json().as_array().unwrap().len()), (400, 2));
    assert_eq!(set(json!([])).await.json(), json!({ "rules": 0 }));
    let states: Vec<String> =
        world.rows("fault").await.iter().map(|row| format!("{} {}", row["object"], row["state"])).collect();
    assert_eq!(states.iter().filter(|state| state.contains("began")).count(), 3);
    assert_eq!(states.iter().filter(|state| state.contains("ended")).count(), 3);
}

#[tokio::test]
async fn an_account_is_one_runs_at_a_time() {
    let world = World::new().await;
    world.lease(Value::Null).await;
    world.lease(Value::Null).await;
    world.buy(1_000, "k").await.unwrap();
    assert!(world.rows("capture").await.iter().all(|row| row["run"] == RUN));
    let other = || post("/admin/accounts", json!({ "key": SECRET_KEY, "run": "other", "webhook": null }).to_string());
    assert_eq!(world.admin(other()).await.status, 409);
    assert_eq!(world.admin(delete(format!("/admin/accounts/{SECRET_KEY}"))).await.status, 204);
    assert_eq!(world.admin(other()).await.status, 201);
    world.buy(2_000, "k2").await.unwrap();
    assert_eq!(world.rows("capture").await[1]["run"], "other");
    let live = post("/admin/accounts", json!({ "key": "sk_live_1", "run": "r" }).to_string());
    assert_eq!(world.admin(live).await.status, 400);
}

#[tokio::test]
async fn a_lease_that_ran_out_can_be_taken() {
    let world = World::new().await;
    let lease = |run: &str| post("/admin/accounts", json!({ "key": SECRET_KEY, "run": run, "ttl_ms": 1 }).to_string());
    assert_eq!(world.admin(lease("dead")).await.status, 201);
    world.until("it can be taken", async |world| world.admin(lease("next")).await.status == 201).await;
    world.buy(1_000, "k").await.unwrap();
    assert_eq!(world.rows("capture").await[0]["run"], "next");
}

#[tokio::test]
async fn the_admin_interface_says_what_is_wrong() {
    let world = World::new().await;
    for (ask, status) in [
        (get("/admin/nothing"), 404),
        (put("/admin/rules/x", &json!({ "id": "y" })), 400),
        (post("/admin/accounts", "{"), 400),
        (get("/admin/statement?after=x"), 400),
        (delete("/admin/accounts/sk_test_none"), 404),
        (delete("/admin/rules/none"), 204),
        (get("/healthz"), 200),
    ] {
        let reply = world.admin(ask).await;
        assert_eq!(reply.status, status, "{}", reply.text);
    }
    world.buy(1_000, "k").await.unwrap();
    let metrics = world.admin(get("/metrics")).await.text;
    for line in [
        "process_cpu_seconds_total ",
        "providers_lag_seconds_bucket{le=\"0.001\"}",
        "providers_requests_total{provider=\"payment\",status=\"200\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}
