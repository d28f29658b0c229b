//! A counterexample as a picture: a lane for each party, time downwards, an arrow for what passed between two of them.
//!
//! It is drawn by hand, without a plotting library: a dozen kinds of marks, whose colours are the page's.

mod draw;
mod rows;

use model::record::{Book, Counterexample, Passage, TimelineEntry};

/// Lines drawn at most.
const ROWS_MAX: usize = 40;

/// Width of the column of times, in pixels.
const CLOCK_PX: f64 = 122.0;

/// Distances of lanes, in pixels: as wide as lets a usual story fit on a page.
const LANE_PX_MIN: f64 = 172.0;
const LANE_PX_MAX: f64 = 240.0;

/// Width that a picture may take before its lanes move together, in pixels.
const WIDTH_PX: f64 = 1_030.0;

/// Providers in the order of their lanes, with their names for people; others follow under their own.
const PROVIDERS: [(&str, &str); 6] = [
    ("payment", "Payment"),
    ("backup_payment", "Second payment"),
    ("fraud", "Fraud check"),
    ("tax", "Tax"),
    ("shipping", "Shipping"),
    ("warehouse", "Warehouse"),
];

/// Parties, from left to right.
#[derive(Clone, Debug, PartialEq)]
struct Lanes {
    /// The word in the timeline and the name for people.
    providers: Vec<(String, String)>,
    gap_px: f64,
}

/// Where something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    Shopper,
    Shop,
    Provider(usize),
}

impl Lanes {
    fn of(timeline: &[TimelineEntry]) -> Self {
        let mut providers: Vec<(String, String)> = Vec::new();
        for name in timeline.iter().filter_map(|entry| entry.provider.as_ref()) {
            if providers.iter().all(|(known, _)| known != name) {
                let told = PROVIDERS.iter().find(|(word, _)| word == name);
                let told = told.map_or_else(|| crate::sentence::capitalised(name), |(_, told)| (*told).to_owned());
                providers.push((name.clone(), told));
            }
        }
        let place = |name: &str| PROVIDERS.iter().position(|(word, _)| *word == name).unwrap_or(PROVIDERS.len());
        providers.sort_by_key(|(name, _)| place(name));
        let lanes = 2.0 + providers.len() as f64;
        let gap_px = ((WIDTH_PX - CLOCK_PX) / lanes).clamp(LANE_PX_MIN, LANE_PX_MAX);
        Self { providers, gap_px }
    }

    fn width_px(&self) -> f64 {
        CLOCK_PX + self.gap_px * (2.0 + self.providers.len() as f64)
    }

    /// The middle of a lane.
    fn x_px(&self, lane: Lane) -> f64 {
        let place = match lane {
            Lane::Shopper => 0.0,
            Lane::Shop => 1.0,
            Lane::Provider(place) => 2.0 + place as f64,
        };
        CLOCK_PX + self.gap_px * (place + 0.5)
    }

    fn provider(&self, entry: &TimelineEntry) -> Option<Lane> {
        let name = entry.provider.as_ref()?;
        self.providers.iter().position(|(known, _)| known == name).map(Lane::Provider)
    }

    /// Who acts and who is acted upon; none for what concerns all.
    fn ends(&self, entry: &TimelineEntry) -> Option<(Lane, Lane)> {
        let provider = self.provider(entry);
        match (entry.book, entry.passage) {
            (Book::Run, _) => None,
            (Book::Shopper, Passage::Asked) => Some((Lane::Shopper, provider.unwrap_or(Lane::Shop))),
            (Book::Shopper, Passage::Answered | Passage::Unanswered) => {
                Some((provider.unwrap_or(Lane::Shop), Lane::Shopper))
            }
            (Book::Shopper, _) => Some((Lane::Shopper, Lane::Shopper)),
            (Book::Shop, _) => Some((Lane::Shop, Lane::Shop)),
            (Book::Provider, passage) => {
                let provider = provider?;
                Some(match passage {
                    Passage::Called | Passage::AnswerLost | Passage::AnswerAltered => (Lane::Shop, provider),
                    Passage::Delivered | Passage::Undelivered => (provider, Lane::Shop),
                    Passage::Nothing | Passage::Asked | Passage::Answered | Passage::Unanswered => (provider, provider),
                })
            }
        }
    }
}

/// The picture as an `svg` element with title and description; nothing for a story of which nothing has a place in it.
/// `id` makes its identifiers unique in the page.
pub fn picture(story: &Counterexample, id: &str) -> String {
    let places = crate::decisive::places(&story.timeline, ROWS_MAX);
    let entries: Vec<&TimelineEntry> = places.iter().map(|place| &story.timeline[*place]).collect();
    if entries.iter().all(|entry| entry.provider.is_none() && entry.passage == Passage::Nothing) {
        return String::new();
    }
    let lanes = Lanes::of(&story.timeline);
    let rows = rows::rows(&entries, &lanes);
    draw::svg(story, id, &lanes, &rows, story.timeline.len() - entries.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(provider: &str, passage: Passage) -> TimelineEntry {
        TimelineEntry {
            provider: Some(provider.into()),
            passage,
            brief: "charges 1.00 USD".into(),
            ..TimelineEntry::noted(Book::Provider, Some(1.0), "charges 1.00 USD, ch_1, key …ab".into())
        }
    }

    #[test]
    fn providers_have_lanes_in_one_order_and_only_where_they_occur() {
        let lanes = Lanes::of(&[
            called("tax", Passage::Called),
            called("payment", Passage::Called),
            called("sms", Passage::Called),
        ]);
        let names: Vec<&str> = lanes.providers.iter().map(|(_, told)| told.as_str()).collect();
        assert_eq!(names, ["Payment", "Tax", "Sms"]);
        assert!(lanes.width_px() <= WIDTH_PX);
    }

    #[test]
    fn a_webhook_comes_back_to_the_shop() {
        let hook = called("payment", Passage::Delivered);
        let lanes = Lanes::of(std::slice::from_ref(&hook));
        assert_eq!(lanes.ends(&hook), Some((Lane::Provider(0), Lane::Shop)));
        assert_eq!(lanes.ends(&called("payment", Passage::AnswerLost)), Some((Lane::Shop, Lane::Provider(0))));
    }
}
