//! Amounts as books write them.

use model::money::Currency;
use model::scenario::Amounts;

/// Reads an amount into minor units, exactly; more decimals than the currency has are an error unless they are zero.
pub(crate) fn read(text: &str, amounts: Amounts, currency: Option<&str>) -> Result<i64, String> {
    let failed = |what: &str| format!("amount `{text}` is not {what}");
    match amounts {
        Amounts::Minor => text.trim().parse().map_err(|_| failed("an integer of minor units")),
        Amounts::Major => {
            // Two digits where no currency is told: most have them.
            let digits = currency.and_then(Currency::parse).map_or(2, |currency| currency.minor_digits()) as usize;
            let number = || failed(&format!("a decimal number with at most {digits} decimals"));
            let (negative, plain) = match text.trim().strip_prefix('-') {
                Some(plain) => (true, plain),
                None => (false, text.trim()),
            };
            let (whole, decimals) = plain.split_once('.').unwrap_or((plain, ""));
            let kept = decimals.trim_end_matches('0');
            let is_number =
                !whole.is_empty() && whole.bytes().chain(decimals.bytes()).all(|byte| byte.is_ascii_digit());
            if !is_number || kept.len() > digits {
                return Err(number());
            }
            let minor: i64 = format!("{whole}{kept:0<digits$}").parse().map_err(|_| number())?;
            Ok(if negative { -minor } else { minor })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_units_are_read_exactly() {
        let major = |text, currency| read(text, Amounts::Major, Some(currency));
        assert_eq!(major("45.9", "USD"), Ok(4590));
        assert_eq!(major("45", "usd"), Ok(4500));
        assert_eq!(major("-0.05", "USD"), Ok(-5));
        assert_eq!(major("45.900", "USD"), Ok(4590));
        assert_eq!(major("500", "JPY"), Ok(500));
        assert_eq!(major("1.234", "KWD"), Ok(1234));
        assert!(major("45.999", "USD").is_err());
        assert!(major("4,5", "USD").is_err());
        assert!(major("", "USD").is_err());
        assert!(major(".5", "USD").is_err());
    }

    #[test]
    fn minor_units_are_integers() {
        assert_eq!(read(" 4590 ", Amounts::Minor, None), Ok(4590));
        assert!(read("45.90", Amounts::Minor, None).is_err());
    }
}
