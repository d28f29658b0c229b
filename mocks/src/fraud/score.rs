//! How much an order smells: a score of 0 to 1000 from its content and from what the same customer did before.
//!
//! | what | points |
//! |---|---|
//! | every order | 50 |
//! | an e-mail domain of throw-away addresses, or none | 400 |
//! | an e-mail domain that begins with `review.` / `decline.` / `approve.` | exactly 600 / 950 / 0 in all |
//! | 500, 1,000, 5,000 units of the currency or more | 100, 200, 350 |
//! | billed and shipped to two countries | 200 |
//! | from the fourth order of an e-mail within ten minutes | 100 each, at most 300 |
//! | from the third refused card of an e-mail and card number's first digits within ten minutes | 100 each, at most 400 |

use std::collections::HashMap;

use super::order::Order;
use crate::decimal::places;

/// Domains whose addresses nobody keeps.
const THROW_AWAY: [&str; 6] =
    ["mailinator.com", "guerrillamail.com", "10minutemail.com", "tempmail.example", "trashmail.com", "yopmail.com"];
const WINDOW_US: i64 = 600_000_000;
/// Customers that are remembered.
const KNOWN_MAX: usize = 200_000;
pub(super) const SCORE_MAX: i64 = 1_000;

/// What customers did within the last minutes, by the hash of who they are.
#[derive(Default)]
pub(crate) struct Velocity {
    seen: HashMap<i64, (i64, u32)>,
}

impl Velocity {
    /// Counts one more; says how many there are in this window.
    pub(super) fn count(&mut self, who: i64, at_us: i64) -> u32 {
        if self.seen.len() >= KNOWN_MAX {
            self.seen.retain(|_, (since_us, _)| at_us - *since_us < WINDOW_US);
            if self.seen.len() >= KNOWN_MAX {
                self.seen.clear();
            }
        }
        let (since_us, count) = self.seen.entry(who).or_insert((at_us, 0));
        if at_us - *since_us >= WINDOW_US {
            (*since_us, *count) = (at_us, 0);
        }
        *count += 1;
        *count
    }

    pub(super) fn of(&self, who: i64, at_us: i64) -> u32 {
        self.seen.get(&who).filter(|(since_us, _)| at_us - *since_us < WINDOW_US).map_or(0, |(_, count)| *count)
    }
}

/// A score and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Score {
    pub(super) points: i64,
    pub(super) reasons: Vec<&'static str>,
}

/// Scores an order that is its customer's `orders`-th within the window, after so many `refused` cards.
pub(super) fn score(order: &Order, orders: u32, refused: u32) -> Score {
    let mut score = Score { points: 50, reasons: Vec::new() };
    let mut add = |points: i64, reason: &'static str| {
        if points > 0 {
            score.points += points;
            score.reasons.push(reason);
        }
    };
    let domain = order.email.as_deref().and_then(|email| email.rsplit_once('@')).map_or("", |(_, domain)| domain);
    let domain = domain.to_ascii_lowercase();
    for (hint, points) in [("review.", 600), ("decline.", 950), ("approve.", 0)] {
        if domain.starts_with(hint) {
            return Score { points, reasons: vec!["email_hint"] };
        }
    }
    if domain.is_empty() || THROW_AWAY.contains(&domain.as_str()) {
        add(400, "email_domain");
    }
    let units = order.total_minor / 10_i64.pow(places(&order.currency));
    add(
        if units >= 5_000 {
            350
        } else if units >= 1_000 {
            200
        } else if units >= 500 {
            100
        } else {
            0
        },
        "amount",
    );
    if let (Some(billed), Some(shipped)) = (&order.billing_country, &order.shipping_country)
        && !billed.eq_ignore_ascii_case(shipped)
    {
        add(200, "country_mismatch");
    }
    add(i64::from(orders.saturating_sub(3)).min(3) * 100, "email_velocity");
    add(i64::from(refused.saturating_sub(2)).min(4) * 100, "card_velocity");
    score.points = score.points.min(SCORE_MAX);
    score
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(email: &str, total_minor: i64, shipping: &str) -> Order {
        Order {
            email: Some(email.to_owned()),
            total_minor,
            currency: "USD".to_owned(),
            billing_country: Some("US".to_owned()),
            shipping_country: Some(shipping.to_owned()),
            ..Order::default()
        }
    }

    #[test]
    fn points_are_as_documented() {
        for (email, total_minor, shipping, orders, refused, expected) in [
            ("a@shop.example", 1_000, "us", 1, 0, 50),
            ("a@mailinator.com", 50_000, "US", 1, 0, 550),
            ("a@mailinator.com", 500_000, "DE", 9, 9, 1_000),
            ("a@shop.example", 100_000, "DE", 3, 2, 450),
            ("a@shop.example", 0, "US", 5, 4, 450),
            ("a@review.example", 1, "US", 1, 0, 600),
            ("a@DECLINE.example", 1, "US", 1, 0, 950),
            ("nobody", 1, "US", 1, 0, 450),
        ] {
            assert_eq!(score(&order(email, total_minor, shipping), orders, refused).points, expected, "{email}");
        }
    }

    #[test]
    fn what_is_long_ago_does_not_count() {
        let mut velocity = Velocity::default();
        assert_eq!((velocity.count(1, 0), velocity.count(1, 1), velocity.of(1, 2)), (1, 2, 2));
        assert_eq!((velocity.of(1, WINDOW_US), velocity.count(1, WINDOW_US), velocity.of(2, 0)), (0, 1, 0));
    }
}
