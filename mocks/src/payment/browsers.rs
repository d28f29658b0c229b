//! What a publishable key may see: a payment without what is the shop's alone.

use serde_json::Value;

use crate::wire::Answer;

/// Fields of a payment that a browser sees (Stripe, *Payment Intents API*, marked as retrievable with a publishable key).
const INTENT: [&str; 24] = [
    "id",
    "object",
    "amount",
    "amount_details",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "capture_method",
    "client_secret",
    "confirmation_method",
    "created",
    "currency",
    "description",
    "last_payment_error",
    "livemode",
    "next_action",
    "payment_method",
    "payment_method_configuration_details",
    "payment_method_types",
    "processing",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "status",
];
/// The same of an intent to set a method up.
const SETUP: [&str; 16] = [
    "id",
    "object",
    "automatic_payment_methods",
    "cancellation_reason",
    "client_secret",
    "created",
    "description",
    "last_setup_error",
    "livemode",
    "next_action",
    "payment_method",
    "payment_method_configuration_details",
    "payment_method_types",
    "source",
    "status",
    "usage",
];

/// Takes away what a browser does not see.
pub(super) fn restrict(answer: Answer) -> Answer {
    let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else { return answer };
    narrow(&mut body);
    for name in ["payment_intent", "setup_intent"] {
        if let Some(inner) = body.get_mut("error").and_then(|error| error.get_mut(name)) {
            narrow(inner);
        }
    }
    Answer { body: body.to_string().into(), ..answer }
}

fn narrow(object: &mut Value) {
    let fields: &[&str] = match object["object"].as_str() {
        Some("payment_intent") => &INTENT,
        Some("setup_intent") => &SETUP,
        _ => return,
    };
    if let Some(map) = object.as_object_mut() {
        map.retain(|name, _| fields.contains(&name.as_str()));
    }
}
