//! The fuzzers' entry points: over their seeds, over what the fuzzers have found, over arbitrary bytes and over pieces of requests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::LazyLock;

use mocks::fuzzing::{Providers, form};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

static DIRECTORY: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
static PROVIDERS: LazyLock<Providers> = LazyLock::new(|| Providers::open(DIRECTORY.path()).unwrap());

type Entry = fn(&[u8]) -> Vec<u16>;

/// Every entry point, by the directory of its seeds.
const ENTRIES: [(&str, Entry); 7] = [
    ("form", |bytes| {
        form(bytes);
        Vec::new()
    }),
    ("payment", |bytes| PROVIDERS.payment(bytes)),
    ("backup_payment", |bytes| PROVIDERS.backup_payment(bytes)),
    ("tax", |bytes| PROVIDERS.tax(bytes)),
    ("fraud", |bytes| PROVIDERS.fraud(bytes)),
    ("shipping", |bytes| PROVIDERS.shipping(bytes)),
    ("warehouse", |bytes| PROVIDERS.warehouse(bytes)),
];

/// Beginnings of requests: what is there, and what is nearly there.
const TARGETS: &[&str] = &[
    "POST /v1/payment_intents",
    "POST /v1/payment_intents/{id}/confirm",
    "POST /v1/payment_intents/{id}/capture",
    "POST /v1/refunds",
    "POST /v1/customers",
    "POST /v1/checkout/sessions",
    "POST /v1/setup_intents",
    "GET /v1/payment_intents?limit=9999999999999999999",
    "GET /v1/events?created[gte]=-1&starting_after={id}",
    "GET /v1/payment_intents/search?query=metadata%5B%27a%27%5D:%27%ff%27",
    "POST /v71/payments",
    "POST /v71/payments/details",
    "POST /v71/payments/{id}/captures",
    "POST /v71/sessions",
    "POST /v71/cancels",
    "POST /api/v2/transactions/create",
    "POST /api/v2/companies/DEFAULT/transactions/{id}/adjust",
    "GET /api/v2/companies/DEFAULT/transactions?$filter=a%20eq%20%27&$top=-1",
    "POST /api/decide",
    "POST /api/update",
    "POST /v2/shipments",
    "POST /v2/shipments/{id}/buy",
    "POST /dispatches",
    "DELETE /%2f/%00/..//",
    "OPTIONS /v1/payment_intents",
];

const HEADERS: &[&str] = &[
    "idempotency-key: k",
    "idempotency-key: ",
    "idempotency-key: \u{80}\u{ff}",
    "authorization: Basic !!!",
    "authorization: Basic Og==",
    "authorization: Bearer sk_live_1",
    "authorization: Bearer",
    "x-riskified-hmac-sha256: zz",
    "doorbuster-intent: .",
    "doorbuster-run: r",
    "content-type: text/plain",
];

/// What bodies are made of, forms and JSON alike.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "&",
    "=",
    "%",
    "null",
    "true",
    "-1",
    "0",
    "1e308",
    "9223372036854775808",
    "1000",
    "\"amount\"",
    "\"value\"",
    "\"currency\"",
    "\"USD\"",
    "\"JPY\"",
    "\"lines\"",
    "\"order\"",
    "\"id\"",
    "\"addresses\"",
    "\"date\"",
    "\"2026-02-30\"",
    "\"paymentMethod\"",
    "\"shipment\"",
    "\"parcel\"",
    "\"weight\"",
    "\"quantity\"",
    "amount=",
    "currency=usd",
    "confirm=true",
    "payment_method=pm_card_visa",
    "metadata[",
    "[]",
    "capture_method=manual",
    "created[gte]=",
    "expand[]=latest_charge",
    "payment_intent={id}",
    "\u{0}",
    "\u{fffd}",
    "\u{1f600}",
];

fn ask_all(bytes: &[u8]) {
    for (_, entry) in ENTRIES {
        entry(bytes);
    }
}

#[test]
fn every_seed_is_answered_and_leads_somewhere() {
    for (name, entry) in ENTRIES {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
        for file in std::fs::read_dir(&directory).unwrap() {
            let path = file.unwrap().path();
            let statuses = entry(&std::fs::read(&path).unwrap());
            let is_found = path.file_name().unwrap().to_str().unwrap().starts_with("found-");
            assert!(name == "form" || is_found || statuses[0] < 300, "{}: {statuses:?}", path.display());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn arbitrary_bytes_are_answered(bytes in vec(any::<u8>(), 0..400)) {
        ask_all(&bytes);
    }

    #[test]
    fn what_looks_like_a_request_is_refused_or_carried_out(
        requests in vec((select(TARGETS), vec(select(HEADERS), 0..3), vec(select(WORDS), 0..20)), 1..4)
    ) {
        let text: Vec<String> = requests
            .iter()
            .map(|(target, headers, words)| {
                let head: Vec<&str> = std::iter::once(*target).chain(headers.iter().copied()).collect();
                format!("{}\n\n{}", head.join("\n"), words.concat())
            })
            .collect();
        ask_all(text.join("\n---\n").as_bytes());
    }
}
