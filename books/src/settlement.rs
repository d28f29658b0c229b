//! Settlement reports as finance receives them: CSV, in the columns of the vendor.
//!
//! Stripe's itemised balance change report (<https://docs.stripe.com/reports/balance>) and Adyen's settlement detail report
//! (<https://docs.adyen.com/reporting/settlement-reconciliation/transaction-level/settlement-details-report>). Amounts are
//! decimal numbers of the currency; a kind of line that is not known is an error, or money could vanish.

use crate::amount;
use crate::rows::{SettlementKind, SettlementRow};
use csv::StringRecord;
use model::scenario::Amounts;

/// A report that cannot be read; completes "failed to …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettlementError {
    /// A column is missing: it is none of the reports that are known.
    #[error("read the settlement report: there is no column `{0}`")]
    Column(&'static str),
    /// A line cannot be read.
    #[error("read the settlement report, line {line}: {reason}")]
    Line {
        /// From 1, the header included.
        line: u64,
        /// What is wrong.
        reason: String,
    },
}

/// Reads the report of a provider, `payment` or `backup_payment`; the header tells whose form it has.
pub fn read(provider: &str, text: &str) -> Result<Vec<SettlementRow>, SettlementError> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(false).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().map_err(|error| line_error(1, &error.to_string()))?.clone();
    let report = if header.iter().any(|name| name == "Psp Reference") {
        Report::Adyen(Adyen::of(&header)?)
    } else {
        Report::Stripe(Stripe::of(&header)?)
    };
    let mut rows = Vec::new();
    for (record, line) in reader.records().zip(2..) {
        let record = record.map_err(|error| line_error(line, &error.to_string()))?;
        let row = match &report {
            Report::Stripe(stripe) => stripe.row(&record),
            Report::Adyen(adyen) => adyen.row(&record),
        };
        let row = row.map_err(|reason| line_error(line, &reason))?;
        rows.push(SettlementRow { provider: provider.into(), line: line - 1, ..row });
    }
    Ok(rows)
}

fn line_error(line: u64, reason: &str) -> SettlementError {
    SettlementError::Line { line, reason: reason.into() }
}

enum Report {
    Stripe(Stripe),
    Adyen(Adyen),
}

fn column(header: &StringRecord, name: &'static str) -> Result<usize, SettlementError> {
    header.iter().position(|found| found == name).ok_or(SettlementError::Column(name))
}

fn filled(record: &StringRecord, column: usize) -> Option<String> {
    record.get(column).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn money(record: &StringRecord, column: usize, currency: &str) -> Result<i64, String> {
    let text = record.get(column).filter(|text| !text.is_empty()).unwrap_or("0");
    amount::read(text, Amounts::Major, Some(currency))
}

/// Columns of Stripe's report.
struct Stripe {
    category: usize,
    source: usize,
    gross: usize,
    fee: usize,
    currency: usize,
    charge: usize,
    payment: usize,
    order: usize,
}

impl Stripe {
    fn of(header: &StringRecord) -> Result<Self, SettlementError> {
        Ok(Self {
            category: column(header, "reporting_category")?,
            source: column(header, "source_id")?,
            gross: column(header, "gross")?,
            fee: column(header, "fee")?,
            currency: column(header, "currency")?,
            charge: column(header, "charge_id")?,
            payment: column(header, "payment_intent_id")?,
            order: column(header, "payment_metadata[order]")?,
        })
    }

    fn row(&self, record: &StringRecord) -> Result<SettlementRow, String> {
        let kind = match record.get(self.category).unwrap_or_default() {
            "charge" => SettlementKind::Charge,
            "refund" | "partial_capture_reversal" => SettlementKind::Refund,
            "refund_failure" => SettlementKind::RefundFailed,
            "dispute" => SettlementKind::Dispute,
            "dispute_reversal" => SettlementKind::DisputeReversed,
            "fee" => SettlementKind::Fee,
            other => return Err(format!("`{other}` is no reporting category that is known")),
        };
        let currency = filled(record, self.currency).unwrap_or_default().to_ascii_uppercase();
        Ok(SettlementRow {
            kind,
            object: filled(record, self.source).unwrap_or_default(),
            payment: filled(record, self.payment).or_else(|| filled(record, self.charge)),
            order: filled(record, self.order),
            gross_minor: money(record, self.gross, &currency)?,
            fee_minor: money(record, self.fee, &currency)?,
            currency,
            ..SettlementRow::default()
        })
    }
}

/// Columns of Adyen's report.
struct Adyen {
    kind: usize,
    payment: usize,
    modification: usize,
    order: usize,
    currency: usize,
    debit: usize,
    credit: usize,
    fees: [usize; 4],
}

impl Adyen {
    fn of(header: &StringRecord) -> Result<Self, SettlementError> {
        Ok(Self {
            kind: column(header, "Type")?,
            payment: column(header, "Psp Reference")?,
            modification: column(header, "Modification Reference")?,
            order: column(header, "Merchant Reference")?,
            currency: column(header, "Gross Currency")?,
            debit: column(header, "Gross Debit (GC)")?,
            credit: column(header, "Gross Credit (GC)")?,
            fees: [
                column(header, "Commission (NC)")?,
                column(header, "Markup (NC)")?,
                column(header, "Scheme Fees (NC)")?,
                column(header, "Interchange (NC)")?,
            ],
        })
    }

    fn row(&self, record: &StringRecord) -> Result<SettlementRow, String> {
        let kind = match record.get(self.kind).unwrap_or_default() {
            "Settled" | "SettledBulk" => SettlementKind::Charge,
            "Refunded" | "RefundedBulk" => SettlementKind::Refund,
            "RefundedReversed" => SettlementKind::RefundFailed,
            "Chargeback" | "SecondChargeback" => SettlementKind::Dispute,
            "ChargebackReversed" => SettlementKind::DisputeReversed,
            "Fee" => SettlementKind::Fee,
            other => return Err(format!("`{other}` is no type that is known")),
        };
        let currency = filled(record, self.currency).unwrap_or_default().to_ascii_uppercase();
        let payment = filled(record, self.payment);
        let fees = self.fees.iter().map(|fee| money(record, *fee, &currency)).sum::<Result<i64, String>>()?;
        Ok(SettlementRow {
            kind,
            object: filled(record, self.modification).or_else(|| payment.clone()).unwrap_or_default(),
            payment,
            order: filled(record, self.order),
            gross_minor: money(record, self.credit, &currency)? - money(record, self.debit, &currency)?,
            fee_minor: fees,
            currency,
            ..SettlementRow::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRIPE: &str = "balance_transaction_id,created_utc,available_on_utc,reporting_category,source_id,gross,fee,net,currency,\
        description,charge_id,payment_intent_id,charge_created_utc,payment_metadata[order]\n";

    #[test]
    fn a_charge_and_its_refund_have_their_signs() {
        let text = format!(
            "{STRIPE}txn_1,2026-11-27 10:00:00,,charge,ch_1,45.90,1.63,44.27,usd,,ch_1,pi_1,,DB-1\n\
             txn_2,2026-11-27 10:05:00,,refund,re_1,-5.00,0.00,-5.00,usd,,ch_1,pi_1,,DB-1\n"
        );
        let rows = read("payment", &text).unwrap();
        assert_eq!((rows[0].kind, rows[0].gross_minor, rows[0].fee_minor), (SettlementKind::Charge, 4590, 163));
        assert_eq!((rows[1].kind, rows[1].gross_minor, rows[1].line), (SettlementKind::Refund, -500, 2));
        assert_eq!((rows[0].order.as_deref(), rows[0].payment.as_deref()), (Some("DB-1"), Some("pi_1")));
    }

    #[test]
    fn the_currency_has_its_own_digits() {
        let text = format!("{STRIPE}txn_1,,,charge,ch_1,500,18,482,jpy,,ch_1,pi_1,,\n");
        assert_eq!(read("payment", &text).unwrap()[0].gross_minor, 500);
    }

    #[test]
    fn debit_and_credit_are_two_columns() {
        let text = "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Creation Date,TimeZone,Type,\
            Modification Reference,Gross Currency,Gross Debit (GC),Gross Credit (GC),Exchange Rate,Net Currency,Net Debit (NC),\
            Net Credit (NC),Commission (NC),Markup (NC),Scheme Fees (NC),Interchange (NC),Payment Method Variant,\
            Modification Merchant Reference,Batch Number\n\
            C,M,P1,DB-1,visa,,,Settled,M1,EUR,,45.90,1,EUR,,45.00,0.10,0.20,0.30,0.30,visa,,1\n\
            C,M,P1,DB-1,visa,,,Chargeback,M2,EUR,45.90,,1,EUR,45.90,,,,,,visa,,1\n";
        let rows = read("backup_payment", text).unwrap();
        assert_eq!((rows[0].gross_minor, rows[0].fee_minor, &*rows[0].object), (4590, 90, "M1"));
        assert_eq!((rows[1].kind, rows[1].gross_minor), (SettlementKind::Dispute, -4590));
    }

    #[test]
    fn what_is_not_known_is_an_error_with_its_line() {
        let text = format!("{STRIPE}txn_1,,,gift,ch_1,1,0,1,usd,,ch_1,pi_1,,\n");
        let said = read("payment", &text).unwrap_err().to_string();
        assert_eq!(said, "read the settlement report, line 2: `gift` is no reporting category that is known");
        assert_eq!(read("payment", "a,b\n").unwrap_err(), SettlementError::Column("reporting_category"));
    }
}
