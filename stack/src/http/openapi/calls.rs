//! What each call takes and answers.

use serde_json::{Value, json};

use crate::http::route::Route;

/// Whether a call takes an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Required,
    Optional,
    None,
}

/// What a call's body is.
pub(super) enum Body {
    /// Of a schema.
    Json(&'static str),
    /// A provider's event, whose shape is the provider's.
    Event,
}

impl Body {
    /// Whether no body at all is something else than one that says nothing.
    pub(super) fn is_required(&self) -> bool {
        match self {
            Self::Json(name) => !matches!(*name, "Empty" | "RefundWish"),
            Self::Event => true,
        }
    }
}

/// What an answer holds.
pub(super) enum Content {
    Json(&'static str),
    Text(&'static str),
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) description: &'static str,
    pub(super) content: Content,
}

pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) schema: Value,
}

/// One call, described.
pub(super) struct Call {
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) key: Key,
    pub(super) body: Option<Body>,
    pub(super) query: Vec<Parameter>,
    /// Required headers with what they are.
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) needs_account: bool,
    pub(super) answers: Vec<Answer>,
    errors: Vec<(u16, &'static str)>,
}

impl Call {
    fn new(tag: &'static str, summary: &'static str) -> Self {
        Self {
            tag,
            summary,
            key: Key::None,
            body: None,
            query: Vec::new(),
            headers: Vec::new(),
            needs_account: false,
            answers: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn key(self, key: Key) -> Self {
        Self { key, ..self }
    }

    fn takes(self, schema: &'static str) -> Self {
        Self { body: Some(Body::Json(schema)), ..self }
    }

    fn takes_event(mut self, header: &'static str) -> Self {
        self.headers.push((header, "The provider's signature over the body."));
        self.body = Some(Body::Event);
        self.answers(200, "Taken in, now or earlier.", "Received").refuses(400, &["bad_signature", "bad_request"])
    }

    fn takes_notifications(mut self) -> Self {
        self.body = Some(Body::Event);
        self.text("Taken in, now or earlier.", "text/plain").refuses(400, &["bad_signature", "bad_request"])
    }

    fn asks(mut self, name: &'static str, description: &'static str, schema: Value) -> Self {
        self.query.push(Parameter { name, description, schema });
        self
    }

    fn answers(mut self, status: u16, description: &'static str, schema: &'static str) -> Self {
        self.answers.push(Answer { status, description, content: Content::Json(schema) });
        self
    }

    fn text(mut self, description: &'static str, media_type: &'static str) -> Self {
        self.answers.push(Answer { status: 200, description, content: Content::Text(media_type) });
        self
    }

    fn refuses(mut self, status: u16, codes: &[&'static str]) -> Self {
        self.errors.extend(codes.iter().map(|code| (status, *code)));
        self
    }

    /// Refusals by status, those that every call of this kind can meet among them.
    pub(super) fn refusals(&self) -> Vec<(u16, Vec<&'static str>)> {
        let mut errors = self.errors.clone();
        if self.key == Key::Required {
            errors.push((400, "key_missing"));
        }
        if self.key != Key::None {
            errors.extend([(409, "key_in_progress"), (422, "key_reused")]);
        }
        if self.key != Key::None || self.body.is_some() || !self.query.is_empty() {
            errors.push((400, "bad_request"));
        }
        errors.push((413, "too_large"));
        if self.body.is_some() {
            errors.push((415, "unsupported_media_type"));
        }
        errors.push((503, "busy"));
        errors.sort_by_key(|(status, _)| *status);
        let mut grouped: Vec<(u16, Vec<&'static str>)> = Vec::new();
        for (status, code) in errors {
            match grouped.last_mut() {
                Some((last, codes)) if *last == status => {
                    if !codes.contains(&code) {
                        codes.push(code);
                    }
                }
                _ => grouped.push((status, vec![code])),
            }
        }
        grouped
    }
}

/// The description of a route.
pub(super) fn call(route: Route) -> Call {
    match route {
        Route::Products
        | Route::Product
        | Route::CartOpen
        | Route::CartLook
        | Route::CartLines
        | Route::CartLine
        | Route::CartAddress
        | Route::CartPromotion
        | Route::CartVoucher
        | Route::CartQuote => cart_call(route),
        Route::Checkout
        | Route::Payments
        | Route::Order
        | Route::CartOrder
        | Route::CartSession
        | Route::OrderReturn
        | Route::Cancel
        | Route::Refunds
        | Route::AccountOpen
        | Route::AccountLook => order_call(route),
        Route::PaymentEvents | Route::BackupEvents | Route::FraudEvents => event_call(route),
        Route::Health
        | Route::Metrics
        | Route::Quiet
        | Route::Flags
        | Route::Flag
        | Route::FlagSet
        | Route::Reviews
        | Route::ReviewEnd
        | Route::Disputes
        | Route::DisputeAnswer
        | Route::ExportOrders
        | Route::ExportStock
        | Route::ExportVouchers
        | Route::ExportAccounts
        | Route::ExportPromotions
        | Route::ExportFiles
        | Route::Clock
        | Route::ClockSet
        | Route::ClockRight
        | Route::OpenApi => admin_call(route),
    }
}

fn cart_call(route: Route) -> Call {
    let cart = |summary| Call::new("carts", summary).key(Key::Optional).refuses(404, &["not_found"]);
    let edit = |summary| cart(summary).refuses(409, &["cart_ordered"]);
    match route {
        Route::Products => Call::new("products", "What is sold, a page at a time")
            .asks("limit", "How many", json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 20}))
            .asks("offset", "After how many", json!({"type": "integer", "minimum": 0, "maximum": 1_000_000_000}))
            .asks("sort", "In which order", json!({"type": "string", "enum": ["popularity"]}))
            .answers(200, "A page.", "Products"),
        Route::Product => {
            Call::new("products", "One product").answers(200, "The product.", "Product").refuses(404, &["not_found"])
        }
        Route::CartOpen => Call::new("carts", "Opens a cart, for a guest or with an account's token")
            .key(Key::Optional)
            .takes("Empty")
            .answers(201, "The cart.", "CartOpened")
            .refuses(401, &["unauthorised"]),
        Route::CartLook => {
            Call::new("carts", "A cart as it is").answers(200, "The cart.", "Cart").refuses(404, &["not_found"])
        }
        Route::CartLines => edit("Adds to a cart")
            .takes("Line")
            .answers(201, "The lines as they are now.", "Lines")
            .refuses(409, &["sold_out"]),
        Route::CartLine => edit("Sets how many of a product are in a cart; 0 takes it out")
            .takes("Quantity")
            .answers(200, "The lines as they are now.", "Lines")
            .refuses(409, &["sold_out"]),
        Route::CartAddress => {
            edit("Says where a cart goes").takes("Address").answers(200, "It is known now.", "CartNamed")
        }
        Route::CartPromotion => edit("Uses a promotion code")
            .takes("Code")
            .answers(200, "What it takes off.", "Discount")
            .refuses(404, &["promotion_unknown"])
            .refuses(409, &["promotion_used_up", "promotions_off"]),
        Route::CartVoucher => edit("Uses a voucher, which covers what it can at checkout")
            .takes("Code")
            .answers(200, "What is on it.", "Voucher")
            .refuses(404, &["voucher_unknown"])
            .refuses(409, &["voucher_empty"]),
        _ => edit("What a cart costs, with shipping and tax")
            .takes("Empty")
            .answers(200, "The quote; it holds for this cart as it is.", "Quote")
            .refuses(409, &["cart_empty", "address_missing"])
            .refuses(503, &["tax_unavailable"]),
    }
}

fn order_call(route: Route) -> Call {
    let keyed = |summary| Call::new("orders", summary).key(Key::Required).refuses(404, &["not_found"]);
    let paying = |summary| {
        keyed(summary)
            .answers(201, "Paid, or reserved to be taken at dispatch.", "Order")
            .answers(202, "Nobody knows yet, or the holder must authenticate: look at `poll`.", "OrderPending")
            .refuses(402, &["card_declined", "payment_failed", "payment_refused"])
            .refuses(409, &["sold_out", "promotion_used_up", "payment_pending", "voucher_empty", "credit_spent"])
            .refuses(503, &["payment_unavailable"])
    };
    match route {
        Route::Checkout => paying("Orders a cart and pays for it")
            .takes("Checkout")
            .refuses(409, &["cart_ordered", "cart_empty", "address_missing", "total_changed", "card_unknown"])
            .refuses(503, &["tax_unavailable"]),
        Route::Payments => paying("Pays a failed order with another card")
            .takes("Payment")
            .refuses(409, &["already_paid", "order_cancelled"]),
        Route::CartSession => keyed("Orders a cart; the shopper's browser confirms the payment")
            .takes("SessionWish")
            .answers(201, "The browser may confirm it.", "Session")
            .answers(202, "Nobody knows yet: look at `poll`.", "OrderPending")
            .refuses(402, &["payment_failed", "payment_refused"])
            .refuses(409, &["cart_ordered", "cart_empty", "address_missing", "total_changed", "sold_out"])
            .refuses(409, &["promotion_used_up", "voucher_empty", "payment_pending"])
            .refuses(503, &["payment_unavailable", "tax_unavailable"]),
        Route::OrderReturn => Call::new("orders", "Where browsers come back to; the provider is asked how it went")
            .asks("redirectResult", "What the second provider gave the browser", json!({"type": "string"}))
            .answers(200, "The order.", "OrderLook")
            .refuses(404, &["not_found"]),
        Route::Order => Call::new("orders", "An order as it is")
            .answers(200, "The order.", "OrderLook")
            .refuses(404, &["not_found"]),
        Route::CartOrder => Call::new("orders", "The order that was made of a cart")
            .answers(200, "The order.", "OrderLook")
            .refuses(404, &["no_order"]),
        Route::Cancel => keyed("Gives an order up; what was paid goes back")
            .takes("Empty")
            .answers(200, "It is given up.", "OrderLook")
            .answers(202, "It is given up as soon as its payment is known.", "OrderPending")
            .refuses(409, &["too_late"]),
        Route::Refunds => keyed("Gives money back: a part, or all that is left; card first, then credit")
            .takes("RefundWish")
            .answers(201, "Given back, or asked for.", "Refund")
            .answers(202, "Nobody knows yet.", "Refund")
            .refuses(402, &["payment_refused"])
            .refuses(409, &["already_refunded", "not_paid"])
            .refuses(422, &["too_much"]),
        Route::AccountOpen => Call::new("accounts", "Opens an account").takes("AccountWish").answers(
            201,
            "The account, and its token, which is shown this once.",
            "AccountOpened",
        ),
        _ => {
            let mut call = Call::new("accounts", "The account of the token")
                .answers(200, "The account.", "Account")
                .refuses(401, &["unauthorised"]);
            call.needs_account = true;
            call
        }
    }
}

fn event_call(route: Route) -> Call {
    match route {
        Route::PaymentEvents => Call::new("events", "Events of the payment provider").takes_event("Stripe-Signature"),
        Route::BackupEvents => {
            Call::new("events", "Notifications of the second payment provider, each signed by itself")
                .takes_notifications()
                .refuses(404, &["not_found"])
        }
        _ => Call::new("events", "Later words of the fraud provider").takes_event("X-Riskified-Hmac-Sha256"),
    }
}

fn admin_call(route: Route) -> Call {
    let admin = |summary| Call::new("admin", summary);
    let ndjson = "application/x-ndjson";
    match route {
        Route::Health => admin("Whether the shop is open").text("It is.", "text/plain"),
        Route::Metrics => admin("Counters and gauges for Prometheus").text("The metrics.", "text/plain"),
        Route::Quiet => admin("Whether anything still moves").answers(200, "What is open.", "Quiet"),
        Route::Flags => admin("Every flag").answers(200, "By name.", "Flags"),
        Route::Flag => admin("One flag").answers(200, "The flag.", "Flag").refuses(404, &["not_found"]),
        Route::FlagSet => admin("Flips a flag, for every process on the store within 200 ms")
            .takes("FlagValue")
            .answers(200, "The flag as it is now.", "Flag")
            .refuses(404, &["not_found"])
            .refuses(422, &["bad_value"]),
        Route::Reviews => admin("Orders that the desk is to look at").answers(200, "The queue.", "Reviews"),
        Route::ReviewEnd => admin("Ends a review; declining releases what is reserved")
            .takes("Decision")
            .answers(200, "The order.", "OrderLook")
            .refuses(404, &["not_found", "no_review"])
            .refuses(409, &["already_decided"]),
        Route::Disputes => admin("What card holders dispute").answers(200, "Newest first.", "Disputes"),
        Route::DisputeAnswer => admin("Submits evidence in a dispute")
            .takes("Evidence")
            .answers(200, "The dispute as it is now.", "Dispute")
            .refuses(404, &["not_found"])
            .refuses(409, &["dispute_answered"])
            .refuses(503, &["payment_unavailable"]),
        Route::ExportOrders => admin("The orders book, one order a line")
            .asks("after", "After this sequence number", json!({"type": "integer", "minimum": 0, "maximum": i64::MAX}))
            .asks("limit", "How many", json!({"type": "integer", "minimum": 1, "maximum": 10_000, "default": 1_000}))
            .text("Lines of JSON.", ndjson),
        Route::ExportStock => admin("Stock by product").text("Lines of JSON.", ndjson),
        Route::ExportVouchers => admin("Vouchers and what is left on them").text("Lines of JSON.", ndjson),
        Route::ExportPromotions => admin("Promotions and how often they are taken").text("Lines of JSON.", ndjson),
        Route::ExportAccounts => admin("Accounts and the credit left on them").text("Lines of JSON.", ndjson),
        Route::ExportFiles => admin("Where the shop stores anything").answers(200, "Absolute paths.", "Files"),
        Route::Clock => admin("What time the shop believes it is").answers(200, "The clock.", "Clock"),
        Route::ClockSet => {
            admin("Moves the clock of this process ahead, for ten seconds at most unless it is said again")
                .takes("ClockAhead")
                .answers(200, "The clock as it is now.", "Clock")
        }
        Route::ClockRight => admin("Puts the clock right").answers(200, "The clock as it is now.", "Clock"),
        _ => admin("This description").answers(200, "The document.", "Document"),
    }
}
