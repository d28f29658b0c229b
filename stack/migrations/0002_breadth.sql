-- Customer accounts beside guests. The token is what a browser shows; only its hash is here.
CREATE TABLE accounts (
    id           TEXT PRIMARY KEY,
    email        TEXT NOT NULL,
    token_hash   BLOB NOT NULL UNIQUE,
    -- Store credit that is left.
    credit_minor INTEGER NOT NULL DEFAULT 0,
    -- The first payment provider's name of the customer, once a card was saved.
    customer     TEXT,
    created_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Cards that an account may pay with again: the provider's name of each, never a number.
CREATE TABLE cards (
    account    TEXT NOT NULL,
    method     TEXT NOT NULL,
    provider   TEXT NOT NULL DEFAULT 'payment',
    brand      TEXT,
    last4      TEXT,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (account, method)
) STRICT, WITHOUT ROWID;

CREATE TABLE vouchers (
    code           TEXT PRIMARY KEY,
    declared_minor INTEGER NOT NULL,
    balance_minor  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What an order took of vouchers and store credit, and how much of it was given back.
CREATE TABLE credit_uses (
    order_seq      INTEGER NOT NULL,
    -- voucher: `subject` is its code; account: `subject` is the account.
    kind           TEXT NOT NULL,
    subject        TEXT NOT NULL,
    amount_minor   INTEGER NOT NULL,
    returned_minor INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (order_seq, kind, subject)
) STRICT, WITHOUT ROWID;

-- Switches that are flipped while the shop runs; every instance reads them again and again. `value` is JSON.
CREATE TABLE flags (
    name       TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    changed_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Processes that run on this store, each alive until its lease ends. What a dead one had claimed is free.
CREATE TABLE instances (
    id         TEXT PRIMARY KEY,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Orders that a person looks at before they are paid.
CREATE TABLE reviews (
    order_seq  INTEGER PRIMARY KEY,
    -- pending, approved, declined
    state      TEXT NOT NULL,
    -- The fraud provider's name of the order.
    reference  TEXT,
    asked_ms   INTEGER NOT NULL,
    -- When the desk approves what nobody looked at; null: never.
    until_ms   INTEGER,
    decided_ms INTEGER
) STRICT;
CREATE INDEX reviews_pending ON reviews (until_ms) WHERE state = 'pending';

ALTER TABLE carts ADD COLUMN account TEXT;
ALTER TABLE carts ADD COLUMN voucher TEXT;

ALTER TABLE orders ADD COLUMN account TEXT;
ALTER TABLE orders ADD COLUMN voucher TEXT;
-- What vouchers and store credit cover; the rest of the total is charged.
ALTER TABLE orders ADD COLUMN credit_minor INTEGER NOT NULL DEFAULT 0;
-- Reserved and not captured.
ALTER TABLE orders ADD COLUMN authorised_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN payment_provider TEXT;
ALTER TABLE orders ADD COLUMN shipping_source TEXT;
ALTER TABLE orders ADD COLUMN shipping_quote TEXT;
ALTER TABLE orders ADD COLUMN fraud TEXT;
ALTER TABLE orders ADD COLUMN review TEXT;
ALTER TABLE orders ADD COLUMN disputed_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN dispute_state TEXT;

-- `payment` or `backup_payment`: captures, voids and refunds go where the money was reserved.
ALTER TABLE payments ADD COLUMN provider TEXT NOT NULL DEFAULT 'payment';
-- checkout: the shop confirms; session: the shopper's browser does; stray: found at a provider, needed by no order.
ALTER TABLE payments ADD COLUMN kind TEXT NOT NULL DEFAULT 'checkout';
-- 1: captured as it is authorised; 0: captured at dispatch.
ALTER TABLE payments ADD COLUMN captures_at_once INTEGER NOT NULL DEFAULT 1;
ALTER TABLE payments ADD COLUMN client_secret TEXT;
-- Where the holder authenticates, and until when the shop waits for that (Unix milliseconds).
ALTER TABLE payments ADD COLUMN action_url TEXT;
ALTER TABLE payments ADD COLUMN waits_until_ms INTEGER;
ALTER TABLE payments ADD COLUMN authorised_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN captured_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN authorised_until_ms INTEGER;
-- The instance that works on it; null: whoever comes first.
ALTER TABLE payments ADD COLUMN owner TEXT;
-- Of an open session that is being priced anew: the order as it was, as JSON, until the provider has agreed.
ALTER TABLE payments ADD COLUMN before_edit TEXT;
DROP INDEX payments_unsettled;
CREATE INDEX payments_unsettled ON payments (id) WHERE state IN ('open', 'unknown', 'waiting');
-- An order has at most one payment that may still take money.
CREATE UNIQUE INDEX payments_one_active ON payments (order_seq) WHERE state IN ('open', 'unknown', 'waiting');
-- A provider's payment is in the book once, whoever found it first.
CREATE UNIQUE INDEX payments_by_intent ON payments (provider, intent) WHERE intent IS NOT NULL;

ALTER TABLE refunds ADD COLUMN provider TEXT NOT NULL DEFAULT 'payment';
-- The shopper's idempotency key; null where the shop itself gives money back.
ALTER TABLE refunds ADD COLUMN asked TEXT;
-- Part of what was asked for that goes back as credit; `amount` goes back to the card.
ALTER TABLE refunds ADD COLUMN credit_minor INTEGER NOT NULL DEFAULT 0;
-- The provider's name of the refund.
ALTER TABLE refunds ADD COLUMN reference TEXT;
ALTER TABLE refunds ADD COLUMN owner TEXT;
CREATE INDEX refunds_by_reference ON refunds (reference) WHERE reference IS NOT NULL;

-- Parts of an order that leave the warehouse together; only where money is captured at dispatch. `message` is the outbox row.
CREATE TABLE dispatches (
    message      INTEGER PRIMARY KEY,
    order_seq    INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    -- queued, captured, sent, withdrawn
    state        TEXT NOT NULL
) STRICT;
CREATE INDEX dispatches_of_order ON dispatches (order_seq);

CREATE TABLE dispatch_lines (
    message  INTEGER NOT NULL,
    sku      TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (message, sku)
) STRICT, WITHOUT ROWID;

-- Each capture with its idempotency key, on disk before the call. One for each dispatch, whatever comes back again.
CREATE TABLE captures (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    order_seq  INTEGER NOT NULL,
    payment    INTEGER NOT NULL,
    message    INTEGER NOT NULL UNIQUE,
    key        TEXT NOT NULL,
    amount     INTEGER NOT NULL,
    -- Whether it is the last one: what is left of the reserve is released.
    final      INTEGER NOT NULL,
    -- pending, received (the provider tells by event), succeeded, refused
    state      TEXT NOT NULL,
    reference  TEXT,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX captures_of_order ON captures (order_seq);
CREATE INDEX captures_by_reference ON captures (reference) WHERE reference IS NOT NULL;

CREATE TABLE disputes (
    id           TEXT PRIMARY KEY,
    provider     TEXT NOT NULL,
    order_seq    INTEGER NOT NULL,
    payment      INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    -- needs_response, under_review, won, lost
    state        TEXT NOT NULL,
    reason       TEXT,
    evidence     TEXT,
    created_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX disputes_of_order ON disputes (order_seq);

-- Who delivers a message, what else it is about (a payment, for a void), from when, and whether that has begun: what has
-- begun cannot be cancelled.
ALTER TABLE outbox ADD COLUMN owner TEXT;
ALTER TABLE outbox ADD COLUMN subject INTEGER;
ALTER TABLE outbox ADD COLUMN due_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN begun INTEGER NOT NULL DEFAULT 1;
