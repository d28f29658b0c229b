//! The table of named faults, and how each is put together.

use super::NamedFault;
use crate::fault::{ClockHarm, Delay, Draw, Effect, Ending, Malformation, Match, Provider, StoreHarm, Stream, Toxic};
use crate::scenario::FaultTarget;

const CHARGES: &str = "/v1/payment_intents";
const CHALLENGES: &str = "/3ds/*";
const QUOTES: &str = "/api/v2/transactions/create";

fn payment(path: Option<&str>, effect: Effect) -> FaultTarget {
    provider(Provider::Payment, path, effect)
}

fn provider(provider: Provider, path: Option<&str>, effect: Effect) -> FaultTarget {
    let method = path.map(|_| "POST".to_owned());
    let when = Match { method, path: path.map(str::to_owned), ..Match::default() };
    FaultTarget::Provider { provider, when, probability: 1.0, draw: Draw::EachRequest, effect }
}

fn with(mut target: FaultTarget, chance: f64, drawn: Draw) -> FaultTarget {
    if let FaultTarget::Provider { probability, draw, .. } = &mut target {
        (*probability, *draw) = (chance, drawn);
    }
    target
}

fn narrowed(mut target: FaultTarget, narrow: fn(&mut Match)) -> FaultTarget {
    if let FaultTarget::Provider { when, .. } = &mut target {
        narrow(when);
    }
    target
}

const fn uniform(ms_min: u64, ms_max: u64) -> Delay {
    Delay::Uniform { ms_min, ms_max }
}

pub(super) const ALL: [NamedFault; 35] = [
    NamedFault {
        name: "answer-lost",
        what: "The charge is taken, and the answer is lost on its way.",
        exposure: "charges committed whose answer was destroyed",
        at_risk: "no_intent_is_charged_twice",
        right: "repeats with the same key, or looks the order up: the state is unknown, never failed",
        make: || with(payment(Some(CHARGES), Effect::CommitThenDrop { ending: Ending::Rst }), 0.3, Draw::EachRequest),
    },
    NamedFault {
        name: "request-lost",
        what: "The request never reaches the provider.",
        exposure: "requests dropped before anything was executed",
        at_risk: "every_doubt_is_settled",
        right: "repeats with the same key",
        make: || with(payment(Some(CHARGES), Effect::DropBeforeCommit { ending: Ending::Fin }), 0.3, Draw::EachRequest),
    },
    NamedFault {
        name: "answer-late",
        what: "The answer arrives just after the client has given up.",
        exposure: "answers held for longer than two seconds",
        at_risk: "no_intent_is_charged_twice",
        right: "times out, repeats with the same key, reconciles",
        make: || with(payment(Some(CHARGES), Effect::Delay(uniform(2_100, 2_600))), 0.2, Draw::EachRequest),
    },
    NamedFault {
        name: "stored-error",
        what: "A 500 is stored under the key although the charge was taken; every repeat gets it again.",
        exposure: "charges committed that were answered 500, repeats included",
        at_risk: "no_charge_without_an_order",
        right: "obeys `Stripe-Should-Retry`; a new key only after proof that nothing was charged",
        make: || with(payment(Some(CHARGES), Effect::ErrorAfterCommit { status: 500 }), 0.25, Draw::StickToKey),
    },
    NamedFault {
        name: "key-forgotten",
        what: "The provider's clock moves past the retention of keys (24 h): a repeat would be executed anew.",
        exposure: "the time that it lasts",
        at_risk: "no_intent_is_charged_twice",
        right: "looks before it repeats",
        make: || payment(None, Effect::ClockAhead { ms: 25 * 3_600_000 }),
    },
    NamedFault {
        name: "gateway-duplicates",
        what: "A gateway that recovers executes requests twice (Braintree, 2013-11-17).",
        exposure: "charges that the provider doubled by itself",
        at_risk: "no_intent_is_charged_twice",
        right: "finds the second charge by its order and gives it back",
        make: || with(payment(Some(CHARGES), Effect::CommitTwice {}), 0.2, Draw::StickToKey),
    },
    NamedFault {
        name: "webhook-twice",
        what: "The same event arrives several times, milliseconds apart.",
        exposure: "deliveries beyond the first",
        at_risk: "every_paid_order_is_fulfilled_once",
        right: "records the event's id before the effect",
        make: || payment(None, Effect::WebhookDuplicate { copies: 2, gap_ms: 20 }),
    },
    NamedFault {
        name: "webhook-out-of-order",
        what: "An older event of an order arrives after a newer one.",
        exposure: "events held until a newer one was delivered",
        at_risk: "an_order_only_moves_forward",
        right: "fetches the current object",
        make: || with(payment(None, Effect::WebhookReorder { deadline_ms: 2_000 }), 0.5, Draw::EachRequest),
    },
    NamedFault {
        name: "webhook-early",
        what: "The event arrives before the call's own answer.",
        exposure: "events delivered before the answer left",
        at_risk: "no_intent_gets_two_orders",
        right: "parks it, or writes order and payment as one",
        make: || payment(None, Effect::WebhookEarly {}),
    },
    NamedFault {
        name: "webhook-late",
        what: "Events arrive seconds late.",
        exposure: "events delayed",
        at_risk: "no_charge_without_an_order",
        right: "polls; does not need them",
        make: || payment(None, Effect::WebhookDelay(uniform(1_500, 4_000))),
    },
    NamedFault {
        name: "webhook-lost",
        what: "Events never arrive.",
        exposure: "events lost",
        at_risk: "every_doubt_is_settled",
        right: "polls; does not need them",
        make: || payment(None, Effect::WebhookLose {}),
    },
    NamedFault {
        name: "webhook-forged",
        what: "A stranger sends events that claim success.",
        exposure: "forged events sent",
        at_risk: "no_order_without_a_charge",
        right: "verifies the signature",
        make: || payment(None, Effect::WebhookForge {}),
    },
    NamedFault {
        name: "outage",
        what: "The payment provider cannot be reached (Stripe, 2019-07-10: 27 and 93 minutes).",
        exposure: "connections refused or ended",
        at_risk: "no_authorisation_is_left_open",
        right: "breaks the circuit; fails over without a second authorisation",
        make: || FaultTarget::Link { provider: Provider::Payment, toxic: Toxic::Down {}, stream: Stream::Downstream },
    },
    NamedFault {
        name: "partial-outage",
        what: "Two thirds of all calls fail (Stripe, 2015-10-08: 90 minutes).",
        exposure: "calls answered 503",
        at_risk: "availability",
        right: "few repeats with jitter; fails over",
        make: || with(payment(None, Effect::Respond { status: 503, body: None }), 0.66, Draw::EachRequest),
    },
    NamedFault {
        name: "card-network-down",
        what: "One card network fails (Square and Discover, 2023-02-06).",
        exposure: "payments by that brand declined",
        at_risk: "availability",
        right: "keeps the other brands' objective",
        make: || {
            let target = payment(Some(CHARGES), Effect::Decline { code: Some("processing_error".into()) });
            narrowed(target, |when| when.brand = Some("mastercard".into()))
        },
    },
    NamedFault {
        name: "region-down",
        what: "One region of the provider fails (Adyen EU, 2025-04-21, in three waves).",
        exposure: "calls about that region answered 503",
        at_risk: "availability",
        right: "reroutes that region",
        make: || {
            let target = payment(Some(CHARGES), Effect::Respond { status: 503, body: None });
            narrowed(target, |when| when.country = Some("US".into()))
        },
    },
    NamedFault {
        name: "rate-limited",
        what: "The provider answers 429 in the middle of the sale.",
        exposure: "calls answered 429",
        at_risk: "provider_calls_per_order",
        right: "backs off with jitter, queues; does not amplify",
        make: || payment(Some(CHARGES), Effect::RateLimit { per_second: 15.0, burst: 5, retry_after_s: 1 }),
    },
    NamedFault {
        name: "challenge-slow",
        what: "The page on which a card holder authenticates is slow (Spreedly, 2026-01-27: payments stuck pending).",
        exposure: "pages delayed",
        at_risk: "every_doubt_is_settled",
        right: "keeps the hold for as long as a person takes, then cancels at the provider first",
        make: || {
            narrowed(payment(None, Effect::Delay(uniform(800, 2_000))), |when| when.path = Some(CHALLENGES.into()))
        },
    },
    NamedFault {
        name: "capture-fails",
        what: "The capture fails after the authorisation.",
        exposure: "captures declined",
        at_risk: "nothing_ships_unpaid",
        right: "ships nothing, reverses the order",
        make: || {
            let capture = Some("/v1/payment_intents/*/capture");
            with(payment(capture, Effect::Decline { code: None }), 0.3, Draw::StickToKey)
        },
    },
    NamedFault {
        name: "success-late",
        what: "A charge succeeds while its order is being cancelled.",
        exposure: "answers held",
        at_risk: "no_charge_without_an_order",
        right: "refunds what succeeds too late",
        make: || with(payment(Some(CHARGES), Effect::Delay(uniform(600, 1_800))), 0.5, Draw::EachRequest),
    },
    NamedFault {
        name: "tax-slow",
        what: "The tax provider is slow.",
        exposure: "quotes and documents held",
        at_risk: "every_tax_amount_has_a_declared_source",
        right: "declared policy, flagged, trued up later",
        make: || provider(Provider::Tax, Some(QUOTES), Effect::Delay(uniform(300, 1_500))),
    },
    NamedFault {
        name: "tax-outage",
        what: "The tax provider cannot be reached.",
        exposure: "connections refused or ended",
        at_risk: "every_tax_amount_has_a_declared_source",
        right: "declared policy, flagged, trued up later; never a rate of 0",
        make: || FaultTarget::Link { provider: Provider::Tax, toxic: Toxic::Down {}, stream: Stream::Downstream },
    },
    NamedFault {
        name: "tax-rate-moved",
        what: "The rate changes between quote and order.",
        exposure: "quotes and documents under the other rate",
        at_risk: "the_charge_equals_the_order_total",
        right: "charges what was shown, or asks again and shows it",
        make: || provider(Provider::Tax, Some(QUOTES), Effect::Shift { by: 100 }),
    },
    NamedFault {
        name: "tax-commit-lost",
        what: "The answer to a committed tax document is lost.",
        exposure: "documents committed whose answer was destroyed",
        at_risk: "committed_tax_documents_match_paid_orders",
        right: "outbox; the same code again; voids on a cancel",
        make: || {
            let target = provider(Provider::Tax, Some(QUOTES), Effect::CommitThenDrop { ending: Ending::Rst });
            with(target, 0.4, Draw::EachRequest)
        },
    },
    NamedFault {
        name: "fraud-slow",
        what: "Fraud scoring times out.",
        exposure: "decisions held",
        at_risk: "availability",
        right: "policy for a timeout: accept, or review",
        make: || with(provider(Provider::Fraud, None, Effect::Delay(uniform(1_200, 3_000))), 0.5, Draw::EachRequest),
    },
    NamedFault {
        name: "fraud-false-positives",
        what: "Honest customers score as fraud.",
        exposure: "decisions under the shifted score",
        at_risk: "no_authorisation_is_left_open",
        right: "review queue; voids what is reserved on a reject",
        make: || with(provider(Provider::Fraud, None, Effect::Shift { by: 600 }), 0.5, Draw::EachRequest),
    },
    NamedFault {
        name: "shipping-slow",
        what: "Shipping rates are slow.",
        exposure: "rates held",
        at_risk: "the_charge_equals_the_order_total",
        right: "cached rate or backup table, declared",
        make: || provider(Provider::Shipping, None, Effect::Delay(uniform(1_000, 3_000))),
    },
    NamedFault {
        name: "body-truncated",
        what: "The answer breaks off in the middle of its body.",
        exposure: "answers cut after the operation was executed",
        at_risk: "no_intent_is_charged_twice",
        right: "a body that cannot be read is an unknown outcome, not a decline",
        make: || {
            let effect = Effect::Malformed { body: Malformation::Truncated };
            with(payment(Some(CHARGES), effect), 0.3, Draw::EachRequest)
        },
    },
    NamedFault {
        name: "body-html",
        what: "A gateway in between answers a page for people.",
        exposure: "answers replaced after the operation was executed",
        at_risk: "no_intent_is_charged_twice",
        right: "a body that cannot be read is an unknown outcome, not a decline",
        make: || {
            let effect = Effect::Malformed { body: Malformation::Html };
            with(payment(Some(CHARGES), effect), 0.3, Draw::EachRequest)
        },
    },
    NamedFault {
        name: "body-dripping",
        what: "The answer drips, a few bytes at a time.",
        exposure: "answers dripped",
        at_risk: "availability",
        right: "bounds the whole call, not the time between bytes",
        make: || with(payment(Some(CHARGES), Effect::Drip { bytes: 64, pause_ms: 20 }), 0.5, Draw::EachRequest),
    },
    NamedFault {
        name: "refusal-with-200",
        what: "The second payment provider refuses with status 200.",
        exposure: "payments refused",
        at_risk: "no_order_without_a_charge",
        right: "reads the result code",
        make: || {
            let target = provider(Provider::BackupPayment, None, Effect::Decline { code: None });
            with(target, 0.5, Draw::StickToKey)
        },
    },
    NamedFault {
        name: "dispatch-lost",
        what: "The warehouse takes a dispatch, and its answer is lost.",
        exposure: "dispatches taken whose answer was destroyed",
        at_risk: "every_paid_order_is_fulfilled_once",
        right: "delivers the same message again",
        make: || {
            let target =
                provider(Provider::Warehouse, Some("/dispatches"), Effect::CommitThenDrop { ending: Ending::Fin });
            with(target, 0.4, Draw::EachRequest)
        },
    },
    NamedFault {
        name: "store-locked",
        what: "Another connection holds the write lock of the shop's store: a backup, a migration, a report that forgot to commit.",
        exposure: "holds of the lock after which the shop wrote",
        at_risk: "no_charge_without_an_order",
        right: "answers busy, and books what was charged once it can",
        make: || FaultTarget::Store { harm: StoreHarm::Locked {} },
    },
    NamedFault {
        name: "store-slow",
        what: "The write lock of the shop's store is taken again and again, so that each transaction waits.",
        exposure: "holds of the lock after which the shop wrote",
        at_risk: "no_charge_without_an_order",
        right: "waits its turn; a wait that was too long loses no order that was paid",
        make: || FaultTarget::Store { harm: StoreHarm::Slow { hold_ms: 400, pause_ms: 100 } },
    },
    NamedFault {
        name: "shop-clock-ahead",
        what: "The shop's clock jumps six hours ahead, and back again: holds and signatures seem old, then rows of the future appear.",
        exposure: "the time that it lasts",
        at_risk: "every_doubt_is_settled",
        right: "gives up nothing that is paid, and settles rows that seem to be of the future",
        make: || FaultTarget::Clock { harm: ClockHarm::Ahead { ms: 6 * 3_600_000 } },
    },
];
