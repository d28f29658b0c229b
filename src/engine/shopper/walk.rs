//! From step to step through a journey.

use super::reading::holds;
use super::trial::{Ask, Told};
use super::{End, Shopper, mood};
use crate::engine::script::{Action, Call, Poll, Step, When};
use books::rows::{AttemptKind, TurnedAway};
use model::journey::{KeyUse, Pause};
use model::outcome::{Outcome, Reading, Refusal};
use model::seed::draw;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep_until;

/// How a step went.
enum Went {
    /// On to the next, whose shopper is ready at this time.
    On(u64),
    /// The journey ends here.
    Ends(Outcome, Option<Refusal>),
}

impl Shopper {
    /// Walks through the journey to its end.
    pub async fn walk(&self) {
        let script = Arc::clone(&self.station.script);
        let mut bought = 0;
        for (index, step) in script.journeys[self.journey].steps.iter().enumerate() {
            self.step.set(index);
            if self.manner.abandons_at == Some(index as u32) {
                return self.ends(Outcome::Abandoned, None, Some(index));
            }
            if !self.takes(step) {
                continue;
            }
            let (outcome, refusal) = match self.take(step, index, self.ready_us.get(), &mut bought).await {
                Went::On(next_us) => {
                    self.ready_us.set(next_us);
                    continue;
                }
                Went::Ends(outcome, refusal) => (outcome, refusal),
            };
            if matches!(step.action, Action::Buy(_)) {
                return self.ends(outcome, refusal, Some(index));
            }
            self.turned_away(outcome, refusal);
            // What was bought stays bought, whatever a later step brings.
            let (outcome, refusal) = if bought > 0 { (Outcome::Confirmed, None) } else { (outcome, refusal) };
            return self.ends(outcome, refusal, Some(index));
        }
        let outcome = if bought > 0 { Outcome::Confirmed } else { Outcome::Completed };
        self.ends(outcome, None, None);
    }

    /// Whether the step's condition holds.
    pub(super) fn takes(&self, step: &Step) -> bool {
        let chance = || draw(self.seed, "chance", &step.name, 0);
        step.only_if.as_ref().is_none_or(|only_if| holds(only_if, &self.memory, chance))
    }

    /// The present step ends the walk. Whoever was still to buy came to buy, and could not: that is written down.
    fn turned_away(&self, outcome: Outcome, refusal: Option<Refusal>) {
        if !self.was_to_buy() {
            return;
        }
        let row = TurnedAway {
            arrival: self.arrival,
            step: self.step_name().to_owned(),
            intended_us: self.ready_us.get(),
            ended_us: self.station.clock.now_us(),
            outcome,
            refusal,
        };
        self.station.ledger.borrow_mut().turned_away(row);
    }

    /// The load is over: whoever waits for the shop before their purchase was kept from it; whoever thinks was cut off by us.
    pub(super) fn cut_off(&self) {
        let steps = &self.station.script.journeys[self.journey].steps;
        match steps.get(self.step.get()).map(|step| &step.action) {
            Some(Action::Request(_) | Action::Poll(_)) => self.turned_away(Outcome::InFlight, None),
            // A purchase under way is written down by itself.
            Some(Action::Think(_) | Action::Buy(_)) | None => {}
        }
    }

    /// Whether a purchase was to come after the present step: not if the shopper would have left before it, nor where a draw was
    /// against it. Any other condition is taken to hold: what decides it was not learnt.
    fn was_to_buy(&self) -> bool {
        let stays = |index: &usize| self.manner.abandons_at.is_none_or(|leaves| *index < leaves as usize);
        let steps = self.station.script.journeys[self.journey].steps.iter().enumerate();
        let later = steps.skip(self.step.get() + 1).take_while(|(index, _)| stays(index));
        let buys = |step: &Step| {
            matches!(step.action, Action::Buy(_))
                && (!matches!(step.only_if, Some(When::Chance(_))) || self.takes(step))
        };
        later.map(|(_, step)| step).any(buys)
    }

    fn ends(&self, outcome: Outcome, refusal: Option<Refusal>, step: Option<usize>) {
        self.end.set(Some(End { outcome, refusal, step }));
    }

    async fn take(&self, step: &Step, index: usize, ready_us: u64, bought: &mut u32) -> Went {
        match &step.action {
            Action::Think(pause) => {
                let lasts = self.drawn(*pause, &step.name, 0);
                let next_us = ready_us + lasts.as_micros() as u64;
                self.wait_until(next_us).await;
                Went::On(next_us)
            }
            Action::Request(call) => {
                let key = self.key(call, index);
                let told = self.ask(Ask::other(call, key.as_deref(), ready_us)).await;
                went(told)
            }
            Action::Poll(poll) => {
                let key = self.key(&poll.call, index);
                went(self.poll(poll, Ask::other(&poll.call, key.as_deref(), ready_us)).await)
            }
            Action::Buy(buy) => {
                // Boxed: most steps of most journeys do not buy, and need not carry the room for it.
                let ended = Box::pin(self.buy(buy, index, ready_us, *bought)).await;
                if ended.outcome == Outcome::Confirmed {
                    *bought += 1;
                    self.next_intent(*bought);
                    Went::On(ended.ready_us)
                } else {
                    Went::Ends(ended.outcome, ended.refusal)
                }
            }
        }
    }

    /// Asks again and again until the answer is a yes or a no, or the deadline is past.
    pub(super) async fn poll(&self, poll: &Poll, first: Ask<'_>) -> Told {
        let deadline_us = first.intended_us + poll.deadline.as_micros() as u64;
        let mut ask = first;
        loop {
            let told = self.ask(ask).await;
            let final_answer = matches!(told.reading, Reading::Ok | Reading::ActionRequired | Reading::Refused(_));
            ask.intended_us = told.done_us + poll.every.as_micros() as u64;
            if final_answer || ask.intended_us > deadline_us {
                return match told.reading {
                    Reading::Pending => Told { reading: Reading::Unexpected, ..told },
                    _ => told,
                };
            }
            self.wait_until(ask.intended_us).await;
        }
    }

    /// The key of a step that has one.
    fn key(&self, call: &Call, index: usize) -> Option<String> {
        match call.key {
            KeyUse::None => None,
            KeyUse::Step => Some(self.step_key(index)),
        }
    }

    /// A key of this step and intent.
    pub(super) fn step_key(&self, index: usize) -> String {
        format!("{}.{index}", self.memory.intent.borrow())
    }

    /// The length of a pause of this shopper.
    pub(super) fn drawn(&self, pause: Pause, what: &str, nth: u64) -> Duration {
        mood::pause(pause, self.seed, what, nth)
    }

    /// Waits until a time of the load.
    pub(super) async fn wait_until(&self, us: u64) {
        sleep_until(self.station.clock.at(us).into()).await;
    }

    /// Waits, and tells when the waiting was meant to end.
    pub(super) async fn wait(&self, lasts: Duration) -> u64 {
        let until_us = self.station.clock.now_us() + lasts.as_micros() as u64;
        self.wait_until(until_us).await;
        until_us
    }
}

impl<'a> Ask<'a> {
    fn other(call: &'a Call, key: Option<&'a str>, intended_us: u64) -> Self {
        let kind = if call.refund.is_some() { AttemptKind::Refund } else { AttemptKind::Other };
        Self { call, kind, key, intended_us, order: None, total: None }
    }
}

/// What the answer to a step that does not buy means for the journey.
fn went(told: Told) -> Went {
    match told.reading {
        Reading::Ok | Reading::Pending => Went::On(told.done_us),
        Reading::Refused(refusal) => Went::Ends(Outcome::Rejected, Some(refusal)),
        Reading::ActionRequired
        | Reading::InProgress
        | Reading::AlreadyOrdered
        | Reading::Absent
        | Reading::Unexpected => Went::Ends(Outcome::Rejected, Some(Refusal::Technical)),
        Reading::Unanswered => Went::Ends(Outcome::Unknown, None),
    }
}
