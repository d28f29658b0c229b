//! The one clock of a load: microseconds from its start.

use std::time::{Duration, Instant};

/// Counts from the start of the load.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Counts from `start`.
    pub const fn new(start: Instant) -> Self {
        Self { start }
    }

    /// Microseconds from the start; 0 before it.
    pub fn us(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.start).as_micros() as u64
    }

    /// Now, in microseconds.
    pub fn now_us(&self) -> u64 {
        self.us(Instant::now())
    }

    /// The instant of a time.
    pub fn at(&self, us: u64) -> Instant {
        self.start + Duration::from_micros(us)
    }
}
