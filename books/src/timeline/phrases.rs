//! How timelines say things.

use model::money::{Currency, Money};

/// `45.90 USD`; minor units where the currency is not known.
pub(super) fn money(minor: i64, currency: Option<&str>) -> String {
    match currency.and_then(Currency::parse) {
        Some(currency) => Money { minor, currency }.to_string(),
        None => format!("{minor} (minor units)"),
    }
}

/// The end of a key: enough to tell two apart.
pub(super) fn key(key: &str) -> String {
    let end = key.char_indices().rev().nth(3).map_or(0, |(place, _)| place);
    if end == 0 { format!("key {key}") } else { format!("key …{}", &key[end..]) }
}

/// `350 ms`, `10.0 s`.
pub(super) fn duration(us: i64) -> String {
    if us < 1_000_000 { format!("{} ms", us / 1000) } else { format!("{:.1} s", us as f64 / 1e6) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_read_well() {
        assert_eq!(money(4590, Some("USD")), "45.90 USD");
        assert_eq!(money(4590, None), "4590 (minor units)");
        assert_eq!(key("0123-4567-89ab"), "key …89ab");
        assert_eq!(key("k1"), "key k1");
        assert_eq!(duration(350_000), "350 ms");
        assert_eq!(duration(10_000_000), "10.0 s");
    }
}
