//! The purchase, and all that a careful shopper does about it: submits, waits, looks, repeats with the same key, pays
//! with another card, changes their mind. What was never answered stays unknown.

use super::Shopper;
use super::browser::Acted;
use super::purchase::Wish;
use super::standing::{Line, Standing, merge, standing};
use super::trial::{Ask, Told};
use crate::engine::script::{Buy, Call};
use books::rows::{AttemptKind, Cancel};
use model::card::Card;
use model::outcome::{Outcome, Reading, Refusal};
use model::plan::Submits;
use std::time::Duration;
use tokio::sync::Notify;

/// From "in progress" to the next submission, unless the shop says how long.
const IN_PROGRESS_PAUSE: Duration = Duration::from_millis(250);

/// Nobody waits longer because a shop asks for it.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);

/// How often a shopper takes up the browser's part of one payment.
const ACTS_MAX: u32 = 5;

/// How a purchase ended.
pub struct Ended {
    /// Confirmed, rejected, unknown or abandoned.
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
    /// They left for good.
    Left,
}

/// One way to submit: the purchase itself, or its payment with a second card.
#[derive(Clone, Copy)]
pub struct Way<'a> {
    /// The purchase.
    pub wish: &'a Wish<'a>,
    /// All that belongs to it.
    pub buy: &'a Buy,
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
        let known = match (&buy.edit, self.manner.edits_after_us) {
            (Some(edit), Some(after_us)) => self.pay_and_edit(&way, &key, intended_us, edit, after_us).await,
            (_, _) => self.pay(&way, &key, intended_us).await,
        };
        // Also an order of which they cannot learn whether it is paid.
        let has_order = buy.order.is_some_and(|order| self.memory.captured(order).is_some());
        let may_cancel = known == Known::Confirmed || (known == Known::Nothing && has_order);
        if let (true, true, Some(call)) = (may_cancel, self.manner.cancels, &buy.cancel) {
            wish.cancelled(Cancel::Asked);
            wish.cancelled(self.cancel(call, &format!("{key}.cancel")).await);
        }
        let ready_us = self.station.clock.now_us();
        let (outcome, refusal) = match known {
            Known::Confirmed => (Outcome::Confirmed, None),
            Known::Refused(refusal) => (Outcome::Rejected, Some(refusal)),
            Known::Nothing => (Outcome::Unknown, None),
            Known::Left => (Outcome::Abandoned, None),
        };
        wish.close(outcome, refusal, ready_us);
        Ended { outcome, refusal, ready_us }
    }

    /// Pays, with a second card if that is needed and at hand.
    async fn pay(&self, way: &Way<'_>, key: &str, intended_us: u64) -> Known {
        let lines = self.submit(way, key, intended_us).await;
        match (self.resolve(way, lines).await, &way.buy.second_card) {
            (Known::Refused(Refusal::Declined), Some(call)) if self.manner.second_card => {
                self.pay_again(&Way { call, kind: AttemptKind::SecondCard, label: "second card", ..*way }, key).await
            }
            (known, _) => known,
        }
    }

    /// Pays, and edits the cart in another tab meanwhile, unless the purchase is decided before.
    async fn pay_and_edit(&self, way: &Way<'_>, key: &str, intended_us: u64, edit: &Call, after_us: u64) -> Known {
        let paid = Notify::new();
        let paying = async {
            let known = self.pay(way, key, intended_us).await;
            paid.notify_one();
            known
        };
        let editing = async {
            let edit_us = intended_us + after_us;
            tokio::select! {
                biased;
                () = paid.notified() => return,
                () = self.wait_until(edit_us) => {}
            }
            let key = format!("{key}.edit");
            let ask = way.ask(edit, AttemptKind::Edit, Some(&key), edit_us);
            way.wish.edited(self.ask(Ask { order: None, total: None, ..ask }).await);
        };
        tokio::join!(paying, editing).0
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
                return vec![Line::new(key.to_owned(), told)];
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
            return vec![Line::new(second_key, merge(first, second))];
        }
        vec![Line::new(key.to_owned(), first), Line::new(second_key.clone(), second)]
    }

    /// From the first answers to what the shopper knows in the end.
    async fn resolve(&self, way: &Way<'_>, mut lines: Vec<Line>) -> Known {
        let (mut round, mut acts) = (0, 0);
        loop {
            let open = match standing(&lines) {
                Standing::Confirmed => return Known::Confirmed,
                Standing::Refused(refusal) => return Known::Refused(refusal),
                Standing::Action(_) if acts == ACTS_MAX => return Known::Nothing,
                Standing::Action(asked) => {
                    acts += 1;
                    match self.act(way, &lines[asked].key).await {
                        Acted::Left => return Known::Left,
                        Acted::Told(told) => (lines[asked].told, lines[asked].acted) = (told, true),
                    }
                    continue;
                }
                Standing::Pending(waiting) => match self.settle(way).await {
                    Some(told) if told.reading == Reading::ActionRequired => {
                        lines[waiting].told = told;
                        continue;
                    }
                    told => return known(told),
                },
                Standing::Open(open) => open,
            };
            let line = &mut lines[open];
            let intended_us = self.pause(way, line.told, round).await;
            if self.looks_after(line.told.reading)
                && let Some(told) = self.look(way, intended_us).await
            {
                match told.reading {
                    Reading::Refused(refusal) => return Known::Refused(refusal),
                    // Where the browser's part broke off, waiting alone decides nothing: it is taken up again.
                    Reading::Pending if line.acted && round < self.manner.repeats => {}
                    Reading::Ok | Reading::Pending | Reading::ActionRequired => {
                        line.told = told;
                        continue;
                    }
                    Reading::InProgress
                    | Reading::AlreadyOrdered
                    | Reading::Absent
                    | Reading::Unexpected
                    | Reading::Unanswered => {}
                }
            }
            if round >= self.manner.repeats {
                return Known::Nothing;
            }
            let intended_us = intended_us.max(self.station.clock.now_us());
            line.told = self.submit_once(way, &line.key, intended_us).await;
            round += 1;
        }
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
                let drawn = self.drawn(self.habits.repeat_pause, way.label, u64::from(round));
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

    /// Looks for an order, where the journey can.
    async fn look(&self, way: &Way<'_>, intended_us: u64) -> Option<Told> {
        let call = way.buy.look.as_ref()?;
        let told = self.ask(way.ask(call, AttemptKind::Look, None, intended_us)).await;
        way.wish.hear(told);
        Some(told)
    }

    /// Asks after a pending order until it is decided or the shopper gives up, where the journey can.
    async fn settle(&self, way: &Way<'_>) -> Option<Told> {
        let poll = way.buy.settle.as_ref()?;
        let ask = way.ask(&poll.call, AttemptKind::Settle, None, self.station.clock.now_us());
        let told = self.poll(poll, ask).await;
        way.wish.hear(told);
        Some(told)
    }

    /// Pays the same order with another card.
    async fn pay_again(&self, way: &Way<'_>, key: &str) -> Known {
        self.memory.card.set(second_card(self.memory.card.get()));
        let key = format!("{key}.card");
        let told = self.submit_once(way, &key, self.station.clock.now_us()).await;
        self.resolve(way, vec![Line::new(key, told)]).await
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
                Reading::Pending
                | Reading::ActionRequired
                | Reading::AlreadyOrdered
                | Reading::Absent
                | Reading::Refused(_) => break,
            }
            if round < self.manner.repeats {
                intended_us = self.wait(self.drawn(self.habits.repeat_pause, "cancel", u64::from(round))).await;
            }
        }
        Cancel::Asked
    }
}

impl Way<'_> {
    /// A request that may learn the order's number and total.
    pub fn ask<'b>(&self, call: &'b Call, kind: AttemptKind, key: Option<&'b str>, intended_us: u64) -> Ask<'b> {
        Ask { call, kind, key, intended_us, order: self.buy.order, total: self.buy.total }
    }
}

/// What a final answer to the question after an order means.
fn known(told: Option<Told>) -> Known {
    match told.map(|told| told.reading) {
        Some(Reading::Ok) => Known::Confirmed,
        Some(Reading::Refused(refusal)) => Known::Refused(refusal),
        _ => Known::Nothing,
    }
}

/// The other card in the purse.
const fn second_card(first: Card) -> Card {
    match first {
        Card::Mastercard => Card::Ok,
        _ => Card::Mastercard,
    }
}
