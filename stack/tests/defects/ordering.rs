//! Ordering: two tabs, two requests, two writers.

use serde_json::json;
use stack::Defect;

use crate::{
    accepted, both,
    support::{Act, until},
};

#[tokio::test]
async fn cart_ordered_twice_makes_two_accepted_orders() {
    for (stage, orders) in both(Defect::CartOrderedTwice).await.iter().zip([1, 2]) {
        stage.providers.script(|operation, _| if operation == "create" { Act::Wait } else { Act::Serve });
        let cart = stage.cart(&[("tv", 1)]).await;
        let gate = async {
            until("the charges are on their way", || async { stage.providers.calls("create") >= orders }).await;
            if orders == 1 {
                return;
            }
            stage.providers.gate.notify_waiters();
        };
        if orders == 1 {
            let first = stage.check_out(&cart, "k1", "pm_card_visa");
            let second = async {
                gate.await;
                let got = stage.check_out(&cart, "k2", "pm_card_visa").await;
                stage.providers.gate.notify_waiters();
                got
            };
            let (first, second) = tokio::join!(first, second);
            assert_eq!((first.status, second.code()), (201, "cart_ordered"));
        } else {
            let first = stage.check_out(&cart, "k1", "pm_card_visa");
            let second = stage.check_out(&cart, "k2", "pm_card_visa");
            let (first, second, ()) = tokio::join!(first, second, gate);
            assert_eq!((first.status, second.status), (201, 201));
        }
        stage.until_quiet().await;
        let accepted = stage.book().await.iter().filter(|line| line["state"] == "fulfilled").count();
        assert_eq!((accepted, stage.providers.succeeded().len()), (orders, orders));
    }
}

#[tokio::test]
async fn coupon_overspent_exceeds_the_limit() {
    let [honest, defective] = both(Defect::CouponOverspent).await;
    for (stage, charges) in [(&honest, 3), (&defective, 8)] {
        stage.providers.script(|operation, _| if operation == "create" { Act::Wait } else { Act::Serve });
        let mut carts = Vec::new();
        for nth in 0..8 {
            let cart = stage.cart(&[("tv", 1)]).await;
            stage.post(&format!("/carts/{cart}/promotion"), &format!("p{nth}"), json!({"code": "TEN"})).await;
            carts.push(cart);
        }
        let gate = async {
            until("the charges are on their way", || async { stage.providers.calls("create") >= charges }).await;
            stage.providers.script(|_, _| Act::Serve);
            stage.providers.gate.notify_waiters();
        };
        tokio::join!(stage.check_out_all(&carts), gate);
        assert_eq!(accepted(stage).await, charges);
    }
}
