//! The browser's part in a payment: what the shopper does before it can go on, and when they leave instead.

use super::Shopper;
use super::buy::Way;
use super::standing::merge;
use super::trial::{Ask, Told};
use crate::engine::script::{Act, Action, Call};
use books::rows::AttemptKind;
use model::journey::{KeyUse, Part};
use model::outcome::Reading;

/// What came of the browser's part.
pub enum Acted {
    /// The last answer, which tells what the purchase came to; or the first that did not go on.
    Told(Told),
    /// The shopper closed the tab.
    Left,
}

impl Shopper {
    /// Carries out the browser's part of a purchase that is submitted under `key`.
    pub(super) async fn act(&self, way: &Way<'_>, key: &str) -> Acted {
        // What an earlier round captured must not be taken for this one's.
        way.buy.action_slots.iter().for_each(|slot| self.memory.forget(*slot));
        let mut ready_us = self.station.clock.now_us();
        let mut last = Told { reading: Reading::Unexpected, done_us: ready_us, retry_after: None };
        for (position, act) in way.buy.action.iter().enumerate() {
            if self.manner.closes_tab_at.is_some_and(|at| position >= at as usize) {
                return Acted::Left;
            }
            if !self.takes(&act.step) {
                continue;
            }
            let key = format!("{key}.a{position}");
            last = match &act.step.action {
                Action::Think(pause) => {
                    ready_us += self.drawn(*pause, &act.step.name, 0).as_micros() as u64;
                    self.wait_until(ready_us).await;
                    continue;
                }
                Action::Request(call) => self.act_once(way, act, call, &key, ready_us).await,
                Action::Poll(poll) => self.poll(poll, ask(way, act, &poll.call, &key, ready_us)).await,
                // A scenario has none here.
                Action::Buy(_) => continue,
            };
            ready_us = last.done_us;
            if !matches!(last.reading, Reading::Ok | Reading::Pending) {
                break;
            }
        }
        way.wish.hear(last);
        Acted::Told(last)
    }

    async fn act_once(&self, way: &Way<'_>, act: &Act, call: &Call, key: &str, intended_us: u64) -> Told {
        let asked = ask(way, act, call, key, intended_us);
        if act.part != Part::Return || !self.manner.returns_twice {
            return self.ask(asked).await;
        }
        let (first, second) = tokio::join!(self.ask(asked), self.ask(asked));
        merge(first, second)
    }
}

fn ask<'a>(way: &Way<'_>, act: &Act, call: &'a Call, key: &'a str, intended_us: u64) -> Ask<'a> {
    let kind = match act.part {
        Part::Confirm => AttemptKind::Confirm,
        Part::Authenticate => AttemptKind::Authenticate,
        Part::Return => AttemptKind::Return,
    };
    let key = match call.key {
        KeyUse::None => None,
        KeyUse::Step => Some(key),
    };
    way.ask(call, kind, key, intended_us)
}
