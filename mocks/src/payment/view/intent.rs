//! A payment intent as Stripe shows it.

use crate::payment::cards::Brand;
use crate::payment::state::{CaptureMethod, Intent};

use super::{ChargeView, Empty, Expand, Expandable, MethodView, Pairs, charge, method};

#[derive(serde::Serialize)]
struct Tip {
    tip: Empty,
}

#[derive(serde::Serialize)]
struct AutomaticMethods {
    allow_redirects: &'static str,
    enabled: bool,
}

#[derive(serde::Serialize)]
struct LastError<'a> {
    charge: Option<&'a str>,
    code: &'static str,
    decline_code: Option<&'static str>,
    doc_url: String,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'static str>,
    payment_method: MethodView<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(serde::Serialize)]
pub(crate) struct IntentView<'a> {
    id: &'a str,
    object: &'static str,
    amount: i64,
    amount_capturable: i64,
    amount_details: Tip,
    amount_received: i64,
    application: (),
    application_fee_amount: (),
    automatic_payment_methods: Option<AutomaticMethods>,
    canceled_at: Option<i64>,
    cancellation_reason: Option<&'a str>,
    capture_method: CaptureMethod,
    client_secret: &'a str,
    confirmation_method: &'static str,
    created: i64,
    currency: &'a str,
    customer: Option<&'a str>,
    description: Option<&'a str>,
    invoice: (),
    last_payment_error: Option<LastError<'a>>,
    latest_charge: Option<Expandable<'a, ChargeView<'a>>>,
    livemode: bool,
    metadata: Pairs<'a>,
    next_action: (),
    on_behalf_of: (),
    payment_method: Option<Expandable<'a, MethodView<'a>>>,
    payment_method_configuration_details: (),
    payment_method_options: Empty,
    payment_method_types: [&'static str; 1],
    processing: (),
    receipt_email: Option<&'a str>,
    review: (),
    setup_future_usage: Option<&'a str>,
    shipping: (),
    source: (),
    statement_descriptor: Option<&'a str>,
    statement_descriptor_suffix: (),
    status: &'static str,
    transfer_data: (),
    transfer_group: (),
}

/// A payment.
pub(in crate::payment) fn intent(intent: &Intent, expand: Expand) -> IntentView<'_> {
    let latest = intent.latest_charge();
    let latest_charge = latest.map(|of| {
        if expand.latest_charge {
            Expandable::Object(Box::new(charge(intent, of, Expand::default())))
        } else {
            Expandable::Id(&of.id)
        }
    });
    let last_payment_error = intent.last_decline().map(|(decline, refused)| LastError {
        charge: latest.map(|charge| charge.id.as_str()),
        code: decline.code,
        decline_code: decline.decline_code,
        doc_url: format!("https://stripe.com/docs/error-codes/{}", decline.code.replace('_', "-")),
        message: decline.message,
        param: decline.param,
        payment_method: method(refused),
        kind: "card_error",
    });
    let is_bank = intent.method.as_ref().is_some_and(|method| method.card.brand == Brand::Bank);
    IntentView {
        id: &intent.id,
        object: "payment_intent",
        amount: intent.amount,
        amount_capturable: intent.amount_capturable(),
        amount_details: Tip { tip: Empty {} },
        amount_received: intent.amount_received(),
        application: (),
        application_fee_amount: (),
        automatic_payment_methods: intent
            .has_automatic_methods
            .then_some(AutomaticMethods { allow_redirects: "always", enabled: true }),
        canceled_at: intent.canceled_at,
        cancellation_reason: intent.cancellation_reason.as_deref(),
        capture_method: intent.capture_method,
        client_secret: &intent.client_secret,
        confirmation_method: "automatic",
        created: intent.created,
        currency: &intent.currency,
        customer: intent.customer.as_deref(),
        description: intent.description.as_deref(),
        invoice: (),
        last_payment_error,
        latest_charge,
        livemode: false,
        metadata: Pairs(&intent.metadata),
        next_action: (),
        on_behalf_of: (),
        payment_method: intent.method.as_ref().map(|of| {
            if expand.payment_method { Expandable::Object(Box::new(method(of))) } else { Expandable::Id(&of.id) }
        }),
        payment_method_configuration_details: (),
        payment_method_options: Empty {},
        payment_method_types: [if is_bank { "us_bank_account" } else { "card" }],
        processing: (),
        receipt_email: intent.receipt_email.as_deref(),
        review: (),
        setup_future_usage: intent.setup_future_usage.as_deref(),
        shipping: (),
        source: (),
        statement_descriptor: intent.statement_descriptor.as_deref(),
        statement_descriptor_suffix: (),
        status: intent.status.name(),
        transfer_data: (),
        transfer_group: (),
    }
}
