//! Whether a rule's conditions hold; all but `nth`, which needs a count.

use model::fault::Match;

use super::Facts;

pub(super) fn matches(when: &Match, facts: &Facts<'_>) -> bool {
    let Match { method, path, brand, country, currency, amount_minor_min, amount_minor_max, nth: _, event } = when;
    method.as_deref().is_none_or(|method| method.eq_ignore_ascii_case(facts.method))
        && path.as_deref().is_none_or(|path| glob(path, facts.path))
        && brand.as_deref().is_none_or(|brand| facts.brand.is_some_and(|of| brand.eq_ignore_ascii_case(of)))
        && country.as_deref().is_none_or(|country| facts.country.is_some_and(|of| country.eq_ignore_ascii_case(of)))
        && currency.as_deref().is_none_or(|currency| facts.currency.is_some_and(|of| currency.eq_ignore_ascii_case(of)))
        && amount_minor_min.is_none_or(|min| facts.amount_minor.is_some_and(|amount| amount >= min))
        && amount_minor_max.is_none_or(|max| facts.amount_minor.is_some_and(|amount| amount <= max))
        && event.as_deref().is_none_or(|event| facts.event.is_some_and(|of| glob(event, of)))
}

/// Whether `text` fits `pattern`, where `*` stands for any text, slashes included.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    let mut rest = rest;
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text) in [
            ("/v1/refunds", "/v1/refunds"),
            ("*", "/anything"),
            ("/v1/payment_intents/*/capture", "/v1/payment_intents/pi_1/capture"),
            ("/v1/*", "/v1/"),
            ("*intents*", "/v1/payment_intents/search"),
            ("a*a", "aa"),
        ] {
            assert!(glob(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("/v1/refunds", "/v1/refunds/re_1"),
            ("/v1/payment_intents", "/v1/payment_intents/pi_1"),
            ("/v1/*/capture", "/v1/capture"),
            ("a*a", "a"),
            ("", "/"),
        ] {
            assert!(!glob(pattern, text), "{pattern} {text}");
        }
    }
}
