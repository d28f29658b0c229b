//! What good service is: a measure, where it counts, and its target.

use crate::fault::Provider;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A target for a measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// What is measured.
    pub measure: Measure,
    /// Where.
    pub scope: Scope,
    /// What it is to be.
    pub target: Target,
}

/// What is measured; METHODOLOGY.md defines each.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Measure {
    /// A quantile of the time from the intended start of the checkout until the order is final, in milliseconds; in permille.
    CheckoutLatency(u16),
    /// A quantile of the response time of a step, in milliseconds; in permille.
    StepLatency(String, u16),
    /// Share of those who came to buy that were confirmed, whether they got to submit or not; those refused for the card or for
    /// honest reasons are left out.
    Availability,
    /// Share of submissions that led to an order, in whatever state.
    OrderCreation,
    /// Share of payments that were authorised, card-caused refusals left out.
    PaymentAuthorisation,
    /// Calls that the shop made to its providers for each accepted order.
    ProviderCallsPerOrder,
    /// A quantile of a provider's latency as the shop met it, in milliseconds; in permille.
    PartnerLatency(Provider, u16),
    /// Share of calls to a provider that failed, as the shop met them.
    PartnerErrors(Provider),
    /// Orders and charges that do not agree after settlement, as a count.
    ReconciliationDiscrepancies,
    /// Share of orders and lines of settlement reports that do not agree.
    SettlementDiscrepancies,
    /// The longest time after a fault until service was good again, in seconds.
    TimeToRecover,
    /// Processor time of the shop for each accepted order, in milliseconds.
    CpuPerOrder,
}

impl Measure {
    /// The name in scenarios, summaries and reports.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::CheckoutLatency(permille) => format!("checkout_{}", quantile(*permille)),
            Self::StepLatency(step, permille) => format!("step_{}:{step}", quantile(*permille)),
            Self::Availability => "availability".into(),
            Self::OrderCreation => "order_creation".into(),
            Self::PaymentAuthorisation => "payment_authorisation".into(),
            Self::ProviderCallsPerOrder => "provider_calls_per_order".into(),
            Self::PartnerLatency(provider, permille) => format!("{}_{}", provider.name(), quantile(*permille)),
            Self::PartnerErrors(provider) => format!("{}_errors", provider.name()),
            Self::ReconciliationDiscrepancies => "reconciliation_discrepancies".into(),
            Self::SettlementDiscrepancies => "settlement_discrepancies".into(),
            Self::TimeToRecover => "time_to_recover".into(),
            Self::CpuPerOrder => "cpu_per_order".into(),
        }
    }

    /// Whether a larger value is better.
    #[must_use]
    pub const fn more_is_better(&self) -> bool {
        match self {
            Self::Availability | Self::OrderCreation | Self::PaymentAuthorisation => true,
            Self::CheckoutLatency(_)
            | Self::StepLatency(..)
            | Self::ProviderCallsPerOrder
            | Self::PartnerLatency(..)
            | Self::PartnerErrors(_)
            | Self::ReconciliationDiscrepancies
            | Self::SettlementDiscrepancies
            | Self::TimeToRecover
            | Self::CpuPerOrder => false,
        }
    }

    /// Where it counts unless a scenario says otherwise: what is a sum over the run has no phases.
    #[must_use]
    pub const fn natural_scope(&self) -> Scope {
        match self {
            Self::CheckoutLatency(_)
            | Self::StepLatency(..)
            | Self::Availability
            | Self::OrderCreation
            | Self::PaymentAuthorisation
            | Self::PartnerLatency(..)
            | Self::PartnerErrors(_) => Scope::OutsideFaults,
            Self::ProviderCallsPerOrder
            | Self::ReconciliationDiscrepancies
            | Self::SettlementDiscrepancies
            | Self::TimeToRecover
            | Self::CpuPerOrder => Scope::Run,
        }
    }

    /// The unit of target and measured value.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        match self {
            Self::CheckoutLatency(_) | Self::StepLatency(..) | Self::PartnerLatency(..) | Self::CpuPerOrder => {
                Unit::Milliseconds
            }
            Self::Availability
            | Self::OrderCreation
            | Self::PaymentAuthorisation
            | Self::SettlementDiscrepancies
            | Self::PartnerErrors(_) => Unit::Ratio,
            Self::ProviderCallsPerOrder | Self::ReconciliationDiscrepancies => Unit::Count,
            Self::TimeToRecover => Unit::Seconds,
        }
    }
}

/// `p95` for 950, `p99.9` for 999.
fn quantile(permille: u16) -> String {
    if permille.is_multiple_of(10) {
        format!("p{}", permille / 10)
    } else {
        format!("p{}.{}", permille / 10, permille % 10)
    }
}

/// The unit of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// A share between 0 and 1.
    Ratio,
    /// A number.
    Count,
}

/// Where an objective counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// All windows outside warm-up and fault phases.
    OutsideFaults,
    /// The phase with this label.
    Phase(String),
    /// The whole run.
    Run,
}

impl Scope {
    /// As summaries and reports write it.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::OutsideFaults => "outside faults",
            Self::Phase(label) => label,
            Self::Run => "run",
        }
    }
}

/// What a measure is to be; in its unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}
