//! The payment provider on Stripe's wire (docs.stripe.com/api): what is sent, and what an answer proves.

use bytes::Bytes;
use http::Method;

use super::{Attempt, Card, Change, Held, Search, objects};
use crate::{
    cart::exponent,
    defects::{Defect, Defects},
    metrics::Operation,
    order::Brief,
    providers::{Call, Called, Guard, Link, Rejection, Silence},
    refusal::{Refusal, known},
    store::{CaptureOrder, CaptureTime, Charge, NotCharged, Proof, Refund, VoidOrder},
};
use objects::{ErrorBody, Intent, Listed, Named, RefundObject};

const FORM: &str = "application/x-www-form-urlencoded";

/// The payment provider.
pub(crate) struct Stripe {
    pub(crate) link: Link,
    /// Where browsers come back to, up to the order's number.
    pub(crate) orders_url: String,
    pub(crate) defects: Defects,
}

/// Where an amount goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Out,
    Back,
}

impl Stripe {
    /// An amount as it is sent, or as it was received: on this wire too it is in the minor units of its currency.
    fn amount(&self, minor: i64, currency: &str, way: Way) -> i64 {
        // The defect `minor-units-twice`: whatever the currency, a hundred of them are one.
        if self.defects.has(Defect::MinorUnitsTwice) {
            let of_one = 10_i64.pow(exponent(currency));
            return match way {
                Way::Out => minor * 100 / of_one,
                Way::Back => minor * of_one / 100,
            };
        }
        minor
    }

    /// Creates and confirms a payment in one call, under a key.
    pub(super) async fn charge(&self, charge: &Charge, key: &str, guard: Guard) -> Attempt {
        self.create(charge, key, guard, confirmed_form(charge, self.due(charge), &self.orders_url)).await
    }

    /// Creates a payment that a browser will confirm.
    pub(super) async fn open_session(&self, charge: &Charge, guard: Guard) -> Attempt {
        self.create(charge, &charge.key, guard, session_form(charge, self.due(charge))).await
    }

    fn due(&self, charge: &Charge) -> i64 {
        self.amount(charge.amount_minor, &charge.brief.currency, Way::Out)
    }

    async fn create(&self, charge: &Charge, key: &str, guard: Guard, form: Bytes) -> Attempt {
        let call = post(Operation::CreatePayment, "/v1/payment_intents", form);
        match self.link.call(Call { key: Some(key), carried: &charge.brief.carried, guard, ..call }).await {
            Called::Answered(intent) => Intent::attempt(intent),
            Called::Rejected(rejection) => rejected(&rejection),
            Called::Silent(Silence::NotSent) => Attempt::Nothing(NotCharged::Unavailable),
            Called::Silent(Silence::Unknown) => Attempt::Doubt { again: true },
        }
    }

    /// Gives an unconfirmed payment another amount. Asked twice it does the same, so it needs no key.
    pub(super) async fn reprice(&self, charge: &Charge, amount_minor: i64) -> Change {
        let Some(intent) = &charge.intent else { return Change::Refused };
        let path = format!("/v1/payment_intents/{intent}");
        let amount = self.amount(amount_minor, &charge.brief.currency, Way::Out);
        let call = post(Operation::UpdatePayment, &path, form(&[("amount", &amount.to_string())]));
        self.change(Call { carried: &charge.brief.carried, ..call }).await
    }

    /// Looks for an order's payments by what the shop wrote on them, without any key.
    pub(super) async fn find(&self, charge: &Charge) -> Search {
        let number = charge.brief.number.to_string();
        let query = format!("metadata['order']:'{number}'");
        let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let path = format!("/v1/payment_intents/search?limit=100&query={query}");
        let call = Call { method: Method::GET, ..post(Operation::SearchPayments, &path, Bytes::new()) };
        match self.link.call::<Listed>(Call { carried: &charge.brief.carried, ..call }).await {
            Called::Answered(listed) => {
                let ours = listed.data.into_iter().filter(|it| it.is_of(&number));
                Search::Found(ours.map(|it| self.held(it, &charge.brief)).collect())
            }
            Called::Rejected(_) | Called::Silent(_) => Search::Unknown,
        }
    }

    /// The intent as it is now; `None` when it cannot be had.
    pub(super) async fn retrieve(&self, intent: &str, brief: &Brief) -> Option<Held> {
        let path = format!("/v1/payment_intents/{intent}");
        let call = Call { method: Method::GET, ..post(Operation::RetrievePayment, &path, Bytes::new()) };
        match self.link.call(Call { carried: &brief.carried, ..call }).await {
            Called::Answered(intent) => Some(self.held(intent, brief)),
            Called::Rejected(_) | Called::Silent(_) => None,
        }
    }

    fn held(&self, intent: Intent, brief: &Brief) -> Held {
        let mut held = intent.held();
        for amount_minor in [&mut held.amount_minor, &mut held.captured_minor] {
            *amount_minor = self.amount(*amount_minor, &brief.currency, Way::Back);
        }
        held
    }

    /// Cancels a payment that waits for its holder; where that comes too late, says what it became.
    pub(super) async fn abandon(&self, charge: &Charge) -> Attempt {
        let Some(intent) = &charge.intent else { return Attempt::Doubt { again: false } };
        let path = format!("/v1/payment_intents/{intent}/cancel");
        let call = post(Operation::CancelPayment, &path, Bytes::new());
        match self.link.call(Call { carried: &charge.brief.carried, ..call }).await {
            Called::Answered(intent) => Intent::attempt(intent),
            Called::Rejected(rejection) if rejection.status < 500 => {
                let held = self.retrieve(intent, &charge.brief).await;
                held.map_or(Attempt::Doubt { again: true }, |held| held.attempt)
            }
            Called::Rejected(_) | Called::Silent(_) => Attempt::Doubt { again: true },
        }
    }

    pub(super) async fn capture(&self, capture: &CaptureOrder) -> Change {
        let amount = self.amount(capture.amount_minor, &capture.brief.currency, Way::Out).to_string();
        let part = [("amount_to_capture", amount.as_str()), ("final_capture", "false")];
        let path = format!("/v1/payment_intents/{}/capture", capture.intent);
        let call = post(Operation::Capture, &path, form(if capture.is_final { &part[..1] } else { &part }));
        self.change(Call { key: Some(&capture.key), carried: &capture.brief.carried, ..call }).await
    }

    pub(super) async fn void(&self, void: &VoidOrder) -> Change {
        let path = format!("/v1/payment_intents/{}/cancel", void.intent);
        let call = post(Operation::CancelPayment, &path, Bytes::new());
        let change = self.change(Call { key: Some(&void.key), carried: &void.brief.carried, ..call }).await;
        if change != Change::Refused {
            return change;
        }
        // Refused too is what has been cancelled already, by the provider or by the holder.
        match self.retrieve(&void.intent, &void.brief).await.map(|held| held.attempt) {
            Some(Attempt::Proven(Proof::Declined { .. })) => Change::Done { reference: None },
            Some(Attempt::Proven(Proof::Succeeded { .. })) => Change::Refused,
            Some(_) | None => Change::Unknown,
        }
    }

    /// Gives a payment back.
    pub(super) async fn refund(&self, refund: &Refund) -> Change {
        let amount = self.amount(refund.amount_minor, &refund.brief.currency, Way::Out);
        let call = post(Operation::Refund, "/v1/refunds", refund_form(refund, amount));
        let call = Call { key: Some(&refund.key), carried: &refund.brief.carried, ..call };
        match self.link.call::<RefundObject>(call).await {
            Called::Answered(object) => object.change(),
            Called::Rejected(rejection) => judged(&rejection),
            Called::Silent(_) => Change::Unknown,
        }
    }

    /// A refund that was taken in before, as it is now.
    pub(super) async fn look_at_refund(&self, refund: &Refund) -> Change {
        let path = format!("/v1/refunds/{}", refund.reference.as_deref().unwrap_or_default());
        let call = Call { method: Method::GET, ..post(Operation::RetrieveRefund, &path, Bytes::new()) };
        match self.link.call::<RefundObject>(Call { carried: &refund.brief.carried, ..call }).await {
            Called::Answered(object) => object.change(),
            Called::Rejected(_) | Called::Silent(_) => Change::Unknown,
        }
    }

    pub(super) async fn submit_evidence(&self, dispute: &str, evidence: &str) -> Change {
        let path = format!("/v1/disputes/{dispute}");
        let body = form(&[("evidence[uncategorized_text]", evidence), ("submit", "true")]);
        self.change(post(Operation::SubmitEvidence, &path, body)).await
    }

    async fn change(&self, call: Call<'_>) -> Change {
        match self.link.call::<Named>(call).await {
            Called::Answered(named) => Change::Done { reference: named.latest_charge.or(Some(named.id)) },
            Called::Rejected(rejection) => judged(&rejection),
            Called::Silent(_) => Change::Unknown,
        }
    }

    /// Exchanges a card for the provider's name of it.
    pub(super) async fn tokenise(&self, card: &Card, key: &str, carried: &str) -> Result<String, Refusal> {
        let call = post(Operation::CreateMethod, "/v1/payment_methods", card_form(card));
        match self.link.call::<Named>(Call { key: Some(key), carried, guard: Guard::Breaker, ..call }).await {
            Called::Answered(method) => Ok(method.id),
            Called::Rejected(rejection) if matches!(rejection.status, 400 | 402) => {
                let mut declined = known::DECLINED;
                declined.decline_code = serde_json::from_slice::<ErrorBody>(&rejection.body)
                    .map_or(None, |body| Some(body.error.card.reason()));
                Err(declined)
            }
            Called::Rejected(_) | Called::Silent(_) => Err(known::PAYMENT_UNAVAILABLE),
        }
    }

    /// Makes a customer whose cards are kept; the same key makes the same one.
    pub(super) async fn customer(&self, email: &str, key: &str, carried: &str) -> Result<String, Refusal> {
        let call = post(Operation::CreateCustomer, "/v1/customers", customer_form(email));
        match self.link.call::<Named>(Call { key: Some(key), carried, guard: Guard::Breaker, ..call }).await {
            Called::Answered(customer) => Ok(customer.id),
            Called::Rejected(_) | Called::Silent(_) => Err(known::PAYMENT_UNAVAILABLE),
        }
    }
}

/// What a rejection of a change proves: the provider has judged the request itself, or nothing.
fn judged(rejection: &Rejection) -> Change {
    if matches!(rejection.status, 400 | 402 | 404) { Change::Refused } else { Change::Unknown }
}

fn post(operation: Operation, path: &str, body: Bytes) -> Call<'_> {
    Call { operation, method: Method::POST, path, content_type: FORM, key: None, carried: "", body, guard: Guard::None }
}

fn form(pairs: &[(&str, &str)]) -> Bytes {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into()
}

type Form = form_urlencoded::Serializer<'static, String>;

fn charge_form(charge: &Charge, amount: i64) -> Form {
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(700));
    form.append_pair("amount", &amount.to_string())
        .append_pair("currency", &charge.brief.currency.to_ascii_lowercase())
        .append_pair("receipt_email", &charge.brief.email)
        .append_pair("metadata[cart]", &charge.brief.cart);
    if charge.capture == CaptureTime::AtDispatch {
        form.append_pair("capture_method", "manual")
            .append_pair("payment_method_options[card][request_multicapture]", "if_available");
    }
    // Name and street are asked for of whoever names a country.
    if let Some(address) = charge.brief.address().filter(|it| !it.name.is_empty() && !it.line1.is_empty()) {
        form.append_pair("shipping[name]", &address.name)
            .append_pair("shipping[address][line1]", &address.line1)
            .append_pair("shipping[address][city]", &address.city)
            .append_pair("shipping[address][postal_code]", &address.postal_code)
            .append_pair("shipping[address][country]", &address.country);
        if !address.region.is_empty() {
            form.append_pair("shipping[address][state]", &address.region);
        }
    }
    // A charge that comes before its order has no number to give.
    if charge.brief.number.0 > 0 {
        form.append_pair("metadata[order]", &charge.brief.number.to_string())
            .append_pair("metadata[payment]", &charge.payment.to_string());
    }
    form
}

fn confirmed_form(charge: &Charge, amount: i64, orders_url: &str) -> Bytes {
    let mut form = charge_form(charge, amount);
    form.append_pair("confirm", "true");
    // A method of a customer is `cus_…/pm_…`, one that is to be kept `cus_…/pm_…/save`.
    match charge.method.split_once('/') {
        None => {
            form.append_pair("payment_method", &charge.method);
        }
        Some((customer, method)) => {
            let kept = method.strip_suffix("/save");
            form.append_pair("customer", customer).append_pair("payment_method", kept.unwrap_or(method));
            if kept.is_some() {
                form.append_pair("setup_future_usage", "off_session");
            }
        }
    }
    if charge.brief.number.0 > 0 {
        form.append_pair("return_url", &format!("{orders_url}{}/return", charge.brief.number));
    }
    form.finish().into()
}

fn session_form(charge: &Charge, amount: i64) -> Bytes {
    let mut form = charge_form(charge, amount);
    form.append_pair("payment_method_types[]", "card");
    form.finish().into()
}

fn customer_form(email: &str) -> Bytes {
    form_urlencoded::Serializer::new(String::new()).append_pair("email", email).finish().into()
}

fn card_form(card: &Card) -> Bytes {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("type", "card")
        .append_pair("card[number]", &card.number)
        .append_pair("card[exp_month]", &card.exp_month.to_string())
        .append_pair("card[exp_year]", &card.exp_year.to_string())
        .append_pair("card[cvc]", &card.cvc);
    form.finish().into()
}

fn refund_form(refund: &Refund, amount: i64) -> Bytes {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("payment_intent", &refund.intent)
        .append_pair("amount", &amount.to_string())
        .append_pair("metadata[order]", &refund.brief.number.to_string())
        .append_pair("metadata[refund]", &refund.id.to_string());
    form.finish().into()
}

/// What a rejection of a charge proves.
fn rejected(rejection: &Rejection) -> Attempt {
    let detail = serde_json::from_slice::<ErrorBody>(&rejection.body).ok().map(|body| body.error);
    match (rejection.status, detail) {
        (402, Some(error)) if error.kind == "card_error" => Attempt::Proven(Proof::Declined {
            intent: error.payment_intent.map(|intent| intent.id),
            code: error.card.reason(),
        }),
        // The key was used with other parameters: what it did then is not known.
        (400, Some(error)) if error.kind == "idempotency_error" => Attempt::Doubt { again: false },
        (400 | 404, Some(_)) => Attempt::Nothing(NotCharged::Refused),
        (401 | 403 | 429, _) => Attempt::Nothing(NotCharged::Unavailable),
        // A kept server error is replayed for ever: the key can tell no more.
        (500.., _) => Attempt::Doubt { again: !says(rejection, "idempotent-replayed", "true") },
        _ => Attempt::Doubt { again: true },
    }
}

fn says(rejection: &Rejection, header: &str, value: &str) -> bool {
    rejection.headers.get(header).is_some_and(|found| found.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
}

#[cfg(test)]
mod tests {

    use super::*;

    fn rejection(status: u16, body: &'static str) -> Rejection {
        Rejection { status, headers: http::HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn only_a_readable_card_error_is_a_decline() {
        let body = r#"{"error":{"type":"card_error","code":"card_declined","decline_code":"lost_card",
                       "payment_intent":{"id":"pi_1"}}}"#;
        let declined = Proof::Declined { intent: Some("pi_1".into()), code: "lost_card".into() };
        assert_eq!(rejected(&rejection(402, body)), Attempt::Proven(declined));
        assert_eq!(rejected(&rejection(402, "{\"err")), Attempt::Doubt { again: true });
    }

    #[test]
    fn server_errors_and_conflicts_prove_nothing() {
        for status in [409, 500, 502, 503, 504] {
            assert_eq!(rejected(&rejection(status, "")), Attempt::Doubt { again: true }, "{status}");
        }
        let reused = r#"{"error":{"type":"idempotency_error"}}"#;
        assert_eq!(rejected(&rejection(400, reused)), Attempt::Doubt { again: false });
    }
}
