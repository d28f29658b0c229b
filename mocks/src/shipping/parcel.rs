//! Parcels: what is sent, by size and weight.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::errors;
use super::services::WEIGHT_MAX;
use crate::calendar::timestamp;
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// Size and weight; inches and ounces.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Measures {
    length: Option<f64>,
    width: Option<f64>,
    height: Option<f64>,
    predefined_package: Option<String>,
    pub(super) weight: f64,
}

/// A parcel as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Parcel {
    id: String,
    owner: i64,
    created_us: i64,
    pub(super) measures: Measures,
}

/// A parcel in a request: one that exists, or one to be made.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    Known(String),
    New(Measures),
}

impl Given {
    /// Reads it from a request's member.
    pub(super) fn read(value: &Value) -> Result<Self, Answer> {
        if let Some(id) = value.as_str().or_else(|| value.get("id").and_then(Value::as_str)) {
            return Ok(Self::Known(id.to_owned()));
        }
        Measures::read(value).map(Self::New)
    }

    pub(super) fn resolve(self, turn: &mut Turn<'_>) -> Result<Parcel, Stop> {
        match self {
            Self::Known(id) => find(&id, turn),
            Self::New(measures) => Ok(make(measures, turn)),
        }
    }
}

impl Measures {
    pub(super) fn read(value: &Value) -> Result<Self, Answer> {
        // Clients send numbers as numbers, or as text.
        let number = |name: &str| match value.get(name) {
            Some(Value::String(text)) => text.trim().parse::<f64>().ok(),
            Some(other) => other.as_f64(),
            None => None,
        };
        let weight = number("weight").ok_or_else(|| errors::missing("weight"))?;
        if !(weight > 0.0 && weight <= WEIGHT_MAX) {
            return Err(errors::invalid("weight", "must be above 0 and at most 2400 ounces"));
        }
        let sizes = [number("length"), number("width"), number("height")];
        if sizes.iter().flatten().any(|size| !(*size > 0.0 && *size <= 1_000.0)) {
            return Err(errors::invalid("length", "must be above 0 and at most 1000 inches"));
        }
        let package = value.get("predefined_package").and_then(Value::as_str).map(str::to_owned);
        let [length, width, height] = sizes;
        Ok(Self { length, width, height, predefined_package: package, weight })
    }
}

pub(super) fn make(measures: Measures, turn: &mut Turn<'_>) -> Parcel {
    let n = turn.books.parcels.number();
    let parcel = Parcel {
        id: turn.books.identity.make("prcl", n),
        owner: turn.context.caller.account,
        created_us: turn.context.at_us,
        measures,
    };
    turn.books.parcels.put(n, parcel.owner, None, parcel.clone(), &mut turn.writes, turn.progress);
    parcel
}

pub(super) fn find(id: &str, turn: &mut Turn<'_>) -> Result<Parcel, Stop> {
    let n = turn.books.identity.read("prcl", id).ok_or_else(errors::not_found)?;
    let found = turn.books.parcels.take(n, &turn.books.reader)?;
    let own = found.filter(|parcel| parcel.owner == turn.context.caller.account);
    Ok(own.ok_or_else(errors::not_found)?)
}

pub(super) fn view(parcel: &Parcel) -> Value {
    let Measures { length, width, height, predefined_package, weight } = &parcel.measures;
    json!({
        "id": parcel.id,
        "object": "Parcel",
        "created_at": timestamp(parcel.created_us),
        "updated_at": timestamp(parcel.created_us),
        "length": length,
        "width": width,
        "height": height,
        "predefined_package": predefined_package,
        "weight": weight,
        "mode": "test",
    })
}
