//! Ordering: two tabs, two requests, two writers.

use serde_json::{Value, json};
use stack::Defect;

use crate::{
    accepted, both,
    support::{Act, Stage, until, wire::Got},
};

const VISA: &str = "pm_card_visa";

/// Submits a cart twice: the provider holds its first answer until the second submission, under its key, is answered.
async fn submit_twice(stage: &Stage, second_key: &str) -> [Got; 2] {
    stage.providers.script(|operation, nth| if (operation, nth) == ("create", 0) { Act::Wait } else { Act::Serve });
    let cart = stage.cart(&[("tv", 1)]).await;
    let second = async {
        until("the first charge is made", || async { !stage.providers.charges().is_empty() }).await;
        let got = stage.check_out(&cart, second_key, VISA).await;
        stage.providers.gate.notify_waiters();
        got
    };
    let (first, second) = tokio::join!(stage.check_out(&cart, "k1", VISA), second);
    [first, second]
}

/// How many orders were accepted, and how many charges were made and kept.
async fn came_to(stage: &Stage) -> (usize, usize) {
    let orders = accepted(stage).await;
    (orders, stage.providers.succeeded().iter().filter(|charge| charge.refunded == 0).count())
}

/// Checks out while the provider holds its answer; its event comes first.
async fn check_out_after_the_event(stage: &Stage) -> Got {
    stage.providers.script(|operation, nth| if (operation, nth) == ("create", 0) { Act::Wait } else { Act::Serve });
    let cart = stage.cart(&[("tv", 1)]).await;
    let event = async {
        until("the charge is made", || async { !stage.providers.charges().is_empty() }).await;
        let charge = stage.providers.charges().remove(0);
        stage.providers.send_event(stage.shop, "evt_1", "payment_intent.succeeded", &charge).await
    };
    let checkout = stage.check_out(&cart, "k1", VISA);
    let open = async {
        assert_eq!(event.await, 200);
        stage.providers.gate.notify_waiters();
    };
    tokio::join!(checkout, open).0
}

/// A payment session with its cart and its order.
async fn session(stage: &Stage) -> (String, String) {
    let cart = stage.cart(&[("tv", 1)]).await;
    let got = stage.post(&format!("/carts/{cart}/session"), "k1", json!({"email": "a@example.com"})).await;
    assert_eq!(got.status, 201, "{}", got.text);
    (cart, got.order())
}

#[tokio::test]
async fn cart_ordered_twice_makes_two_accepted_orders() {
    for (stage, orders) in both(Defect::CartOrderedTwice).await.iter().zip([1, 2]) {
        let [first, second] = submit_twice(stage, "k2").await;
        let expected = if orders == 1 { "cart_ordered" } else { "none" };
        assert_eq!((first.status, second.code()), (201, expected), "{}", second.text);
        assert_eq!(came_to(stage).await, (orders, orders));
    }
}

#[tokio::test]
async fn order_before_claim_makes_a_second_order_of_a_reload() {
    for (stage, orders) in both(Defect::OrderBeforeClaim).await.iter().zip([1, 2]) {
        let [first, second] = submit_twice(stage, "k1").await;
        let expected = if orders == 1 { "key_in_progress" } else { "none" };
        assert_eq!((first.status, second.code()), (201, expected), "{}", second.text);
        assert_eq!(came_to(stage).await, (orders, orders));
        let cart = stage.book().await[0]["cart"].as_str().unwrap().to_owned();
        assert_eq!(stage.check_out(&cart, "k3", VISA).await.code(), "cart_ordered", "claimed in the end");
    }
}

#[tokio::test]
async fn guard_in_open_transaction_charges_one_order_twice() {
    for (stage, charges) in both(Defect::GuardInOpenTransaction).await.iter().zip([1, 2]) {
        submit_twice(stage, "k1").await;
        assert_eq!(came_to(stage).await, (1, charges));
        let second = stage.providers.charges().pop().unwrap();
        assert_eq!(stage.providers.send_event(stage.shop, "evt", "payment_intent.succeeded", &second).await, 200);
        assert_eq!(came_to(stage).await, (1, charges), "the event changes nothing");
    }
}

#[tokio::test]
async fn parallel_payments_active_charge_one_order_twice() {
    for (stage, charges) in both(Defect::ParallelPaymentsActive).await.iter().zip([1, 2]) {
        let [first, second] = submit_twice(stage, "k2").await;
        let expected = if charges == 1 { "cart_ordered" } else { "none" };
        assert_eq!((first.status, second.code()), (201, expected), "{}", second.text);
        assert_eq!(came_to(stage).await, (1, charges));
    }
}

#[tokio::test]
async fn both_tabs_paid_takes_a_used_key_for_a_payment() {
    for (stage, orders) in both(Defect::BothTabsPaid).await.iter().zip([1, 2]) {
        submit_twice(stage, "k2").await;
        assert_eq!(came_to(stage).await, (orders, 1));
    }
}

#[tokio::test]
async fn cart_read_outside_lock_makes_two_accepted_orders() {
    for (stage, orders) in both(Defect::CartReadOutsideLock).await.iter().zip([1, 2]) {
        stage.providers.script(|operation, _| if operation == "quote" { Act::Wait } else { Act::Serve });
        let cart = stage.cart(&[("tv", 1)]).await;
        let gate = async {
            until("both ask for tax", || async { stage.providers.calls("quote") >= 2 }).await;
            stage.providers.script(|_, _| Act::Serve);
            stage.providers.gate.notify_waiters();
        };
        tokio::join!(stage.check_out(&cart, "k1", VISA), stage.check_out(&cart, "k2", VISA), gate);
        assert_eq!(came_to(stage).await, (orders, orders));
    }
}

#[tokio::test]
async fn shared_order_number_is_told_to_two_customers() {
    for (stage, distinct) in both(Defect::SharedOrderNumber).await.iter().zip([2, 1]) {
        stage.providers.script(|operation, _| if operation == "quote" { Act::Wait } else { Act::Serve });
        let carts = [stage.cart(&[("tv", 1)]).await, stage.cart(&[("tv", 1)]).await];
        let gate = async {
            until("both ask for tax", || async { stage.providers.calls("quote") >= 2 }).await;
            stage.providers.script(|_, _| Act::Serve);
            stage.providers.gate.notify_waiters();
        };
        let (told, ()) = tokio::join!(stage.check_out_all(&carts), gate);
        let count = |numbers: Vec<Value>| numbers.iter().collect::<std::collections::HashSet<_>>().len();
        assert_eq!(count(told.iter().map(|got| got.json["order"].clone()).collect()), distinct);
        let book = stage.book().await;
        assert_eq!((book.len(), count(book.iter().map(|line| line["number"].clone()).collect())), (2, distinct));
    }
}

#[tokio::test]
async fn webhook_and_checkout_both_pay_when_the_answer_comes_too_late() {
    for (stage, charges) in both(Defect::WebhookAndCheckoutBothPay).await.iter().zip([1, 2]) {
        stage.providers.script(|operation, nth| if (operation, nth) == ("create", 0) { Act::Wait } else { Act::Serve });
        let cart = stage.cart(&[("tv", 1)]).await;
        let event = async {
            until("the charge is made", || async { !stage.providers.charges().is_empty() }).await;
            let charge = stage.providers.charges().remove(0);
            stage.providers.send_event(stage.shop, "evt_1", "payment_intent.succeeded", &charge).await
        };
        let (got, event) = tokio::join!(stage.check_out(&cart, "k1", VISA), event);
        assert_eq!((got.status, event), (201, 200), "{}", got.text);
        assert_eq!(came_to(stage).await, (1, charges));
    }
}

#[tokio::test]
async fn find_or_create_without_index_makes_an_order_of_an_early_event() {
    for (stage, orders) in both(Defect::FindOrCreateWithoutIndex).await.iter().zip([1, 2]) {
        assert_eq!(check_out_after_the_event(stage).await.status, 201);
        assert_eq!(came_to(stage).await, (orders, 1));
    }
}

#[tokio::test]
async fn compensation_refunds_good_order_that_its_event_had_booked() {
    for (stage, kept) in both(Defect::CompensationRefundsGoodOrder).await.iter().zip([1, 0]) {
        assert_eq!(check_out_after_the_event(stage).await.status, 201);
        assert_eq!(came_to(stage).await, (1, kept));
        assert_eq!(stage.book().await[0]["refunded_minor"], 0, "the shop knows of no refund");
    }
}

#[tokio::test]
async fn check_then_act_on_order_makes_two_orders_of_two_returns() {
    for (stage, orders) in both(Defect::CheckThenActOnOrder).await.iter().zip([1, 2]) {
        let (_, order) = session(stage).await;
        stage.providers.holder("pi_1", "succeeded");
        stage.providers.script(|operation, nth| match (operation, nth) {
            ("retrieve", 0) => Act::Wait,
            _ => Act::Serve,
        });
        let path = format!("/orders/{order}/return");
        let second = async {
            until("the first return is looked after", || async { stage.providers.calls("retrieve") == 1 }).await;
            let got = stage.get(&path).await;
            stage.providers.gate.notify_waiters();
            got
        };
        let (first, second) = tokio::join!(stage.get(&path), second);
        assert_eq!((first.status, second.status), (200, 200));
        stage.until_state(&order, "fulfilled").await;
        assert_eq!(came_to(stage).await, (orders, 1));
    }
}

#[tokio::test]
async fn stale_payment_amount_charges_what_the_cart_was() {
    for (stage, agrees) in both(Defect::StalePaymentAmount).await.iter().zip([true, false]) {
        let (cart, order) = session(stage).await;
        let edited = stage.put(&format!("/carts/{cart}/lines/tv"), json!({"quantity": 3})).await;
        assert_eq!(edited.status, 200, "{}", edited.text);
        stage.providers.holder("pi_1", "succeeded");
        stage.get(&format!("/orders/{order}/return")).await;
        stage.until_state(&order, "fulfilled").await;
        assert_eq!(stage.book().await[0]["total_minor"] == stage.providers.charges()[0].amount, agrees);
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
