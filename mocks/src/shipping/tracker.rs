//! Trackers: where a parcel is, as far as its code says.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::errors;
use super::shipment::Bought;
use crate::calendar::timestamp;
use crate::turn::Turn;
use crate::wire::Stop;

/// A tracker as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tracker {
    id: String,
    owner: i64,
    created_us: i64,
    code: String,
    carrier: String,
    shipment: Option<String>,
}

/// The vendor's test codes say by themselves where their parcel is.
fn status(code: &str) -> &'static str {
    match code {
        "EZ2000000002" => "in_transit",
        "EZ3000000003" => "out_for_delivery",
        "EZ4000000004" => "delivered",
        "EZ5000000005" => "return_to_sender",
        "EZ6000000006" => "failure",
        "EZ7000000007" => "unknown",
        _ => "pre_transit",
    }
}

pub(super) fn create(code: String, carrier: Option<String>, shipment: Option<String>, turn: &mut Turn<'_>) -> Tracker {
    let n = turn.books.trackers.number();
    let tracker = Tracker {
        id: turn.books.identity.make("trk", n),
        owner: turn.context.caller.account,
        created_us: turn.context.at_us,
        code,
        carrier: carrier.unwrap_or_else(|| "USPS".to_owned()),
        shipment,
    };
    turn.books.trackers.put(n, tracker.owner, None, tracker.clone(), &mut turn.writes, turn.progress);
    tracker
}

/// Begins to track a label; returns the tracker's name.
pub(super) fn of_label(code: &str, carrier: &str, shipment: &str, turn: &mut Turn<'_>) -> String {
    create(code.to_owned(), Some(carrier.to_owned()), Some(shipment.to_owned()), turn).id
}

pub(super) fn find(id: &str, turn: &mut Turn<'_>) -> Result<Tracker, Stop> {
    let n = turn.books.identity.read("trk", id).ok_or_else(errors::not_found)?;
    let found = turn.books.trackers.take(n, &turn.books.reader)?;
    let own = found.filter(|tracker| tracker.owner == turn.context.caller.account);
    Ok(own.ok_or_else(errors::not_found)?)
}

/// The tracker of a label, as its shipment shows it.
pub(super) fn of_shipment(bought: &Bought, shipment: &str) -> Value {
    view(&Tracker {
        id: bought.tracker.clone(),
        owner: 0,
        created_us: bought.at_us,
        code: bought.tracking_code.clone(),
        carrier: bought.rate.carrier.clone(),
        shipment: Some(shipment.to_owned()),
    })
}

pub(super) fn view(tracker: &Tracker) -> Value {
    let (at, status) = (timestamp(tracker.created_us), status(&tracker.code));
    json!({
        "id": tracker.id,
        "object": "Tracker",
        "mode": "test",
        "tracking_code": tracker.code,
        "status": status,
        "status_detail": "status_update",
        "created_at": at,
        "updated_at": at,
        "signed_by": null,
        "weight": null,
        "est_delivery_date": null,
        "shipment_id": tracker.shipment,
        "carrier": tracker.carrier,
        "tracking_details": [{
            "object": "TrackingDetail",
            "message": status,
            "description": "",
            "status": status,
            "status_detail": "status_update",
            "datetime": at,
            "source": tracker.carrier,
            "tracking_location": { "object": "TrackingLocation", "city": null, "state": null, "country": null, "zip": null },
        }],
        "fees": [],
        "carrier_detail": null,
        "public_url": format!("https://track.easypost.example/{}", tracker.id),
    })
}
