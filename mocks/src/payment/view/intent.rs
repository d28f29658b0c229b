//! A payment intent as Stripe shows it.

use crate::payment::cards::Brand;
use crate::payment::options::{ConfirmationMethod, Multicapture, Options, Transfer};
use crate::payment::state::{CaptureMethod, Intent, Shipping, Status};

use super::action::NextAction;
use super::{Empty, MethodView, Pairs, method};

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
    application_fee_amount: Option<i64>,
    automatic_payment_methods: Option<AutomaticMethods>,
    canceled_at: Option<i64>,
    cancellation_reason: Option<&'a str>,
    capture_method: CaptureMethod,
    client_secret: &'a str,
    confirmation_method: ConfirmationMethod,
    created: i64,
    currency: &'a str,
    customer: Option<&'a str>,
    description: Option<&'a str>,
    invoice: (),
    last_payment_error: Option<LastError<'a>>,
    latest_charge: Option<&'a str>,
    livemode: bool,
    metadata: Pairs<'a>,
    next_action: Option<NextAction<'a>>,
    on_behalf_of: Option<&'a str>,
    payment_method: Option<&'a str>,
    payment_method_configuration_details: (),
    payment_method_options: MethodOptions<'a>,
    payment_method_types: Vec<&'a str>,
    processing: (),
    receipt_email: Option<&'a str>,
    review: (),
    setup_future_usage: Option<&'a str>,
    shipping: Option<&'a Shipping>,
    source: (),
    statement_descriptor: Option<&'a str>,
    statement_descriptor_suffix: Option<&'a str>,
    status: &'static str,
    transfer_data: Option<&'a Transfer>,
    transfer_group: Option<&'a str>,
}

#[derive(serde::Serialize)]
struct MethodOptions<'a> {
    card: CardOptions<'a>,
}

#[derive(serde::Serialize)]
struct CardOptions<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    capture_method: Option<&'static str>,
    installments: (),
    mandate_options: (),
    network: (),
    #[serde(skip_serializing_if = "Option::is_none")]
    request_multicapture: Option<&'static str>,
    request_three_d_secure: &'a str,
}

fn method_options(options: &Options) -> MethodOptions<'_> {
    MethodOptions {
        card: CardOptions {
            capture_method: options.card_capture_is_manual.then_some("manual"),
            installments: (),
            mandate_options: (),
            network: (),
            request_multicapture: match options.multicapture {
                Multicapture::IfAvailable => Some("if_available"),
                Multicapture::Never => None,
            },
            request_three_d_secure: options.request_three_d_secure.as_deref().unwrap_or("automatic"),
        },
    }
}

fn method_types(intent: &Intent) -> Vec<&str> {
    if !intent.options.method_types.is_empty() {
        return intent.options.method_types.iter().map(String::as_str).collect();
    }
    let is_bank = intent.method.as_ref().is_some_and(|method| method.card.brand == Brand::Bank);
    vec![if is_bank { "us_bank_account" } else { "card" }]
}

fn next_action(intent: &Intent) -> Option<NextAction<'_>> {
    let challenge = intent.challenge.as_ref().filter(|_| intent.status == Status::RequiresAction)?;
    Some(NextAction::of(challenge))
}

/// A payment.
pub(in crate::payment) fn intent(intent: &Intent) -> IntentView<'_> {
    let last_payment_error = intent.last_decline().map(|(decline, refused)| LastError {
        charge: intent.refused_charge().map(|charge| charge.id.as_str()),
        code: decline.code,
        decline_code: decline.decline_code,
        doc_url: format!("https://stripe.com/docs/error-codes/{}", decline.code.replace('_', "-")),
        message: decline.message,
        param: decline.param,
        payment_method: method(refused),
        kind: decline.kind(),
    });
    let options = &*intent.options;
    IntentView {
        id: &intent.id,
        object: "payment_intent",
        amount: intent.amount,
        amount_capturable: intent.amount_capturable(),
        amount_details: Tip { tip: Empty {} },
        amount_received: intent.amount_received(),
        application: (),
        application_fee_amount: options.application_fee_amount,
        automatic_payment_methods: intent.has_automatic_methods.then_some(AutomaticMethods {
            allow_redirects: if options.refuses_redirects { "never" } else { "always" },
            enabled: true,
        }),
        canceled_at: intent.canceled_at,
        cancellation_reason: intent.cancellation_reason.as_deref(),
        capture_method: intent.capture_method,
        client_secret: &intent.client_secret,
        confirmation_method: options.confirmation_method,
        created: intent.created,
        currency: &intent.currency,
        customer: intent.customer.as_deref(),
        description: intent.description.as_deref(),
        invoice: (),
        last_payment_error,
        latest_charge: intent.latest_charge().map(|charge| charge.id.as_str()),
        livemode: false,
        metadata: Pairs(&intent.metadata),
        next_action: next_action(intent),
        on_behalf_of: options.on_behalf_of.as_deref(),
        payment_method: intent.method.as_ref().map(|method| method.id.as_str()),
        payment_method_configuration_details: (),
        payment_method_options: method_options(options),
        payment_method_types: method_types(intent),
        processing: (),
        receipt_email: intent.receipt_email.as_deref(),
        review: (),
        setup_future_usage: intent.setup_future_usage.as_deref(),
        shipping: options.shipping.as_ref(),
        source: (),
        statement_descriptor: intent.statement_descriptor.as_deref(),
        statement_descriptor_suffix: options.statement_descriptor_suffix.as_deref(),
        status: intent.status.name(),
        transfer_data: options.transfer.as_ref(),
        transfer_group: options.transfer_group.as_deref(),
    }
}
