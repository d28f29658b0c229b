//! Amounts and currencies as Stripe takes them.

use super::errors;
use super::form::Form;
use crate::wire::Answer;

const AMOUNT_MAX: i64 = 99_999_999;

/// Presentment currencies (Stripe, *Supported currencies*), as its message lists them.
const CURRENCIES: &str = "usd, aed, afn, all, amd, ang, aoa, ars, aud, awg, azn, bam, bbd, bdt, bgn, bhd, bif, bmd, bnd, bob, brl, bsd, bwp, byn, bzd, cad, cdf, chf, clp, cny, cop, crc, cve, czk, djf, dkk, dop, dzd, egp, etb, eur, fjd, fkp, gbp, gel, gip, gmd, gnf, gtq, gyd, hkd, hnl, hrk, htg, huf, idr, ils, inr, isk, jmd, jod, jpy, kes, kgs, khr, kmf, krw, kwd, kyd, kzt, lak, lbp, lkr, lrd, lsl, mad, mdl, mga, mkd, mmk, mnt, mop, mur, mvr, mwk, mxn, myr, mzn, nad, ngn, nio, nok, npr, nzd, omr, pab, pen, pgk, php, pkr, pln, pyg, qar, ron, rsd, rub, rwf, sar, sbd, scr, sek, sgd, shp, sle, sos, srd, std, szl, thb, tjs, tnd, top, try, ttd, twd, tzs, uah, ugx, uyu, uzs, vnd, vuv, wst, xaf, xcd, xcg, xof, xpf, yer, zar, zmw, usdc, btn, ghs, eek, lvl, svc, vef, ltl, sll, mro";

/// Currencies whose smallest unit is the whole one.
const ZERO_DECIMAL: [&str; 16] =
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"];
/// Currencies of three decimals, the last of which must be 0.
const THREE_DECIMAL: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];

/// Least charges in minor units, with how Stripe writes them (*Minimum and maximum charge amounts*).
const MINIMA: [(&str, i64, &str); 25] = [
    ("usd", 50, "$0.50 usd"),
    ("aed", 200, "د.إ2.00 aed"),
    ("aud", 50, "$0.50 aud"),
    ("bgn", 100, "лв1.00 bgn"),
    ("brl", 50, "R$0.50 brl"),
    ("cad", 50, "$0.50 cad"),
    ("chf", 50, "CHF0.50 chf"),
    ("czk", 1_500, "Kč15.00 czk"),
    ("dkk", 250, "kr.2.50 dkk"),
    ("eur", 50, "€0.50 eur"),
    ("gbp", 30, "£0.30 gbp"),
    ("hkd", 400, "$4.00 hkd"),
    ("huf", 17_500, "Ft175.00 huf"),
    ("inr", 50, "₹0.50 inr"),
    ("jpy", 50, "¥50 jpy"),
    ("mxn", 1_000, "$10.00 mxn"),
    ("myr", 200, "RM2.00 myr"),
    ("nok", 300, "kr3.00 nok"),
    ("nzd", 50, "$0.50 nzd"),
    ("pln", 200, "zł2.00 pln"),
    ("ron", 200, "lei2.00 ron"),
    ("sek", 300, "kr3.00 sek"),
    ("sgd", 50, "$0.50 sgd"),
    ("thb", 1_000, "฿10.00 thb"),
    ("krw", 100, "₩100 krw"),
];

/// An amount under `name`: at least 1, at most what Stripe takes.
pub(super) fn amount(form: &Form, name: &str) -> Result<Option<i64>, Answer> {
    let amount = form.integer(name)?;
    match amount {
        Some(amount) if amount < 1 => Err(errors::invalid(
            "parameter_invalid_integer",
            Some(name),
            "This value must be greater than or equal to 1.",
        )),
        Some(amount) if amount > AMOUNT_MAX => {
            Err(errors::invalid("amount_too_large", Some(name), "Amount must be no more than $999,999.99"))
        }
        amount => Ok(amount),
    }
}

/// The currency of a form, in small letters.
pub(super) fn currency(form: &Form) -> Result<Option<String>, Answer> {
    let Some(currency) = form.get("currency") else { return Ok(None) };
    let currency = currency.to_lowercase();
    if CURRENCIES.split(", ").any(|known| known == currency) {
        return Ok(Some(currency));
    }
    let message = format!("Invalid currency: {currency}. Stripe currently supports these currencies: {CURRENCIES}");
    Err(errors::invalid_plain(Some("currency"), &message))
}

/// Whether so much can be charged in this currency.
pub(super) fn check(amount: i64, currency: &str) -> Result<(), Answer> {
    if let Some((_, _, written)) = MINIMA.iter().find(|(code, least, _)| *code == currency && amount < *least) {
        let message = format!("Amount must be at least {written}");
        return Err(errors::invalid("amount_too_small", Some("amount"), &message));
    }
    if THREE_DECIMAL.contains(&currency) && amount % 10 != 0 {
        return Err(errors::invalid(
            "parameter_invalid_integer",
            Some("amount"),
            &format!("Invalid amount: amounts in {currency} must be evenly divisible by 10."),
        ));
    }
    Ok(())
}

/// Digits after the point.
pub(super) fn decimals(currency: &str) -> u32 {
    if ZERO_DECIMAL.contains(&currency) {
        0
    } else if THREE_DECIMAL.contains(&currency) {
        3
    } else {
        2
    }
}

/// An amount as Stripe writes it in a sentence.
pub(super) fn written(amount: i64, currency: &str) -> String {
    let sign = match currency {
        "usd" | "aud" | "cad" | "nzd" | "sgd" | "hkd" | "mxn" => "$",
        "eur" => "€",
        "gbp" => "£",
        "jpy" => "¥",
        "inr" => "₹",
        _ => "",
    };
    let unit = 10_i64.pow(decimals(currency));
    let number = match decimals(currency) {
        0 => amount.to_string(),
        digits => format!("{}.{:0width$}", amount / unit, amount % unit, width = digits as usize),
    };
    if sign.is_empty() { format!("{number} {currency}") } else { format!("{sign}{number}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_their_currencies_digits() {
        assert_eq!(written(123_456, "usd"), "$1234.56");
        assert_eq!(written(5, "eur"), "€0.05");
        assert_eq!(written(500, "jpy"), "¥500");
        assert_eq!(written(12_340, "kwd"), "12.340 kwd");
    }

    #[test]
    fn minima_and_last_digits_are_held() {
        let status = |amount, currency| check(amount, currency).err().map(|answer| answer.status);
        assert_eq!((status(49, "usd"), status(50, "usd")), (Some(400), None));
        assert_eq!((status(30, "gbp"), status(29, "gbp")), (None, Some(400)));
        assert_eq!((status(12_345, "kwd"), status(12_340, "kwd")), (Some(400), None));
        assert_eq!(status(1, "xof"), None);
    }
}
