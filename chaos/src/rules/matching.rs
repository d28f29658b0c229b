//! Whether a rule's conditions hold; all but `nth` and `first`, which need a count.

use model::fault::LinkMatch;

use crate::http::message::Request;

pub(super) fn matches(when: &LinkMatch, request: &Request<'_, '_>) -> bool {
    let LinkMatch { method, path, headers, nth: _, first: _ } = when;
    method.as_deref().is_none_or(|method| method.eq_ignore_ascii_case(request.method))
        && path.as_deref().is_none_or(|path| fits(path, request.path()))
        && headers.iter().all(|(name, value)| request.values(name).any(|given| fits(value, given)))
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        // The earliest place leaves the most for the parts that follow.
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::message::{Read, request, slots};

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text) in [("*", ""), ("/v1/*", "/v1/"), ("/a*c*e", "/abcde"), ("*b*b", "bb"), ("/x", "/x")] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("/v1", "/v1/"), ("*b*b", "b"), ("a*a", "a"), ("*x*", "abc"), ("", "a")] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn every_condition_must_hold() {
        let head = b"POST /v1/refunds?x=1 HTTP/1.1\r\nStripe-Version: 2024\r\nx-a: 1\r\nx-a: 2\r\n\r\n";
        let mut slots = slots();
        let Read::Whole(request, _) = request(head, &mut slots) else { panic!("a whole head") };
        let when = |json: serde_json::Value| serde_json::from_value::<LinkMatch>(json).unwrap();
        let holds = |json| matches(&when(json), &request);
        assert!(holds(serde_json::json!({})));
        assert!(holds(serde_json::json!({"method": "post", "path": "/v1/refunds", "headers": {"X-A": "2"}})));
        assert!(!holds(serde_json::json!({"method": "get"})));
        assert!(!holds(serde_json::json!({"headers": {"x-b": "*"}})));
        assert!(!holds(serde_json::json!({"path": "/v1/*", "headers": {"stripe-version": "2023"}})));
    }
}
