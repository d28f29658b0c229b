//! A registered domain as Stripe shows it.

use serde::Serialize;

use crate::payment::domains::{Domain, DomainKind};

#[derive(Serialize)]
struct Wallet {
    status: &'static str,
}

/// Wallets that are shown on a domain.
#[derive(Serialize)]
struct Wallets {
    amazon_pay: Wallet,
    apple_pay: Wallet,
    google_pay: Wallet,
    klarna: Wallet,
    link: Wallet,
    paypal: Wallet,
}

#[derive(Serialize)]
pub(in crate::payment) struct DomainView<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    domain_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    #[serde(flatten)]
    wallets: Option<Wallets>,
    livemode: bool,
}

/// A domain.
pub(in crate::payment) fn domain(of: &Domain) -> DomainView<'_> {
    let wallet = || Wallet { status: if of.is_enabled { "active" } else { "inactive" } };
    let (object, wallets) = match of.kind {
        DomainKind::ApplePay => ("apple_pay_domain", None),
        DomainKind::PaymentMethod => (
            "payment_method_domain",
            Some(Wallets {
                amazon_pay: wallet(),
                apple_pay: wallet(),
                google_pay: wallet(),
                klarna: wallet(),
                link: wallet(),
                paypal: wallet(),
            }),
        ),
    };
    DomainView {
        id: &of.id,
        object,
        created: of.created,
        domain_name: &of.name,
        enabled: wallets.is_some().then_some(of.is_enabled),
        wallets,
        livemode: false,
    }
}
