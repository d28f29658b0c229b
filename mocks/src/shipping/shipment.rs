//! Shipments: rated when made, rated again, bought, given back.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::address::{self, Address};
use super::errors;
use super::parcel::{self, Parcel};
use super::services::{Rate, Services};
use super::tracker;
use super::view;
use crate::statement::{Op, Row};
use crate::turn::{Labels, Turn};
use crate::wire::{Answer, Stop};

/// Grams of an ounce.
const OUNCE_G: f64 = 28.349_523_125;
/// Rates that one rating can have; rated again, a shipment's rates have new names.
const RATES_MAX: usize = 16;
const RATINGS_MAX: usize = 200;

/// A label that was bought.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Bought {
    pub(super) rate: Rate,
    pub(super) label: String,
    pub(super) tracking_code: String,
    pub(super) tracker: String,
    pub(super) at_us: i64,
    pub(super) is_refunded: bool,
}

/// A shipment as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Shipment {
    pub(super) n: i64,
    pub(super) id: String,
    pub(super) owner: i64,
    pub(super) created_us: i64,
    pub(super) updated_us: i64,
    pub(super) to: Address,
    pub(super) from: Address,
    pub(super) returns_to: Option<Address>,
    pub(super) parcel: Parcel,
    pub(super) reference: Option<String>,
    pub(super) is_return: bool,
    pub(super) options: Value,
    pub(super) currency: String,
    pub(super) rates: Vec<Rate>,
    /// How often it was rated.
    ratings: usize,
    pub(super) bought: Option<Bought>,
    pub(super) insurance: Option<String>,
}

/// A shipment to be made.
#[derive(Clone, Debug)]
pub(crate) struct Create {
    pub(super) to: address::Given,
    pub(super) from: address::Given,
    pub(super) returns_to: Option<address::Given>,
    pub(super) parcel: parcel::Given,
    pub(super) reference: Option<String>,
    pub(super) is_return: bool,
    pub(super) options: Value,
    pub(super) currency: String,
}

impl Create {
    /// Reads the member `shipment` of a request.
    pub(super) fn read(body: &Value) -> Result<Self, Answer> {
        let shipment = body.get("shipment").filter(|value| value.is_object());
        let shipment = shipment.ok_or_else(|| errors::missing("shipment"))?;
        let member = |name: &str| shipment.get(name).filter(|value| !value.is_null());
        let place = |name: &'static str| {
            let given = member(name).ok_or_else(|| lacks(name))?;
            address::Given::read(given).ok_or_else(|| errors::invalid(name, "is no address"))
        };
        let (to, from) = (place("to_address")?, place("from_address")?);
        let returns_to = member("return_address").and_then(address::Given::read);
        let parcel = parcel::Given::read(member("parcel").ok_or_else(|| lacks("parcel"))?)?;
        let options = member("options").cloned().unwrap_or_else(|| json!({}));
        let currency = options.get("currency").and_then(Value::as_str).unwrap_or("USD").to_ascii_uppercase();
        Ok(Self {
            to,
            from,
            returns_to,
            parcel,
            reference: member("reference").and_then(Value::as_str).map(str::to_owned),
            is_return: member("is_return").and_then(Value::as_bool).unwrap_or_default(),
            options,
            currency,
        })
    }

    pub(super) fn labels(&self) -> Labels {
        Labels { order: self.reference.clone(), email: self.to.email(), key: None }
    }
}

fn lacks(field: &'static str) -> Answer {
    let wrong = [errors::FieldError { field, message: "Required and missing." }];
    let message = "Unable to create shipment, one or more parameters were invalid.";
    errors::error(422, "SHIPMENT.INVALID_PARAMS", message, &wrong)
}

/// Makes a shipment and rates it.
pub(super) fn create(create: Create, services: &Services, shift: i64, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let (to, from) = (create.to.resolve(turn)?, create.from.resolve(turn)?);
    let returns_to = create.returns_to.map(|given| given.resolve(turn)).transpose()?;
    let parcel = create.parcel.resolve(turn)?;
    let n = turn.books.shipments.number();
    let now_us = turn.context.at_us;
    let mut shipment = Shipment {
        n,
        id: turn.books.identity.make("shp", n),
        owner: turn.context.caller.account,
        created_us: now_us,
        updated_us: now_us,
        to,
        from,
        returns_to,
        parcel,
        reference: create.reference,
        is_return: create.is_return,
        options: create.options,
        currency: create.currency,
        rates: Vec::new(),
        ratings: 0,
        bought: None,
        insurance: None,
    };
    rate(&mut shipment, services, shift, turn);
    let answer = Answer::json(201, &view::shipment(&shipment));
    keep(shipment, turn);
    Ok(answer)
}

/// Rates a shipment, for the first time or again.
fn rate(shipment: &mut Shipment, services: &Services, shift: i64, turn: &mut Turn<'_>) {
    let mut rates = services.quote(&shipment.from.place, &shipment.to.place, shipment.parcel.measures.weight, shift);
    rates.truncate(RATES_MAX);
    let first = shipment.ratings % RATINGS_MAX * RATES_MAX;
    for (at, rate) in rates.iter_mut().enumerate() {
        rate.id = turn.books.identity.make_part("rate", shipment.n, first + at);
    }
    shipment.rates = rates;
    shipment.ratings += 1;
    let told: Vec<Value> = shipment
        .rates
        .iter()
        .map(|rate| json!({ "carrier": rate.carrier, "service": rate.service, "rate_minor": rate.price_minor }))
        .collect();
    let to = &shipment.to.place;
    let place = json!({ "region": to.state, "postal_code": to.zip, "country": to.country() });
    let weight_g = (shipment.parcel.measures.weight * OUNCE_G).round() as i64;
    let mut detail = json!({ "rates": told, "ship_to": place, "weight_g": weight_g });
    if shift != 0 {
        detail["shift_basis_points"] = shift.into();
    }
    let cheapest = shipment.rates.first().map_or(0, |rate| rate.price_minor);
    let row = Row::new(Op::Rate).object(shipment.id.clone()).state("rated");
    turn.row(row.money(cheapest, &shipment.currency.to_ascii_lowercase()).detail(detail));
}

pub(super) fn rerate(id: &str, services: &Services, shift: i64, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut shipment = find(id, turn)?;
    if shipment.bought.is_some() {
        return Err(postage_exists().into());
    }
    rate(&mut shipment, services, shift, turn);
    let answer = Answer::json(200, &json!({ "rates": view::rates(&shipment) }));
    keep(shipment, turn);
    Ok(answer)
}

fn postage_exists() -> Answer {
    errors::error(422, "SHIPMENT.POSTAGE.EXISTS", "Postage already exists for this shipment.", &[])
}

/// Buys the label of a rate.
pub(super) fn buy(id: &str, rate: &str, insurance: Option<String>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut shipment = find(id, turn)?;
    if shipment.bought.is_some() {
        return Err(postage_exists().into());
    }
    let chosen = shipment.rates.iter().find(|known| known.id == rate).cloned();
    let chosen = chosen.ok_or_else(|| {
        let message = "The rate does not belong to this shipment.";
        errors::error(422, "SHIPMENT.RATE.INVALID", message, &[])
    })?;
    let now_us = turn.context.at_us;
    let tracking_code = format!("EZ{:010}", 9_000_000_000 + shipment.n % 1_000_000_000);
    let tracker = tracker::of_label(&tracking_code, &chosen.carrier, &shipment.id, turn);
    let bought = Bought {
        label: turn.books.identity.make("pl", shipment.n),
        tracking_code,
        tracker,
        at_us: now_us,
        is_refunded: false,
        rate: chosen,
    };
    turn.row(label_row(&bought, &shipment).state("bought"));
    shipment.bought = Some(bought);
    shipment.insurance = insurance;
    shipment.updated_us = now_us;
    let answer = Answer::json(200, &view::shipment(&shipment));
    keep(shipment, turn);
    Ok(answer)
}

/// Gives a label back; carriers pay weeks later.
pub(super) fn refund(id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut shipment = find(id, turn)?;
    let Some(bought) = shipment.bought.as_mut() else {
        let message = "Refund request failed: the shipment has no postage.";
        return Err(errors::error(422, "SHIPMENT.REFUND.UNAVAILABLE", message, &[]).into());
    };
    if bought.is_refunded {
        let message = "A refund was asked for already.";
        return Err(errors::error(422, "SHIPMENT.REFUND.REQUESTED", message, &[]).into());
    }
    bought.is_refunded = true;
    let bought = bought.clone();
    turn.row(label_row(&bought, &shipment).state("refunded"));
    shipment.updated_us = turn.context.at_us;
    let answer = Answer::json(200, &view::shipment(&shipment));
    keep(shipment, turn);
    Ok(answer)
}

fn label_row(bought: &Bought, shipment: &Shipment) -> Row {
    let Bought { rate, label, tracking_code, .. } = bought;
    Row::new(Op::Label)
        .object(label.clone())
        .parent(shipment.id.clone())
        .money(rate.price_minor, &shipment.currency.to_ascii_lowercase())
        .detail(json!({ "carrier": rate.carrier, "service": rate.service, "tracking_code": tracking_code }))
}

/// The caller's shipment; its labels become the call's.
pub(super) fn find(id: &str, turn: &mut Turn<'_>) -> Result<Shipment, Stop> {
    let n = turn.books.identity.read("shp", id).ok_or_else(errors::not_found)?;
    let found = turn.books.shipments.take(n, &turn.books.reader)?;
    let own = found.filter(|shipment| shipment.owner == turn.context.caller.account);
    let shipment = own.ok_or_else(errors::not_found)?;
    turn.labels.order.clone_from(&shipment.reference);
    turn.labels.email.clone_from(&shipment.to.place.email);
    Ok(shipment)
}

fn keep(shipment: Shipment, turn: &mut Turn<'_>) {
    let tag = shipment.bought.as_ref().map(|_| "purchased".into());
    turn.books.shipments.put(shipment.n, shipment.owner, tag, shipment, &mut turn.writes, turn.progress);
}
