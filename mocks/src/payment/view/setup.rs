//! An intent to set a method up as Stripe shows it.

use crate::payment::setups::Setup;
use crate::payment::state::Status;

use super::action::NextAction;
use super::{Empty, MethodView, Pairs, method};

#[derive(serde::Serialize)]
struct LastError<'a> {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    decline_code: Option<&'static str>,
    doc_url: String,
    message: &'static str,
    payment_method: MethodView<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(serde::Serialize)]
struct Automatic {
    allow_redirects: &'static str,
    enabled: bool,
}

#[derive(serde::Serialize)]
pub(crate) struct SetupView<'a> {
    id: &'a str,
    object: &'static str,
    application: (),
    automatic_payment_methods: Option<Automatic>,
    cancellation_reason: Option<&'a str>,
    client_secret: &'a str,
    created: i64,
    customer: Option<&'a str>,
    description: Option<&'a str>,
    flow_directions: (),
    last_setup_error: Option<LastError<'a>>,
    latest_attempt: Option<String>,
    livemode: bool,
    mandate: (),
    metadata: Pairs<'a>,
    next_action: Option<NextAction<'a>>,
    on_behalf_of: (),
    payment_method: Option<&'a str>,
    payment_method_configuration_details: (),
    payment_method_options: Empty,
    payment_method_types: Vec<&'a str>,
    single_use_mandate: (),
    status: &'static str,
    usage: &'a str,
}

/// An intent to set a method up.
pub(in crate::payment) fn setup(setup: &Setup) -> SetupView<'_> {
    SetupView {
        id: &setup.id,
        object: "setup_intent",
        application: (),
        automatic_payment_methods: setup
            .has_automatic_methods
            .then_some(Automatic { allow_redirects: "always", enabled: true }),
        cancellation_reason: setup.cancellation_reason.as_deref(),
        client_secret: &setup.client_secret,
        created: setup.created,
        customer: setup.customer.as_deref(),
        description: setup.description.as_deref(),
        flow_directions: (),
        last_setup_error: setup.last_decline().map(|(decline, refused)| LastError {
            code: decline.code,
            decline_code: decline.decline_code,
            doc_url: format!("https://stripe.com/docs/error-codes/{}", decline.code.replace('_', "-")),
            message: decline.message,
            payment_method: method(refused),
            kind: decline.kind(),
        }),
        latest_attempt: (setup.attempts > 0).then(|| setup.id.replace("seti_", "setatt_")),
        livemode: false,
        mandate: (),
        metadata: Pairs(&setup.metadata),
        next_action: setup.challenge.as_ref().filter(|_| setup.status == Status::RequiresAction).map(NextAction::of),
        on_behalf_of: (),
        payment_method: setup.method.as_ref().map(|method| method.id.as_str()),
        payment_method_configuration_details: (),
        payment_method_options: Empty {},
        payment_method_types: match setup.method_types.as_slice() {
            [] => vec!["card"],
            types => types.iter().map(String::as_str).collect(),
        },
        single_use_mandate: (),
        status: setup.status.name(),
        usage: &setup.usage,
    }
}
