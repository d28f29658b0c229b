//! Which call a request is.

use super::asked::Asked;
use super::body::{self, PaymentRequest};
use super::disputes::Defence;
use super::errors;
use super::modifications::Change;
use crate::http::Call;
use crate::wire::Answer;

/// Reads what is asked, with its body.
pub(super) fn read(call: &Call) -> Result<Asked, Answer> {
    let segments = call.segments();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["checkoutshopper", rest @ ..] => browser(call, rest),
        ["ca", "services", "DisputeService", version, action] if is_version(version) => {
            let defence = match *action {
                "defendDispute" => Defence::Defend,
                "acceptDispute" => Defence::Accept,
                _ => return Err(errors::no_route()),
            };
            Ok(Asked::Dispute(defence, body::read(&call.body, "DisputeRequest")?))
        }
        ["checkout", version, rest @ ..] | [version, rest @ ..] if is_version(version) => checkout(call, rest),
        _ => Err(errors::no_route()),
    }
}

/// `v68` and the like.
fn is_version(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|number| {
        (1..=2).contains(&number.len()) && number.parse::<u8>().is_ok_and(|number| (30..80).contains(&number))
    })
}

fn checkout(call: &Call, rest: &[&str]) -> Result<Asked, Answer> {
    Ok(match (call.method.as_str(), rest) {
        ("POST", ["payments"]) => Asked::Pay(Box::new(payment(call, "PaymentRequest")?)),
        ("POST", ["payments", "details"]) => Asked::Details(body::read(&call.body, "PaymentDetailsRequest")?),
        ("POST", ["payments", psp, change]) => {
            let change = Change::of_path(change).ok_or_else(errors::no_route)?;
            Asked::Change(change, (*psp).to_owned(), body::read(&call.body, "PaymentModificationRequest")?)
        }
        ("POST", ["cancels"]) => Asked::CancelByReference(body::read(&call.body, "StandalonePaymentCancelRequest")?),
        ("POST", ["paymentMethods"]) => Asked::Methods(body::read(&call.body, "PaymentMethodsRequest")?),
        ("POST", ["sessions"]) => Asked::OpenSession(Box::new(payment(call, "CreateCheckoutSessionRequest")?)),
        ("GET", ["sessions", id]) => Asked::SessionResult((*id).to_owned()),
        ("GET", ["storedPaymentMethods"]) => Asked::ListStored {
            shopper: call.query_value("shopperReference"),
            merchant: call.query_value("merchantAccount"),
        },
        ("DELETE", ["storedPaymentMethods", id]) => Asked::DeleteStored {
            id: (*id).to_owned(),
            shopper: call.query_value("shopperReference"),
            merchant: call.query_value("merchantAccount"),
        },
        _ => return Err(errors::no_route()),
    })
}

fn payment(call: &Call, what: &str) -> Result<PaymentRequest, Answer> {
    body::read(&call.body, what)
}

/// What browsers call: the page that asks the holder, and the payment of a session.
fn browser(call: &Call, rest: &[&str]) -> Result<Asked, Answer> {
    Ok(match (call.method.as_str(), rest) {
        ("GET", ["threeDS", _, data]) => Asked::Page((*data).to_owned()),
        ("POST", ["threeDS", _, data]) => {
            let outcome = form_urlencoded::parse(&call.body).find(|(name, _)| name == "outcome");
            Asked::Reply((*data).to_owned(), outcome.map(|(_, value)| value.into_owned()))
        }
        ("POST", ["v1", "sessions", id, "payments"]) => {
            Asked::PaySession((*id).to_owned(), Box::new(body::read(&call.body, "SessionPaymentRequest")?))
        }
        _ => return Err(errors::no_route()),
    })
}

/// The account whose page a browser asks for.
pub(super) fn page_account(path: &str) -> Option<i64> {
    let rest = path.strip_prefix("/checkoutshopper/threeDS/")?;
    i64::from_str_radix(rest.split_once('/')?.0, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_from_words() {
        for version in ["v68", "v72", "v49", "v79"] {
            assert!(is_version(version), "{version}");
        }
        for other in ["v", "v1", "v720", "72", "vv2", "v-1", "v+7"] {
            assert!(!is_version(other), "{other}");
        }
    }

    #[test]
    fn pages_lead_to_their_account() {
        assert_eq!(page_account("/checkoutshopper/threeDS/1f/ABC.def"), Some(31));
        assert_eq!(page_account("/checkoutshopper/threeDS/xyz/ABC.def"), None);
        assert_eq!(page_account("/v72/payments"), None);
    }
}
