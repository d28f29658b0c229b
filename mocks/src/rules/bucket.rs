//! A token bucket.

use std::time::Instant;

/// Tokens left, and when they were counted.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    state: Option<(f64, Instant)>,
}

impl Bucket {
    /// Takes a token, if there is one; a new bucket is full.
    pub(super) fn take(&mut self, per_second: f64, burst: u32, now: Instant) -> bool {
        let full = f64::from(burst);
        let (left, since) = self.state.unwrap_or((full, now));
        let left = now.saturating_duration_since(since).as_secs_f64().mul_add(per_second, left).min(full);
        let taken = left >= 1.0;
        self.state = Some((if taken { left - 1.0 } else { left }, now));
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_gives_its_burst_then_its_rate() {
        let mut bucket = Bucket::default();
        let start = Instant::now();
        let taken = |bucket: &mut Bucket, at_ms| {
            (0..100).filter(|_| bucket.take(10.0, 5, start + Duration::from_millis(at_ms))).count()
        };
        assert_eq!(taken(&mut bucket, 0), 5);
        assert_eq!(taken(&mut bucket, 310), 3);
        assert_eq!(taken(&mut bucket, 60_000), 5);
    }
}
