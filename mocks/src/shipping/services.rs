//! What carriers ask: services, zones and prices from a small table.

use serde::{Deserialize, Serialize};

use super::address::Place;

/// Made-up prices near the size of real ones.
const TABLE: &str = include_str!("services.csv");
/// The farthest zone within a country.
const ZONE_MAX: i64 = 8;
/// Zone within a country whose postal codes say nothing of distance.
const ZONE_USUAL: i64 = 4;
/// Zone of what leaves the country.
pub(super) const ZONE_ABROAD: i64 = 9;
const OUNCES_IN_A_POUND: f64 = 16.0;
/// Heaviest parcel that a carrier takes, in ounces: 150 pounds.
pub(super) const WEIGHT_MAX: f64 = 2_400.0;

struct Service {
    carrier: &'static str,
    name: &'static str,
    is_abroad: bool,
    days: i64,
    base: i64,
    zone: i64,
    pound: i64,
}

/// A price that a carrier asks for a shipment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rate {
    pub(super) id: String,
    pub(super) carrier: String,
    pub(super) service: String,
    pub(super) price_minor: i64,
    /// Days to delivery.
    pub(super) days: i64,
}

/// The carriers' table.
pub(crate) struct Services(Vec<Service>);

impl Services {
    pub(crate) fn new() -> Self {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1);
        Self(lines.map(|line| read(line).expect("the table is ours and tested")).collect())
    }

    /// What is asked for so many ounces between two places, the cheapest first; `shift` moves prices by basis points.
    pub(super) fn quote(&self, from: &Place, to: &Place, ounces: f64, shift: i64) -> Vec<Rate> {
        let zone = zone(from, to);
        let pounds = (ounces / OUNCES_IN_A_POUND).ceil().max(1.0) as i64;
        let of_scope = self.0.iter().filter(|service| service.is_abroad == (zone == ZONE_ABROAD));
        let mut rates: Vec<Rate> = of_scope
            .map(|service| {
                let price = service.base + service.zone * (zone - 1) + service.pound * pounds;
                let shifted = i128::from(price) * i128::from(shift.saturating_add(10_000).max(0));
                Rate {
                    id: String::new(),
                    carrier: service.carrier.to_owned(),
                    service: service.name.to_owned(),
                    price_minor: ((shifted + 5_000) / 10_000).min(1 << 50) as i64,
                    days: service.days,
                }
            })
            .collect();
        rates.sort_by(|one, other| {
            one.price_minor.cmp(&other.price_minor).then_with(|| one.service.cmp(&other.service))
        });
        rates
    }
}

/// How far apart two places are, as carriers count it.
pub(super) fn zone(from: &Place, to: &Place) -> i64 {
    if from.country() != to.country() {
        return ZONE_ABROAD;
    }
    let area = |place: &Place| place.zip.as_deref().unwrap_or_default().get(..3)?.parse::<i64>().ok();
    match (area(from), area(to)) {
        (Some(one), Some(other)) if from.country() == "US" && one == other => 1,
        (Some(one), Some(other)) if from.country() == "US" => (2 + (one / 100 - other / 100).abs()).min(ZONE_MAX),
        _ => ZONE_USUAL,
    }
}

fn read(line: &'static str) -> Option<Service> {
    let mut fields = line.split(',');
    let (carrier, name) = (fields.next()?, fields.next()?);
    let is_abroad = match fields.next()? {
        "domestic" => false,
        "international" => true,
        _ => return None,
    };
    let mut number = || fields.next()?.parse().ok();
    Some(Service { carrier, name, is_abroad, days: number()?, base: number()?, zone: number()?, pound: number()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(country: &str, zip: &str) -> Place {
        Place { country: Some(country.to_owned()), zip: Some(zip.to_owned()), ..Place::default() }
    }

    #[test]
    fn distance_and_weight_make_the_price() {
        let cheapest = |from: &Place, to: &Place, ounces, shift| {
            Services::new().quote(from, to, ounces, shift).first().map(|rate| rate.price_minor)
        };
        let (home, near, far) = (place("US", "94105"), place("US", "94104"), place("us", "10001"));
        assert_eq!(cheapest(&home, &near, 10.0, 0), Some(562));
        assert_eq!(cheapest(&home, &far, 10.0, 0), Some(807));
        assert_eq!(cheapest(&home, &near, 16.1, 0), Some(604));
        assert_eq!(cheapest(&home, &near, 10.0, 5_000), Some(843));
        assert_eq!(cheapest(&home, &near, 10.0, -20_000), Some(0));
        assert_eq!(cheapest(&home, &place("DE", "10115"), 10.0, 0), Some(1_970));
        assert_eq!(zone(&place("DE", "1"), &place("DE", "é115")), ZONE_USUAL);
    }
}
