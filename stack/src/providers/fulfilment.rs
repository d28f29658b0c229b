//! The warehouse: told of each paid order at least once, each time under the same message.

use http::Method;
use serde::Serialize;
use serde_json::Value;

use super::{Call, Called, Guard, Link};
use crate::{cart::Address, metrics::Operation, order::Parcel};

#[derive(Serialize)]
struct Dispatch<'a> {
    message: &'a str,
    order: String,
    email: &'a str,
    address: &'a Address,
    lines: Vec<DispatchLine<'a>>,
}

#[derive(Serialize)]
struct DispatchLine<'a> {
    sku: &'a str,
    quantity: i64,
}

/// The warehouse.
pub(crate) struct FulfilmentProvider {
    pub(crate) link: Link,
}

impl FulfilmentProvider {
    /// Hands an order over; `false` when it must be tried again.
    pub(crate) async fn dispatch(&self, message: &str, parcel: &Parcel) -> bool {
        let lines = parcel.lines.iter().map(|line| DispatchLine { sku: &line.sku, quantity: line.quantity }).collect();
        let order = parcel.brief.number.to_string();
        let dispatch = Dispatch { message, order, email: &parcel.brief.email, address: &parcel.address, lines };
        let body = serde_json::to_vec(&dispatch).expect("a dispatch is plain data");
        let called = self
            .link
            .call::<Value>(Call {
                operation: Operation::Dispatch,
                method: Method::POST,
                path: "/dispatches",
                content_type: "application/json",
                key: Some(message),
                carried: &parcel.brief.carried,
                body: body.into(),
                guard: Guard::Breaker,
            })
            .await;
        matches!(called, Called::Answered(_))
    }
}
