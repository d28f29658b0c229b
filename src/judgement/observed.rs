//! What the objectives are judged by, put together from the books.

use super::steps;
use books::Joined;
use books::read::{BookState, FaultRow, PurchaseRow, RunRow};
use model::fault::Provider;
use model::finding::Finding;
use model::judge::{
    FaultWindow, Observations, PartnerObservations, PartnerSecond, PurchaseEnd, PurchaseObservation, Tally,
};
use model::outcome::{Outcome, Refusal};
use model::record::LawRecord;
use std::collections::BTreeMap;

/// Everything that objectives are judged by.
pub fn observations(
    joined: &Joined,
    run: &RunRow,
    faults: &[FaultRow],
    laws: &[LawRecord],
) -> Result<Observations, books::Error> {
    let seconds = run.duration_us.div_ceil(1_000_000) as usize;
    Ok(Observations {
        phases: joined.phases()?,
        faults: faults.iter().map(fault_window).collect(),
        purchases: joined.purchases()?.iter().map(purchase).collect(),
        order_creation: tallies(joined.order_creation_by_second()?, seconds),
        authorisation: tallies(joined.authorisation_by_second()?, seconds),
        steps: steps::by_second(joined)?,
        partners: partners(joined, seconds)?,
        accepted_orders: by_second(joined.accepted_by_second()?, seconds),
        shop_cpu_us: by_second(shop_cpu_us(joined)?, seconds),
        discrepancies: discrepancies(joined, run)?,
        settlement: settlement(run, laws),
    })
}

fn fault_window(fault: &FaultRow) -> FaultWindow {
    FaultWindow { name: fault.name.clone(), from_us: fault.from_us, to_us: fault.to_us }
}

fn purchase(row: &PurchaseRow) -> PurchaseObservation {
    let end = match row.outcome {
        Outcome::Confirmed => PurchaseEnd::Confirmed { latency_us: row.done_us.saturating_sub(row.intended_us) },
        Outcome::Rejected => match row.refusal {
            Some(Refusal::Declined) => PurchaseEnd::CardRefused,
            Some(Refusal::SoldOut | Refusal::PromotionUsedUp) if row.borne_out => PurchaseEnd::HonestlyRefused,
            Some(Refusal::SoldOut | Refusal::PromotionUsedUp | Refusal::Technical) | None => PurchaseEnd::Technical,
        },
        Outcome::InFlight => PurchaseEnd::InFlight,
        Outcome::Abandoned => PurchaseEnd::Abandoned,
        Outcome::Unknown | Outcome::Completed | Outcome::Shed => PurchaseEnd::Unknown,
    };
    PurchaseObservation { intended_us: row.intended_us, end }
}

/// What is counted after the last second belongs to it.
fn tallies(found: Vec<(u64, Tally)>, seconds: usize) -> Vec<Tally> {
    if found.is_empty() {
        return Vec::new();
    }
    let mut tallies = vec![Tally::default(); seconds];
    for (second, counted) in found {
        if let Some(tally) = tallies.get_mut((second as usize).min(seconds.saturating_sub(1))) {
            tally.good += counted.good;
            tally.bad += counted.bad;
        }
    }
    tallies
}

fn by_second(found: Vec<(u64, u64)>, seconds: usize) -> Vec<u64> {
    if found.is_empty() {
        return Vec::new();
    }
    let mut values = vec![0; seconds];
    for (second, value) in found {
        if let Some(slot) = values.get_mut(second as usize) {
            *slot += value;
        }
    }
    values
}

/// The shop's processor time by second.
fn shop_cpu_us(joined: &Joined) -> Result<Vec<(u64, u64)>, books::Error> {
    let samples = joined.samples("cpu.shop")?.into_iter().filter(|sample| sample.name == "cpu.shop");
    Ok(samples.map(|sample| (u64::from(sample.second), (sample.value * 1e6) as u64)).collect())
}

/// Calls to providers as the shop's own counters have them: `shop.calls.PROVIDER.OPERATION.OUTCOME` and, cumulative over
/// buckets, `shop.latency.PROVIDER.UPPER_BOUND_S`.
fn partners(joined: &Joined, seconds: usize) -> Result<BTreeMap<Provider, PartnerObservations>, books::Error> {
    let mut samples = joined.samples("shop.calls.")?;
    samples.append(&mut joined.samples("shop.latency.")?);
    let mut found = BTreeMap::new();
    for provider in Provider::ALL {
        let names: &[&str] = match provider {
            Provider::Payment => &["payment"],
            Provider::Tax => &["tax"],
            Provider::BackupPayment => &["backup_payment"],
            Provider::Fraud => &["fraud"],
            Provider::Shipping => &["shipping"],
            Provider::Warehouse => &["fulfilment", "warehouse"],
        };
        let mine: Vec<(usize, Vec<&str>, u64)> = samples
            .iter()
            .map(|sample| (sample.second as usize, sample.name.splitn(4, '.').collect(), sample.value as u64))
            .filter(|(second, parts, _): &(usize, Vec<&str>, u64)| *second < seconds && names.contains(&parts[2]))
            .collect();
        if !mine.is_empty() {
            found.insert(provider, partner(&mine, seconds));
        }
    }
    Ok(found)
}

fn partner(samples: &[(usize, Vec<&str>, u64)], seconds: usize) -> PartnerObservations {
    let bound_us = |parts: &[&str]| {
        let bound: f64 = parts.get(3)?.parse().ok()?;
        (parts[1] == "latency" && bound.is_finite()).then(|| (bound * 1e6).round() as u64)
    };
    let mut bounds_us: Vec<u64> = samples.iter().filter_map(|(_, parts, _)| bound_us(parts)).collect();
    bounds_us.sort_unstable();
    bounds_us.dedup();
    let empty = PartnerSecond { buckets: vec![0; bounds_us.len() + 1], ..PartnerSecond::default() };
    let mut cumulative = vec![vec![0; bounds_us.len() + 1]; seconds];
    let mut by_second = vec![empty; seconds];
    for (second, parts, value) in samples {
        if parts[1] == "latency" {
            let bucket =
                bound_us(parts).map_or(bounds_us.len(), |bound| bounds_us.partition_point(|known| *known < bound));
            cumulative[*second][bucket] += value;
        } else if matches!(parts.get(3).and_then(|rest| rest.rsplit('.').next()), Some("ok" | "declined" | "refused")) {
            by_second[*second].answered += value;
        } else {
            by_second[*second].failed += value;
        }
    }
    for (second, below) in by_second.iter_mut().zip(&cumulative) {
        let mut before = 0;
        for (bucket, count) in second.buckets.iter_mut().zip(below) {
            // A bucket without a sample did not rise: nothing fell into it or any before it.
            let reached = (*count).max(before);
            *bucket = reached - before;
            before = reached;
        }
    }
    PartnerObservations { bounds_us, seconds: by_second }
}

/// The law that holds settlement reports against orders; its subjects are what the objective counts.
const SETTLEMENT: &str = "the_settlement_agrees_with_the_orders";

/// What the settlement reports say of the orders; none unless both were read to their ends and compared.
fn settlement(run: &RunRow, laws: &[LawRecord]) -> Option<Tally> {
    let complete = [run.orders_book, run.settlement_book] == [BookState::Complete; 2] && run.settled;
    let law = laws.iter().find(|law| law.name == SETTLEMENT && law.finding != Finding::Undecided)?;
    complete.then_some(Tally { good: law.examined - law.violated, bad: law.violated })
}

/// Orders and charges that do not match; none unless both books were read to their ends.
fn discrepancies(joined: &Joined, run: &RunRow) -> Result<Option<u64>, books::Error> {
    let complete = [run.orders_book, run.statement_book] == [BookState::Complete; 2] && run.settled;
    complete.then(|| joined.discrepancies()).transpose()
}
