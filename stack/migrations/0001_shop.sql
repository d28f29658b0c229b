-- What the shop sells. Prices and names are reloaded from the configuration at each start; what was sold is not.
CREATE TABLE stock (
    sku       TEXT PRIMARY KEY,
    -- What the configuration declared when the row was made; `available` is this minus what orders hold or bought.
    declared  INTEGER NOT NULL,
    available INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE promotions (
    code      TEXT PRIMARY KEY,
    use_limit INTEGER NOT NULL,
    used      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE carts (
    id         TEXT PRIMARY KEY,
    -- Grows with every change, so that a quote or a checkout can tell that it looked at another cart.
    version    INTEGER NOT NULL DEFAULT 0,
    address    TEXT,
    promotion  TEXT,
    -- The tax quote, as JSON, and the version of the cart that it was made for.
    quote      TEXT,
    quoted_for INTEGER,
    -- The claim: a cart becomes at most one order.
    order_seq  INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE cart_lines (
    cart       TEXT NOT NULL,
    sku        TEXT NOT NULL,
    quantity   INTEGER NOT NULL,
    -- The price that the shopper saw when the line was added.
    unit_minor INTEGER NOT NULL,
    PRIMARY KEY (cart, sku)
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    cart           TEXT NOT NULL,
    state          TEXT NOT NULL,
    currency       TEXT NOT NULL,
    subtotal_minor INTEGER NOT NULL,
    discount_minor INTEGER NOT NULL,
    shipping_minor INTEGER NOT NULL,
    tax_minor      INTEGER NOT NULL,
    total_minor    INTEGER NOT NULL,
    paid_minor     INTEGER NOT NULL DEFAULT 0,
    refunded_minor INTEGER NOT NULL DEFAULT 0,
    email          TEXT NOT NULL,
    address        TEXT NOT NULL,
    promotion      TEXT,
    tax_source     TEXT NOT NULL,
    tax_policy     TEXT NOT NULL,
    tax_quote      TEXT NOT NULL,
    tax_document   TEXT,
    -- The provider's name of the payment that paid for this order.
    payment        TEXT,
    dispatch       TEXT,
    -- Headers of the shopper's request that every provider call for this order repeats, one `name: value` a line.
    carried        TEXT NOT NULL,
    -- held: reserved and not paid; sold: paid; released: given back, once, whatever comes later.
    hold           TEXT NOT NULL,
    hold_until_ms  INTEGER NOT NULL,
    cancel_wanted  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX orders_holding ON orders (hold_until_ms) WHERE state = 'failed' AND hold = 'held';

CREATE TABLE order_lines (
    order_seq  INTEGER NOT NULL,
    sku        TEXT NOT NULL,
    quantity   INTEGER NOT NULL,
    unit_minor INTEGER NOT NULL,
    PRIMARY KEY (order_seq, sku)
) STRICT, WITHOUT ROWID;

-- The audit trail: every state that an order was in, and why it came there. Rows are never changed.
CREATE TABLE history (
    order_seq INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    state     TEXT NOT NULL,
    at_ms     INTEGER NOT NULL,
    why       TEXT NOT NULL,
    PRIMARY KEY (order_seq, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE payments (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    order_seq  INTEGER NOT NULL,
    -- The idempotency key for the provider, on disk before the first call that uses it.
    key        TEXT NOT NULL,
    method     TEXT NOT NULL,
    amount     INTEGER NOT NULL,
    -- open: being paid; unknown: the answer is in doubt; succeeded, declined, not_charged: proven.
    state      TEXT NOT NULL,
    intent     TEXT,
    code       TEXT,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX payments_of_order ON payments (order_seq);
CREATE INDEX payments_unsettled ON payments (id) WHERE state IN ('open', 'unknown');

CREATE TABLE refunds (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    order_seq  INTEGER NOT NULL,
    payment    INTEGER NOT NULL,
    key        TEXT NOT NULL,
    amount     INTEGER NOT NULL,
    state      TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX refunds_of_order ON refunds (order_seq);
CREATE INDEX refunds_pending ON refunds (id) WHERE state = 'pending';

-- Idempotency keys of shoppers. `status` is null while the work is not finally answered.
CREATE TABLE keys (
    key         TEXT PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    order_seq   INTEGER,
    payment     INTEGER,
    status      INTEGER,
    body        TEXT,
    created_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Messages owed to the outside. A row is deleted when its receiver acknowledged it; identifiers are never used again.
CREATE TABLE outbox (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    order_seq INTEGER NOT NULL,
    kind      TEXT NOT NULL
) STRICT;

-- Provider events that had an effect, recorded in the same transaction as the effect.
CREATE TABLE events (
    id         TEXT PRIMARY KEY,
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
