//! Counters, gauges and histograms, as cheap atomics, and their exposition in Prometheus' text format.

use std::{
    fmt::Write,
    sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use crate::{
    http::route::{ROUTES, TABLE},
    order::State,
};

/// What is asked of which provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    CreatePayment,
    CancelPayment,
    RetrievePayment,
    SearchPayments,
    CreateMethod,
    Refund,
    Quote,
    Document,
    Void,
    RetrieveDocument,
    Dispatch,
    Rate,
    Decide,
    UpdatePayment,
    Capture,
    SubmitEvidence,
    RetrieveRefund,
    BackupAuthorise,
    BackupDetails,
    BackupCapture,
    BackupVoid,
    BackupRefund,
    CreateCustomer,
}

impl Operation {
    const ALL: [(Self, &'static str); 23] = [
        (Self::CreatePayment, "create_payment"),
        (Self::CancelPayment, "cancel_payment"),
        (Self::RetrievePayment, "retrieve_payment"),
        (Self::SearchPayments, "search_payments"),
        (Self::CreateMethod, "create_method"),
        (Self::Refund, "refund"),
        (Self::Quote, "quote"),
        (Self::Document, "document"),
        (Self::Void, "void"),
        (Self::RetrieveDocument, "retrieve_document"),
        (Self::Dispatch, "dispatch"),
        (Self::Rate, "rate"),
        (Self::Decide, "decide"),
        (Self::UpdatePayment, "update_payment"),
        (Self::Capture, "capture"),
        (Self::SubmitEvidence, "submit_evidence"),
        (Self::RetrieveRefund, "retrieve_refund"),
        (Self::BackupAuthorise, "authorise"),
        (Self::BackupDetails, "details"),
        (Self::BackupCapture, "capture"),
        (Self::BackupVoid, "void"),
        (Self::BackupRefund, "refund"),
        (Self::CreateCustomer, "create_customer"),
    ];

    fn provider(self) -> Provider {
        match self {
            Self::CreatePayment
            | Self::CancelPayment
            | Self::RetrievePayment
            | Self::SearchPayments
            | Self::CreateMethod
            | Self::CreateCustomer
            | Self::Refund
            | Self::UpdatePayment
            | Self::Capture
            | Self::SubmitEvidence
            | Self::RetrieveRefund => Provider::Payment,
            Self::BackupAuthorise
            | Self::BackupDetails
            | Self::BackupCapture
            | Self::BackupVoid
            | Self::BackupRefund => Provider::BackupPayment,
            Self::Quote | Self::Document | Self::Void | Self::RetrieveDocument => Provider::Tax,
            Self::Dispatch => Provider::Fulfilment,
            Self::Rate => Provider::Shipping,
            Self::Decide => Provider::Fraud,
        }
    }
}

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Provider {
    Payment,
    Tax,
    Fulfilment,
    Shipping,
    Fraud,
    BackupPayment,
}

impl Provider {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Payment, "payment"),
        (Self::Tax, "tax"),
        (Self::Fulfilment, "fulfilment"),
        (Self::Shipping, "shipping"),
        (Self::Fraud, "fraud"),
        (Self::BackupPayment, "backup_payment"),
    ];

    fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// How a provider call went, as the shop met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    Declined,
    Refused,
    Error,
    Timeout,
    Unknown,
    BreakerOpen,
}

const OUTCOMES: [&str; 7] = ["ok", "declined", "refused", "error", "timeout", "unknown", "breaker_open"];

/// Upper bounds of the histogram's buckets, in milliseconds.
const BOUNDS_MS: [u64; 24] = [
    1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000,
    30_000,
];

#[derive(Default)]
struct Histogram {
    buckets: [AtomicU64; BOUNDS_MS.len()],
    count: AtomicU64,
    sum_us: AtomicU64,
}

const STATUSES: [u16; 17] = [200, 201, 202, 204, 400, 401, 402, 404, 405, 409, 413, 415, 422, 429, 500, 503, 0];

/// Answers by route and status; the last row is what is on no route.
struct HttpCounts([[AtomicU64; STATUSES.len()]; ROUTES + 1]);

impl Default for HttpCounts {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Default::default()))
    }
}

/// Everything that the shop counts.
#[derive(Default)]
pub(crate) struct Metrics {
    provider_calls: [[AtomicU64; OUTCOMES.len()]; Operation::ALL.len()],
    provider_seconds: [Histogram; Provider::ALL.len()],
    http: HttpCounts,
    orders: [AtomicI64; State::ALL.len()],
    pub(crate) outbox_pending: AtomicI64,
    pub(crate) last_change_ms: AtomicI64,
    pub(crate) discrepancies: AtomicU64,
    pub(crate) doubts_settled: AtomicU64,
}

impl Metrics {
    pub(crate) fn provider_call(&self, operation: Operation, outcome: Outcome, took: Duration) {
        self.provider_calls[operation as usize][outcome as usize].fetch_add(1, Relaxed);
        if outcome == Outcome::BreakerOpen {
            return;
        }
        let histogram = &self.provider_seconds[operation.provider() as usize];
        let took_us = took.as_micros() as u64;
        if let Some(bucket) = BOUNDS_MS.iter().position(|bound_ms| took_us <= bound_ms * 1_000) {
            histogram.buckets[bucket].fetch_add(1, Relaxed);
        }
        histogram.count.fetch_add(1, Relaxed);
        histogram.sum_us.fetch_add(took_us, Relaxed);
    }

    pub(crate) fn http(&self, route: usize, status: u16) {
        let column = STATUSES.iter().position(|&known| known == status).unwrap_or(STATUSES.len() - 1);
        self.http.0[route][column].fetch_add(1, Relaxed);
    }

    /// Sets the gauge of a state at the start.
    pub(crate) fn orders_found(&self, state: State, count: i64) {
        self.orders[state as usize].store(count, Relaxed);
    }

    /// An order left one state, or came to be, and entered another.
    pub(crate) fn order_moved(&self, from: Option<State>, to: State) {
        if let Some(from) = from {
            self.orders[from as usize].fetch_sub(1, Relaxed);
        }
        self.orders[to as usize].fetch_add(1, Relaxed);
    }

    /// The text for a scrape.
    pub(crate) fn exposition(&self, doubts: i64) -> String {
        let mut text = String::with_capacity(8_192);
        self.write_provider(&mut text);
        kind(&mut text, "shop_http_requests_total", "counter");
        let routes = TABLE.iter().map(|row| row.name).chain(["none"]);
        for (route, columns) in routes.zip(&self.http.0) {
            for (status, count) in STATUSES.iter().zip(columns) {
                sample(&mut text, &format!("shop_http_requests_total{{route=\"{route}\",status=\"{status}\"}}"), count);
            }
        }
        kind(&mut text, "shop_orders", "gauge");
        for state in State::ALL {
            let count = self.orders[state as usize].load(Relaxed);
            line(&mut text, &format!("shop_orders{{state=\"{}\"}}", state.name()), count);
        }
        kind(&mut text, "shop_doubts", "gauge");
        line(&mut text, "shop_doubts", doubts);
        kind(&mut text, "shop_outbox_pending", "gauge");
        line(&mut text, "shop_outbox_pending", self.outbox_pending.load(Relaxed));
        kind(&mut text, "shop_doubts_settled_total", "counter");
        line(&mut text, "shop_doubts_settled_total", self.doubts_settled.load(Relaxed));
        kind(&mut text, "shop_reconciler_discrepancies_total", "counter");
        line(&mut text, "shop_reconciler_discrepancies_total", self.discrepancies.load(Relaxed));
        if let Some(seconds) = cpu_seconds() {
            kind(&mut text, "process_cpu_seconds_total", "counter");
            line(&mut text, "process_cpu_seconds_total", seconds);
        }
        text
    }

    fn write_provider(&self, text: &mut String) {
        kind(text, "shop_provider_requests_total", "counter");
        for ((operation, name), columns) in Operation::ALL.iter().zip(&self.provider_calls) {
            let provider = operation.provider().name();
            for (outcome, count) in OUTCOMES.iter().zip(columns) {
                let labels = format!("provider=\"{provider}\",operation=\"{name}\",outcome=\"{outcome}\"");
                sample(text, &format!("shop_provider_requests_total{{{labels}}}"), count);
            }
        }
        kind(text, "shop_provider_request_seconds", "histogram");
        for ((_, provider), histogram) in Provider::ALL.iter().zip(&self.provider_seconds) {
            let name = "shop_provider_request_seconds";
            let mut below = 0;
            for (bound_ms, bucket) in BOUNDS_MS.iter().zip(&histogram.buckets) {
                below += bucket.load(Relaxed);
                let bound = *bound_ms as f64 / 1_000.0;
                line(text, &format!("{name}_bucket{{provider=\"{provider}\",le=\"{bound}\"}}"), below);
            }
            let count = histogram.count.load(Relaxed);
            line(text, &format!("{name}_bucket{{provider=\"{provider}\",le=\"+Inf\"}}"), count);
            let sum = histogram.sum_us.load(Relaxed) as f64 / 1e6;
            line(text, &format!("{name}_sum{{provider=\"{provider}\"}}"), sum);
            line(text, &format!("{name}_count{{provider=\"{provider}\"}}"), count);
        }
    }
}

fn kind(text: &mut String, name: &str, kind: &str) {
    writeln!(text, "# TYPE {name} {kind}").expect("a string can be written to");
}

/// A sample that is left out while it is zero: most combinations never happen.
fn sample(text: &mut String, name: &str, count: &AtomicU64) {
    let count = count.load(Relaxed);
    if count > 0 {
        line(text, name, count);
    }
}

fn line(text: &mut String, name: &str, value: impl std::fmt::Display) {
    writeln!(text, "{name} {value}").expect("a string can be written to");
}

/// User and system time of this process, from `/proc/self/stat` (proc(5), fields 14 and 15), whose unit is 1/100 s on
/// every Linux that Rust runs on; `None` elsewhere.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_and_routes_stand_where_their_index_says() {
        for (index, (operation, _)) in Operation::ALL.iter().enumerate() {
            assert_eq!(*operation as usize, index);
        }
        for (index, state) in State::ALL.iter().enumerate() {
            assert_eq!(*state as usize, index);
        }
    }

    #[test]
    fn a_histogram_adds_up_below_its_bounds() {
        let metrics = Metrics::default();
        metrics.provider_call(Operation::Quote, Outcome::Ok, Duration::from_millis(4));
        metrics.provider_call(Operation::Quote, Outcome::Timeout, Duration::from_secs(60));
        let text = metrics.exposition(7);
        assert!(text.contains("shop_provider_request_seconds_bucket{provider=\"tax\",le=\"0.003\"} 0"));
        assert!(text.contains("shop_provider_request_seconds_bucket{provider=\"tax\",le=\"0.005\"} 1"));
        assert!(text.contains("shop_provider_request_seconds_bucket{provider=\"tax\",le=\"+Inf\"} 2"));
        let call = "shop_provider_requests_total{provider=\"tax\",operation=\"quote\",outcome=\"timeout\"} 1";
        assert!(text.contains(call) && text.contains("shop_doubts 7"));
    }
}
