//! Each fault, by a bound that could not hold without it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::world::{NoReply, World, delete, get, post, purchase};

async fn with_rule(rest: Value) -> World {
    let world = World::new().await;
    world.rule("f", rest).await;
    world
}

#[tokio::test]
async fn an_answer_is_late_but_the_charge_is_made() {
    let world = with_rule(json!({ "effect": { "delay": { "fixed": { "ms": 150 } } } })).await;
    let begun = Instant::now();
    assert_eq!(world.buy(1_000, "k").await.unwrap().status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(150));
    let captures = world.rows("capture").await;
    assert_eq!(
        (&captures[0]["fault"], &captures[0]["effect"], &captures[0]["answer"]),
        (&"f".into(), &"delay".into(), &"sent".into())
    );
    assert_eq!(world.counters("f").await, (1, 1, 0));
}

#[tokio::test]
async fn a_delay_beyond_the_clients_patience_loses_the_answer() {
    let world = Arc::new(with_rule(json!({ "effect": { "delay": { "fixed": { "ms": 30_000 } } } })).await);
    world.ask_and_leave(purchase(1_000, "pm_card_visa").key("k")).await;
    // The row is not told before its fate is known.
    world.until("the loss is noticed", async |world| world.counters("f").await == (1, 1, 1)).await;
    let captures = world.rows("capture").await;
    assert_eq!((captures.len(), &captures[0]["answer"]), (1, &"lost".into()));
    world.admin(delete("/admin/rules/f")).await;
    let again = world.buy(1_000, "k").await.unwrap();
    assert_eq!(again.header("idempotent-replayed"), Some("true"), "the key is free for the same request");
}

#[tokio::test]
async fn nothing_is_executed_behind_an_error() {
    let world = with_rule(json!({ "effect": { "respond": { "status": 503 } } })).await;
    let reply = world.buy(1_000, "k").await.unwrap();
    assert_eq!((reply.status, &reply.json()["error"]["type"]), (503, &"api_error".into()));
    let rows = world.statement().await;
    let last = rows.last().unwrap();
    assert_eq!(
        (&last["op"], &last["fault"], &last["http_status"]),
        (&"refused_by_fault".into(), &"f".into(), &503.into())
    );
    assert_eq!(world.rows("create").await.len(), 0);
    world.admin(delete("/admin/rules/f")).await;
    let healed = world.buy(1_000, "k").await.unwrap();
    assert_eq!((healed.status, healed.header("idempotent-replayed")), (200, None));
    let body = json!({ "effect": { "respond": { "status": 200, "body": "<html>" } } });
    world.rule("g", body).await;
    assert_eq!(world.buy(1, "g").await.unwrap().text, "<html>");
}

#[tokio::test]
async fn a_charge_is_made_and_its_answer_lost() {
    for (ending, seen) in [("fin", NoReply::Fin), ("rst", NoReply::Rst)] {
        let world = with_rule(json!({ "effect": { "commit_then_drop": { "ending": ending } } })).await;
        assert_eq!(world.buy(1_000, "k").await.unwrap_err(), seen);
        let rows = world.rows("capture").await;
        assert_eq!(
            (rows.len(), &rows[0]["answer"], &rows[0]["effect"]),
            (1, &"lost".into(), &"commit_then_drop".into())
        );
        assert_eq!(world.counters("f").await, (1, 1, 1));
        // Not sticky, but certain: the replay is dropped as well, and is no second hazard.
        assert!(world.buy(1_000, "k").await.is_err());
        assert_eq!(world.counters("f").await, (2, 2, 1));
        world.admin(delete("/admin/rules/f")).await;
        let healed = world.buy(1_000, "k").await.unwrap();
        assert_eq!((healed.status, world.rows("capture").await.len()), (200, 1));
    }
}

#[tokio::test]
async fn a_request_is_dropped_before_anything_happens() {
    let world = with_rule(json!({ "effect": { "drop_before_commit": { "ending": "rst" } } })).await;
    assert_eq!(world.buy(1_000, "k").await.unwrap_err(), NoReply::Rst);
    assert_eq!(world.rows("create").await.len(), 0);
    let rows = world.rows("refused_by_fault").await;
    assert_eq!((&rows[0]["key"], &rows[0]["order"], &rows[0]["answer"]), (&"k".into(), &"DB-1".into(), &Value::Null));
    assert_eq!(world.counters("f").await, (1, 1, 0));
}

#[tokio::test]
async fn an_error_hides_a_charge() {
    let world = with_rule(json!({ "effect": { "error_after_commit": { "status": 500 } } })).await;
    assert_eq!(world.buy(1_000, "k").await.unwrap().status, 500);
    let rows = world.rows("capture").await;
    assert_eq!((rows.len(), &rows[0]["answer"], &rows[0]["http_status"]), (1, &"altered".into(), &200.into()));
    world.admin(delete("/admin/rules/f")).await;
    assert_eq!(world.buy(1_000, "k").await.unwrap().status, 200, "the true answer is what was stored");
}

#[tokio::test]
async fn a_body_is_cut_in_half() {
    let world = with_rule(json!({ "effect": { "malformed": {} } })).await;
    let reply = world.buy(1_000, "k").await.unwrap();
    assert_eq!(reply.status, 200);
    assert!(serde_json::from_str::<Value>(&reply.text).is_err() && reply.text.starts_with('{'));
    assert_eq!(world.rows("capture").await[0]["answer"], "altered");
}

#[tokio::test]
async fn a_body_drips_whole() {
    let world = with_rule(json!({ "effect": { "drip": { "bytes": 400, "pause_ms": 20 } } })).await;
    let begun = Instant::now();
    let reply = world.buy(1_000, "k").await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(20) * (reply.text.len() / 400) as u32);
    world.admin(delete("/admin/rules/f")).await;
    assert_eq!(world.buy(1_000, "k").await.unwrap().text, reply.text);
    assert_eq!(world.rows("capture").await[0]["answer"], "sent");
}

#[tokio::test]
async fn a_drip_that_is_not_waited_for_is_lost() {
    let world = Arc::new(with_rule(json!({ "effect": { "drip": { "bytes": 1, "pause_ms": 1_000 } } })).await);
    world.ask_and_leave(purchase(1_000, "pm_card_visa")).await;
    world.until("the loss is noticed", async |world| world.counters("f").await.2 == 1).await;
    assert_eq!(world.rows("capture").await[0]["answer"], "lost");
}

#[tokio::test]
async fn what_exceeds_the_bucket_is_refused() {
    let rule = json!({ "effect": { "rate_limit": { "per_second": 0.0, "burst": 3, "retry_after_s": 2 } } });
    let world = with_rule(rule).await;
    let mut statuses = Vec::new();
    for n in 0..5 {
        let reply = world.buy(1_000, &format!("k{n}")).await.unwrap();
        if reply.status == 429 {
            assert_eq!((reply.header("retry-after"), reply.header("stripe-should-retry")), (Some("2"), Some("true")));
            assert_eq!(reply.json()["error"]["type"], "rate_limit_error");
        }
        statuses.push(reply.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    assert_eq!(world.counters("f").await, (5, 2, 0));
}

#[tokio::test]
async fn answers_meet_at_the_barrier() {
    let world = Arc::new(with_rule(json!({ "effect": { "barrier": { "count": 3, "deadline_ms": 20_000 } } })).await);
    let ask = |key: &'static str| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.buy(1_000, key).await.unwrap().status })
    };
    let (first, second) = (ask("a"), ask("b"));
    world.until("two have come", async |world| world.counters("f").await.1 == 2).await;
    assert!(!first.is_finished() && !second.is_finished());
    assert_eq!((ask("c").await.unwrap(), first.await.unwrap(), second.await.unwrap()), (200, 200, 200));
}

#[tokio::test]
async fn a_barrier_opens_at_its_deadline_and_at_its_end() {
    let world = Arc::new(with_rule(json!({ "effect": { "barrier": { "count": 3, "deadline_ms": 60 } } })).await);
    let begun = Instant::now();
    assert_eq!(world.buy(1_000, "a").await.unwrap().status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(60));
    world.rule("f", json!({ "effect": { "barrier": { "count": 3, "deadline_ms": 60_000 } } })).await;
    let held = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.buy(1_000, "b").await.unwrap().status }
    });
    world.until("it is held", async |world| world.counters("f").await.1 == 1).await;
    world.admin(delete("/admin/rules/f")).await;
    assert_eq!(held.await.unwrap(), 200);
}

#[tokio::test]
async fn rules_meet_only_what_they_name() {
    let world = World::new().await;
    let error = json!({ "respond": { "status": 500 } });
    for (id, when) in [
        ("brand", json!({ "brand": "amex" })),
        ("amount", json!({ "amount_minor_min": 5_000, "amount_minor_max": 6_000 })),
        ("path", json!({ "path": "/v1/payment_intents/*/capture" })),
        ("method", json!({ "method": "GET", "path": "/v1/charges*" })),
    ] {
        world.rule(id, json!({ "when": when, "effect": error })).await;
    }
    let status = async |ask| world.payment(ask).await.unwrap().status;
    assert_eq!(status(purchase(1_000, "pm_card_visa")).await, 200);
    assert_eq!(status(purchase(1_000, "pm_card_amex")).await, 500);
    assert_eq!(status(purchase(5_500, "pm_card_visa")).await, 500);
    assert_eq!(status(purchase(6_001, "pm_card_visa")).await, 200);
    assert_eq!(status(get("/v1/charges")).await, 500);
    assert_eq!(status(post("/v1/payment_intents/pi_1/capture", "")).await, 500);
    let card = "type=card&card[number]=378282246310005&card[exp_month]=1&card[exp_year]=2040";
    assert_eq!(status(post("/v1/payment_methods", card)).await, 500, "the brand of a raw card counts");
    let rows = world.rows("refused_by_fault").await;
    let faults: Vec<&Value> = rows.iter().map(|row| &row["fault"]).collect();
    assert_eq!(faults, ["brand", "amount", "method", "path", "brand"]);
}

#[tokio::test]
async fn only_the_nth_call_is_met() {
    let world = with_rule(json!({ "when": { "nth": [2, 4] }, "effect": { "respond": { "status": 500 } } })).await;
    let mut statuses = Vec::new();
    for n in 0..5 {
        statuses.push(world.buy(1_000, &format!("k{n}")).await.unwrap().status);
    }
    assert_eq!(statuses, [200, 500, 200, 500, 200]);
    assert_eq!(world.counters("f").await, (2, 2, 0));
}

#[tokio::test]
async fn a_sticky_rule_holds_for_replays_and_others_do_not() {
    let rule = |draw: &str| json!({ "draw": draw, "when": { "nth": [1] }, "effect": { "commit_then_drop": {} } });
    let world = with_rule(rule("stick_to_key")).await;
    for _ in 0..3 {
        assert!(world.buy(1_000, "stuck").await.is_err());
    }
    assert_eq!(world.buy(1_000, "free").await.unwrap().status, 200);
    let world = with_rule(rule("each_request")).await;
    assert!(world.buy(1_000, "k").await.is_err());
    assert_eq!(world.buy(1_000, "k").await.unwrap().status, 200);
}

#[tokio::test]
async fn chances_depend_on_the_mark_and_not_on_the_order() {
    let met = async |order: &[usize]| {
        let world = with_rule(json!({ "probability": 0.5, "effect": { "respond": { "status": 500 } } })).await;
        let mut met = Vec::new();
        for n in order {
            let ask = purchase(1_000, "pm_card_visa").header("doorbuster-intent", format!("r.{n}.0"));
            if world.payment(ask).await.unwrap().status == 500 {
                met.push(*n);
            }
        }
        met.sort_unstable();
        met
    };
    let forward: Vec<usize> = (0..40).collect();
    let backward: Vec<usize> = (0..40).rev().collect();
    let first = met(&forward).await;
    assert!((8..32).contains(&first.len()), "{first:?}");
    assert_eq!(first, met(&backward).await);
}

#[tokio::test]
async fn rules_of_one_run_leave_others_alone() {
    let world = with_rule(json!({ "run": "another", "effect": { "respond": { "status": 500 } } })).await;
    assert_eq!(world.buy(1_000, "a").await.unwrap().status, 500, "a key that nobody holds is anybody's");
    world.lease(Value::Null).await;
    assert_eq!(world.buy(1_000, "b").await.unwrap().status, 200);
}

#[tokio::test]
async fn impossible_rules_are_refused() {
    let world = World::new().await;
    for rest in [
        json!({ "probability": 0.0, "effect": { "malformed": {} } }),
        json!({ "probability": 1.5, "effect": { "malformed": {} } }),
        json!({ "effect": { "respond": { "status": 99 } } }),
        json!({ "effect": { "drip": { "bytes": 0, "pause_ms": 1 } } }),
        json!({ "effect": { "delay": { "uniform": { "ms_min": 5, "ms_max": 4 } } } }),
        json!({ "provider": "tax", "effect": { "webhook_lose": {} } }),
        json!({ "effect": { "unheard_of": {} } }),
        json!({ "ttl_ms": 0, "effect": { "malformed": {} } }),
    ] {
        let mut rule = json!({ "id": "f", "run": "r", "provider": "payment", "seed": 7, "ttl_ms": 60_000 });
        rule.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        let reply = world.admin(crate::world::put("/admin/rules/f", &rule)).await;
        assert_eq!(reply.status, 400, "{rest}: {}", reply.text);
    }
    assert_eq!(world.admin(get("/admin/rules")).await.text, "[]");
}
