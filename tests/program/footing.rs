//! What the reference shop stands on is harmed: its store, its clock, the link to its tax provider. Nothing may be lost or doubled.

use crate::harness::{copy_scenarios, doorbuster};
use serde_json::Value;

const SCENARIO: &str = "
name: footing
description: A link down, a store that is slow, then locked, then a clock that is ahead.
seed: 31
shop:
  reference:
    products: {count: 50, skew: 0.9, prices: shapes/unit_price.csv, stock: 100000}
    tax_fallback: {rate: 8.25%}
    settings: {shipping_minor: 495, store_wait_ms: 500}
traffic:
  shape: [{constant: {rate: 15/s, for: 11s}}]
  warm_up: 0s
  recovery: 1s
  drain: 20s
feeders:
  address: {csv: feeders/addresses.csv}
journeys: [journeys/buyer.yaml]
mix:
  - {journey: buyer, manners: {double_click: 10%}}
faults:
  - {name: tax-down, at: 2s, for: 1s, link: tax, toxic: down}
  - {name: slow, at: 4s, for: 2s, store: shop, harm: {slow: {hold: 200ms, pause: 100ms}}}
  - {name: locked, at: 6500ms, for: 1500ms, store: shop, harm: locked}
  - {name: ahead, at: 8500ms, for: 2s, clock: shop, harm: {ahead: {by: 6h}}}
laws:
  require: {no_acknowledged_order_is_lost: 30, no_intent_gets_two_orders: 1}
objectives: {availability: off, order_creation: off, payment_authorisation: off, checkout_p95: off}
";

#[test]
fn the_honest_shop_stands_on_a_store_and_a_clock_that_are_harmed() {
    let directory = tempfile::tempdir().expect("a directory");
    copy_scenarios(directory.path());
    std::fs::write(directory.path().join("footing.yaml"), SCENARIO).expect("written");
    let finished = doorbuster(directory, &["run", "footing.yaml", "--plain", "--out", "out"]);
    finished.assert_honest();
    let summary = finished.summary();
    let faults = summary["faults"].as_array().expect("faults");
    let counted = |name: &str, what: &str| -> Value {
        faults.iter().find(|fault| fault["name"] == name).unwrap_or_else(|| panic!("no fault {name}"))[what].clone()
    };
    assert!(counted("tax-down", "applied").as_u64() > Some(0), "connections that it ended: {faults:?}");
    assert!(counted("slow", "matched").as_u64() > Some(2), "the lock was held again and again: {faults:?}");
    assert!(counted("slow", "applied").as_u64() > Some(0), "somebody waited for it: {faults:?}");
    assert_eq!(counted("locked", "matched"), 1);
    assert_eq!(counted("locked", "applied"), 1, "the shop wrote as soon as it could");
    assert_eq!(counted("ahead", "matched"), Value::Null, "nothing counts what a clock does");
    assert!(!finished.stdout.contains("could not"), "{finished}");
}
