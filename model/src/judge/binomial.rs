//! Exact bounds on a share from a count of successes (Clopper and Pearson 1934), and on a quantile from the ranks of a sample.

use super::interval::Interval;

/// Steps of a bisection: 2⁻⁶⁰ is finer than an `f64` near 1 can show.
const BISECTIONS: u32 = 60;
/// The continued fraction needs about the square root of the larger count; this covers counts of 10¹⁰.
const TERMS_MAX: u32 = 200_000;

/// The chance of `k` or more successes in `n` draws of probability `p`.
#[must_use]
pub fn at_least(k: u64, n: u64, p: f64) -> f64 {
    if k == 0 {
        1.0
    } else if k > n {
        0.0
    } else {
        incomplete_beta(k as f64, (n - k + 1) as f64, p)
    }
}

/// The chance of `k` or fewer successes in `n` draws of probability `p`.
#[must_use]
pub fn at_most(k: u64, n: u64, p: f64) -> f64 {
    if k >= n { 1.0 } else { incomplete_beta((n - k) as f64, (k + 1) as f64, 1.0 - p) }
}

/// The exact interval for the probability behind `k` successes in `n` draws, with at least this confidence, two-sided.
///
/// Without draws it is the whole of 0 to 1.
#[must_use]
pub fn bounds(k: u64, n: u64, confidence: f64) -> Interval {
    let tail = (1.0 - confidence) / 2.0;
    let low = if k == 0 { 0.0 } else { bisect(|p| at_least(k, n, p) < tail) };
    let high = if k >= n { 1.0 } else { bisect(|p| at_most(k, n, p) > tail) };
    Interval { low, high }
}

/// The ranks, counted from 1, of the members of an ordered sample of `n` between which the quantile lies with at least this
/// confidence; none where the sample is too small to bound that side.
#[must_use]
pub fn quantile_ranks(n: u64, quantile: f64, confidence: f64) -> (Option<u64>, Option<u64>) {
    let tail = (1.0 - confidence) / 2.0;
    // The quantile is below the member of rank l only if fewer than l of the sample are at or below the quantile.
    let low = partition(n, |rank| at_most(rank - 1, n, quantile) <= tail);
    // It is above the member of rank u only if u or more of the sample are below it.
    let high = 1 + partition(n, |rank| at_least(rank, n, quantile) > tail);
    ((low > 0).then_some(low), (high <= n).then_some(high))
}

/// How many observations, all of them good, it takes until a share of at least `target` counts as held with this two-sided
/// confidence; the same number bounds the quantile `target` of a latency from above.
///
/// None when no number suffices: that something never fails cannot be shown by watching it.
#[must_use]
pub fn purchases_needed(target: f64, confidence: f64) -> Option<u64> {
    if target >= 1.0 {
        return None;
    }
    if target <= 0.0 {
        return Some(1);
    }
    let tail = (1.0 - confidence) / 2.0;
    Some((tail.ln() / target.ln()).ceil().max(1.0) as u64)
}

/// The last rank of 1 to `n` for which `holds`, which is true up to some rank and false after; 0 if for none.
fn partition(n: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut yes, mut no) = (0, n + 1);
    while no - yes > 1 {
        let middle = yes + (no - yes) / 2;
        if holds(middle) { yes = middle } else { no = middle }
    }
    yes
}

/// The point of [0, 1] up to which `below` holds.
fn bisect(below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..BISECTIONS {
        let middle = f64::midpoint(low, high);
        if below(middle) { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The regularised incomplete beta function, for positive `a` and `b`: by its continued fraction (DLMF 8.17.22), on the side
/// of its mean where that converges fast.
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let ln_front = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p();
    if x < (a + 1.0) / (a + b + 2.0) {
        ln_front.exp() / a * continued_fraction(a, b, x)
    } else {
        1.0 - ln_front.exp() / b * continued_fraction(b, a, 1.0 - x)
    }
}

/// The continued fraction, by Lentz's method as Thompson and Barnett (1986) changed it.
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    let away_from_zero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut above = 1.0;
    let mut below = away_from_zero(1.0 - (a + b) * x / (a + 1.0)).recip();
    let mut fraction = below;
    for term in (1..=TERMS_MAX).map(f64::from) {
        let twice = a + 2.0 * term;
        let even = term * (b - term) * x / ((twice - 1.0) * twice);
        let odd = -(a + term) * (a + b + term) * x / (twice * (twice + 1.0));
        for numerator in [even, odd] {
            below = away_from_zero(1.0 + numerator * below).recip();
            above = away_from_zero(1.0 + numerator / above);
            fraction *= below * above;
        }
        if (below * above - 1.0).abs() < 1e-14 {
            break;
        }
    }
    fraction
}

/// The logarithm of the gamma function, for x of 1 or more: Stirling's series (DLMF 5.11.1), after a shift to where five
/// terms of it are exact to the last digits.
fn ln_gamma(x: f64) -> f64 {
    let mut shift = 1.0;
    let mut x = x;
    while x < 12.0 {
        shift *= x;
        x += 1.0;
    }
    let inverse = x.recip();
    let square = inverse * inverse;
    let series = inverse
        * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0))));
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - f64::ln(shift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    #[track_caller]
    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 5e-6, "{found} is not {expected}");
    }

    /// A sum of the terms themselves, for small counts.
    fn summed_at_least(k: u64, n: u64, p: f64) -> f64 {
        let term = |i: u64| {
            let ways = (0..i).fold(1.0, |ways, j| ways * (n - j) as f64 / (j + 1) as f64);
            ways * p.powi(i as i32) * (1.0 - p).powi((n - i) as i32)
        };
        (k..=n).map(term).sum()
    }

    #[test]
    fn tails_agree_with_a_plain_sum() {
        for (n, p) in [(1, 0.3), (7, 0.5), (40, 0.95), (60, 0.01)] {
            for k in 0..=n {
                let plain = summed_at_least(k, n, p);
                assert!((at_least(k, n, p) - plain).abs() < 1e-12, "{k} of {n} at {p}");
                let below = if k == 0 { 0.0 } else { at_most(k - 1, n, p) };
                assert!((at_least(k, n, p) + below - 1.0).abs() < 1e-12, "{k} of {n} at {p}");
            }
        }
    }

    #[test]
    fn bounds_have_the_published_values() {
        // R: binom.test(k, n, conf.level = 0.95)$conf.int
        for (k, n, low, high) in [
            (0, 10, 0.0, 0.308_497),
            (5, 10, 0.187_086, 0.812_914),
            (10, 10, 0.691_503, 1.0),
            (1, 20, 0.001_265, 0.248_733),
            (95, 100, 0.887_165, 0.983_568),
        ] {
            let found = bounds(k, n, 0.95);
            near(found.low, low);
            near(found.high, high);
        }
    }

    #[test]
    fn bounds_of_a_million_are_close_to_the_normal_ones() {
        let found = bounds(999_000, 1_000_000, 0.95);
        let half = 1.959_964 * (0.999_f64 * 0.001 / 1e6).sqrt();
        assert!((found.low - (0.999 - half)).abs() < half / 20.0, "{found:?}");
        assert!((found.high - (0.999 + half)).abs() < half / 20.0, "{found:?}");
    }

    #[test]
    fn nothing_drawn_bounds_nothing() {
        assert_eq!(bounds(0, 0, 0.95), Interval { low: 0.0, high: 1.0 });
        assert_eq!(quantile_ranks(0, 0.95, 0.95), (None, None));
    }

    #[test]
    fn bounds_cover_the_truth_as_often_as_they_promise() {
        for (truth, n) in [(0.5, 40_u64), (0.9, 100), (0.99, 300)] {
            let misses = (0..1_000_u64)
                .filter(|run| {
                    let successes = (0..n).filter(|i| draw(*run, *i) < truth).count() as u64;
                    let found = bounds(successes, n, 0.95);
                    truth < found.low || truth > found.high
                })
                .count();
            // 50 are allowed; four standard deviations above would be 78.
            assert!(misses < 78, "{misses} of 1000 miss {truth}");
        }
    }

    #[test]
    fn ranks_are_the_tabulated_ones() {
        // Conover, Practical Nonparametric Statistics: the median of ten lies between the 2nd and the 9th, at 97.9%.
        assert_eq!(quantile_ranks(10, 0.5, 0.95), (Some(2), Some(9)));
        assert_eq!(quantile_ranks(5, 0.5, 0.95), (None, None));
        let (low, high) = quantile_ranks(10_000, 0.95, 0.95);
        assert!(low.is_some_and(|rank| (9_455..9_460).contains(&rank)), "{low:?}");
        assert!(high.is_some_and(|rank| (9_541..9_546).contains(&rank)), "{high:?}");
    }

    #[test]
    fn the_number_needed_is_the_first_that_decides() {
        for (target, confidence) in [(0.999, 0.9875), (0.97, 0.95), (0.5, 0.99)] {
            let needed = purchases_needed(target, confidence).expect("a target below 1");
            assert!(bounds(needed, needed, confidence).low >= target);
            assert!(bounds(needed - 1, needed - 1, confidence).low < target);
            assert!(quantile_ranks(needed, target, confidence).1.is_some());
            assert!(quantile_ranks(needed - 1, target, confidence).1.is_none());
        }
        assert_eq!(purchases_needed(1.0, 0.95), None);
    }

    fn draw(run: u64, i: u64) -> f64 {
        crate::seed::draw(Seed(run), "binomial", "", i)
    }
}
