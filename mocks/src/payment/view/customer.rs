//! A customer as Stripe shows it.

use crate::payment::state::{Address, Customer, Shipping};

use super::Pairs;

#[derive(serde::Serialize)]
struct InvoiceSettings<'a> {
    custom_fields: (),
    default_payment_method: Option<&'a str>,
    footer: (),
    rendering_options: (),
}

#[derive(serde::Serialize)]
pub(in crate::payment) struct CustomerView<'a> {
    id: &'a str,
    object: &'static str,
    address: Option<&'a Address>,
    balance: i64,
    created: i64,
    currency: (),
    default_source: (),
    delinquent: bool,
    description: Option<&'a str>,
    discount: (),
    email: Option<&'a str>,
    invoice_prefix: &'a str,
    invoice_settings: InvoiceSettings<'a>,
    livemode: bool,
    metadata: Pairs<'a>,
    name: Option<&'a str>,
    next_invoice_sequence: u32,
    phone: Option<&'a str>,
    preferred_locales: &'a [String],
    shipping: Option<&'a Shipping>,
    tax_exempt: &'a str,
    test_clock: (),
}

/// A customer.
pub(in crate::payment) fn customer(customer: &Customer) -> CustomerView<'_> {
    CustomerView {
        id: &customer.id,
        object: "customer",
        address: customer.address.as_ref(),
        balance: 0,
        created: customer.created,
        currency: (),
        default_source: (),
        delinquent: false,
        description: customer.description.as_deref(),
        discount: (),
        email: customer.email.as_deref(),
        invoice_prefix: &customer.id[customer.id.len().saturating_sub(8)..],
        invoice_settings: InvoiceSettings {
            custom_fields: (),
            default_payment_method: customer.default_method.as_deref(),
            footer: (),
            rendering_options: (),
        },
        livemode: false,
        metadata: Pairs(&customer.metadata),
        name: customer.name.as_deref(),
        next_invoice_sequence: 1,
        phone: customer.phone.as_deref(),
        preferred_locales: &customer.preferred_locales,
        shipping: customer.shipping.as_ref(),
        tax_exempt: customer.tax_exempt.as_deref().unwrap_or("none"),
        test_clock: (),
    }
}
