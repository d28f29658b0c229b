//! What the objectives are judged by, read from the views.

use super::{JudgementError, one, rows, steps};
use model::fault::Provider;
use model::judge::{
    FaultWindow, Observations, PartnerObservations, PartnerSecond, PurchaseEnd, PurchaseObservation, Tally,
};
use model::plan::{Phase, PhaseWindow};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// Everything that objectives are judged by.
pub fn observations(conn: &Connection) -> Result<Observations, JudgementError> {
    let seconds =
        one(conn, "the run", "SELECT (duration_us + 999999) / 1000000 FROM v1_run", |row| row.get::<_, i64>(0))?;
    let seconds = seconds.max(0) as usize;
    Ok(Observations {
        phases: phases(conn)?,
        faults: fault_windows(conn)?,
        purchases: purchases(conn)?,
        order_creation: tallies(conn, "the orders created", ORDER_CREATION, seconds)?,
        authorisation: tallies(conn, "the payments authorised", AUTHORISATION, seconds)?,
        steps: steps::by_second(conn)?,
        partners: partners(conn, seconds)?,
        accepted_orders: by_second(conn, "the accepted orders", ACCEPTED, seconds)?,
        shop_cpu_us: by_second(
            conn,
            "the shop's processor time",
            "SELECT second, CAST(sum(value) * 1e6 AS INTEGER) FROM v1_sample WHERE name = 'cpu.shop' GROUP BY second",
            seconds,
        )?,
        discrepancies: discrepancies(conn)?,
    })
}

/// The phases of the plan.
pub fn phases(conn: &Connection) -> Result<Vec<PhaseWindow>, JudgementError> {
    rows(conn, "the phases", "SELECT kind, label, from_us, to_us FROM v1_phase ORDER BY number", |row| {
        let (kind, label): (String, String) = (row.get(0)?, row.get(1)?);
        let phase = match kind.as_str() {
            "warm-up" => Phase::WarmUp,
            "fault" => Phase::Fault(label),
            "recovery" => Phase::Recovery(label.strip_prefix("after ").unwrap_or(&label).to_owned()),
            _ => Phase::Steady,
        };
        Ok(PhaseWindow { phase, from_us: row.get::<_, i64>(2)? as u64, to_us: row.get::<_, i64>(3)? as u64 })
    })
}

fn fault_windows(conn: &Connection) -> Result<Vec<FaultWindow>, JudgementError> {
    rows(conn, "the faults", "SELECT name, from_us, to_us FROM v1_fault ORDER BY from_us", |row| {
        Ok(FaultWindow {
            name: row.get(0)?,
            from_us: row.get::<_, i64>(1)? as u64,
            to_us: row.get::<_, i64>(2)? as u64,
        })
    })
}

/// Purchases of planned arrivals. "Sold out" is borne out where an article had fewer pieces left than the largest line takes,
/// "promotion used up" where a promotion's limit was reached.
const PURCHASES: &str = "
WITH scarce AS (
    SELECT EXISTS (
        SELECT 1 FROM v1_stock AS stock
        LEFT JOIN (SELECT line.sku, sum(line.quantity) AS sold FROM v1_order_line AS line
                   JOIN v1_order AS placed ON placed.order_seq = line.order_seq AND placed.accepted
                   GROUP BY line.sku) AS sold ON sold.sku = stock.sku
        WHERE stock.stock - coalesce(sold.sold, 0) < (SELECT coalesce(max(quantity), 1) FROM v1_order_line)
    ) AS goods, EXISTS (
        SELECT 1 FROM v1_promotion AS promotion
        WHERE promotion.uses <= (SELECT count(*) FROM v1_order AS placed
                                 WHERE placed.accepted AND placed.promotion = promotion.code)
    ) AS promotions
)
SELECT intent.intended_us, intent.done_us, intent.outcome, intent.refusal, scarce.goods, scarce.promotions
FROM v1_intent AS intent JOIN v1_arrival AS arrival ON arrival.arrival = intent.arrival CROSS JOIN scarce
WHERE intent.recorded";

fn purchases(conn: &Connection) -> Result<Vec<PurchaseObservation>, JudgementError> {
    rows(conn, "the purchases", PURCHASES, |row| {
        let (intended_us, done_us): (i64, i64) = (row.get(0)?, row.get(1)?);
        let (outcome, refusal): (String, Option<String>) = (row.get(2)?, row.get(3)?);
        let (goods_scarce, promotion_used_up): (bool, bool) = (row.get(4)?, row.get(5)?);
        let end = match (outcome.as_str(), refusal.as_deref()) {
            ("confirmed", _) => PurchaseEnd::Confirmed { latency_us: (done_us - intended_us).max(0) as u64 },
            ("rejected", Some("declined")) => PurchaseEnd::CardRefused,
            ("rejected", Some("sold_out")) if goods_scarce => PurchaseEnd::HonestlyRefused,
            ("rejected", Some("promotion_used_up")) if promotion_used_up => PurchaseEnd::HonestlyRefused,
            ("rejected", _) => PurchaseEnd::Technical,
            ("in_flight", _) => PurchaseEnd::InFlight,
            _ => PurchaseEnd::Unknown,
        };
        Ok(PurchaseObservation { intended_us: intended_us as u64, end })
    })
}

/// Submissions that led to an order – in the shop's book, or told to the shopper – and those that did not; honest
/// refusals are left out.
const ORDER_CREATION: &str = "
SELECT intent.intended_us / 1000000,
       sum(intent.orders > 0 OR intent.order_number IS NOT NULL OR intent.outcome = 'confirmed'),
       sum(intent.orders = 0 AND intent.order_number IS NULL AND intent.outcome <> 'confirmed')
FROM v1_intent AS intent JOIN v1_arrival AS arrival ON arrival.arrival = intent.arrival
WHERE intent.recorded AND intent.submits > 0 AND intent.outcome <> 'in_flight'
  AND coalesce(intent.refusal, '') NOT IN ('sold_out', 'promotion_used_up', 'declined')
GROUP BY 1";

/// Payments that were authorised, and those of an order that were not; cards that were refused are left out.
const AUTHORISATION: &str = "
SELECT intent.intended_us / 1000000, sum(paid.authorised), sum(NOT paid.authorised)
FROM v1_intent AS intent JOIN v1_arrival AS arrival ON arrival.arrival = intent.arrival
JOIN (SELECT intent, max(authorised_minor IS NOT NULL) AS authorised, max(declined) AS declined
      FROM v1_charge GROUP BY intent
      UNION ALL
      SELECT unpaid.intent, 0, 0 FROM v1_intent AS unpaid WHERE unpaid.charges = 0 AND unpaid.orders > 0) AS paid
  ON paid.intent = intent.intent
WHERE intent.recorded AND intent.outcome <> 'in_flight' AND (paid.authorised OR NOT paid.declined)
GROUP BY 1";

const ACCEPTED: &str = "
SELECT intent.intended_us / 1000000, count(*)
FROM v1_order AS placed JOIN v1_intent AS intent ON intent.intent = placed.intent
JOIN v1_arrival AS arrival ON arrival.arrival = intent.arrival
WHERE placed.accepted AND intent.recorded GROUP BY 1";

fn tallies(conn: &Connection, what: &'static str, sql: &str, seconds: usize) -> Result<Vec<Tally>, JudgementError> {
    let found = rows(conn, what, sql, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let mut tallies = vec![Tally::default(); seconds];
    for (second, good, bad) in found {
        if let Some(tally) = tallies.get_mut((second.max(0) as usize).min(seconds.saturating_sub(1))) {
            tally.good += good as u64;
            tally.bad += bad as u64;
        }
    }
    Ok(tallies)
}

fn by_second(conn: &Connection, what: &'static str, sql: &str, seconds: usize) -> Result<Vec<u64>, JudgementError> {
    let found = rows(conn, what, sql, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = vec![0; seconds];
    for (second, value) in found {
        if let Some(slot) = values.get_mut(second.max(0) as usize) {
            *slot += value.max(0) as u64;
        }
    }
    Ok(values)
}

/// Calls to providers as the shop's own counters have them: `shop.calls.PROVIDER.OPERATION.OUTCOME` and, cumulative over
/// buckets, `shop.latency.PROVIDER.UPPER_BOUND_S`.
fn partners(conn: &Connection, seconds: usize) -> Result<BTreeMap<Provider, PartnerObservations>, JudgementError> {
    let samples = rows(
        conn,
        "the shop's calls",
        "SELECT second, name, value FROM v1_sample WHERE name LIKE 'shop.calls.%' OR name LIKE 'shop.latency.%'",
        |row| Ok((row.get::<_, i64>(0)? as usize, row.get::<_, String>(1)?, row.get::<_, f64>(2)? as u64)),
    )?;
    let mut found = BTreeMap::new();
    for provider in Provider::ALL {
        let names: &[&str] = match provider {
            Provider::Payment => &["payment"],
            Provider::Tax => &["tax"],
            Provider::Warehouse => &["fulfilment", "warehouse"],
        };
        let mine: Vec<(usize, Vec<&str>, u64)> = samples
            .iter()
            .map(|(second, name, value)| (*second, name.splitn(4, '.').collect(), *value))
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

/// Orders whose charges do not come to what they owe, and charges that belong to no order; none unless both books were read
/// to their ends.
fn discrepancies(conn: &Connection) -> Result<Option<u64>, JudgementError> {
    let complete = one(
        conn,
        "the run",
        "SELECT orders_book = 'complete' AND statement_book = 'complete' AND final FROM v1_run",
        |row| row.get::<_, bool>(0),
    )?;
    if !complete {
        return Ok(None);
    }
    one(
        conn,
        "the discrepancies",
        "SELECT (SELECT count(*) FROM v1_order
                 WHERE net_minor <> CASE WHEN paid THEN total_minor - refunded_minor ELSE 0 END)
              + (SELECT count(*) FROM v1_charge WHERE order_seq IS NULL AND net_minor > 0)",
        |row| row.get::<_, i64>(0),
    )
    .map(|count| Some(count as u64))
}
