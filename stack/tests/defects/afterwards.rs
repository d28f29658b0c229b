//! After the order: stock, webhooks, captures, refunds.

use serde_json::json;
use stack::Defect;

use crate::{accepted, both, support::states};

#[tokio::test]
async fn check_then_decrement_oversells() {
    let [honest, defective] = both(Defect::CheckThenDecrement).await;
    for stage in [&honest, &defective] {
        let mut carts = Vec::new();
        for _ in 0..20 {
            let cart = stage.cart(&[("rare", 1)]).await;
            stage.post(&format!("/carts/{cart}/quote"), &format!("q{cart}"), json!({})).await;
            carts.push(cart);
        }
        stage.check_out_all(&carts).await;
    }
    assert_eq!(accepted(&honest).await, 3);
    assert!(accepted(&defective).await > 3);
}

#[tokio::test]
async fn late_failure_overwrites_success_moves_an_order_backwards() {
    let expected = [
        vec!["pending", "failed", "pending", "paid", "fulfilled"],
        vec!["pending", "failed", "pending", "paid", "fulfilled", "failed"],
    ];
    for (stage, expected) in both(Defect::LateFailureOverwritesSuccess).await.iter().zip(expected) {
        let cart = stage.cart(&[("tv", 1)]).await;
        let order = stage.check_out(&cart, "k1", "pm_card_chargeDeclined").await.order();
        let body = json!({"payment": {"method": "pm_card_visa"}});
        assert_eq!(stage.post(&format!("/orders/{order}/payments"), "k2", body).await.status, 201);
        stage.until_state(&order, "fulfilled").await;
        let declined = stage.providers.charges().remove(0);
        let kind = "payment_intent.payment_failed";
        assert_eq!(stage.providers.send_event(stage.shop, "evt", kind, &declined).await, 200);
        assert_eq!(states(&stage.book().await[0]), expected);
    }
}
