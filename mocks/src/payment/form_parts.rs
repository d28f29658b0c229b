//! Parts that several objects' forms share: addresses and shipping.

use super::form::Form;
use super::state::{Address, Shipping};

/// The address under a name; none when nothing of it is given.
pub(super) fn address(form: &Form, name: &str) -> Option<Address> {
    let field = |part: &str| form.text(&format!("{name}[{part}]"));
    let address = Address {
        city: field("city"),
        country: field("country"),
        line1: field("line1"),
        line2: field("line2"),
        postal_code: field("postal_code"),
        state: field("state"),
    };
    (address != Address::default()).then_some(address)
}

/// Where goods are sent; none when nothing of it is given.
pub(super) fn shipping(form: &Form, name: &str) -> Option<Shipping> {
    let field = |part: &str| form.text(&format!("{name}[{part}]"));
    let address = address(form, &format!("{name}[address]"));
    let to = field("name");
    (address.is_some() || to.is_some()).then(|| Shipping {
        address: address.unwrap_or_default(),
        carrier: field("carrier"),
        name: to,
        phone: field("phone"),
        tracking_number: field("tracking_number"),
    })
}
