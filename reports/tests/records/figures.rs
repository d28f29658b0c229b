//! What the run that passes measured.

use super::SECONDS;
use model::finding::Finding;
use model::objective::{Target, Unit};
use model::record::{FaultRecord, Generator, Machine, ObjectiveRecord, PhaseRecord, Series, StepRecord};

pub(super) fn objectives() -> Vec<ObjectiveRecord> {
    let objective = |name: &str, target, unit, measured: f64, low: f64, high: f64, samples| ObjectiveRecord {
        name: name.into(),
        phase: "outside faults".into(),
        target,
        unit,
        measured: Some(measured),
        low: Some(low),
        high: Some(high),
        samples,
        finding: Finding::Held,
        remark: String::new(),
    };
    let mut recovery = objective("time_to_recover", Target::AtMost(15.0), Unit::Seconds, 4.0, 3.0, 6.0, 2);
    recovery.phase = "run".into();
    vec![
        objective("checkout_p95", Target::AtMost(500.0), Unit::Milliseconds, 212.4, 198.0, 231.0, 5_411),
        objective("checkout_p99", Target::AtMost(1_500.0), Unit::Milliseconds, 402.0, 371.0, 466.0, 5_411),
        objective("availability", Target::AtLeast(0.999), Unit::Ratio, 0.999_8, 0.999_2, 1.0, 5_419),
        objective("order_creation", Target::AtLeast(0.995), Unit::Ratio, 1.0, 0.999_3, 1.0, 5_419),
        objective("payment_authorisation", Target::AtLeast(0.97), Unit::Ratio, 0.994, 0.990_1, 0.996_7, 5_702),
        objective("provider_calls_per_order", Target::AtMost(8.0), Unit::Count, 5.31, 5.22, 5.44, 8_412),
        objective("reconciliation_discrepancies", Target::AtMost(0.0), Unit::Count, 0.0, 0.0, 0.0, 8_412),
        recovery,
    ]
}

pub(super) fn faults() -> Vec<FaultRecord> {
    vec![
        FaultRecord {
            name: "lost-answers".into(),
            what: "30% of payment answers lost after the charge".into(),
            from_s: 40.0,
            to_s: 75.0,
            matched: Some(2_041),
            applied: Some(612),
            hazardous: Some(612),
            intents: Some(588),
            recovered_after_s: Some(4.0),
        },
        FaultRecord {
            name: "slow-tax".into(),
            what: "tax answers two seconds late".into(),
            from_s: 100.0,
            to_s: 115.0,
            matched: Some(1_876),
            applied: Some(1_876),
            hazardous: None,
            intents: Some(1_644),
            recovered_after_s: Some(1.0),
        },
    ]
}

pub(super) fn phases() -> Vec<PhaseRecord> {
    let phase = |label: &str, faulty, from_s, to_s, purchases, failed, p99_ms| PhaseRecord {
        label: label.into(),
        faulty,
        from_s,
        to_s,
        purchases,
        confirmed: purchases - failed,
        failed,
        p50_ms: Some(88.0),
        p95_ms: Some(212.4),
        p99_ms,
    };
    vec![
        phase("warm-up", false, 0.0, 10.0, 204, 0, Some(371.0)),
        phase("steady", false, 10.0, 40.0, 1_702, 0, Some(402.0)),
        phase("lost-answers", true, 40.0, 75.0, 2_611, 8, Some(4_210.0)),
        phase("recovery", false, 75.0, 100.0, 1_702, 0, Some(402.0)),
        phase("slow-tax", true, 100.0, 115.0, 1_100, 61, None),
        phase("evening", false, 115.0, 150.0, 1_404, 0, Some(390.0)),
    ]
}

pub(super) fn steps() -> Vec<StepRecord> {
    let step = |journey: &str, step: &str, requests, failed, scale: f64| StepRecord {
        journey: journey.into(),
        step: step.into(),
        requests,
        failed,
        p50_ms: 3.1 * scale,
        p95_ms: 9.4 * scale,
        p99_ms: 17.8 * scale,
        p999_ms: 44.0 * scale,
        max_ms: 210.0 * scale,
    };
    vec![
        step("browse", "front page", 11_902, 0, 0.3),
        step("buy", "search", 9_927, 0, 0.8),
        step("buy", "add to cart", 19_204, 0, 1.0),
        step("buy", "address and tax", 9_012, 0, 9.0),
        step("buy", "checkout", 8_731, 8, 22.0),
    ]
}

pub(super) fn generator() -> Generator {
    Generator {
        valid: true,
        dispatch_lag_p50_ms: 0.07,
        dispatch_lag_p99_ms: 0.41,
        dispatch_lag_max_ms: 3.9,
        dispatch_lag_budget_ms: 5.0,
        shed: 0,
        requests: 58_776,
        cpu_us_per_request: Some(61.4),
        shop_cpu_s: Some(41.2),
        providers_cpu_s: Some(12.9),
        proxy_cpu_s: Some(2.2),
        invalid_seconds: 0,
        reasons: Vec::new(),
    }
}

pub(super) fn machine() -> Machine {
    Machine { system: "Linux 6.1, x86_64".into(), processor: "AMD EPYC 7B13".into(), cores: 2, memory_mib: 7_951 }
}

/// A day: a slow morning, a peak at noon, a second wave; and a share of purchases that fails while answers are lost.
pub(super) fn series(failing: f64) -> Series {
    let wave = |second: usize| {
        let at = second as f64 / SECONDS as f64;
        12.0 + 50.0 * (-(at - 0.42).powi(2) / 0.03).exp() + 34.0 * (-(at - 0.8).powi(2) / 0.012).exp()
    };
    let lost = |second: usize| (40..75).contains(&second);
    let slow = |second: usize| (100..115).contains(&second);
    let latency = |second: usize, base: f64, salt: usize| {
        let fault = if lost(second) {
            4.0 + base / 60.0
        } else if slow(second) {
            9.0
        } else {
            1.0
        };
        Some((base * fault * (0.85 + 0.3 * noise(second, salt))).round())
    };
    let mut series = Series::default();
    for second in 0..SECONDS {
        let planned = wave(second);
        let begun = planned + (noise(second, 1) - 0.5) * planned.sqrt() * 2.0;
        let failed = if lost(second) { begun * 0.85 * failing } else { 0.0 };
        let refused = begun * 0.05 * noise(second, 2);
        series.planned.push(planned.round() as u64);
        series.begun.push(begun.round() as u64);
        series.confirmed.push((begun * 0.85 - failed - refused).round() as u64);
        series.refused.push(refused.round() as u64);
        series.failed.push(failed.round() as u64);
        series.p50_ms.push(latency(second, 88.0, 3));
        series.p95_ms.push(latency(second, 200.0, 4));
        series.p99_ms.push(if second == 60 { None } else { latency(second, 380.0, 5) });
        series.lag_ms.push(Some(0.4 + noise(second, 6) * 0.9));
    }
    series
}

/// Between 0 and 1, the same every time.
pub(super) fn noise(second: usize, salt: usize) -> f64 {
    let mixed = (second as u64 * 64 + salt as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}
