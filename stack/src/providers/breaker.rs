//! A circuit breaker that refuses before a call, when certainly nothing was sent. It opens on a provider that is away,
//! not on one that loses a share of its answers: those orders are better off in doubt than refused.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::config;

/// What a call said about the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// It answered, whatever it said.
    Answered,
    /// It was reached and gave no usable answer.
    Unanswered,
    /// It was not reached.
    Unreachable,
}

#[derive(Debug)]
enum Circuit {
    Closed {
        unreachable: u32,
        unanswered: u32,
    },
    Open {
        until: Instant,
    },
    /// One call is on its way to see; a second is let through if that takes too long.
    Probing {
        until: Instant,
    },
}

/// The breaker of one provider.
#[derive(Debug)]
pub(crate) struct Breaker {
    unreachable_max: u32,
    unanswered_max: u32,
    open: Duration,
    circuit: Mutex<Circuit>,
}

const CLOSED: Circuit = Circuit::Closed { unreachable: 0, unanswered: 0 };

impl Breaker {
    pub(crate) fn new(config: &config::Breaker) -> Self {
        Self {
            unreachable_max: config.unreachable_in_row.max(1),
            unanswered_max: config.unanswered_in_row.max(1),
            open: Duration::from_millis(config.open_ms),
            circuit: Mutex::new(CLOSED),
        }
    }

    /// Whether a call may be made now.
    pub(crate) fn lets_through(&self) -> bool {
        let mut circuit = self.circuit.lock();
        match *circuit {
            Circuit::Closed { .. } => true,
            Circuit::Open { until } | Circuit::Probing { until } => {
                let now = Instant::now();
                let passes = now >= until;
                if passes {
                    *circuit = Circuit::Probing { until: now + self.open };
                }
                passes
            }
        }
    }

    /// Whether a call would be let through; asking takes no probe's place.
    pub(crate) fn would_let_through(&self) -> bool {
        match *self.circuit.lock() {
            Circuit::Closed { .. } => true,
            Circuit::Open { until } | Circuit::Probing { until } => Instant::now() >= until,
        }
    }

    /// Takes in how a call went.
    pub(crate) fn learn(&self, health: Health) {
        let mut circuit = self.circuit.lock();
        *circuit = match (health, &*circuit) {
            (Health::Answered, _) => CLOSED,
            (Health::Unreachable | Health::Unanswered, Circuit::Open { until }) => Circuit::Open { until: *until },
            (Health::Unreachable | Health::Unanswered, Circuit::Probing { .. }) => self.opened(),
            (Health::Unreachable, Circuit::Closed { unreachable, unanswered }) => {
                self.closed(unreachable + 1, unanswered + 1)
            }
            (Health::Unanswered, Circuit::Closed { unanswered, .. }) => self.closed(0, unanswered + 1),
        };
    }

    fn closed(&self, unreachable: u32, unanswered: u32) -> Circuit {
        if unreachable >= self.unreachable_max || unanswered >= self.unanswered_max {
            self.opened()
        } else {
            Circuit::Closed { unreachable, unanswered }
        }
    }

    fn opened(&self) -> Circuit {
        Circuit::Open { until: Instant::now() + self.open }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker(open_ms: u64) -> Breaker {
        Breaker::new(&config::Breaker { unreachable_in_row: 3, unanswered_in_row: 20, open_ms })
    }

    #[test]
    fn an_unreachable_provider_opens_it() {
        let breaker = breaker(60_000);
        for _ in 0..3 {
            assert!(breaker.lets_through());
            breaker.learn(Health::Unreachable);
        }
        assert!(!breaker.lets_through());
    }

    #[test]
    fn a_share_of_lost_answers_does_not() {
        let breaker = breaker(60_000);
        for call in 0..10_000 {
            assert!(breaker.lets_through());
            breaker.learn(if call % 10 < 7 { Health::Unanswered } else { Health::Answered });
        }
    }

    #[test]
    fn one_probe_passes_after_the_pause_and_closes_it() {
        let breaker = breaker(0);
        for _ in 0..3 {
            breaker.learn(Health::Unreachable);
        }
        assert!(breaker.lets_through());
        breaker.learn(Health::Answered);
        assert!(matches!(*breaker.circuit.lock(), Circuit::Closed { unreachable: 0, unanswered: 0 }));
    }
}
