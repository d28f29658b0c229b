//! Shipments as `EasyPost` shows them.

use serde_json::{Value, json};

use super::services::{Rate, zone};
use super::shipment::{Bought, Shipment};
use super::{address, parcel, tracker};
use crate::calendar::timestamp;

/// Minor units as a decimal with so many places.
fn decimal(minor: i64, places: usize) -> String {
    format!("{}.{:02}{}", minor / 100, minor % 100, "0".repeat(places - 2))
}

pub(super) fn rates(shipment: &Shipment) -> Vec<Value> {
    shipment.rates.iter().map(|of| rate(of, shipment)).collect()
}

pub(super) fn rate(rate: &Rate, shipment: &Shipment) -> Value {
    let price = decimal(rate.price_minor, 2);
    json!({
        "id": rate.id,
        "object": "Rate",
        "created_at": timestamp(shipment.updated_us),
        "updated_at": timestamp(shipment.updated_us),
        "mode": "test",
        "service": rate.service,
        "carrier": rate.carrier,
        "rate": price,
        "currency": shipment.currency,
        "retail_rate": price,
        "retail_currency": shipment.currency,
        "list_rate": price,
        "list_currency": shipment.currency,
        "billing_type": "easypost",
        "delivery_days": rate.days,
        "delivery_date": null,
        "delivery_date_guaranteed": false,
        "est_delivery_days": rate.days,
        "shipment_id": shipment.id,
        "carrier_account_id": format!("ca_{}", rate.carrier.to_ascii_lowercase()),
    })
}

/// A rate with how long such shipments took, as the smart rates have it.
pub(super) fn smart_rate(of: &Rate, shipment: &Shipment) -> Value {
    let mut view = rate(of, shipment);
    let at = |percent: i64| of.days + (percent - 50).max(0) / 20;
    view["time_in_transit"] = json!({
        "percentile_50": at(50), "percentile_75": at(75), "percentile_85": at(85), "percentile_90": at(90),
        "percentile_95": at(95), "percentile_97": at(97), "percentile_99": at(99),
    });
    view
}

fn label(bought: &Bought) -> Value {
    let at = timestamp(bought.at_us);
    json!({
        "object": "PostageLabel",
        "id": bought.label,
        "created_at": at,
        "updated_at": at,
        "date_advance": 0,
        "integrated_form": "none",
        "label_date": at,
        "label_resolution": 300,
        "label_size": "4x6",
        "label_type": "default",
        "label_file_type": "image/png",
        "label_url": format!("https://easypost-files.example/{}.png", bought.label),
        "label_pdf_url": null,
        "label_zpl_url": null,
        "label_epl2_url": null,
        "label_file": null,
    })
}

fn fees(bought: &Bought) -> Value {
    let fee = |kind: &str, amount: String| json!({ "object": "Fee", "type": kind, "amount": amount, "charged": true, "refunded": bought.is_refunded });
    json!([fee("LabelFee", "0.00000".to_owned()), fee("PostageFee", decimal(bought.rate.price_minor, 5))])
}

pub(super) fn shipment(shipment: &Shipment) -> Value {
    let bought = shipment.bought.as_ref();
    let (to, from) = (address::view(&shipment.to), address::view(&shipment.from));
    let returns_to = shipment.returns_to.as_ref().map_or_else(|| from.clone(), address::view);
    let zone = zone(&shipment.from.place, &shipment.to.place);
    let mut options = json!({ "currency": shipment.currency, "payment": { "type": "SENDER" }, "date_advance": 0 });
    if let (Some(all), Some(given)) = (options.as_object_mut(), shipment.options.as_object()) {
        all.extend(given.clone());
    }
    json!({
        "id": shipment.id,
        "object": "Shipment",
        "created_at": timestamp(shipment.created_us),
        "updated_at": timestamp(shipment.updated_us),
        "mode": "test",
        "is_return": shipment.is_return,
        "messages": [],
        "options": options,
        "reference": shipment.reference,
        "status": if bought.is_some() { "pre_transit" } else { "unknown" },
        "tracking_code": bought.map(|bought| &bought.tracking_code),
        "batch_id": null,
        "batch_status": null,
        "batch_message": null,
        "customs_info": null,
        "from_address": from,
        "to_address": to.clone(),
        "return_address": returns_to,
        "buyer_address": to,
        "insurance": shipment.insurance,
        "order_id": null,
        "parcel": parcel::view(&shipment.parcel),
        "postage_label": bought.map(label),
        "rates": rates(shipment),
        "refund_status": bought.filter(|bought| bought.is_refunded).map(|_| "submitted"),
        "scan_form": null,
        "selected_rate": bought.map(|bought| rate(&bought.rate, shipment)),
        "tracker": bought.map(|bought| tracker::of_shipment(bought, &shipment.id)),
        "usps_zone": zone,
        "forms": [],
        "fees": bought.map_or_else(|| json!([]), fees),
    })
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn prices_are_decimal_text() {
        assert_eq!(
            (decimal(758, 2), decimal(5, 2), decimal(1_200, 5)),
            ("7.58".into(), "0.05".into(), "12.00000".into())
        );
    }
}
