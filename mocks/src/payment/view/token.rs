//! A card token as Stripe shows it.

use crate::payment::state::Method;

use super::Empty;

#[derive(serde::Serialize)]
struct CardView<'a> {
    id: String,
    object: &'static str,
    address_city: Option<&'a str>,
    address_country: Option<&'a str>,
    address_line1: Option<&'a str>,
    address_line1_check: Option<&'static str>,
    address_line2: Option<&'a str>,
    address_state: Option<&'a str>,
    address_zip: Option<&'a str>,
    address_zip_check: Option<&'static str>,
    brand: &'static str,
    country: &'a str,
    cvc_check: &'static str,
    dynamic_last4: (),
    exp_month: u32,
    exp_year: u32,
    fingerprint: &'a str,
    funding: crate::payment::cards::Funding,
    last4: &'a str,
    metadata: Empty,
    name: Option<&'a str>,
    tokenization_method: (),
    wallet: (),
}

#[derive(serde::Serialize)]
pub(in crate::payment) struct TokenView<'a> {
    id: &'a str,
    object: &'static str,
    card: CardView<'a>,
    client_ip: &'static str,
    created: i64,
    livemode: bool,
    #[serde(rename = "type")]
    kind: &'static str,
    used: bool,
}

/// A card token.
pub(in crate::payment) fn token(of: &Method) -> TokenView<'_> {
    let (card, address) = (&of.card, &of.billing_address);
    TokenView {
        id: &of.id,
        object: "token",
        card: CardView {
            id: of.id.replacen("tok_", "card_", 1),
            object: "card",
            address_city: address.city.as_deref(),
            address_country: address.country.as_deref(),
            address_line1: address.line1.as_deref(),
            address_line1_check: address.line1.as_ref().map(|_| "unchecked"),
            address_line2: address.line2.as_deref(),
            address_state: address.state.as_deref(),
            address_zip: address.postal_code.as_deref(),
            address_zip_check: address.postal_code.as_ref().map(|_| "unchecked"),
            brand: card.brand.title(),
            country: &card.country,
            cvc_check: "unchecked",
            dynamic_last4: (),
            exp_month: card.exp_month,
            exp_year: card.exp_year,
            fingerprint: &card.fingerprint,
            funding: card.funding,
            last4: &card.last4,
            metadata: Empty {},
            name: of.billing_name.as_deref(),
            tokenization_method: (),
            wallet: (),
        },
        client_ip: "127.0.0.1",
        created: of.created,
        livemode: false,
        kind: "card",
        used: false,
    }
}
