//! Plans: repeatable byte for byte, in order of time, and as many arrivals as the intensity asks for.

mod support;

use model::connections::Connections;
use model::plan::{Phase, RunPlan, build, canonical_json, plan_hash};
use model::scenario::Scenario;
use model::scenario_file::{Overrides, load};
use model::seed::Seed;
use model::traffic::{Arrivals, Segment, Traffic};
use proptest::prelude::*;
use std::time::Duration;
use support::{RIGHT, Texts};

fn read(text: &str, seed: Option<u64>) -> Scenario {
    let texts = Texts::cut(text);
    load("scenario.yaml", texts.scenario(), &texts, Overrides { seed: seed.map(Seed) })
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn traffic(segments: Vec<Segment>, arrivals: Arrivals) -> Traffic {
    Traffic {
        crowd: None,
        segments,
        arrivals,
        warm_up: Duration::ZERO,
        recovery: Duration::ZERO,
        drain: Duration::ZERO,
        connections: Connections::default(),
    }
}

fn segment() -> impl Strategy<Value = Segment> {
    let lasts = || (200u64..20_000).prop_map(Duration::from_millis);
    let rate = || 0.5f64..400.0;
    prop_oneof![
        (rate(), lasts()).prop_map(|(rate, lasts)| Segment::Constant { rate, lasts }),
        (0.0f64..200.0, rate(), lasts()).prop_map(|(from, to, lasts)| Segment::Ramp { from, to, lasts }),
        (0.0f64..20.0, rate(), lasts()).prop_map(|(from, to, lasts)| Segment::Step { from, to, at: lasts / 3, lasts }),
        (0.0f64..50.0, rate(), lasts()).prop_map(|(base, peak, lasts)| Segment::Spike { base, peak, lasts }),
        (prop::collection::vec(0.05f64..1.0, 2..20), rate(), lasts())
            .prop_map(|(points, peak, lasts)| Segment::Curve { points, peak, lasts }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn instants_are_in_order_inside_the_load_and_as_many_as_expected(
        segments in prop::collection::vec(segment(), 1..5), seed: u64, even: bool,
    ) {
        let arrivals = if even { Arrivals::Even } else { Arrivals::Poisson };
        let traffic = traffic(segments, arrivals);
        let instants = traffic.instants(Seed(seed));
        prop_assert!(instants.is_sorted());
        let end = traffic.duration().as_micros() as u64;
        prop_assert!(instants.iter().all(|at| *at < end));
        let (count, expected) = (instants.len() as f64, traffic.expected_arrivals());
        // Evenly spaced ones are exact; a Poisson count strays by six standard deviations once in a billion draws.
        let tolerance = if even { 1.0 } else { 6.0 * expected.sqrt() + 6.0 };
        prop_assert!((count - expected).abs() <= tolerance, "{count} arrivals, {expected} expected");
        prop_assert_eq!(&instants, &traffic.instants(Seed(seed)));
    }

    #[test]
    fn the_rate_adds_up_to_the_expected_arrivals(segments in prop::collection::vec(segment(), 1..4)) {
        let traffic = traffic(segments, Arrivals::Even);
        let step = traffic.duration() / 20_000;
        let sum: f64 = (0..20_000u32).map(|n| traffic.rate_at(step * n + step / 2) * step.as_secs_f64()).sum();
        let expected = traffic.expected_arrivals();
        prop_assert!((sum - expected).abs() < expected * 0.005 + 0.5, "{sum} and {expected}");
    }
}

#[test]
fn an_even_constant_rate_has_exact_gaps() {
    let lasts = Duration::from_secs(10);
    let instants = traffic(vec![Segment::Constant { rate: 500.0, lasts }], Arrivals::Even).instants(Seed(1));
    assert_eq!(instants.len(), 5_000);
    assert!(instants.iter().zip(0u64..).all(|(at, number)| *at == number * 2_000));
}

#[test]
fn random_gaps_are_exponential() {
    let lasts = Duration::from_secs(200);
    let instants = traffic(vec![Segment::Constant { rate: 100.0, lasts }], Arrivals::Poisson).instants(Seed(5));
    let gaps: Vec<u64> = instants.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Of exponential gaps with a mean of 10 ms, e^-1 = 36.8% are longer than the mean, e^-3 = 5.0% than three of it.
    let longer = |than: u64| gaps.iter().filter(|gap| **gap > than).count() as f64 / gaps.len() as f64;
    assert!((longer(10_000) - 0.368).abs() < 0.015, "{}", longer(10_000));
    assert!((longer(30_000) - 0.050).abs() < 0.007, "{}", longer(30_000));
}

#[test]
fn equal_scenario_and_seed_give_an_equal_plan_byte_for_byte() {
    let once = read(RIGHT, Some(3));
    let again = read(RIGHT, Some(3));
    let other = read(RIGHT, Some(4));
    let text = |scenario: &Scenario| canonical_json(&build(scenario), scenario);
    assert_eq!(text(&once), text(&again));
    assert_ne!(text(&once), text(&other));
}

#[test]
fn the_hash_covers_what_a_scenario_means_and_nothing_else() {
    let hash = |text: &str, seed| {
        let scenario = read(text, seed);
        plan_hash(&build(&scenario), &scenario)
    };
    let right = hash(RIGHT, None);
    assert_eq!(right, hash(&format!("# A comment.\n{RIGHT}"), None), "a comment");
    assert_eq!(right, hash(&RIGHT.replace("seed: 7\n", ""), Some(7)), "the same seed from elsewhere");
    assert_ne!(right, hash(&RIGHT.replace("seed: 7", "seed: 8"), None), "another seed");
    assert_ne!(right, hash(&RIGHT.replace("availability: 90%", "availability: 91%"), None), "another objective");
    assert_ne!(right, hash(&RIGHT.replace("/checkout\"", "/check-out\""), None), "another journey");
}

#[test]
fn manners_and_cards_come_as_often_as_the_mix_says() {
    let plan = build(&read(&RIGHT.replace("20/s", "200/s"), None));
    let share = |fits: &dyn Fn(&model::plan::Arrival) -> bool| {
        plan.arrivals.iter().filter(|arrival| fits(arrival)).count() as f64 / plan.arrivals.len() as f64
    };
    let close = |share: f64, to: f64| assert!((share - to).abs() < 0.02, "{share} is not about {to}");
    close(share(&|arrival| arrival.manner.abandons_at.is_some()), 0.10);
    close(share(&|arrival| matches!(arrival.manner.submits, model::plan::Submits::DoubleClick { .. })), 0.05);
    close(share(&|arrival| matches!(arrival.manner.submits, model::plan::Submits::SecondTab { .. })), 0.05);
    close(share(&|arrival| arrival.manner.second_card), 0.50);
    close(share(&|arrival| arrival.card == model::card::Card::Declined), 0.10);
    assert!(plan.arrivals.iter().all(|arrival| arrival.manner.abandons_at.is_none_or(|step| step == 1)));
}

#[test]
fn shards_partition_the_schedule() {
    let plan = build(&read(RIGHT, None));
    let mut numbers: Vec<u64> = (0..3).flat_map(|shard| plan.shard(shard, 3)).map(|arrival| arrival.number).collect();
    assert!(plan.shard(2, 3).all(|arrival| arrival.number % 3 == 2));
    numbers.sort_unstable();
    assert_eq!(numbers, (0..plan.arrivals.len() as u64).collect::<Vec<_>>());
}

fn windows(plan: &RunPlan) -> Vec<String> {
    let show = |us: u64| us as f64 / 1e6;
    plan.phases
        .iter()
        .map(|window| format!("{} {}..{}", window.phase.label(), show(window.from_us), show(window.to_us)))
        .collect()
}

#[test]
fn phases_cover_the_load_and_overlapping_faults_are_joined() {
    let faults = "faults:
  - {name: slow, at: 20s, for: 20s, provider: payment, effect: {delay: 1s}}
  - {name: down, at: 30s, for: 4s, link: tax, toxic: down}
  - {name: late, at: 58s, for: 2s, provider: tax, effect: {delay: 1s}}
";
    let text = format!("{}{faults}", RIGHT.replace("for: 60s}}]", "for: 60s}}]\n  warm_up: 5s\n  recovery: 6s"));
    let plan = build(&read(&text, None));
    assert_eq!(
        windows(&plan),
        [
            "warm-up 0..5",
            "steady 5..19",
            "slow 19..29",
            "slow+down 29..34",
            "slow 34..40",
            "after slow 40..46",
            "steady 46..57",
            "late 57..60",
        ]
    );
    assert_eq!(*plan.phase_at(29_500_000), Phase::Fault("slow+down".into()));
    assert_eq!(plan.phase_at(99_000_000).label(), "late");
}

#[test]
fn an_objective_that_the_plan_cannot_decide_is_named() {
    let scenario = read(&RIGHT.replace("availability: 90%", "availability: 99.9%"), None);
    let told = model::plan::too_small(&scenario, &build(&scenario));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("availability (outside faults) needs at least "), "{told:?}");
}
