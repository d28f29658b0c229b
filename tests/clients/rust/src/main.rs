//! A payment, a refund, a dispute through async-stripe: its strict types refuse any answer that is not shaped as Stripe's.
//!
//! Takes the providers' address, such as `http://127.0.0.1:9001`, as its argument.

use std::time::Duration;

use stripe::{Client, ClientBuilder};
use stripe_core::balance::RetrieveForMyAccountBalance;
use stripe_core::balance_transaction::ListBalanceTransaction;
use stripe_core::charge::{ListCharge, RetrieveCharge};
use stripe_core::customer::{CreateCustomer, ListCustomer};
use stripe_core::dispute::{ListDispute, RetrieveDispute, UpdateDispute, UpdateDisputeEvidence};
use stripe_core::event::ListEvent;
use stripe_core::payment_intent::{CapturePaymentIntent, CreatePaymentIntent, ListPaymentIntent};
use stripe_core::refund::{CreateRefund, ListRefund};
use stripe_core::{DisputeStatus, PaymentIntentCaptureMethod, PaymentIntentStatus};
use stripe_types::Currency;

type Lived = Result<(), Box<dyn std::error::Error>>;

const TRIES_MAX: usize = 400;

#[tokio::main]
async fn main() -> Lived {
    let url = std::env::args().nth(1).ok_or("the providers' address is missing")?;
    let client = ClientBuilder::new("sk_test_async_stripe").url(url).timeout(Duration::from_secs(20)).build()?;
    payment(&client).await?;
    capture(&client).await?;
    dispute(&client).await?;
    lists(&client).await?;
    println!("a payment, a capture, a refund and a dispute, all of them as their types demand");
    Ok(())
}

fn purchase(amount: i64, method: &str) -> CreatePaymentIntent {
    CreatePaymentIntent::new(amount, Currency::USD).confirm(true).payment_method(method)
}

async fn payment(client: &Client) -> Lived {
    let customer = CreateCustomer::new().email("amy@shop.example").send(client).await?;
    let intent = purchase(1_999, "pm_card_visa")
        .customer(customer.id.as_str())
        .expand(["latest_charge.balance_transaction".to_owned(), "customer".to_owned()])
        .send(client)
        .await?;
    assert_eq!(intent.status, PaymentIntentStatus::Succeeded);
    let charge = intent.latest_charge.as_ref().and_then(|charge| charge.as_object()).ok_or("no charge was expanded")?;
    let entry =
        charge.balance_transaction.as_ref().and_then(|entry| entry.as_object()).ok_or("no entry was expanded")?;
    assert_eq!((entry.amount, entry.fee, entry.net), (1_999, 88, 1_911));
    let refund = CreateRefund::new().payment_intent(intent.id.as_str()).amount(500).send(client).await?;
    assert_eq!((refund.amount, refund.status.as_deref()), (500, Some("succeeded")));
    assert_eq!(RetrieveCharge::new(charge.id.as_str()).send(client).await?.amount_refunded, 500);
    assert!(purchase(500, "pm_card_chargeDeclined").send(client).await.is_err());
    Ok(())
}

async fn capture(client: &Client) -> Lived {
    let held = purchase(1_000, "pm_card_visa").capture_method(PaymentIntentCaptureMethod::Manual).send(client).await?;
    assert_eq!(held.status, PaymentIntentStatus::RequiresCapture);
    let taken = CapturePaymentIntent::new(held.id.as_str()).amount_to_capture(600).send(client).await?;
    assert_eq!((taken.status, taken.amount_received), (PaymentIntentStatus::Succeeded, 600));
    Ok(())
}

async fn dispute(client: &Client) -> Lived {
    let intent = purchase(700, "pm_card_createDispute").send(client).await?;
    let mut found = None;
    for _ in 0..TRIES_MAX {
        found = ListDispute::new().payment_intent(intent.id.as_str()).send(client).await?.data.into_iter().next();
        if found.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let dispute = found.ok_or("no dispute was opened")?;
    assert_eq!(dispute.status, DisputeStatus::NeedsResponse);
    let mut evidence = UpdateDisputeEvidence::new();
    evidence.uncategorized_text = Some("winning_evidence".to_owned());
    UpdateDispute::new(dispute.id.as_str()).evidence(evidence).submit(true).send(client).await?;
    for _ in 0..TRIES_MAX {
        if RetrieveDispute::new(dispute.id.as_str()).send(client).await?.status == DisputeStatus::Won {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err("the dispute was not decided".into())
}

async fn lists(client: &Client) -> Lived {
    assert!(ListPaymentIntent::new().limit(2).send(client).await?.has_more);
    assert!(!ListCharge::new().send(client).await?.data.is_empty());
    assert!(!ListRefund::new().send(client).await?.data.is_empty());
    assert!(!ListCustomer::new().send(client).await?.data.is_empty());
    assert!(!ListBalanceTransaction::new().send(client).await?.data.is_empty());
    assert!(!ListEvent::new().limit(100).send(client).await?.data.is_empty());
    assert!(!RetrieveForMyAccountBalance::new().send(client).await?.pending.is_empty());
    Ok(())
}
