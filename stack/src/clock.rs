//! The shop's clock, and the small randomness of identifiers and jitter. Nothing else in the shop asks for the time of day.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Longest time for which the clock may be told to be ahead without being told again.
pub(crate) const AHEAD_FOR_MAX: Duration = Duration::from_secs(10);

/// By how much the clock of this process is ahead, and until when, on the clock of [`uptime_ms`].
static AHEAD_MS: AtomicI64 = AtomicI64::new(0);
static AHEAD_UNTIL_MS: AtomicI64 = AtomicI64::new(0);

static OPENED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Unix milliseconds, as the shop believes them to be.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64) + ahead_ms()
}

/// Milliseconds on a clock that nobody moves; for spans within this process.
pub(crate) fn uptime_ms() -> i64 {
    OPENED.elapsed().as_millis() as i64
}

/// By how much the clock is ahead of the time of day.
pub(crate) fn ahead_ms() -> i64 {
    match AHEAD_MS.load(Ordering::Relaxed) {
        0 => 0,
        ahead_ms if uptime_ms() < AHEAD_UNTIL_MS.load(Ordering::Relaxed) => ahead_ms,
        _ => 0,
    }
}

/// Moves the clock ahead for a while; zero puts it right.
pub(crate) fn be_ahead(ahead_ms: i64, lasts: Duration) {
    AHEAD_UNTIL_MS.store(uptime_ms() + lasts.min(AHEAD_FOR_MAX).as_millis() as i64, Ordering::Relaxed);
    AHEAD_MS.store(ahead_ms, Ordering::Relaxed);
}

/// An identifier that cannot be guessed and sorts by time, so that it is appended to indexes rather than scattered:
/// 12 hexadecimal digits of time, 20 of chance.
pub(crate) fn identifier(prefix: &str) -> String {
    let mut chance = [0_u8; 10];
    getrandom::fill(&mut chance).expect("the system has a source of randomness");
    format!("{prefix}{:012x}{}", now_ms(), hex::encode(chance))
}

/// A pause for the n-th repeat (from 0): doubling from `base_ms`, at most `max_ms`, of which a random half is left out.
pub(crate) fn backoff(base_ms: u64, repeat: u32, max_ms: u64) -> Duration {
    let full = base_ms.saturating_mul(1 << repeat.min(16)).min(max_ms);
    Duration::from_micros(full * 500 + jitter(full * 500))
}

/// A number below `bound`, evenly enough for spreading load; not for secrets.
fn jitter(bound: u64) -> u64 {
    static STATE: AtomicU64 = AtomicU64::new(0x9e37_79b9_7f4a_7c15);
    let mut z = STATE.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed) ^ now_ms() as u64;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % bound.max(1)
}

/// The civil date in UTC of a Unix time in milliseconds, as `YYYY-MM-DD` (Howard Hinnant, "chrono-compatible low-level
/// date algorithms").
pub(crate) fn date(unix_ms: i64) -> String {
    let days = unix_ms.div_euclid(86_400_000) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A Unix time in milliseconds as RFC 3339 has it, in UTC and to the second.
pub(crate) fn date_time(unix_ms: i64) -> String {
    let second = unix_ms.rem_euclid(86_400_000) / 1_000;
    format!("{}T{:02}:{:02}:{:02}Z", date(unix_ms), second / 3_600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_civil() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(951_782_400_000), "2000-02-29");
        assert_eq!(date(1_764_288_000_000), "2025-11-28");
        assert_eq!(date_time(1_764_288_000_999 + 3_723_000), "2025-11-28T01:02:03Z");
    }

    #[test]
    fn a_backoff_doubles_within_its_bounds() {
        for repeat in 0..40 {
            let full = (50_u64 << repeat.min(16)).min(2_000);
            let pause = backoff(50, repeat, 2_000).as_micros() as u64;
            assert!((full * 500..=full * 1_000).contains(&pause), "{repeat}: {pause}");
        }
    }
}
