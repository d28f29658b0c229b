//! What finance receives: everything that a provider settled, as its own kind of CSV. Each provider writes its own rows.

use model::fault::Provider;

use crate::store::Reader;
use crate::{adyen, payment};

/// Rows read at once.
const CHUNK: usize = 1_000;

/// The report of a provider over all of its accounts, or of the rows of one run; none where the provider settles nothing.
pub(crate) fn report(provider: Provider, reader: &Reader, run: Option<&str>) -> Option<rusqlite::Result<String>> {
    match provider {
        Provider::Payment => Some(payment::settlement(reader, run, CHUNK)),
        Provider::BackupPayment => Some(adyen::settlement(reader, run, CHUNK)),
        Provider::Tax | Provider::Fraud | Provider::Shipping | Provider::Warehouse => None,
    }
}

/// A line of CSV: a field is quoted where it must be (RFC 4180).
pub(crate) fn line(text: &mut String, fields: &[&str]) {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        if field.contains([',', '"', '\r', '\n']) {
            text.push('"');
            text.push_str(&field.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(field);
        }
    }
    text.push('\n');
}

/// An amount in a currency's own number of decimals: `19.99`, `-500`, `1.250`.
pub(crate) fn decimal(amount_minor: i64, currency: &str) -> String {
    let digits = model::money::Currency::parse(currency).map_or(2, |currency| currency.minor_digits()) as usize;
    let sign = if amount_minor < 0 { "-" } else { "" };
    let amount = amount_minor.unsigned_abs();
    if digits == 0 {
        return format!("{sign}{amount}");
    }
    let unit = 10_u64.pow(digits as u32);
    format!("{sign}{}.{:0digits$}", amount / unit, amount % unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_their_currencys_decimals() {
        for (amount, currency, expected) in
            [(1_999, "usd", "19.99"), (-5, "eur", "-0.05"), (500, "JPY", "500"), (1_250, "kwd", "1.250")]
        {
            assert_eq!(decimal(amount, currency), expected);
        }
    }

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let mut text = String::new();
        line(&mut text, &["a", "b,c", "say \"no\"", ""]);
        assert_eq!(text, "a,\"b,c\",\"say \"\"no\"\"\",\n");
    }
}
