//! Addresses resolved, and the rates of a place without a transaction.

use serde::Serialize;
use serde_json::{Value, json};

use super::Terms;
use super::errors;
use super::rates::{Level, Levy, RATE_SCALE};
use super::request::Address;
use super::view::tax_name;
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the name is the wire's")]
struct Rate {
    rate: f64,
    name: String,
    #[serde(rename = "type")]
    level: Level,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rates {
    total_rate: f64,
    rates: Vec<Rate>,
}

/// What is levied at a place now.
fn levies(terms: Terms<'_>, address: &Address, turn: &Turn<'_>) -> Result<Vec<Levy>, Stop> {
    let mut levies = terms.tax.rates.at(address).map_err(|why| errors::no_place(why, address))?;
    let run = turn.context.caller.run.as_deref();
    terms.tax.rates.bring_to(&mut levies, &turn.books.rate_changes, run, terms.now_us, terms.shift);
    Ok(levies)
}

/// The rates of an address; of a postal code, its region is found first.
pub(super) fn rates(terms: Terms<'_>, mut address: Address, turn: &Turn<'_>) -> Result<Answer, Stop> {
    let country = address.country.clone().unwrap_or_default();
    if address.region.is_none()
        && let Some(region) = terms.tax.rates.region_of(&country, address.postal_code.as_deref().unwrap_or_default())
    {
        address.region = Some(region.to_owned());
    }
    let levies = levies(terms, &address, turn)?;
    let total: i64 = levies.iter().map(|levy| levy.rate).sum();
    let rates = levies.iter().map(|levy| Rate {
        rate: levy.rate as f64 / RATE_SCALE as f64,
        name: tax_name(levy, &address),
        level: levy.level,
    });
    Ok(Answer::json(200, &Rates { total_rate: total as f64 / RATE_SCALE as f64, rates: rates.collect() }))
}

/// An address as the post would write it, and who taxes there.
pub(super) fn resolve(terms: Terms<'_>, address: &Address, turn: &Turn<'_>) -> Result<Answer, Stop> {
    let upper = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_ascii_uppercase();
    let is_known = [&address.line1, &address.city, &address.postal_code].iter().any(|text| !upper(text).is_empty());
    if !is_known {
        return Ok(Answer::json(200, &unresolved(address)));
    }
    let levies = levies(terms, address, turn)?;
    let validated = json!({
        "addressType": "StreetOrResidentialAddress",
        "line1": upper(&address.line1),
        "line2": upper(&address.line2),
        "line3": upper(&address.line3),
        "city": upper(&address.city),
        "region": upper(&address.region),
        "country": upper(&address.country),
        "postalCode": upper(&address.postal_code),
    });
    let authorities: Vec<Value> = levies
        .iter()
        .map(|levy| {
            json!({
                "avalaraId": levy.code,
                "jurisdictionName": levy.name,
                "jurisdictionType": levy.level,
                "signatureCode": levy.code,
            })
        })
        .collect();
    let answer = json!({
        "address": address,
        "validatedAddresses": [validated],
        "resolutionQuality": "Intersection",
        "taxAuthorities": authorities,
    });
    Ok(Answer::json(200, &answer))
}

/// `AvaTax` answers 200 to what it cannot find, and says so in `messages`.
fn unresolved(address: &Address) -> Value {
    json!({
        "address": address,
        "validatedAddresses": [],
        "resolutionQuality": "NotCoded",
        "messages": [{
            "summary": "The address cannot be found.",
            "details": "The address is incomplete or does not exist.",
            "refersTo": "Address",
            "severity": "Error",
            "source": "Avalara.AvaTax.Common",
        }],
    })
}
