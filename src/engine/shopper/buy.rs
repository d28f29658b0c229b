//! The purchase, and all that a careful shopper does about it: submits, waits, looks, repeats with the same key, pays
//! with another card, changes their mind. What was never answered stays unknown.

use super::purchase::Wish;
use super::trial::{Ask, Told};
use super::{Shopper, mood};
use crate::engine::script::{Buy, Call};
use books::rows::{AttemptKind, Cancel};
use model::card::Card;
use model::outcome::{Outcome, Reading, Refusal};
use model::plan::Submits;
use std::time::Duration;

/// From "in progress" to the next submission, unless the shop says how long.
const IN_PROGRESS_PAUSE: Duration = Duration::from_millis(250);

/// Nobody waits longer because a shop asks for it.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);

/// How a purchase ended.
pub struct Ended {
    /// Confirmed, rejected or unknown.
    pub outcome: Outcome,
    /// Why it was told no.
    pub refusal: Option<Refusal>,
    /// When the shopper is ready for the next step.
    pub ready_us: u64,
}

/// What the shopper knows of a purchase in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Confirmed,
    Refused(Refusal),
    Nothing,
}

/// What the answers to all submissions so far mean together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Confirmed,
    Pending,
    /// Every one was a final no; the first of them.
    Refused(Refusal),
    /// The one of this index is not decided.
    Open(usize),
}

/// All submissions under one key, and what the last answer said.
#[derive(Clone, Debug)]
struct Line {
    key: String,
    told: Told,
}

/// One way to submit: the purchase itself, or its payment with a second card.
struct Way<'a> {
    wish: &'a Wish<'a>,
    buy: &'a Buy,
    call: &'a Call,
    kind: AttemptKind,
    /// Apart from other draws of this shopper.
    label: &'static str,
}

impl Shopper {
    /// Buys; `bought` purchases of this shopper are settled already.
    pub(super) async fn buy(&self, buy: &Buy, index: usize, intended_us: u64, bought: u32) -> Ended {
        if bought > 0 {
            self.forget_last_order(buy);
        }
        let key = self.step_key(index);
        let wish = Wish::new(self, buy, intended_us);
        let way = Way { wish: &wish, buy, call: &buy.submit, kind: AttemptKind::Submit, label: "submit" };
        let lines = self.submit(&way, &key, intended_us).await;
        let mut known = self.resolve(&way, lines).await;
        if let (Known::Refused(Refusal::Declined), true, Some(call)) =
            (known, self.manner.second_card, &buy.second_card)
        {
            known =
                self.pay_again(&Way { call, kind: AttemptKind::SecondCard, label: "second card", ..way }, &key).await;
        }
        if let (Known::Confirmed, true, Some(call)) = (known, self.manner.cancels, &buy.cancel) {
            wish.cancelled(Cancel::Asked);
            wish.cancelled(self.cancel(call, &format!("{key}.cancel")).await);
        }
        let ready_us = self.station.clock.now_us();
        let (outcome, refusal) = match known {
            Known::Confirmed => (Outcome::Confirmed, None),
            Known::Refused(refusal) => (Outcome::Rejected, Some(refusal)),
            Known::Nothing => (Outcome::Unknown, None),
        };
        wish.close(outcome, refusal, ready_us);
        Ended { outcome, refusal, ready_us }
    }

    /// What the last purchase taught about its order must not be taken for this one's.
    fn forget_last_order(&self, buy: &Buy) {
        let slots = buy.submit.captures.iter().map(|capture| capture.slot);
        let named = |slot: &usize| buy.order == Some(*slot) || buy.total == Some(*slot);
        slots.filter(named).for_each(|slot| self.memory.forget(slot));
    }

    /// The first submissions: one, or two at once.
    async fn submit(&self, way: &Way<'_>, key: &str, intended_us: u64) -> Vec<Line> {
        let gap_us = match self.manner.submits {
            Submits::Once => {
                let told = self.submit_once(way, key, intended_us).await;
                return vec![Line { key: key.to_owned(), told }];
            }
            Submits::DoubleClick { gap_us } | Submits::SecondTab { gap_us } => gap_us,
        };
        let same_key = matches!(self.manner.submits, Submits::DoubleClick { .. });
        let second_key = if same_key { key.to_owned() } else { format!("{key}.tab") };
        let second = async {
            self.wait_until(intended_us + gap_us).await;
            self.submit_once(way, &second_key, intended_us + gap_us).await
        };
        let (first, second) = tokio::join!(self.submit_once(way, key, intended_us), second);
        if same_key {
            return vec![Line { key: second_key, told: merge(first, second) }];
        }
        vec![Line { key: key.to_owned(), told: first }, Line { key: second_key.clone(), told: second }]
    }

    /// From the first answers to what the shopper knows in the end.
    async fn resolve(&self, way: &Way<'_>, mut lines: Vec<Line>) -> Known {
        for round in 0u32.. {
            let open = match standing(&lines) {
                Standing::Confirmed => return Known::Confirmed,
                Standing::Refused(refusal) => return Known::Refused(refusal),
                Standing::Pending => return self.settle(way).await,
                Standing::Open(open) => open,
            };
            let line = &lines[open];
            let intended_us = self.pause(way, line.told, round).await;
            if self.looks_after(line.told.reading)
                && let Some(known) = self.look(way, intended_us).await
            {
                return known;
            }
            if round >= self.manner.repeats {
                break;
            }
            let intended_us = intended_us.max(self.station.clock.now_us());
            let told = self.submit_once(way, &lines[open].key, intended_us).await;
            lines[open].told = told;
        }
        Known::Nothing
    }

    async fn submit_once(&self, way: &Way<'_>, key: &str, intended_us: u64) -> Told {
        let told = self.ask(way.ask(way.call, way.kind, Some(key), intended_us)).await;
        way.wish.hear(told);
        told
    }

    /// Waits as this shopper waits after such an answer, and tells when the wait was meant to end.
    async fn pause(&self, way: &Way<'_>, told: Told, round: u32) -> u64 {
        let lasts = match told.reading {
            Reading::InProgress => told.retry_after.unwrap_or(IN_PROGRESS_PAUSE).min(RETRY_AFTER_MAX),
            Reading::AlreadyOrdered => return self.station.clock.now_us(),
            _ => {
                let drawn = mood::pause(self.habits.repeat_pause, self.seed, way.label, u64::from(round));
                drawn.max(told.retry_after.unwrap_or_default().min(RETRY_AFTER_MAX))
            }
        };
        self.wait(lasts).await
    }

    /// Whether this shopper looks for an order after such an answer.
    fn looks_after(&self, reading: Reading) -> bool {
        match reading {
            Reading::InProgress => false,
            // The shop says itself that there is an order.
            Reading::AlreadyOrdered => true,
            _ => self.manner.looks,
        }
    }

    /// Looks for an order; none when it told nothing final.
    async fn look(&self, way: &Way<'_>, intended_us: u64) -> Option<Known> {
        let call = way.buy.look.as_ref()?;
        let told = self.ask(way.ask(call, AttemptKind::Look, None, intended_us)).await;
        way.wish.hear(told);
        match told.reading {
            Reading::Ok => Some(Known::Confirmed),
            Reading::Refused(refusal) => Some(Known::Refused(refusal)),
            Reading::Pending => Some(self.settle(way).await),
            Reading::InProgress
            | Reading::AlreadyOrdered
            | Reading::Absent
            | Reading::Unexpected
            | Reading::Unanswered => None,
        }
    }

    /// Asks after a pending order until it is decided or the shopper gives up.
    async fn settle(&self, way: &Way<'_>) -> Known {
        let Some(poll) = &way.buy.settle else { return Known::Nothing };
        let ask = way.ask(&poll.call, AttemptKind::Settle, None, self.station.clock.now_us());
        let told = self.poll(poll, ask).await;
        way.wish.hear(told);
        match told.reading {
            Reading::Ok => Known::Confirmed,
            Reading::Refused(refusal) => Known::Refused(refusal),
            _ => Known::Nothing,
        }
    }

    /// Pays the same order with another card.
    async fn pay_again(&self, way: &Way<'_>, key: &str) -> Known {
        self.memory.card.set(second_card(self.memory.card.get()));
        let key = format!("{key}.card");
        let told = self.submit_once(way, &key, self.station.clock.now_us()).await;
        self.resolve(way, vec![Line { key, told }]).await
    }

    /// Cancels; repeats with the same key as long as there is no whole answer.
    async fn cancel(&self, call: &Call, key: &str) -> Cancel {
        let mut intended_us = self.station.clock.now_us();
        for round in 0..=self.manner.repeats {
            let kind = AttemptKind::Cancel;
            let told = self.ask(Ask { call, kind, key: Some(key), intended_us, order: None, total: None }).await;
            match told.reading {
                Reading::Ok => return Cancel::Confirmed,
                Reading::Unanswered | Reading::Unexpected | Reading::InProgress => {}
                Reading::Pending | Reading::AlreadyOrdered | Reading::Absent | Reading::Refused(_) => break,
            }
            if round < self.manner.repeats {
                intended_us =
                    self.wait(mood::pause(self.habits.repeat_pause, self.seed, "cancel", u64::from(round))).await;
            }
        }
        Cancel::Asked
    }
}

impl Way<'_> {
    fn ask<'b>(&self, call: &'b Call, kind: AttemptKind, key: Option<&'b str>, intended_us: u64) -> Ask<'b> {
        Ask { call, kind, key, intended_us, order: self.buy.order, total: self.buy.total }
    }
}

/// What the answers to all submissions so far mean together.
fn standing(lines: &[Line]) -> Standing {
    let reads = |wanted| lines.iter().any(|line| line.told.reading == wanted);
    if reads(Reading::Ok) {
        return Standing::Confirmed;
    }
    if reads(Reading::Pending) {
        return Standing::Pending;
    }
    let mut refused = None;
    for (index, line) in lines.iter().enumerate() {
        match line.told.reading {
            Reading::Refused(refusal) => refused = refused.or(Some(refusal)),
            _ => return Standing::Open(index),
        }
    }
    refused.map_or(Standing::Open(0), Standing::Refused)
}

/// Two answers to the same key, as one: the more final one.
fn merge(first: Told, second: Told) -> Told {
    if finality(second.reading) > finality(first.reading) { second } else { first }
}

const fn finality(reading: Reading) -> u8 {
    match reading {
        Reading::Ok => 6,
        Reading::Pending => 5,
        Reading::Refused(_) => 4,
        Reading::AlreadyOrdered => 3,
        Reading::InProgress => 2,
        Reading::Absent | Reading::Unexpected => 1,
        Reading::Unanswered => 0,
    }
}

/// The other card in the purse.
const fn second_card(first: Card) -> Card {
    match first {
        Card::Mastercard => Card::Ok,
        _ => Card::Mastercard,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(reading: Reading) -> Told {
        Told { reading, done_us: 0, retry_after: None }
    }

    fn lines(readings: &[Reading]) -> Vec<Line> {
        readings.iter().map(|reading| Line { key: String::new(), told: told(*reading) }).collect()
    }

    #[test]
    fn a_yes_to_any_submission_confirms_and_only_noes_to_all_refuse() {
        use Reading::{AlreadyOrdered, InProgress, Ok, Pending, Refused, Unanswered};
        let declined = Refused(Refusal::Declined);
        let sold_out = Refused(Refusal::SoldOut);
        assert_eq!(standing(&lines(&[Unanswered, Ok])), Standing::Confirmed);
        assert_eq!(standing(&lines(&[declined, Pending])), Standing::Pending);
        assert_eq!(standing(&lines(&[declined, sold_out])), Standing::Refused(Refusal::Declined));
        assert_eq!(standing(&lines(&[declined, Unanswered])), Standing::Open(1));
        assert_eq!(standing(&lines(&[AlreadyOrdered, declined])), Standing::Open(0));
        assert_eq!(standing(&lines(&[InProgress])), Standing::Open(0));
    }

    #[test]
    fn of_two_answers_to_a_key_the_more_final_one_counts() {
        let merged = |first, second| merge(told(first), told(second)).reading;
        assert_eq!(merged(Reading::Unanswered, Reading::InProgress), Reading::InProgress);
        assert_eq!(
            merged(Reading::Refused(Refusal::Declined), Reading::InProgress),
            Reading::Refused(Refusal::Declined)
        );
        assert_eq!(merged(Reading::Ok, Reading::Pending), Reading::Ok);
    }
}
