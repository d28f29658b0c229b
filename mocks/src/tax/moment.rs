//! The dates of documents, and the instant whose rates count for them.

use serde::{Deserialize, Serialize};

const DAY_US: i64 = 86_400_000_000;

/// A date as a document carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Date {
    /// `2025-11-28`.
    pub(crate) day: String,
    /// Begin of the day, unix microseconds.
    day_us: i64,
    /// Time of the day, microseconds, where one was given.
    time_us: Option<i64>,
}

impl Date {
    /// Reads `2025-11-28`, with or without a time behind it (`T12:00:00`, in UTC); `None` when there is no such day.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (day, time) = text.split_once('T').map_or((text, None), |(day, time)| (day, Some(time)));
        let number = |part: &str, digits: usize| {
            (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| part.parse::<i64>().ok())?
        };
        let mut parts = day.split('-');
        let (year, month, of_month) = (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
        if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&of_month) {
            return None;
        }
        let day_us = days(year, month, of_month) * DAY_US;
        let time_us = time.map(read_time).map(|read| read.unwrap_or(0)).filter(|time_us| *time_us != 0);
        // A day that its month does not have is another one's when it is written again.
        (of_unix_us(day_us) == day).then(|| Self { day: day.to_owned(), day_us, time_us })
    }

    /// The day of an instant.
    pub(super) fn of(at_us: i64) -> Self {
        Self { day: of_unix_us(at_us), day_us: at_us.div_euclid(DAY_US) * DAY_US, time_us: None }
    }

    /// The instant whose rates count: now for a document of today, the end of its day for another, or its very time.
    pub(super) fn moment_us(&self, now_us: i64) -> i64 {
        match self.time_us {
            Some(time_us) => self.day_us + time_us,
            None if now_us.div_euclid(DAY_US) * DAY_US == self.day_us => now_us,
            None => self.day_us + DAY_US - 1,
        }
    }
}

fn of_unix_us(at_us: i64) -> String {
    let (year, month, day) = crate::calendar::day(at_us.div_euclid(1_000_000));
    format!("{year:04}-{month:02}-{day:02}")
}

fn read_time(text: &str) -> Option<i64> {
    let text = text.trim_end_matches('Z');
    let text = text.split(['+', '.']).next()?;
    let mut parts = text.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    let is_time = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    is_time.then_some(((hour * 60 + minute) * 60 + second) * 1_000_000)
}

/// Days since 1970 (Hinnant, "chrono-compatible low-level date algorithms").
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_of_year = (month + 9) % 12;
    let day_of_year = (153 * month_of_year + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_or_refused() {
        let date = Date::read("2025-11-28").expect("a date");
        assert_eq!((date.day.as_str(), date.day_us), ("2025-11-28", 1_764_288_000_000_000));
        assert_eq!(Date::read("2025-11-28T12:30:00Z").map(|date| date.moment_us(0)), Some(1_764_333_000_000_000));
        assert_eq!(Date::read("2025-11-28T00:00:00").and_then(|date| date.time_us), None);
        assert!(Date::read("2024-02-29").is_some());
        for text in ["", "2025-02-29", "2025-13-01", "28.11.2025", "2025-11-28-1", "20251128", "2025-1-1", "é-01-01"] {
            assert_eq!(Date::read(text), None, "{text}");
        }
    }

    #[test]
    fn the_moment_of_another_day_is_its_end() {
        let date = Date::read("2025-11-28").expect("a date");
        let noon = date.day_us + DAY_US / 2;
        assert_eq!(date.moment_us(noon), noon);
        assert_eq!(date.moment_us(noon + DAY_US), date.day_us + DAY_US - 1);
    }
}
