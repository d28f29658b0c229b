//! `harm`: what is done to a process, to the shop's store, to its clock.

use super::form::{Kind, defined, object};
use super::kinds::{case, choice, word_or};
use super::scalars::some_time;
use crate::fault::{ClockHarm, ProcessHarm, StoreHarm};
use std::time::Duration;

/// What is harmed, and how.
#[derive(Clone, Copy, Debug)]
pub(super) enum Harm {
    Process(ProcessHarm),
    Store(StoreHarm),
    Clock(ClockHarm),
}

impl Harm {
    /// The member that it goes with.
    pub const fn owner(self) -> &'static str {
        match self {
            Self::Process(_) => "process",
            Self::Store(_) => "store",
            Self::Clock(_) => "clock",
        }
    }

    /// What a member takes, for hints.
    pub fn words_of(owner: &str) -> &'static str {
        match owner {
            "store" => "`locked` or `{slow: {hold: 400ms, pause: 100ms}}`",
            "clock" => "`{ahead: {by: 6h}}`",
            _ => "`pause` or `{kill: {restart_after: 2s}}`",
        }
    }
}

pub(super) fn harm() -> impl Kind<Value = Harm> {
    defined(
        "Harm",
        choice(vec![
            case(
                "kill",
                "With `process`: SIGKILL, then started again.",
                object("Kill", |form| {
                    let after = form.required("restart_after", "From the kill to the start.", some_time());
                    Some(Harm::Process(ProcessHarm::Kill { restart_after_ms: ms(after?) }))
                }),
            ),
            word_or(
                "pause",
                "With `process`: SIGSTOP until the fault ends.",
                object("PauseProcess", |_| Some(Harm::Process(ProcessHarm::Pause {}))),
            ),
            word_or(
                "locked",
                "With `store`: somebody else holds the write lock until the fault ends.",
                object("StoreLocked", |_| Some(Harm::Store(StoreHarm::Locked {}))),
            ),
            word_or(
                "slow",
                "With `store`: somebody else takes the write lock again and again, so that each transaction waits.",
                object("StoreSlow", |form| {
                    let hold = form.defaulted("hold", "How long it is held each time.", "400ms", some_time());
                    let pause = form.defaulted("pause", "How long it is free in between.", "100ms", some_time());
                    Some(Harm::Store(StoreHarm::Slow { hold_ms: ms(hold?), pause_ms: ms(pause?) }))
                }),
            ),
            case(
                "ahead",
                "With `clock`: ahead of the time of day until the fault ends.",
                object("ShopClockAhead", |form| {
                    let by = form.required("by", "By how much.", some_time());
                    Some(Harm::Clock(ClockHarm::Ahead { ms: ms(by?) }))
                }),
            ),
        ]),
    )
}

fn ms(duration: Duration) -> u64 {
    (duration.as_millis() as u64).max(1)
}
