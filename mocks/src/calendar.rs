//! Days and months of unix times, in UTC.

/// Year, month and day of a time in unix seconds (Hinnant, "chrono-compatible low-level date algorithms").
pub(crate) fn day(unix_s: i64) -> (u32, u32, u32) {
    let days = unix_s.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Years begin in March here, so that the leap day is the last.
    let month_of_year = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_of_year + 2) / 5 + 1;
    let month = if month_of_year < 10 { month_of_year + 3 } else { month_of_year - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as u32, month as u32, day as u32)
}

/// Day and time, as reports write them: `2026-11-27 09:05:00`.
pub(crate) fn stamp(unix_s: i64) -> String {
    let (year, month, day) = day(unix_s);
    let second = unix_s.rem_euclid(86_400);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)
}

/// An instant in unix microseconds as `2025-11-28T09:30:00Z`.
pub(crate) fn timestamp(at_us: i64) -> String {
    let unix_s = at_us.div_euclid(1_000_000);
    let ((year, month, day), s) = (day(unix_s), unix_s.rem_euclid(86_400));
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", s / 3_600, s / 60 % 60, s % 60)
}

#[cfg(test)]
mod tests {
    use super::{day, timestamp};

    #[test]
    fn instants_are_written_to_the_second() {
        assert_eq!(timestamp(1_764_331_201_500_000), "2025-11-28T12:00:01Z");
    }

    #[test]
    fn days_are_found_across_leap_years() {
        for (unix_s, expected) in [
            (0, (1_970, 1, 1)),
            (951_782_399, (2_000, 2, 28)),
            (951_782_400, (2_000, 2, 29)),
            (951_868_800, (2_000, 3, 1)),
            (1_735_689_599, (2_024, 12, 31)),
            (1_735_689_600, (2_025, 1, 1)),
        ] {
            assert_eq!(day(unix_s), expected, "{unix_s}");
        }
    }
}
