//! A hosted checkout as Stripe shows it.

use crate::payment::sessions::{Item, Session, Stage};

use super::{Empty, Pairs};

#[derive(serde::Serialize)]
struct Price<'a> {
    id: &'a str,
    object: &'static str,
    active: bool,
    billing_scheme: &'static str,
    created: i64,
    currency: &'a str,
    custom_unit_amount: (),
    livemode: bool,
    lookup_key: (),
    metadata: Empty,
    nickname: (),
    product: &'a str,
    recurring: (),
    tax_behavior: &'static str,
    tiers_mode: (),
    transform_quantity: (),
    #[serde(rename = "type")]
    kind: &'static str,
    unit_amount: i64,
    unit_amount_decimal: String,
}

#[derive(serde::Serialize)]
struct Line<'a> {
    id: &'a str,
    object: &'static str,
    amount_discount: i64,
    amount_subtotal: i64,
    amount_tax: i64,
    amount_total: i64,
    currency: &'a str,
    description: &'a str,
    price: Price<'a>,
    quantity: i64,
}

#[derive(serde::Serialize)]
pub(in crate::payment) struct Lines<'a> {
    object: &'static str,
    data: Vec<Line<'a>>,
    has_more: bool,
    url: String,
}

#[derive(serde::Serialize)]
struct Enabled {
    enabled: bool,
}

#[derive(serde::Serialize)]
struct AutomaticTax {
    enabled: bool,
    liability: (),
    status: (),
}

#[derive(serde::Serialize)]
#[expect(clippy::struct_field_names, reason = "the fields are Stripe's")]
struct Totals {
    amount_discount: i64,
    amount_shipping: i64,
    amount_tax: i64,
}

#[derive(serde::Serialize)]
struct CustomerDetails<'a> {
    address: (),
    email: &'a str,
    name: (),
    phone: (),
    tax_exempt: &'static str,
    tax_ids: [(); 0],
}

#[derive(serde::Serialize)]
pub(in crate::payment) struct SessionView<'a> {
    id: &'a str,
    object: &'static str,
    after_expiration: (),
    allow_promotion_codes: (),
    amount_subtotal: i64,
    amount_total: i64,
    automatic_tax: AutomaticTax,
    billing_address_collection: (),
    cancel_url: Option<&'a str>,
    client_reference_id: Option<&'a str>,
    client_secret: (),
    consent: (),
    consent_collection: (),
    created: i64,
    currency: &'a str,
    currency_conversion: (),
    custom_fields: [(); 0],
    custom_text: Empty,
    customer: Option<&'a str>,
    customer_creation: &'static str,
    customer_details: Option<CustomerDetails<'a>>,
    customer_email: Option<&'a str>,
    expires_at: i64,
    invoice: (),
    invoice_creation: Enabled,
    livemode: bool,
    locale: (),
    metadata: Pairs<'a>,
    mode: &'static str,
    payment_intent: Option<&'a str>,
    payment_link: (),
    payment_method_collection: &'static str,
    payment_method_configuration_details: (),
    payment_method_options: Empty,
    payment_method_types: [&'static str; 1],
    payment_status: &'static str,
    phone_number_collection: Enabled,
    recovered_from: (),
    setup_intent: (),
    shipping_address_collection: (),
    shipping_cost: (),
    shipping_details: (),
    shipping_options: [(); 0],
    status: Stage,
    submit_type: (),
    subscription: (),
    success_url: Option<&'a str>,
    total_details: Totals,
    ui_mode: &'static str,
    url: Option<&'a str>,
}

fn line(item: &Item, created: i64) -> Line<'_> {
    Line {
        id: &item.id,
        object: "item",
        amount_discount: 0,
        amount_subtotal: item.total(),
        amount_tax: 0,
        amount_total: item.total(),
        currency: &item.currency,
        description: &item.name,
        price: Price {
            id: &item.price,
            object: "price",
            active: false,
            billing_scheme: "per_unit",
            created,
            currency: &item.currency,
            custom_unit_amount: (),
            livemode: false,
            lookup_key: (),
            metadata: Empty {},
            nickname: (),
            product: &item.product,
            recurring: (),
            tax_behavior: "unspecified",
            tiers_mode: (),
            transform_quantity: (),
            kind: "one_time",
            unit_amount: item.unit_amount,
            unit_amount_decimal: item.unit_amount.to_string(),
        },
        quantity: item.quantity,
    }
}

/// The lines of a checkout, at most `limit` of them.
pub(in crate::payment) fn line_items(session: &Session, limit: usize) -> Lines<'_> {
    Lines {
        object: "list",
        data: session.items.iter().take(limit).map(|item| line(item, session.created)).collect(),
        has_more: session.items.len() > limit,
        url: format!("/v1/checkout/sessions/{}/line_items", session.id),
    }
}

/// A hosted checkout.
pub(in crate::payment) fn session(session: &Session) -> SessionView<'_> {
    let email = session.customer_email.as_deref();
    SessionView {
        id: &session.id,
        object: "checkout.session",
        after_expiration: (),
        allow_promotion_codes: (),
        amount_subtotal: session.total(),
        amount_total: session.total(),
        automatic_tax: AutomaticTax { enabled: false, liability: (), status: () },
        billing_address_collection: (),
        cancel_url: session.cancel_url.as_deref(),
        client_reference_id: session.client_reference_id.as_deref(),
        client_secret: (),
        consent: (),
        consent_collection: (),
        created: session.created,
        currency: &session.currency,
        currency_conversion: (),
        custom_fields: [],
        custom_text: Empty {},
        customer: session.customer.as_deref(),
        customer_creation: "if_required",
        customer_details: email.map(|email| CustomerDetails {
            address: (),
            email,
            name: (),
            phone: (),
            tax_exempt: "none",
            tax_ids: [],
        }),
        customer_email: email,
        expires_at: session.expires_at,
        invoice: (),
        invoice_creation: Enabled { enabled: false },
        livemode: false,
        locale: (),
        metadata: Pairs(&session.metadata),
        mode: "payment",
        payment_intent: session.payment.as_deref(),
        payment_link: (),
        payment_method_collection: "if_required",
        payment_method_configuration_details: (),
        payment_method_options: Empty {},
        payment_method_types: ["card"],
        payment_status: if session.stage == Stage::Complete { "paid" } else { "unpaid" },
        phone_number_collection: Enabled { enabled: false },
        recovered_from: (),
        setup_intent: (),
        shipping_address_collection: (),
        shipping_cost: (),
        shipping_details: (),
        shipping_options: [],
        status: session.stage,
        submit_type: (),
        subscription: (),
        success_url: session.success_url.as_deref(),
        total_details: Totals { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
        ui_mode: "hosted",
        url: (session.stage == Stage::Open).then_some(session.url.as_str()),
    }
}
