//! Runs made up whole, and what the judge says of them.

use super::*;
use crate::fault::Provider;
use crate::finding::{Finding, Verdict};
use crate::objective::{Measure, Objective, Scope, Target};
use crate::plan::{Phase, PhaseWindow};
use crate::record::{Arrivals, ObjectiveRecord};
use crate::seed::Seed;
use proptest::prelude::*;

const SECOND_US: u64 = 1_000_000;
const LOAD_S: u64 = 100;

/// Warm-up to 10 s, a fault from 40 to 50 s, recovery to 60 s.
fn phases() -> Vec<PhaseWindow> {
    let window = |phase, from: u64, to: u64| PhaseWindow { phase, from_us: from * SECOND_US, to_us: to * SECOND_US };
    vec![
        window(Phase::WarmUp, 0, 10),
        window(Phase::Steady, 10, 40),
        window(Phase::Fault("slow-tax".into()), 40, 50),
        window(Phase::Recovery("slow-tax".into()), 50, 60),
        window(Phase::Steady, 60, LOAD_S),
    ]
}

fn confirmed(ms: u64) -> PurchaseEnd {
    PurchaseEnd::Confirmed { latency_us: ms * 1000 }
}

/// `rate` purchases a second, each ended as `end` says by its second and its number in it.
fn run(rate: u64, end: impl Fn(u64, u64) -> PurchaseEnd) -> Observations {
    let each = (0..LOAD_S).flat_map(|second| (0..rate).map(move |n| (second, n)));
    let purchases = each
        .map(|(second, n)| PurchaseObservation {
            intended_us: second * SECOND_US + n * SECOND_US / rate,
            end: end(second, n),
        })
        .collect();
    Observations {
        phases: phases(),
        faults: vec![FaultWindow { name: "slow-tax".into(), from_us: 41 * SECOND_US, to_us: 50 * SECOND_US }],
        purchases,
        ..Observations::default()
    }
}

fn honest(_: u64, n: u64) -> PurchaseEnd {
    confirmed(40 + n % 50)
}

fn objective(measure: Measure, scope: Scope, target: Target) -> Objective {
    Objective { measure, scope, target }
}

fn availability() -> Objective {
    objective(Measure::Availability, Scope::OutsideFaults, Target::AtLeast(0.999))
}

fn p95() -> Objective {
    objective(Measure::CheckoutLatency(950), Scope::OutsideFaults, Target::AtMost(500.0))
}

fn recover() -> Objective {
    objective(Measure::TimeToRecover, Scope::Run, Target::AtMost(10.0))
}

fn judged(objectives: &[Objective], observations: &Observations) -> Vec<ObjectiveRecord> {
    judge(objectives, observations, &Validity::default(), Ending::Complete, Seed(1))
}

fn findings(records: &[ObjectiveRecord]) -> Vec<Finding> {
    records.iter().map(|record| record.finding).collect()
}

#[test]
fn an_honest_run_holds() {
    let found = judged(&[availability(), p95(), recover()], &run(100, honest));
    assert_eq!(findings(&found), [Finding::Held; 3]);
    assert_eq!(found[0].samples, 8_000, "warm-up and fault phase are left out");
    assert_eq!(found[0].measured, Some(1.0));
    assert!(found[1].low <= found[1].measured && found[1].measured <= found[1].high);
    assert_eq!(found[2].measured, Some(0.0));
}

#[test]
fn failures_in_warm_up_and_fault_phases_do_not_count_outside_faults() {
    let end =
        |second, n| if second < 10 || (40..50).contains(&second) { PurchaseEnd::Technical } else { honest(second, n) };
    let degraded = objective(Measure::Availability, Scope::Phase("slow-tax".into()), Target::AtLeast(0.5));
    let found = judged(&[availability(), p95(), degraded], &run(100, end));
    assert_eq!(findings(&found), [Finding::Held, Finding::Held, Finding::Violated]);
}

#[test]
fn failures_in_recovery_count() {
    let end = |second, n| if (50..60).contains(&second) { PurchaseEnd::Unknown } else { honest(second, n) };
    let found = judged(&[availability(), recover()], &run(100, end));
    assert_eq!(findings(&found), [Finding::Violated, Finding::Held]);
    assert_eq!(found[1].measured, Some(10.0));
}

#[test]
fn one_short_burst_is_no_proof_of_bad_service() {
    let end = |second, n| if second == 70 && n < 30 { PurchaseEnd::Unknown } else { honest(second, n) };
    let burst = judged(&[availability()], &run(100, end));
    assert_eq!(burst[0].finding, Finding::Undecided);
    let spread = |second, n| if n == 3 && second % 2 == 0 { PurchaseEnd::Unknown } else { honest(second, n) };
    let spread = judged(&[availability()], &run(100, spread));
    assert_eq!(spread[0].finding, Finding::Violated, "as many failures, at different times");
}

#[test]
fn refused_cards_and_honest_refusals_are_left_out() {
    let end = |second, n| match n {
        0..20 => PurchaseEnd::CardRefused,
        20..25 => PurchaseEnd::HonestlyRefused,
        _ => honest(second, n),
    };
    let found = judged(&[availability(), p95()], &run(100, end));
    assert_eq!(findings(&found), [Finding::Held, Finding::Held]);
    assert_eq!(found[0].samples, 6_000);
}

#[test]
fn a_quantile_that_is_infinite_is_violated() {
    let end = |second, n| if n % 10 == 0 { PurchaseEnd::Technical } else { honest(second, n) };
    let found = judged(&[p95()], &run(100, end));
    assert_eq!((found[0].finding, found[0].measured, found[0].high), (Finding::Violated, None, None));
    assert_eq!(found[0].remark, "worst 10 s from 10 s: never");
}

#[test]
fn a_fast_error_does_not_improve_a_number() {
    let slow = |_, n| if n % 10 == 0 { confirmed(900) } else { confirmed(100) };
    let fast_errors = |_, n| if n % 10 == 0 { PurchaseEnd::Technical } else { confirmed(100) };
    assert_eq!(findings(&judged(&[p95()], &run(100, slow))), [Finding::Violated]);
    assert_eq!(findings(&judged(&[p95()], &run(100, fast_errors))), [Finding::Violated]);
}

#[test]
fn too_few_observations_decide_nothing_and_say_how_many_it_takes() {
    let all = [availability(), p95(), recover()];
    let found = judged(&all, &run(10, honest));
    assert_eq!(findings(&found), [Finding::Undecided, Finding::Held, Finding::Held]);
    let Needed::AtLeast(needed) = observations_needed(&availability(), &all) else { panic!("a share takes a number") };
    assert_eq!(needed, 4_380);
    assert!(found[0].remark.contains("800 observations, it takes 4,380"), "{}", found[0].remark);
    let never = objective(Measure::Availability, Scope::Run, Target::AtLeast(1.0));
    assert_eq!(observations_needed(&never, &all), Needed::Unbounded);
    assert_eq!(observations_needed(&recover(), &all), Needed::Any);
}

#[test]
fn the_worst_window_is_named() {
    let end = |second, n| if (73..76).contains(&second) { confirmed(700) } else { honest(second, n) };
    let found = judged(&[p95()], &run(100, end));
    assert!(found[0].remark.ends_with("worst 10 s from 70 s: 700 ms"), "{}", found[0].remark);
}

#[test]
fn what_nobody_measured_is_not_exercised() {
    let all = [
        objective(Measure::OrderCreation, Scope::OutsideFaults, Target::AtLeast(0.995)),
        objective(Measure::ReconciliationDiscrepancies, Scope::Run, Target::AtMost(0.0)),
        objective(Measure::PartnerErrors(Provider::Tax), Scope::OutsideFaults, Target::AtMost(0.01)),
        objective(Measure::CpuPerOrder, Scope::OutsideFaults, Target::AtMost(5.0)),
        objective(Measure::StepLatency("browse".into(), 990), Scope::OutsideFaults, Target::AtMost(300.0)),
    ];
    let found = judged(&all, &run(10, honest));
    assert_eq!(findings(&found), [Finding::NotExercised; 5]);
    assert_eq!(found[0].measured, None);
}

#[test]
fn measures_by_second_are_judged() {
    let mut observations = run(100, honest);
    let seconds = LOAD_S as usize;
    observations.order_creation = vec![Tally { good: 100, bad: 0 }; seconds];
    observations.authorisation = vec![Tally { good: 90, bad: 10 }; seconds];
    observations.accepted_orders = vec![100; seconds];
    observations.shop_cpu_us = vec![200_000; seconds];
    observations.discrepancies = Some(2);
    let browsed = |second| StepObservation { second, answered: vec![(20_000, 95), (80_000, 5)], failed: 0 };
    observations.steps.insert("browse".into(), (0..100).map(browsed).collect());
    let calls = PartnerSecond { answered: 300, failed: 0, buckets: vec![290, 10, 0] };
    let partner = PartnerObservations { bounds_us: vec![10_000, 50_000], seconds: vec![calls; seconds] };
    observations.partners.insert(Provider::Tax, partner);
    let outside = Scope::OutsideFaults;
    let found = judged(
        &[
            objective(Measure::OrderCreation, outside.clone(), Target::AtLeast(0.995)),
            objective(Measure::PaymentAuthorisation, outside.clone(), Target::AtLeast(0.97)),
            objective(Measure::CpuPerOrder, outside.clone(), Target::AtMost(3.0)),
            objective(Measure::ProviderCallsPerOrder, outside.clone(), Target::AtMost(2.5)),
            objective(Measure::ReconciliationDiscrepancies, Scope::Run, Target::AtMost(0.0)),
            objective(Measure::StepLatency("browse".into(), 900), outside.clone(), Target::AtMost(50.0)),
            objective(Measure::PartnerLatency(Provider::Tax, 950), outside.clone(), Target::AtMost(10.0)),
            objective(Measure::PartnerErrors(Provider::Tax), outside, Target::AtMost(0.01)),
        ],
        &observations,
    );
    let expected = [
        (Finding::Held, Some(1.0)),
        (Finding::Violated, Some(0.9)),
        (Finding::Held, Some(2.0)),
        (Finding::Violated, Some(3.0)),
        (Finding::Violated, Some(2.0)),
        (Finding::Held, Some(20.0)),
        (Finding::Held, None),
        (Finding::Held, Some(0.0)),
    ];
    for (record, (finding, measured)) in found.iter().zip(expected) {
        assert_eq!(record.finding, finding, "{record:?}");
        assert!(measured.is_none_or(|measured| record.measured == Some(measured)), "{record:?}");
    }
}

#[test]
fn a_starved_generator_decides_no_objective_and_never_fails() {
    let starved = HarnessHealth {
        arrivals: Arrivals { scheduled: 10_000, confirmed: 2_000, unknown: 8_000, ..Arrivals::default() },
        lag_p99_us: Some(900_000),
        seconds: vec![
            HarnessSecond { planned: 100, begun: 100, late: 90, lag_max_us: SECOND_US, ..Default::default() };
            100
        ],
    };
    let validity = assess(&starved, &Budgets::default());
    let mut observations = run(100, |_, n| if n % 5 == 0 { confirmed(3_000) } else { PurchaseEnd::Unknown });
    observations.discrepancies = Some(3);
    let all = [
        availability(),
        p95(),
        recover(),
        objective(Measure::ReconciliationDiscrepancies, Scope::Run, Target::AtMost(0.0)),
        objective(Measure::OrderCreation, Scope::OutsideFaults, Target::AtLeast(0.995)),
    ];
    let found = judge(&all, &observations, &validity, Ending::Complete, Seed(1));
    assert_eq!(findings(&found), [Finding::Undecided; 5]);
    let (verdict, reasons) = verdict(&[], &found, &validity, Ending::Complete);
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(reasons[0].starts_with("the generator fell behind"), "{reasons:?}");
}

#[test]
fn seconds_in_which_the_harness_was_slow_are_set_aside() {
    let end = |second, n| if second == 70 { confirmed(5_000) } else { honest(second, n) };
    let p99 = objective(Measure::CheckoutLatency(990), Scope::OutsideFaults, Target::AtMost(500.0));
    let observations = run(100, end);
    let with = |seconds: &[usize]| {
        let invalid_seconds = (0..LOAD_S as usize).map(|second| seconds.contains(&second)).collect();
        let validity = Validity { invalid_seconds, ..Validity::default() };
        judge(std::slice::from_ref(&p99), &observations, &validity, Ending::Complete, Seed(1)).remove(0)
    };
    assert_ne!(with(&[]).finding, Finding::Held, "the slow second counts against the shop");
    let one = with(&[70]);
    assert_eq!((one.finding, one.samples), (Finding::Held, 7_900));
    let nine: Vec<usize> = (70..79).collect();
    let many = with(&nine);
    assert_eq!(many.finding, Finding::Undecided);
    assert!(many.remark.starts_with("900 of 8,000 observations fell into seconds"), "{}", many.remark);
    assert_eq!(with(&[2, 3, 4, 45]).samples, 8_000, "seconds outside the scope cost nothing");
}

#[test]
fn an_interrupted_run_decides_no_objective() {
    let end = |second, n| if second < 45 { honest(second, n) } else { PurchaseEnd::InFlight };
    let ending = Ending::Interrupted { after_s: 45.0 };
    let found = judge(&[availability(), p95()], &run(100, end), &Validity::default(), ending, Seed(1));
    assert_eq!(findings(&found), [Finding::Undecided; 2]);
    assert_eq!(found[0].measured, Some(1.0), "what we cut off is not held against the shop");
}

#[test]
fn a_recovery_that_was_not_seen_is_violated_only_past_its_target() {
    let never = |second, n| if second < 50 { honest(second, n) } else { confirmed(800) };
    let within = |seconds: f64| objective(Measure::TimeToRecover, Scope::Run, Target::AtMost(seconds));
    let found = judged(&[within(10.0), within(60.0)], &run(100, never));
    assert_eq!(findings(&found), [Finding::Violated, Finding::Undecided]);
    assert_eq!((found[0].measured, found[0].low, found[0].high), (None, Some(50.0), None));
}

#[test]
fn a_run_judged_twice_is_judged_the_same() {
    let end = |second, n| if (second * 7 + n) % 83 == 0 { PurchaseEnd::Unknown } else { honest(second, n) };
    let all = [availability(), p95(), recover()];
    let mut observations = run(50, end);
    let first = judged(&all, &observations);
    assert_eq!(first, judged(&all, &observations));
    observations.purchases.reverse();
    assert_eq!(first, judged(&all, &observations), "the order of the rows says nothing");
}

#[test]
fn many_purchases_bound_a_quantile_closely() {
    let found = judged(&[p95()], &run(2_000, |second, n| confirmed(30 + (second * 31 + n * 17) % 1_000)));
    let [low, measured, high] =
        [found[0].low, found[0].measured, found[0].high].map(|figure| figure.expect("every latency is finite"));
    assert!((970.0..990.0).contains(&measured), "{measured}");
    assert!(low <= measured && measured <= high && high - low < 10.0, "{low} to {high}");
    assert_eq!(found[0].samples, 160_000);
}

/// Whether no figure got better; none is an infinite latency.
fn no_better(before: &ObjectiveRecord, after: &ObjectiveRecord) -> bool {
    let figures = |record: &ObjectiveRecord| {
        [record.measured, record.low, record.high].map(|figure| figure.unwrap_or(f64::INFINITY))
    };
    let share = matches!(before.target, Target::AtLeast(_));
    figures(before)
        .into_iter()
        .zip(figures(after))
        .all(|(before, after)| if share { after <= before } else { after >= before })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn adding_a_failure_never_improves_a_measure(seed in 0_u64..1_000, at_ms in 10_000_u64..99_000, kind in 0_usize..3) {
        let draw = |second, n| crate::seed::draw(Seed(seed), "run", "", second * 1_000 + n);
        let before = run(5, |second, n| match draw(second, n) {
            drawn if drawn < 0.02 => PurchaseEnd::Technical,
            drawn => confirmed((drawn * 800.0) as u64),
        });
        let mut after = before.clone();
        let end = [PurchaseEnd::Technical, PurchaseEnd::Unknown, PurchaseEnd::InFlight][kind];
        after.purchases.push(PurchaseObservation { intended_us: at_ms * 1000, end });
        let all = [availability(), p95()];
        for (before, after) in judged(&all, &before).iter().zip(&judged(&all, &after)) {
            prop_assert!(no_better(before, after), "{before:?} then {after:?}");
        }
    }
}
