//! What a law excludes by having held.

/// Below so many subjects the rule of three is too rough, and the bound is taken exactly.
const RULE_OF_THREE_FROM: u64 = 30;

/// The rate of violations above which no violation among so many exposed subjects would be a chance of less than 5%: with 95%
/// confidence the true rate is under it. None where nothing was exposed: that excludes nothing.
///
/// From 30 subjects on the rule of three, 3 ÷ *n* (Hanley and Lippman-Hand, JAMA 1983); below it exactly 1 − 0.05^(1 ÷ *n*).
#[must_use]
pub fn excluded_rate(exposed: u64) -> Option<f64> {
    match exposed {
        0 => None,
        few if few < RULE_OF_THREE_FROM => Some(1.0 - 0.05_f64.powf(1.0 / few as f64)),
        many => Some(3.0 / many as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::excluded_rate;

    #[test]
    fn few_subjects_are_bounded_exactly_and_none_bounds_nothing() {
        assert_eq!(excluded_rate(0), None);
        assert!((excluded_rate(1).unwrap() - 0.95).abs() < 1e-12);
        assert!((excluded_rate(29).unwrap() - 0.098_14).abs() < 1e-4);
        assert!((excluded_rate(30).unwrap() - 0.1).abs() < 1e-12);
        assert!((excluded_rate(412).unwrap() - 3.0 / 412.0).abs() < 1e-12);
    }

    #[test]
    fn more_subjects_never_exclude_less() {
        let rates: Vec<f64> = (1..200).filter_map(excluded_rate).collect();
        let falls = rates.windows(2).filter(|pair| pair[1] < pair[0]).count();
        // Where the rule takes over it is a little more careful than the exact bound.
        assert_eq!(falls, rates.len() - 2);
    }
}
