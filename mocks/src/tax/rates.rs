//! The table of rates.

use std::collections::HashMap;

use crate::config::TaxRate;

/// Rates by country and region, and the one for everywhere else.
pub(crate) struct Rates {
    listed: HashMap<(String, Option<String>), u32>,
    default: u32,
}

/// What is levied at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) country: String,
    pub(super) region: String,
    pub(super) basis_points: u32,
}

impl Rates {
    pub(crate) fn new(listed: &[TaxRate], default: u32) -> Self {
        let upper = |text: &String| text.to_ascii_uppercase();
        let listed = listed
            .iter()
            .map(|rate| ((upper(&rate.country), rate.region.as_ref().map(upper)), rate.basis_points))
            .collect();
        Self { listed, default }
    }

    /// The rate of a place: its region's, else its country's, else the default.
    pub(super) fn at(&self, country: &str, region: &str) -> Rate {
        let (country, region) = (country.to_ascii_uppercase(), region.to_ascii_uppercase());
        let basis_points = self
            .listed
            .get(&(country.clone(), Some(region.clone())))
            .or_else(|| self.listed.get(&(country.clone(), None)))
            .copied()
            .unwrap_or(self.default);
        Rate { country, region, basis_points }
    }
}
