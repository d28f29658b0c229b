//! What is levied where, and when: the table of jurisdictions, what the configuration lists instead, and rates that change.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::request::Address;
use crate::config::TaxRate;
use crate::decimal::parse;

/// Public statutory rates; sources are named in the file.
const TABLE: &str = include_str!("jurisdictions.csv");
/// Millionths in a whole: rates are kept in them.
pub(super) const RATE_SCALE: i64 = 1_000_000;
/// Millionths in a basis point.
const BASIS_POINT: i64 = 100;
/// Codes of ISO 3166 beyond those of the table.
const COUNTRIES: &str = "AD AF AG AI AL AM AO AQ AR AS AW AX AZ BA BB BD BF BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CC CD CF CG \
    CI CK CL CM CN CO CR CU CV CW CX DJ DM DO DZ EC EG EH ER ET FJ FK FM FO GA GD GE GF GG GH GI GL GM GN GP GQ GS GT GU GW GY \
    HK HM HN HT ID IL IM IO IQ IR IS JE JM JO KE KG KH KI KM KN KP KY KZ LA LB LC LI LK LR LS LY MA MC MD ME MF MG MH MK ML MM \
    MN MO MP MQ MR MS MU MV MW MY MZ NA NC NE NF NG NI NP NR NU PA PE PF PG PH PK PM PN PR PS PW PY QA RE RS RU RW SB SC SD SH \
    SJ SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TO TT TV TW TZ UA UG UM UY UZ VA VC VE VG VI VN VU WF WS YE \
    YT ZM ZW";

/// Level of a jurisdiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Level {
    Country,
    State,
    County,
    City,
    Special,
}

impl Level {
    fn read(word: &str) -> Option<Self> {
        [Self::Country, Self::State, Self::County, Self::City, Self::Special]
            .into_iter()
            .find(|level| format!("{level:?}") == word)
    }
}

/// What one jurisdiction levies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Levy {
    /// What a change of rate names it by: `DE`, `US-CA`, `US-CA/LOS ANGELES CO LOCAL TAX SL`.
    pub(crate) jurisdiction: String,
    pub(crate) level: Level,
    pub(crate) name: String,
    pub(crate) code: String,
    /// In millionths.
    pub(crate) rate: i64,
}

/// A rate that changes at an instant, as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RateChange {
    /// The run whose requests it meets; all when absent.
    pub(crate) run: Option<String>,
    pub(crate) jurisdiction: String,
    /// Unix microseconds.
    pub(crate) from_us: i64,
    pub(crate) basis_points: u32,
}

struct Entry {
    city: String,
    postal: Vec<&'static str>,
    levy: Levy,
}

/// Why nothing is levied at a place: it is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    Country,
    Region,
}

/// Rates by country and region, and the one for everywhere else.
pub(crate) struct Rates {
    table: HashMap<(String, String), Vec<Entry>>,
    listed: HashMap<(String, String), i64>,
    default: i64,
    /// What the configuration says will change.
    changes: Vec<RateChange>,
}

impl Rates {
    pub(crate) fn new(listed: &[TaxRate], default_basis_points: u32, changes: Vec<RateChange>) -> Self {
        let upper = |text: &str| text.to_ascii_uppercase();
        let key = |rate: &TaxRate| (upper(&rate.country), upper(rate.region.as_deref().unwrap_or_default()));
        let listed = listed.iter().map(|rate| (key(rate), i64::from(rate.basis_points) * BASIS_POINT)).collect();
        let mut table: HashMap<_, Vec<Entry>> = HashMap::new();
        for line in TABLE.lines().filter(|line| !line.starts_with('#')).skip(1) {
            let (place, entry) = read_entry(line).expect("the table is ours and tested");
            table.entry(place).or_default().push(entry);
        }
        Self { table, listed, default: i64::from(default_basis_points) * BASIS_POINT, changes }
    }

    /// What is levied at a place before any change: its country, its region, then what is local.
    pub(super) fn at(&self, address: &Address) -> Result<Vec<Levy>, NoPlace> {
        let upper = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_ascii_uppercase();
        let (country, region) = (upper(&address.country), upper(&address.region));
        if let Some(rate) = self.listed.get(&(country.clone(), region.clone())) {
            return Ok(vec![whole(&country, &region, *rate)]);
        }
        if let Some(rate) = self.listed.get(&(country.clone(), String::new())) {
            return Ok(vec![whole(&country, "", *rate)]);
        }
        let federal = self.table.get(&(country.clone(), String::new()));
        let regional = self.table.get(&(country.clone(), region.clone())).filter(|_| !region.is_empty());
        let has_regions = matches!(country.as_str(), "US" | "CA");
        if has_regions && !region.is_empty() && regional.is_none() {
            return Err(NoPlace::Region);
        }
        let levies: Vec<Levy> = federal
            .into_iter()
            .chain(regional)
            .flatten()
            .filter(|entry| entry.is_at(address))
            .map(|entry| entry.levy.clone())
            .collect();
        match levies.is_empty() {
            false => Ok(levies),
            true if has_regions || COUNTRIES.split(' ').any(|known| known == country) => {
                Ok(vec![whole(&country, &region, self.default)])
            }
            true => Err(NoPlace::Country),
        }
    }

    /// The region of a postal code, where the table knows it.
    pub(super) fn region_of(&self, country: &str, postal: &str) -> Option<&str> {
        let is_there = |entry: &Entry| entry.postal.iter().any(|prefix| postal.starts_with(prefix));
        let of_country = self.table.iter().filter(|((of, _), _)| of.eq_ignore_ascii_case(country));
        of_country.filter(|(_, entries)| entries.iter().any(is_there)).map(|((_, region), _)| region.as_str()).next()
    }

    /// Brings rates to a moment: the latest change before it counts; then a fault's shift, on the highest jurisdiction.
    pub(super) fn bring_to(&self, levies: &mut [Levy], told: &[RateChange], run: Option<&str>, at_us: i64, shift: i64) {
        for levy in levies.iter_mut() {
            let of_levy = self.changes.iter().chain(told).filter(|change| {
                change.jurisdiction.eq_ignore_ascii_case(&levy.jurisdiction)
                    && change.from_us <= at_us
                    && (change.run.is_none() || change.run.as_deref() == run)
            });
            if let Some(change) = of_levy.max_by_key(|change| change.from_us) {
                levy.rate = i64::from(change.basis_points) * BASIS_POINT;
            }
        }
        if let Some(levy) = levies.first_mut() {
            levy.rate = levy.rate.saturating_add(shift.saturating_mul(BASIS_POINT)).clamp(0, 10 * RATE_SCALE);
        }
    }
}

impl Entry {
    fn is_at(&self, address: &Address) -> bool {
        let (city, postal) = (address.city.as_deref().unwrap_or_default(), address.postal_code.as_deref());
        match (self.city.is_empty(), city.trim()) {
            (true, _) => true,
            (false, "") => postal.is_some_and(|code| self.postal.iter().any(|prefix| code.starts_with(prefix))),
            (false, city) => self.city.eq_ignore_ascii_case(city),
        }
    }
}

fn whole(country: &str, region: &str, rate: i64) -> Levy {
    let is_state = !region.is_empty();
    Levy {
        jurisdiction: if is_state { format!("{country}-{region}") } else { country.to_owned() },
        level: if is_state { Level::State } else { Level::Country },
        name: if is_state { region } else { country }.to_owned(),
        code: if is_state { region } else { country }.to_owned(),
        rate,
    }
}

fn read_entry(line: &'static str) -> Option<((String, String), Entry)> {
    let mut fields = line.split(',');
    let mut next = || fields.next();
    let (country, region, city) = (next()?, next()?, next()?);
    let (level, name, code) = (Level::read(next()?)?, next()?, next()?);
    // Ten-thousandths of a percent, as the decimal is read, are millionths.
    let rate = parse(next()?)?;
    let postal = next()?.split(' ').filter(|prefix| !prefix.is_empty()).collect();
    let jurisdiction = match level {
        Level::Country => country.to_owned(),
        Level::State => format!("{country}-{region}"),
        Level::County | Level::City | Level::Special => format!("{country}-{region}/{name}"),
    };
    let levy = Levy { jurisdiction, level, name: name.to_owned(), code: code.to_owned(), rate };
    Some(((country.to_owned(), region.to_owned()), Entry { city: city.to_owned(), postal, levy }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(country: &str, region: &str, city: &str) -> Result<i64, NoPlace> {
        let text = |text: &str| Some(text.to_owned());
        let address = Address { country: text(country), region: text(region), city: text(city), ..Address::default() };
        Rates::new(&[], 700, Vec::new()).at(&address).map(|levies| levies.iter().map(|levy| levy.rate).sum())
    }

    #[test]
    fn well_known_places_have_their_published_totals() {
        for (country, region, city, expected) in [
            ("US", "ca", "los angeles", 97_500),
            ("US", "CA", "Nowhere", 72_500),
            ("US", "NY", "New York", 88_750),
            ("US", "IL", "Chicago", 102_500),
            ("US", "WA", "Seattle", 103_500),
            ("US", "CO", "Denver", 91_500),
            ("US", "OR", "Portland", 0),
            ("CA", "QC", "Montréal", 149_750),
            ("CA", "ON", "Toronto", 130_000),
            ("CA", "", "", 50_000),
            ("de", "BE", "Berlin", 190_000),
            ("FI", "", "Helsinki", 255_000),
            ("BR", "SP", "São Paulo", 70_000),
            ("US", "", "", 70_000),
        ] {
            assert_eq!(total(country, region, city), Ok(expected), "{country} {region} {city}");
        }
        assert_eq!(total("US", "ZZ", "X"), Err(NoPlace::Region));
        assert_eq!(total("XX", "", "X"), Err(NoPlace::Country));
    }

    #[test]
    fn what_is_listed_takes_the_place_of_the_table() {
        let rate = TaxRate { country: "us".to_owned(), region: Some("ca".to_owned()), basis_points: 500 };
        let address = Address { country: Some("US".into()), region: Some("CA".into()), ..Address::default() };
        let levies = Rates::new(&[rate], 0, Vec::new()).at(&address).expect("a place");
        assert_eq!((levies.len(), levies[0].rate, levies[0].jurisdiction.as_str()), (1, 50_000, "US-CA"));
    }

    #[test]
    fn the_latest_change_before_the_moment_counts() {
        let change = |run: Option<&str>, from_us, basis_points| RateChange {
            run: run.map(str::to_owned),
            jurisdiction: "DE".to_owned(),
            from_us,
            basis_points,
        };
        let changes = [change(None, 100, 1_600), change(None, 200, 1_900), change(Some("r"), 150, 700)];
        let rates = Rates::new(&[], 0, changes[..1].to_vec());
        let rate = |run, at_us, shift| {
            let mut levies = vec![whole("DE", "", 190_000)];
            rates.bring_to(&mut levies, &changes[1..], run, at_us, shift);
            levies[0].rate
        };
        assert_eq!((rate(None, 99, 0), rate(None, 100, 0), rate(None, 180, 0)), (190_000, 160_000, 160_000));
        assert_eq!((rate(Some("r"), 180, 0), rate(Some("r"), 200, 0)), (70_000, 190_000));
        assert_eq!((rate(None, 0, 50), rate(None, 0, -9_999)), (195_000, 0));
    }
}
