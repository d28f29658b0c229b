//! Riskified's errors.

use serde_json::json;

use crate::wire::Answer;

pub(super) fn error(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": { "message": message } }))
}

pub(super) fn no_order(id: &str) -> Answer {
    error(404, &format!("Order {id} was not found"))
}

pub(super) fn no_route() -> Answer {
    error(404, "There is nothing at this address")
}
