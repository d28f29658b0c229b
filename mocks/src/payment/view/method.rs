//! A means of payment as Stripe shows it, by itself and within a charge.

use crate::payment::cards::{Behaviour, Brand, Funding};
use crate::payment::state::Method;

use super::Pairs;

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
pub(super) struct Billing<'a> {
    address: Address,
    email: Option<&'a str>,
    name: Option<&'a str>,
    phone: (),
}

pub(super) fn billing(method: &Method) -> Billing<'_> {
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
    funding: Funding,
    last4: &'a str,
    network: &'static str,
    three_d_secure: (),
    wallet: (),
}

fn card(method: &Method) -> CardView<'_> {
    let card = &method.card;
    let brand = card.brand.name();
    let cvc_check = match card.behaviour {
        Behaviour::IncorrectCvc => "fail",
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
pub(super) struct Kind<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<CardView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    us_bank_account: Option<BankView<'a>>,
    #[serde(rename = "type")]
    kind: &'static str,
}

pub(super) fn kind(method: &Method) -> Kind<'_> {
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
pub(in crate::payment) struct MethodView<'a> {
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
pub(in crate::payment) fn method(method: &Method) -> MethodView<'_> {
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
