//! A store whose lock somebody else has.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use rusqlite::Connection;
use support::Stage;

#[tokio::test]
async fn a_locked_store_is_busy_and_what_was_refused_can_be_asked_again() {
    let stage = Stage::with(|config| config["store_wait_ms"] = 50.into()).await;
    let cart = stage.cart(&[("tv", 1)]).await;
    let somebody = Connection::open(&stage.config.store).unwrap();
    somebody.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    somebody.execute_batch("BEGIN IMMEDIATE").unwrap();
    let got = stage.check_out(&cart, "k1", "pm_card_visa").await;
    assert_eq!((got.status, got.code()), (503, "busy"));
    assert_eq!(stage.get("/products/tv").await.status, 200, "reading goes on");
    assert!(stage.providers.charges().is_empty(), "nothing is charged that could not be written down");
    somebody.execute_batch("ROLLBACK").unwrap();
    assert_eq!(stage.check_out(&cart, "k1", "pm_card_visa").await.status, 201);
    assert_eq!(stage.providers.succeeded().len(), 1);
}
