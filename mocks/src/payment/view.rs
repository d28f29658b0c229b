//! Objects as Stripe shows them: every field that its clients read, with `()` for those that are always null here.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::cards::Brand;
use super::state::{CaptureMethod, Charge, ChargeStatus, Customer, Intent, Method, Refund};

/// Metadata as an object.
pub(super) struct Pairs<'a>(pub(super) &'a [(String, String)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// An identifier, or the object in its place.
#[derive(serde::Serialize)]
#[serde(untagged)]
pub(super) enum Expandable<'a, T> {
    Id(&'a str),
    Object(Box<T>),
}

/// Which fields are to be objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each says of one field whether it is an object")]
pub(crate) struct Expand {
    pub(super) latest_charge: bool,
    pub(super) payment_method: bool,
    pub(super) payment_intent: bool,
    pub(super) charge: bool,
}

#[derive(serde::Serialize)]
struct Empty {}

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
pub(super) fn intent(intent: &Intent, expand: Expand) -> IntentView<'_> {
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

#[derive(serde::Serialize)]
struct Address {
    city: (),
    country: (),
    line1: (),
    line2: (),
    postal_code: (),
    state: (),
}

#[derive(serde::Serialize)]
struct Billing<'a> {
    address: Address,
    email: Option<&'a str>,
    name: Option<&'a str>,
    phone: (),
}

fn billing(method: &Method) -> Billing<'_> {
    Billing {
        address: Address { city: (), country: (), line1: (), line2: (), postal_code: (), state: () },
        email: method.billing_email.as_deref(),
        name: method.billing_name.as_deref(),
        phone: (),
    }
}

#[derive(serde::Serialize)]
#[expect(clippy::struct_field_names, reason = "the fields are Stripe's")]
struct Checks {
    address_line1_check: (),
    address_postal_code_check: (),
    cvc_check: &'static str,
}

#[derive(serde::Serialize)]
struct CardView<'a> {
    brand: &'static str,
    checks: Checks,
    country: &'static str,
    display_brand: &'static str,
    exp_month: u32,
    exp_year: u32,
    funding: super::cards::Funding,
    last4: &'a str,
    network: &'static str,
    three_d_secure: (),
    wallet: (),
}

fn card(method: &Method) -> CardView<'_> {
    let card = &method.card;
    let brand = card.brand.name();
    let cvc_check = match card.behaviour {
        super::cards::Behaviour::IncorrectCvc => "fail",
        _ => "pass",
    };
    CardView {
        brand,
        checks: Checks { address_line1_check: (), address_postal_code_check: (), cvc_check },
        country: "US",
        display_brand: brand,
        exp_month: card.exp_month,
        exp_year: card.exp_year,
        funding: card.funding,
        last4: &card.last4,
        network: brand,
        three_d_secure: (),
        wallet: (),
    }
}

#[derive(serde::Serialize)]
struct BankView<'a> {
    account_holder_type: &'static str,
    account_type: &'static str,
    bank_name: &'static str,
    last4: &'a str,
    routing_number: &'static str,
}

/// What the method is, under the name of its type.
#[derive(serde::Serialize)]
#[expect(clippy::struct_field_names, reason = "`type` is no name in Rust")]
struct Kind<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<CardView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    us_bank_account: Option<BankView<'a>>,
    #[serde(rename = "type")]
    kind: &'static str,
}

fn kind(method: &Method) -> Kind<'_> {
    match method.card.brand {
        Brand::Bank => Kind {
            card: None,
            us_bank_account: Some(BankView {
                account_holder_type: "individual",
                account_type: "checking",
                bank_name: "STRIPE TEST BANK",
                last4: &method.card.last4,
                routing_number: "110000000",
            }),
            kind: "us_bank_account",
        },
        Brand::Visa
        | Brand::Mastercard
        | Brand::Amex
        | Brand::Discover
        | Brand::Diners
        | Brand::Jcb
        | Brand::Unionpay => Kind { card: Some(card(method)), us_bank_account: None, kind: "card" },
    }
}

#[derive(serde::Serialize)]
pub(super) struct MethodView<'a> {
    id: &'a str,
    object: &'static str,
    billing_details: Billing<'a>,
    created: i64,
    customer: Option<&'a str>,
    livemode: bool,
    metadata: Pairs<'a>,
    #[serde(flatten)]
    kind: Kind<'a>,
}

/// A means of payment.
pub(super) fn method(method: &Method) -> MethodView<'_> {
    MethodView {
        id: &method.id,
        object: "payment_method",
        billing_details: billing(method),
        created: method.created,
        customer: method.customer.as_deref(),
        livemode: false,
        metadata: Pairs(&method.metadata),
        kind: kind(method),
    }
}

#[derive(serde::Serialize)]
struct ChargeOutcome {
    network_status: &'static str,
    reason: Option<&'static str>,
    risk_level: &'static str,
    risk_score: u32,
    seller_message: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(serde::Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the fields are Stripe's")]
pub(super) struct ChargeView<'a> {
    id: &'a str,
    object: &'static str,
    amount: i64,
    amount_captured: i64,
    amount_refunded: i64,
    application: (),
    application_fee: (),
    application_fee_amount: (),
    balance_transaction: (),
    billing_details: Billing<'a>,
    calculated_statement_descriptor: &'static str,
    captured: bool,
    created: i64,
    currency: &'a str,
    customer: Option<&'a str>,
    description: Option<&'a str>,
    destination: (),
    dispute: (),
    disputed: bool,
    failure_balance_transaction: (),
    failure_code: Option<&'static str>,
    failure_message: Option<&'static str>,
    fraud_details: Empty,
    invoice: (),
    livemode: bool,
    metadata: Pairs<'a>,
    on_behalf_of: (),
    order: (),
    outcome: Option<ChargeOutcome>,
    paid: bool,
    payment_intent: Expandable<'a, IntentView<'a>>,
    payment_method: &'a str,
    payment_method_details: Kind<'a>,
    radar_options: Empty,
    receipt_email: Option<&'a str>,
    receipt_number: (),
    receipt_url: (),
    refunded: bool,
    review: (),
    shipping: (),
    source: (),
    source_transfer: (),
    statement_descriptor: Option<&'a str>,
    statement_descriptor_suffix: (),
    status: ChargeStatus,
    transfer_data: (),
    transfer_group: (),
}

/// An attempt to take the money.
pub(super) fn charge<'a>(of: &'a Intent, charge: &'a Charge, expand: Expand) -> ChargeView<'a> {
    let decline = match charge.status {
        ChargeStatus::Failed => charge.method.card.behaviour.decline(),
        ChargeStatus::Pending | ChargeStatus::Succeeded => None,
    };
    let payment_intent = if expand.payment_intent {
        Expandable::Object(Box::new(intent(of, Expand::default())))
    } else {
        Expandable::Id(of.id.as_str())
    };
    ChargeView {
        id: &charge.id,
        object: "charge",
        amount: charge.amount,
        amount_captured: charge.amount_captured,
        amount_refunded: charge.amount_refunded,
        application: (),
        application_fee: (),
        application_fee_amount: (),
        balance_transaction: (),
        billing_details: billing(&charge.method),
        calculated_statement_descriptor: "DOORBUSTER",
        captured: charge.amount_captured > 0,
        created: charge.created,
        currency: &of.currency,
        customer: of.customer.as_deref(),
        description: of.description.as_deref(),
        destination: (),
        dispute: (),
        disputed: false,
        failure_balance_transaction: (),
        failure_code: decline.map(|decline| decline.code),
        failure_message: decline.map(|decline| decline.message),
        fraud_details: Empty {},
        invoice: (),
        livemode: false,
        metadata: Pairs(&of.metadata),
        on_behalf_of: (),
        order: (),
        outcome: Some(match decline {
            None => ChargeOutcome {
                network_status: "approved_by_network",
                reason: None,
                risk_level: "normal",
                risk_score: 12,
                seller_message: "Payment complete.",
                kind: "authorized",
            },
            Some(decline) => ChargeOutcome {
                network_status: "declined_by_network",
                reason: decline.decline_code,
                risk_level: "normal",
                risk_score: 12,
                seller_message: "The bank did not return any further details with this decline.",
                kind: "issuer_declined",
            },
        }),
        paid: charge.status == ChargeStatus::Succeeded,
        payment_intent,
        payment_method: &charge.method.id,
        payment_method_details: kind(&charge.method),
        radar_options: Empty {},
        receipt_email: of.receipt_email.as_deref(),
        receipt_number: (),
        receipt_url: (),
        refunded: charge.amount_captured > 0 && charge.amount_refunded == charge.amount_captured,
        review: (),
        shipping: (),
        source: (),
        source_transfer: (),
        statement_descriptor: of.statement_descriptor.as_deref(),
        statement_descriptor_suffix: (),
        status: charge.status,
        transfer_data: (),
        transfer_group: (),
    }
}

#[derive(serde::Serialize)]
pub(super) struct RefundView<'a> {
    id: &'a str,
    object: &'static str,
    amount: i64,
    balance_transaction: (),
    charge: Expandable<'a, ChargeView<'a>>,
    created: i64,
    currency: &'a str,
    metadata: Pairs<'a>,
    payment_intent: Expandable<'a, IntentView<'a>>,
    reason: Option<&'a str>,
    receipt_number: (),
    source_transfer_reversal: (),
    status: &'static str,
    transfer_reversal: (),
}

/// Money given back.
pub(super) fn refund<'a>(of: &'a Intent, refund: &'a Refund, expand: Expand) -> RefundView<'a> {
    let charged = of.charges.iter().find(|charge| charge.id == refund.charge);
    RefundView {
        id: &refund.id,
        object: "refund",
        amount: refund.amount,
        balance_transaction: (),
        charge: match charged.filter(|_| expand.charge) {
            Some(charged) => Expandable::Object(Box::new(charge(of, charged, Expand::default()))),
            None => Expandable::Id(&refund.charge),
        },
        created: refund.created,
        currency: &of.currency,
        metadata: Pairs(&refund.metadata),
        payment_intent: if expand.payment_intent {
            Expandable::Object(Box::new(intent(of, Expand::default())))
        } else {
            Expandable::Id(&of.id)
        },
        reason: refund.reason.as_deref(),
        receipt_number: (),
        source_transfer_reversal: (),
        status: "succeeded",
        transfer_reversal: (),
    }
}

#[derive(serde::Serialize)]
pub(super) struct CustomerView<'a> {
    id: &'a str,
    object: &'static str,
    address: (),
    balance: i64,
    created: i64,
    currency: (),
    default_source: (),
    delinquent: bool,
    description: Option<&'a str>,
    discount: (),
    email: Option<&'a str>,
    livemode: bool,
    metadata: Pairs<'a>,
    name: Option<&'a str>,
    phone: (),
    preferred_locales: [&'static str; 0],
    shipping: (),
    tax_exempt: &'static str,
    test_clock: (),
}

/// A customer.
pub(super) fn customer(customer: &Customer) -> CustomerView<'_> {
    CustomerView {
        id: &customer.id,
        object: "customer",
        address: (),
        balance: 0,
        created: customer.created,
        currency: (),
        default_source: (),
        delinquent: false,
        description: customer.description.as_deref(),
        discount: (),
        email: customer.email.as_deref(),
        livemode: false,
        metadata: Pairs(&customer.metadata),
        name: customer.name.as_deref(),
        phone: (),
        preferred_locales: [],
        shipping: (),
        tax_exempt: "none",
        test_clock: (),
    }
}
