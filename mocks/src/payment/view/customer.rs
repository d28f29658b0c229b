//! A customer as Stripe shows it.

use crate::payment::state::Customer;

use super::Pairs;

#[derive(serde::Serialize)]
pub(in crate::payment) struct CustomerView<'a> {
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
pub(in crate::payment) fn customer(customer: &Customer) -> CustomerView<'_> {
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
