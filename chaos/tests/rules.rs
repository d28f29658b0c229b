//! Rules know HTTP: which exchanges they meet, on connections that are open already too, and what they do to them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::time::{Duration, Instant};

use model::fault::LinkRule;
use serde_json::{Value, json};
use stage::web::{Asked, Web, web};
use stage::{Stage, until};

async fn with_web() -> (Stage, Asked) {
    let (at, asked) = web().await;
    (Stage::before(at).await, asked)
}

#[expect(clippy::needless_pass_by_value, reason = "tests write both in place")]
fn rule(effect: Value, more: Value) -> LinkRule {
    let mut json = json!({"id": "fault", "run": "r1", "seed": 7, "effect": effect});
    json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(json).unwrap()
}

async fn put(stage: &Stage, effect: Value, more: Value) {
    stage.client.put_rule("link", &rule(effect, more)).await.unwrap();
}

/// Matched, applied, hazardous.
async fn met(stage: &Stage) -> (u64, u64, u64) {
    let counters = &stage.client.counters().await.unwrap().proxies["link"].rules[0];
    (counters.matched, counters.applied, counters.hazardous)
}

#[expect(clippy::unnecessary_wraps, reason = "it stands beside answers that never came")]
fn answered(body: &str) -> Option<(u16, String)> {
    Some((200, body.to_owned()))
}

#[tokio::test]
async fn a_rule_meets_the_next_request_of_an_open_connection_and_spares_those_under_way() {
    let (stage, asked) = with_web().await;
    let mut open = Web::new(stage.connect().await);
    assert_eq!(open.ask("/a", "k1", "one").await, answered("one"));
    // Half a request is on its way when the rule comes.
    open.say("POST /a HTTP/1.1\r\ncontent-len").await;
    until(|| async { stage.client.counters().await.unwrap().proxies["link"].upstream.received_bytes > 90 }).await;
    put(&stage, json!({"respond": {"status": 503, "body": "{}"}}), json!({})).await;
    open.say("gth: 3\r\n\r\ntwo").await;
    assert_eq!(open.answer().await, answered("two"));
    assert_eq!(open.ask("/a", "k3", "three").await, Some((503, "{}".to_owned())));
    assert_eq!(met(&stage).await, (1, 1, 0));
    stage.client.remove_rule("link", "fault").await.unwrap();
    assert_eq!(open.ask("/a", "k4", "four").await, answered("four"), "the connection goes on");
    assert_eq!(asked.lock().unwrap().len(), 3, "what was answered by us never arrived");
}

#[tokio::test]
async fn conditions_choose_by_method_path_header_and_number() {
    let (stage, _asked) = with_web().await;
    let when = json!({"when": {"method": "POST", "path": "/v1/*", "headers": {"Idempotency-Key": "k*"}, "nth": [2]}});
    put(&stage, json!({"respond": {"status": 500}}), when).await;
    let mut web = Web::new(stage.connect().await);
    let mut statuses = Vec::new();
    for (path, key) in [("/v1/a", "k"), ("/v2/a", "k"), ("/v1/a", "x"), ("/v1/b?c", "k"), ("/v1/a", "k")] {
        statuses.push(web.ask(path, key, "").await.unwrap().0);
    }
    assert_eq!(statuses, [200, 200, 200, 500, 200]);
    put(&stage, json!({"respond": {"status": 500}}), json!({"when": {"first": 2}})).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(web.ask("/a", "k", "").await.unwrap().0);
    }
    assert_eq!(statuses, [500, 500, 200, 200]);
}

#[tokio::test]
async fn a_dropped_answer_is_a_hazard_and_a_dropped_request_is_none() {
    let (stage, asked) = with_web().await;
    for (ending, in_order) in [("fin", true), ("rst", false)] {
        put(&stage, json!({"drop_answer": {"ending": ending}}), json!({})).await;
        let mut web = Web::new(stage.connect().await);
        web.post("/a", "k", "work").await;
        assert_eq!(web.rest().await, (String::new(), in_order), "{ending}");
    }
    assert_eq!(asked.lock().unwrap().len(), 2, "the work was done");
    assert_eq!(met(&stage).await, (2, 2, 2));
    put(&stage, json!({"drop_request": {"ending": "rst"}}), json!({})).await;
    let mut web = Web::new(stage.connect().await);
    web.post("/a", "k", "work").await;
    assert_eq!(web.rest().await, (String::new(), false));
    assert_eq!(asked.lock().unwrap().len(), 2, "never passed on");
    assert_eq!(met(&stage).await, (3, 3, 2));
}

#[tokio::test]
async fn answers_are_cut_replaced_and_corrupted() {
    let (stage, asked) = with_web().await;
    put(&stage, json!({"truncate_answer": {"bytes": 3}}), json!({})).await;
    let mut web = Web::new(stage.connect().await);
    web.post("/a", "k", "0123456789").await;
    assert_eq!(web.rest().await, ("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n012".to_owned(), true));
    let mut web = Web::new(stage.connect().await);
    web.post("/chunked", "k", "").await;
    let (text, _) = web.rest().await;
    assert!(text.ends_with("5\r\nfir"), "{text}");

    put(&stage, json!({"replace_answer": {"status": 502, "body": "gone"}}), json!({})).await;
    let mut web = Web::new(stage.connect().await);
    for path in ["/a", "/chunked", "/empty"] {
        assert_eq!(web.ask(path, "k", "work").await, Some((502, "gone".to_owned())));
    }
    assert_eq!(asked.lock().unwrap().len(), 5, "all were done");
    assert_eq!(met(&stage).await, (5, 5, 5));

    put(&stage, json!({"corrupt_answer": {}}), json!({})).await;
    let mut corrupted = Vec::new();
    for key in ["a", "b", "c", "d"] {
        let (status, body) = web.ask("/a", key, "0000000000").await.unwrap();
        assert_eq!((status, body.len(), body.matches('0').count()), (200, 10, 9), "{body}");
        corrupted.push(body);
    }
    corrupted.dedup();
    assert!(corrupted.len() > 1, "not always the same byte: {corrupted:?}");
    assert_eq!(met(&stage).await.2, 5, "a spoilt answer has arrived");
}

#[tokio::test]
async fn delays_hold_a_request_or_its_answer_until_the_rule_ends() {
    let (stage, asked) = with_web().await;
    for (effect, done_meanwhile) in [("delay_request", 0), ("delay_answer", 1)] {
        asked.lock().unwrap().clear();
        put(&stage, json!({effect: {"fixed": {"ms": 40}}}), json!({})).await;
        let mut web = Web::new(stage.connect().await);
        let began = Instant::now();
        assert_eq!(web.ask("/a", "k", "work").await, answered("work"));
        assert!(began.elapsed() >= Duration::from_millis(40), "{effect}");
        asked.lock().unwrap().clear();
        put(&stage, json!({effect: {"fixed": {"ms": 600_000}}}), json!({})).await;
        web.post("/a", "k", "held").await;
        until(|| async { met(&stage).await.1 % 2 == 0 && asked.lock().unwrap().len() == done_meanwhile }).await;
        stage.client.remove_rule("link", "fault").await.unwrap();
        assert_eq!(web.answer().await, answered("held"), "{effect}");
    }
}

#[tokio::test]
async fn a_client_that_gave_up_before_its_delayed_answer_makes_a_hazard() {
    let (stage, asked) = with_web().await;
    put(&stage, json!({"delay_answer": {"fixed": {"ms": 30}}}), json!({})).await;
    let mut web = Web::new(stage.connect().await);
    web.post("/a", "k", "work").await;
    until(|| async { asked.lock().unwrap().len() == 1 }).await;
    drop(web);
    until(|| async { met(&stage).await == (1, 1, 1) }).await;
    let mut web = Web::new(stage.connect().await);
    assert_eq!(web.ask("/a", "k", "work").await, answered("work"));
    assert_eq!(met(&stage).await, (2, 2, 1), "a delivered one makes none");
}

#[tokio::test]
async fn draws_follow_the_mark_and_stick_to_the_key_when_told_to() {
    let (stage, _asked) = with_web().await;
    let mut web = Web::new(stage.connect().await);
    let effect = || json!({"respond": {"status": 500}});
    let mut outcomes = Vec::new();
    for draw in ["each_request", "stick_to_key"] {
        put(&stage, effect(), json!({"probability": 0.5, "draw": draw})).await;
        let mut by_key = Vec::new();
        for key in 0..60 {
            let mut statuses = Vec::new();
            for _ in 0..4 {
                statuses.push(web.ask("/a", &format!("key-{key}"), "").await.unwrap().0);
            }
            by_key.push(statuses);
        }
        let hit = by_key.iter().flatten().filter(|status| **status == 500).count();
        assert!((70..170).contains(&hit), "{hit} of 240 at a half");
        let is_constant = |statuses: &Vec<u16>| statuses.iter().all(|status| *status == statuses[0]);
        assert_eq!(by_key.iter().all(is_constant), draw == "stick_to_key");
        outcomes.push(by_key);
    }
    // The same seed and marks give the same outcome, whatever happened before.
    stage.client.remove_rule("link", "fault").await.unwrap();
    put(&stage, effect(), json!({"probability": 0.5})).await;
    for (key, expected) in outcomes[0].iter().enumerate().rev() {
        for status in expected {
            assert_eq!(web.ask("/a", &format!("key-{key}"), "").await.unwrap().0, *status);
        }
    }
}

#[tokio::test]
async fn without_key_or_intent_the_body_tells_requests_apart() {
    let (stage, _asked) = with_web().await;
    put(&stage, json!({"respond": {"status": 500}}), json!({"probability": 0.5, "draw": "stick_to_key"})).await;
    let mut web = Web::new(stage.connect().await);
    let mut by_body = Vec::new();
    for body in 0..20 {
        let mut statuses = Vec::new();
        for _ in 0..3 {
            web.say(&format!("POST /a HTTP/1.1\r\ncontent-length: 10\r\n\r\n{body:05}")).await;
            web.say("67890").await;
            statuses.push(web.answer().await.unwrap().0);
        }
        assert!(statuses.iter().all(|status| *status == statuses[0]), "{statuses:?}");
        by_body.push(statuses[0]);
    }
    assert!(by_body.contains(&500) && by_body.contains(&200), "{by_body:?}");
}

#[tokio::test]
async fn pipelined_requests_keep_their_answers_in_order() {
    let (stage, asked) = with_web().await;
    put(&stage, json!({"respond": {"status": 503}}), json!({"when": {"path": "/b"}})).await;
    let mut web = Web::new(stage.connect().await);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
    let paths = ["/a", "/b", "/b", "/chunked", "/b", "/empty", "/a"];
    web.say(&paths.map(get).concat()).await;
    let mut statuses = Vec::new();
    for _ in paths {
        statuses.push(web.answer().await.unwrap().0);
    }
    assert_eq!(statuses, [200, 503, 503, 200, 503, 204, 200]);
    assert_eq!(asked.lock().unwrap().len(), 4);
    put(&stage, json!({"drop_request": {}}), json!({"when": {"path": "/b"}})).await;
    web.say(&["/a", "/b", "/a"].map(get).concat()).await;
    assert_eq!(web.answer().await.unwrap().0, 200, "those before it are answered");
    assert_eq!(web.rest().await, (String::new(), true));
}

#[tokio::test]
async fn bodies_that_are_none_and_bodies_that_wait_are_understood() {
    let (stage, asked) = with_web().await;
    put(&stage, json!({"respond": {"status": 500, "body": "no"}}), json!({"when": {"path": "/never"}})).await;
    let mut web = Web::new(stage.connect().await);
    web.say("HEAD /a HTTP/1.1\r\n\r\n").await;
    assert_eq!(stage::web::status(&web.head().await.unwrap()), 200, "an answer to HEAD has no body");
    web.say("POST /empty HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n").await;
    assert_eq!(web.answer().await.unwrap().0, 204);
    web.say("POST /a HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n").await;
    assert_eq!(stage::web::status(&web.head().await.unwrap()), 100);
    web.say("late").await;
    assert_eq!(web.answer().await, answered("late"));
    web.say("HEAD /never HTTP/1.1\r\n\r\n").await;
    assert!(web.head().await.unwrap().contains("content-length: 2"));
    assert_eq!(web.ask("/never", "k", "swallowed").await, Some((500, "no".to_owned())));
    assert_eq!(web.ask("/a", "k", "after").await, answered("after"));
    assert_eq!(asked.lock().unwrap().len(), 4);
    web.say("POST /never HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n").await;
    assert_eq!(web.answer().await, Some((500, "no".to_owned())), "answered without waiting for the body");
    assert_eq!(web.rest().await, (String::new(), true));
    let mut web = Web::new(stage.connect().await);
    web.say("GET /until-end HTTP/1.1\r\n\r\n").await;
    assert!(web.rest().await.0.ends_with("\r\n\r\nall of it"));
}

#[tokio::test]
async fn an_upgraded_connection_and_one_of_another_protocol_pass_untouched() {
    let (stage, _asked) = with_web().await;
    put(&stage, json!({"respond": {"status": 500}}), json!({"when": {"path": "/a"}})).await;
    let mut web = Web::new(stage.connect().await);
    web.say("GET /upgrade HTTP/1.1\r\nconnection: upgrade\r\nupgrade: raw\r\n\r\n").await;
    assert_eq!(stage::web::status(&web.head().await.unwrap()), 101);
    stage::round_trip(&mut web.stream, b"GET /a HTTP/1.1\r\n\r\n").await;

    let stage = Stage::with_echo().await;
    put(&stage, json!({"drop_request": {}}), json!({})).await;
    for bytes in [&b"\x16\x03\x01hello"[..], b"12345", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        stage::round_trip(&mut stage.connect().await, bytes).await;
    }
    assert_eq!(stage.client.counters().await.unwrap().proxies["link"].connections_foreign, 3);
    assert_eq!(met(&stage).await, (0, 0, 0));
}

#[tokio::test]
async fn open_connections_are_kept_or_closed_when_that_is_wanted() {
    let (stage, _asked) = with_web().await;
    let body = json!({"run": "r1", "seed": 1, "effect": {"respond": {"status": 500}}}).to_string();
    let put = async |id: &str, treatment: &str| {
        let path = format!("/proxies/link/rules/{id}?connections={treatment}");
        stage::request(stage.running.api(), "PUT", &path, "", &body).await.0
    };
    let mut open = Web::new(stage.connect().await);
    assert_eq!(open.ask("/a", "k", "one").await, answered("one"));
    assert_eq!(put("kept", "keep").await, 201);
    assert_eq!(open.ask("/a", "k", "two").await, answered("two"));
    assert_eq!(Web::new(stage.connect().await).ask("/a", "k", "").await.unwrap().0, 500);
    assert_eq!(put("other", "close").await, 201);
    assert_eq!(open.rest().await, (String::new(), true));
    assert_eq!(put("other", "perhaps").await, 400);
}
