//! A means of payment as Stripe shows it, by itself and within a charge.

use crate::payment::cards::{Behaviour, Brand, Funding};
use crate::payment::state::{Address, Method};

use super::Pairs;

#[derive(serde::Serialize)]
pub(super) struct Billing<'a> {
    address: &'a Address,
    email: Option<&'a str>,
    name: Option<&'a str>,
    phone: Option<&'a str>,
    tax_id: (),
}

pub(super) fn billing(method: &Method) -> Billing<'_> {
    Billing {
        address: &method.billing_address,
        email: method.billing_email.as_deref(),
        name: method.billing_name.as_deref(),
        phone: method.billing_phone.as_deref(),
        tax_id: (),
    }
}

#[derive(serde::Serialize)]
#[expect(clippy::struct_field_names, reason = "the fields are Stripe's")]
struct Checks {
    address_line1_check: Option<&'static str>,
    address_postal_code_check: Option<&'static str>,
    cvc_check: &'static str,
}

#[derive(serde::Serialize)]
struct CardView<'a> {
    brand: &'static str,
    checks: Checks,
    country: &'a str,
    display_brand: &'static str,
    exp_month: u32,
    exp_year: u32,
    fingerprint: &'a str,
    funding: Funding,
    generated_from: (),
    last4: &'a str,
    networks: Networks,
    regulated_status: &'static str,
    three_d_secure_usage: SecureUsage,
    wallet: (),
}

#[derive(serde::Serialize)]
struct Networks {
    available: [&'static str; 1],
    preferred: (),
}

#[derive(serde::Serialize)]
struct SecureUsage {
    supported: bool,
}

fn checks(method: &Method) -> Checks {
    let address = &method.billing_address;
    Checks {
        address_line1_check: address.line1.as_ref().map(|_| "pass"),
        address_postal_code_check: address.postal_code.as_ref().map(|_| "pass"),
        cvc_check: match method.card.behaviour {
            Behaviour::IncorrectCvc => "fail",
            _ => "pass",
        },
    }
}

fn card(method: &Method) -> CardView<'_> {
    let card = &method.card;
    let brand = card.brand.name();
    CardView {
        brand,
        checks: checks(method),
        country: &card.country,
        display_brand: brand,
        exp_month: card.exp_month,
        exp_year: card.exp_year,
        fingerprint: &card.fingerprint,
        funding: card.funding,
        generated_from: (),
        last4: &card.last4,
        networks: Networks { available: [brand], preferred: () },
        regulated_status: "unregulated",
        three_d_secure_usage: SecureUsage { supported: true },
        wallet: (),
    }
}

#[derive(serde::Serialize)]
struct BankView<'a> {
    account_holder_type: &'static str,
    account_type: &'static str,
    bank_name: &'static str,
    fingerprint: &'a str,
    last4: &'a str,
    routing_number: &'static str,
}

/// What the method is, under the name of its type.
#[derive(serde::Serialize)]
#[expect(clippy::struct_field_names, reason = "`type` is no name in Rust")]
pub(super) struct Kind<'a, C> {
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<C>,
    #[serde(skip_serializing_if = "Option::is_none")]
    us_bank_account: Option<BankView<'a>>,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// The kind of a method, with its card as `card` shows it.
fn kind_with<C>(method: &Method, card: impl FnOnce() -> C) -> Kind<'_, C> {
    let is_bank = method.card.brand == Brand::Bank;
    Kind {
        card: (!is_bank).then(card),
        us_bank_account: is_bank.then(|| BankView {
            account_holder_type: "individual",
            account_type: "checking",
            bank_name: "STRIPE TEST BANK",
            fingerprint: &method.card.fingerprint,
            last4: &method.card.last4,
            routing_number: "110000000",
        }),
        kind: method.card.brand.method_type(),
    }
}

#[derive(serde::Serialize)]
struct Overcapture {
    maximum_amount_capturable: i64,
    status: &'static str,
}

#[derive(serde::Serialize)]
struct Availability {
    status: &'static str,
}

/// A card within a charge.
#[derive(serde::Serialize)]
pub(super) struct ChargedCard<'a> {
    amount_authorized: i64,
    authorization_code: (),
    brand: &'static str,
    checks: Checks,
    country: &'a str,
    exp_month: u32,
    exp_year: u32,
    extended_authorization: Availability,
    fingerprint: &'a str,
    funding: Funding,
    incremental_authorization: Availability,
    installments: (),
    last4: &'a str,
    mandate: (),
    multicapture: Availability,
    network: &'static str,
    network_token: (),
    overcapture: Overcapture,
    regulated_status: &'static str,
    three_d_secure: (),
    wallet: (),
}

/// What a charge was taken from.
pub(super) fn charged(method: &Method, amount: i64) -> Kind<'_, ChargedCard<'_>> {
    let card = &method.card;
    kind_with(method, || ChargedCard {
        amount_authorized: amount,
        authorization_code: (),
        brand: card.brand.name(),
        checks: checks(method),
        country: &card.country,
        exp_month: card.exp_month,
        exp_year: card.exp_year,
        extended_authorization: Availability { status: "disabled" },
        fingerprint: &card.fingerprint,
        funding: card.funding,
        incremental_authorization: Availability { status: "unavailable" },
        installments: (),
        last4: &card.last4,
        mandate: (),
        multicapture: Availability { status: "available" },
        network: card.brand.name(),
        network_token: (),
        overcapture: Overcapture { maximum_amount_capturable: amount, status: "unavailable" },
        regulated_status: "unregulated",
        three_d_secure: (),
        wallet: (),
    })
}

#[derive(serde::Serialize)]
pub(in crate::payment) struct MethodView<'a> {
    id: &'a str,
    object: &'static str,
    allow_redisplay: &'static str,
    billing_details: Billing<'a>,
    created: i64,
    customer: Option<&'a str>,
    livemode: bool,
    metadata: Pairs<'a>,
    #[serde(flatten)]
    kind: Kind<'a, CardView<'a>>,
}

/// A means of payment.
pub(in crate::payment) fn method(method: &Method) -> MethodView<'_> {
    MethodView {
        id: &method.id,
        object: "payment_method",
        allow_redisplay: "unspecified",
        billing_details: billing(method),
        created: method.created,
        customer: method.customer.as_deref(),
        livemode: false,
        metadata: Pairs(&method.metadata),
        kind: kind_with(method, || card(method)),
    }
}
