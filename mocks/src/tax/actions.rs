//! What can be asked of a document that exists, as its bodies say it.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Number, Value};

use super::errors;
use super::moment::Date;
use super::request::{Create, check_code, read_date};
use crate::decimal::read;
use crate::wire::Answer;

const REASONS: [&str; 10] = [
    "NotAdjusted",
    "SourcingIssue",
    "ReconciledWithGeneralLedger",
    "ExemptCertApplied",
    "PriceAdjusted",
    "ProductReturned",
    "ProductExchanged",
    "BadDebt",
    "Other",
    "Offline",
];

/// What is done to a document.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Commit,
    Void { is_deleted: bool },
    Unvoid,
    Adjust { reason: String, description: Option<String>, create: Box<Create> },
    Settle(Settle),
    ChangeCode { code: String },
    Lock { is_locked: bool },
    Refund(Box<Refund>),
}

/// A document is checked against the caller's books, and perhaps renamed and committed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settle {
    pub(super) date: Option<Date>,
    /// In ten-thousandths.
    pub(super) total: Option<i64>,
    /// In ten-thousandths.
    pub(super) tax: Option<i64>,
    pub(super) code: Option<String>,
    pub(super) is_committed: bool,
}

/// How much of a document is given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RefundShare {
    Full,
    /// Only the tax.
    Tax,
    /// These lines.
    Lines(Vec<String>),
    /// So many ten-thousandths of a percent.
    Percentage(i64),
}

/// A document is given back, wholly or in part, by a second one.
#[derive(Clone, Debug)]
pub(crate) struct Refund {
    pub(super) code: Option<String>,
    pub(super) date: Option<Date>,
    pub(super) reference_code: Option<String>,
    pub(super) share: RefundShare,
}

fn body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Answer> {
    serde_json::from_slice(bytes).map_err(|error| errors::bad_json(&error.to_string()))
}

impl Action {
    /// Reads the body of `POST …/transactions/{code}/{word}`; `None` when there is no such action.
    pub(super) fn read(word: &str, bytes: &[u8]) -> Result<Option<Self>, Answer> {
        Ok(Some(match word {
            "commit" => match body::<Value>(bytes)?.get("commit") {
                Some(Value::Bool(true)) => Self::Commit,
                _ => return Err(errors::missing("commit")),
            },
            "void" => read_void(&body(bytes)?)?,
            "unvoid" => Self::Unvoid,
            "adjust" => read_adjust(body(bytes)?)?,
            "settle" => Self::Settle(read_settle(body(bytes)?)?),
            "changecode" => Self::ChangeCode { code: read_new_code(body(bytes)?)? },
            "lock" => match body::<Value>(bytes)?.get("isLocked") {
                Some(Value::Bool(is_locked)) => Self::Lock { is_locked: *is_locked },
                _ => return Err(errors::missing("isLocked")),
            },
            "refund" => Self::Refund(Box::new(read_refund(body(bytes)?)?)),
            _ => return Ok(None),
        }))
    }
}

fn read_void(body: &Value) -> Result<Action, Answer> {
    match body.get("code").and_then(Value::as_str) {
        Some("DocDeleted") => Ok(Action::Void { is_deleted: true }),
        Some("DocVoided" | "PostFailed" | "AdjustmentCancelled" | "Unspecified") => {
            Ok(Action::Void { is_deleted: false })
        }
        Some(_) => Err(errors::out_of_range("code", "Use DocVoided.")),
        None => Err(errors::missing("code")),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AdjustBody {
    adjustment_reason: Option<String>,
    adjustment_description: Option<String>,
    new_transaction: Option<Value>,
}

fn read_adjust(body: AdjustBody) -> Result<Action, Answer> {
    let reason = body.adjustment_reason.ok_or_else(|| errors::missing("adjustmentReason"))?;
    if !REASONS.contains(&reason.as_str()) {
        return Err(errors::out_of_range("adjustmentReason", &format!("{reason} is no reason to adjust.")));
    }
    if reason == "Other" && body.adjustment_description.as_deref().unwrap_or_default().is_empty() {
        return Err(errors::missing("adjustmentDescription"));
    }
    let create = Create::of_value(body.new_transaction.ok_or_else(|| errors::missing("newTransaction"))?)?;
    if create.kind.is_quote() {
        return Err(errors::out_of_range("newTransaction.type", "A quote cannot stand for a document."));
    }
    Ok(Action::Adjust { reason, description: body.adjustment_description, create: Box::new(create) })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SettleBody {
    verify: Option<VerifyBody>,
    change_code: Option<NewCodeBody>,
    commit: Option<CommitBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are the wire's")]
struct VerifyBody {
    verify_transaction_date: Option<String>,
    verify_total_amount: Option<Number>,
    verify_total_tax: Option<Number>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewCodeBody {
    new_code: Option<String>,
}

#[derive(Deserialize)]
struct CommitBody {
    #[serde(default)]
    commit: bool,
}

fn read_new_code(body: NewCodeBody) -> Result<String, Answer> {
    let code = body.new_code.filter(|code| !code.is_empty()).ok_or_else(|| errors::missing("newCode"))?;
    check_code("newCode", &code)?;
    Ok(code)
}

fn amount(field: &str, number: Option<Number>) -> Result<Option<i64>, Answer> {
    number.map(|number| read(&number).ok_or_else(|| errors::out_of_range(field, "It is no amount."))).transpose()
}

fn read_settle(body: SettleBody) -> Result<Settle, Answer> {
    let mut settle = Settle {
        code: body.change_code.map(read_new_code).transpose()?,
        is_committed: body.commit.is_some_and(|commit| commit.commit),
        ..Settle::default()
    };
    if let Some(verify) = body.verify {
        let date = verify.verify_transaction_date.as_deref();
        settle.date = date.map(|text| read_date("verifyTransactionDate", text)).transpose()?;
        settle.total = amount("verifyTotalAmount", verify.verify_total_amount)?;
        settle.tax = amount("verifyTotalTax", verify.verify_total_tax)?;
    }
    Ok(settle)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefundBody {
    refund_transaction_code: Option<String>,
    refund_date: Option<String>,
    refund_type: Option<String>,
    refund_percentage: Option<Number>,
    refund_lines: Option<Vec<String>>,
    reference_code: Option<String>,
}

fn read_refund(body: RefundBody) -> Result<Refund, Answer> {
    let mismatch = |description: &str| {
        errors::error(400, "RefundTypeAndPercentageMismatch", "The refund contradicts itself.", description)
    };
    let percentage = amount("refundPercentage", body.refund_percentage)?;
    let share = match (body.refund_type.as_deref().unwrap_or("Full"), percentage, body.refund_lines) {
        ("Full", None, _) => RefundShare::Full,
        ("TaxOnly", None, _) => RefundShare::Tax,
        ("Partial", None, Some(lines)) if !lines.is_empty() => RefundShare::Lines(lines),
        ("Partial", None, _) => return Err(errors::missing("refundLines")),
        ("Percentage", Some(percentage), _) if (1..=1_000_000).contains(&percentage) => {
            RefundShare::Percentage(percentage)
        }
        ("Percentage", Some(_), _) => {
            return Err(errors::out_of_range("refundPercentage", "Use more than 0, up to 100."));
        }
        ("Percentage", None, _) => return Err(mismatch("A percentage is needed.")),
        ("Full" | "TaxOnly" | "Partial", Some(_), _) => {
            return Err(mismatch("A percentage needs the type Percentage."));
        }
        (other, _, _) => return Err(errors::out_of_range("refundType", &format!("{other} is no type of refund."))),
    };
    if let Some(code) = &body.refund_transaction_code {
        check_code("refundTransactionCode", code)?;
    }
    Ok(Refund {
        code: body.refund_transaction_code.filter(|code| !code.is_empty()),
        date: body.refund_date.as_deref().map(|text| read_date("refundDate", text)).transpose()?,
        reference_code: body.reference_code,
        share,
    })
}
