//! Fault rules: put, set, list, end.

use std::sync::Arc;

use http::StatusCode;
use model::fault::ProviderRule;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Admin, Reply, after_ms, is_stored, read_body};
use crate::http::Call;
use crate::ledger::now_us;
use crate::rules::{Live, check, is_same};

const RULES_MAX: usize = 1_000;

pub(super) fn list(admin: &Admin) -> Reply {
    let now_us = now_us();
    let rules: Vec<Value> = admin
        .ledger
        .rules
        .all()
        .iter()
        .map(|live| {
            let stored = live.stored();
            json!({
                "id": stored.rule.id,
                "run": stored.rule.run,
                "provider": stored.rule.provider,
                "effect": stored.rule.effect.name(),
                "matched": stored.matched,
                "applied": stored.applied,
                "hazardous": stored.hazardous,
                "ttl_ms": (stored.until_us - now_us).max(0) / 1_000,
            })
        })
        .collect();
    Reply::json(StatusCode::OK, &Value::from(rules))
}

fn live(admin: &Admin, rule: ProviderRule) -> Arc<Live> {
    let n = admin.ledger.books.lock().identity.hash("rule", 0, &rule.id);
    let until_us = after_ms(now_us(), rule.ttl_ms);
    Arc::new(Live::fresh(rule, n, until_us))
}

/// Puts one rule; one of the same name that says something else ends.
pub(super) async fn put(admin: &Admin, id: &str, call: &Call) -> Reply {
    let rule: ProviderRule = match read_body(call) {
        Ok(rule) => rule,
        Err(reply) => return reply,
    };
    if rule.id != id {
        return Reply::error(StatusCode::BAD_REQUEST, "bad_rule", "`id` differs from the address");
    }
    if let Err(error) = check(&rule) {
        return Reply::error(StatusCode::BAD_REQUEST, "bad_rule", &error.to_string());
    }
    if let Some(known) = admin.ledger.rules.find(id) {
        if known.rule.run != rule.run {
            let message = format!("run `{}` holds a rule of this name", known.rule.run);
            return Reply::error(StatusCode::CONFLICT, "held", &message);
        }
        if is_same(&known.rule, &rule) {
            known.renew(after_ms(now_us(), rule.ttl_ms));
            let stamp = crate::statement::Stamp::bare(now_us(), None, rule.provider);
            let stored = is_stored(admin.ledger.note(&stamp, &[], known.write().into_iter().collect())).await;
            return if stored { described(&known, StatusCode::OK) } else { Reply::broken() };
        }
    }
    if admin.ledger.rules.all().len() >= RULES_MAX {
        return Reply::error(StatusCode::BAD_REQUEST, "too_many", "at most 1000 rules can be in force");
    }
    let rule = live(admin, rule);
    let replaced = admin.ledger.rules.add(Arc::clone(&rule));
    let status = if replaced.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    // The end is written first, for both are about one row of the store.
    if let Some(replaced) = replaced {
        replaced.end();
        note_end(admin, &replaced);
    }
    if !is_stored(admin.ledger.note_fault(&rule, "began")).await {
        return Reply::broken();
    }
    described(&rule, status)
}

fn described(rule: &Live, status: StatusCode) -> Reply {
    let body = serde_json::to_value(&rule.rule).expect("rules have string keys only");
    Reply::json(status, &body)
}

/// Writes the end of a rule and lets go what it held.
fn note_end(admin: &Admin, rule: &Live) -> Option<crate::store::Acked> {
    let noted = admin.ledger.note_fault(rule, "ended");
    admin.ledger.webhooks.release(&rule.rule.id, now_us());
    noted
}

pub(super) async fn end(admin: &Admin, id: &str) -> Reply {
    let ended = admin.ledger.rules.end(|rule| rule.rule.id == id);
    for rule in &ended {
        if !is_stored(note_end(admin, rule)).await {
            return Reply::broken();
        }
    }
    // Ending what has ended is no error: a lease may have run out just before.
    Reply::empty()
}

pub(super) async fn end_all(admin: &Admin) -> Reply {
    for rule in admin.ledger.rules.end(|_| true) {
        if !is_stored(note_end(admin, &rule)).await {
            return Reply::broken();
        }
    }
    Reply::empty()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    run: String,
    ttl_ms: u64,
    rules: Vec<ProviderRule>,
}

/// Replaces the whole set of a run, at once.
pub(super) async fn set(admin: &Admin, call: &Call) -> Reply {
    let set: Set = match read_body(call) {
        Ok(set) => set,
        Err(reply) => return reply,
    };
    if set.rules.len() > RULES_MAX {
        return Reply::error(StatusCode::BAD_REQUEST, "too_many", "at most 1000 rules can be in force");
    }
    let mut wanted: Vec<Arc<Live>> = Vec::with_capacity(set.rules.len());
    for rule in set.rules {
        let rule = ProviderRule { run: set.run.clone(), ttl_ms: set.ttl_ms, ..rule };
        if let Err(error) = check(&rule) {
            return Reply::error(StatusCode::BAD_REQUEST, "bad_rule", &format!("rule `{}`: {error}", rule.id));
        }
        let is_taken = admin.ledger.rules.find(&rule.id).is_some_and(|known| known.rule.run != set.run);
        if is_taken || wanted.iter().any(|other| other.rule.id == rule.id) {
            return Reply::error(StatusCode::CONFLICT, "held", &format!("the name `{}` is taken", rule.id));
        }
        wanted.push(live(admin, rule));
    }
    let count = wanted.len();
    let (ended, begun) = admin.ledger.rules.replace(&set.run, wanted);
    let mut noted = Vec::new();
    noted.extend(ended.iter().map(|rule| note_end(admin, rule)));
    noted.extend(begun.iter().map(|rule| admin.ledger.note_fault(rule, "began")));
    for acked in noted {
        if !is_stored(acked).await {
            return Reply::broken();
        }
    }
    Reply::json(StatusCode::OK, &json!({ "rules": count }))
}
