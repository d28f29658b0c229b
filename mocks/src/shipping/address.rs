//! Addresses: kept, shown, verified.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::errors::{self, FieldError};
use crate::calendar::timestamp;
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// A place as it is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(super) name: Option<String>,
    pub(super) company: Option<String>,
    pub(super) street1: Option<String>,
    pub(super) street2: Option<String>,
    pub(super) city: Option<String>,
    pub(super) state: Option<String>,
    pub(super) zip: Option<String>,
    pub(super) country: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) email: Option<String>,
    pub(super) residential: Option<bool>,
}

impl Place {
    /// Two letters; the United States where none is named.
    pub(super) fn country(&self) -> String {
        self.country.as_deref().filter(|country| !country.is_empty()).unwrap_or("US").to_ascii_uppercase()
    }

    /// Why nothing can be delivered there, if so.
    fn flaw(&self) -> Option<FieldError> {
        let is_blank = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().is_empty();
        let is_told =
            self.street1.as_deref().is_some_and(|street| street.to_ascii_uppercase().contains("UNDELIVERABLE"));
        if is_blank(&self.street1) || is_told {
            return Some(FieldError { field: "address", message: "Address not found" });
        }
        if is_blank(&self.city) && is_blank(&self.zip) {
            return Some(FieldError { field: "zip", message: "Postal code or city is needed" });
        }
        None
    }

    /// As the post would write it.
    fn tidied(self) -> Self {
        let upper = |text: Option<String>| text.map(|text| text.trim().to_uppercase());
        Self {
            street1: upper(self.street1),
            street2: upper(self.street2),
            city: upper(self.city),
            state: upper(self.state),
            ..self
        }
    }
}

/// An address as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(super) id: String,
    pub(super) owner: i64,
    pub(super) created_us: i64,
    pub(super) place: Place,
    /// Whether something can be delivered there, once that was asked.
    pub(super) is_deliverable: Option<bool>,
}

/// How an address is looked at when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verify {
    No,
    /// The answer says what was found.
    Yes,
    /// What cannot be delivered to is refused.
    Strictly,
}

/// An address in a request: one that exists, or one to be made.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    Known(String),
    New(Box<Place>),
}

impl Given {
    /// Reads it from a request's member.
    pub(super) fn read(value: &Value) -> Option<Self> {
        if let Some(id) = value.as_str().or_else(|| value.get("id").and_then(Value::as_str)) {
            return Some(Self::Known(id.to_owned()));
        }
        Place::deserialize(value).ok().map(|place| Self::New(Box::new(place)))
    }

    pub(super) fn country(&self) -> Option<String> {
        match self {
            Self::Known(_) => None,
            Self::New(place) => Some(place.country()),
        }
    }

    pub(super) fn email(&self) -> Option<String> {
        match self {
            Self::Known(_) => None,
            Self::New(place) => place.email.clone(),
        }
    }

    /// The address itself, made if need be.
    pub(super) fn resolve(self, turn: &mut Turn<'_>) -> Result<Address, Stop> {
        match self {
            Self::Known(id) => find(&id, turn),
            Self::New(place) => Ok(make(*place, None, turn)),
        }
    }
}

fn make(place: Place, is_deliverable: Option<bool>, turn: &mut Turn<'_>) -> Address {
    let n = turn.books.addresses.number();
    let address = Address {
        id: turn.books.identity.make("adr", n),
        owner: turn.context.caller.account,
        created_us: turn.context.at_us,
        place,
        is_deliverable,
    };
    turn.books.addresses.put(n, address.owner, None, address.clone(), &mut turn.writes, turn.progress);
    address
}

pub(super) fn find(id: &str, turn: &mut Turn<'_>) -> Result<Address, Stop> {
    let n = turn.books.identity.read("adr", id).ok_or_else(errors::not_found)?;
    let found = turn.books.addresses.take(n, &turn.books.reader)?;
    let own = found.filter(|address| address.owner == turn.context.caller.account);
    Ok(own.ok_or_else(errors::not_found)?)
}

pub(super) fn create(place: Place, verify: Verify, turn: &mut Turn<'_>) -> Result<Address, Stop> {
    let flaw = place.flaw();
    match (verify, flaw) {
        (Verify::No, _) => Ok(make(place, None, turn)),
        (Verify::Strictly, Some(flaw)) => Err(refused(flaw).into()),
        (Verify::Yes | Verify::Strictly, None) => Ok(make(place.tidied(), Some(true), turn)),
        (Verify::Yes, Some(_)) => Ok(make(place, Some(false), turn)),
    }
}

/// Verifies an address that exists.
pub(super) fn verify(id: &str, turn: &mut Turn<'_>) -> Result<Address, Stop> {
    let address = find(id, turn)?;
    if let Some(flaw) = address.place.flaw() {
        return Err(refused(flaw).into());
    }
    Ok(Address { place: address.place.tidied(), is_deliverable: Some(true), ..address })
}

fn refused(flaw: FieldError) -> Answer {
    errors::error(422, "ADDRESS.VERIFY.FAILURE", "Unable to verify address.", &[flaw])
}

pub(super) fn view(address: &Address) -> Value {
    let place = &address.place;
    let verifications = match address.is_deliverable {
        None => json!({}),
        Some(success) => {
            let flaw = place.flaw().filter(|_| !success);
            let errors: Vec<Value> = flaw
                .into_iter()
                .map(|flaw| {
                    json!({ "code": "E.ADDRESS.NOT_FOUND", "field": flaw.field, "message": flaw.message, "suggestion": null })
                })
                .collect();
            json!({
                "delivery": { "success": success, "errors": errors, "details": {} },
                "zip4": { "success": success, "errors": errors, "details": null },
            })
        }
    };
    json!({
        "id": address.id,
        "object": "Address",
        "created_at": timestamp(address.created_us),
        "updated_at": timestamp(address.created_us),
        "name": place.name,
        "company": place.company,
        "street1": place.street1,
        "street2": place.street2,
        "city": place.city,
        "state": place.state,
        "zip": place.zip,
        "country": place.country(),
        "phone": place.phone,
        "email": place.email,
        "mode": "test",
        "carrier_facility": null,
        "residential": place.residential,
        "federal_tax_id": null,
        "state_tax_id": null,
        "verifications": verifications,
    })
}
