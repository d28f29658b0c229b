-- What was planned and what was written down. Times are microseconds from the start of the load unless a name says
-- otherwise. Rows are added as they come; indexes are built when the books are joined.

-- One row: the opening of the run, and how far its books got.
CREATE TABLE run (
    only              INTEGER PRIMARY KEY CHECK (only = 1),
    run               TEXT NOT NULL,
    scenario          TEXT NOT NULL,
    description       TEXT NOT NULL,
    seed              TEXT NOT NULL,      -- decimal: a seed may exceed what an INTEGER holds
    plan_hash         TEXT NOT NULL,
    duration_us       INTEGER NOT NULL,
    opened_at_us      INTEGER NOT NULL,   -- Unix time
    load_began_at_us  INTEGER,            -- Unix time; zero of all other times
    tool_version      TEXT NOT NULL,
    shop              TEXT NOT NULL,
    command           TEXT NOT NULL,
    machine           TEXT NOT NULL,      -- JSON
    objectives        TEXT NOT NULL,      -- JSON
    tax_policy        TEXT,               -- 'block', 'rate'; NULL: not declared
    tax_rate_bp       INTEGER,            -- with 'rate', in basis points
    quiet_for_us      INTEGER NOT NULL,
    settle_within_us  INTEGER NOT NULL,
    load_ended        TEXT,               -- 'completed', 'interrupted'; NULL: the harness died
    settled           TEXT,               -- 'quiet', 'deadline', 'interrupted'; NULL: not waited for
    waited_us         INTEGER,            -- from the end of the load to the reading of the final books
    orders_complete   INTEGER,            -- NULL: no orders book was read
    files_complete    INTEGER,            -- NULL: no file was scanned
    settlement_complete INTEGER,          -- NULL: no settlement report was read
    joined            INTEGER NOT NULL DEFAULT 0  -- version of the join that built the derived tables; 0: none yet
) STRICT;

CREATE TABLE source (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE arrival (
    number       INTEGER PRIMARY KEY,
    intended_us  INTEGER NOT NULL,
    journey      TEXT NOT NULL,
    buys         INTEGER NOT NULL,
    card         TEXT NOT NULL,   -- the name; numbers are never stored
    manner       TEXT NOT NULL    -- JSON
) STRICT;
CREATE TABLE phase (
    number   INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL,       -- 'warm-up', 'steady', 'fault', 'recovery'
    label    TEXT NOT NULL,
    from_us  INTEGER NOT NULL,
    to_us    INTEGER NOT NULL
) STRICT;
CREATE TABLE fault_plan (
    name     TEXT PRIMARY KEY,
    what     TEXT NOT NULL,       -- for people
    target   TEXT NOT NULL,       -- 'provider', 'link', 'process', 'store', 'clock'
    from_us  INTEGER NOT NULL,
    to_us    INTEGER NOT NULL
) STRICT;
CREATE TABLE stock_limit (sku TEXT PRIMARY KEY, stock INTEGER NOT NULL, unit_minor INTEGER, weight_g INTEGER) STRICT;  -- NULL: not declared
CREATE TABLE promotion_limit (code TEXT PRIMARY KEY, uses INTEGER NOT NULL, percent_bp INTEGER) STRICT;  -- NULL: not declared
CREATE TABLE voucher_limit (code TEXT PRIMARY KEY, balance_minor INTEGER NOT NULL) STRICT;
-- What shipping costs when no provider is asked: '' where the country does not matter, or is none of the others.
CREATE TABLE shipping_rate (country TEXT PRIMARY KEY, amount_minor INTEGER NOT NULL) STRICT;
CREATE TABLE required_law (name TEXT PRIMARY KEY, exposure_min INTEGER NOT NULL) STRICT;

-- The shopper's history.
CREATE TABLE arrival_end (
    number    INTEGER PRIMARY KEY,
    begun_us  INTEGER,
    ended_us  INTEGER NOT NULL,
    outcome   TEXT NOT NULL,
    refusal   TEXT,
    step      TEXT
) STRICT;
CREATE TABLE purchase (
    id                 INTEGER PRIMARY KEY,
    intent             TEXT NOT NULL,
    arrival            INTEGER NOT NULL,
    email              TEXT NOT NULL,
    intended_us        INTEGER NOT NULL,
    done_us            INTEGER NOT NULL,
    outcome            TEXT NOT NULL,
    refusal            TEXT,
    shown_total_minor  INTEGER,
    currency           TEXT,
    order_number       TEXT,
    total_minor        INTEGER,
    cancel             TEXT NOT NULL,   -- 'not_asked', 'asked', 'confirmed'
    basket             TEXT,            -- JSON: what the shopper put in the cart; NULL: the journey does not say
    ship_to            TEXT,            -- JSON: the address that the shopper gave
    account            TEXT,            -- the shop's account that the shopper bought with; NULL: the journey does not say
    promotion          TEXT             -- the code that the shop said yes to; '': none was asked for; NULL: the journey does not say
) STRICT;
-- Wishes to buy that ended before they were submitted: a step on the way did not go through.
CREATE TABLE turned_away (
    id           INTEGER PRIMARY KEY,
    arrival      INTEGER NOT NULL,
    step         TEXT NOT NULL,
    intended_us  INTEGER NOT NULL,   -- of that step
    ended_us     INTEGER NOT NULL,
    outcome      TEXT NOT NULL,
    refusal      TEXT
) STRICT;
CREATE TABLE attempt (
    id            INTEGER PRIMARY KEY,
    arrival       INTEGER NOT NULL,
    intent        TEXT,
    step          TEXT NOT NULL,
    kind          TEXT NOT NULL,
    key           TEXT,
    intended_us   INTEGER NOT NULL,
    sent_us       INTEGER,
    done_us       INTEGER NOT NULL,
    status        INTEGER,
    reading       TEXT NOT NULL,
    order_number  TEXT,
    total_minor   INTEGER,
    card          TEXT,
    remark        TEXT,
    shows         TEXT              -- an e-mail address of another shopper that the answer shows
) STRICT;
CREATE TABLE timing (
    id           INTEGER PRIMARY KEY,
    span         TEXT NOT NULL,      -- 'second', 'phase'
    number       INTEGER NOT NULL,   -- which
    journey      TEXT NOT NULL,
    step         TEXT NOT NULL,
    reading      TEXT NOT NULL,
    requests     INTEGER NOT NULL,
    response_us  BLOB NOT NULL       -- HdrHistogram, V2 encoding
) STRICT;
CREATE TABLE sample (second INTEGER NOT NULL, name TEXT NOT NULL, value REAL NOT NULL) STRICT;
CREATE TABLE event (
    id     INTEGER PRIMARY KEY,
    at_us  INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    name   TEXT NOT NULL,
    text   TEXT NOT NULL,
    undo   TEXT NOT NULL
) STRICT;

-- The providers' statements: a row is known by its process and its sequence number, so reading it twice adds nothing.
CREATE TABLE statement_book (
    process   INTEGER PRIMARY KEY,
    read_to   INTEGER NOT NULL,
    complete  INTEGER NOT NULL
) STRICT;
CREATE TABLE statement (
    id            INTEGER PRIMARY KEY,   -- process * 2^48 + sequence number
    at_us         INTEGER NOT NULL,      -- Unix time by the provider's clock, for display only
    run           TEXT,
    provider      TEXT NOT NULL,
    op            TEXT NOT NULL,
    object        TEXT,
    parent        TEXT,
    state         TEXT,
    amount_minor  INTEGER,
    currency      TEXT,
    key           TEXT,
    replayed      INTEGER NOT NULL,
    http_status   INTEGER,
    intent        TEXT,
    order_number  TEXT,
    email         TEXT,
    fault         TEXT,
    effect        TEXT,
    answer        TEXT,
    detail        TEXT,                  -- JSON
    place         TEXT                   -- COUNTRY/POSTCODE of the address that the row names
) STRICT;
-- What the controllers of rules counted themselves.
CREATE TABLE fault_count (name TEXT PRIMARY KEY, matched INTEGER NOT NULL, applied INTEGER NOT NULL,
                          hazardous INTEGER NOT NULL) STRICT;

-- The shop's orders.
CREATE TABLE shop_order (
    seq             INTEGER PRIMARY KEY,
    number          TEXT NOT NULL,
    cart            TEXT,
    state           TEXT NOT NULL,
    currency        TEXT,
    subtotal_minor  INTEGER,
    discount_minor  INTEGER,
    shipping_minor  INTEGER,
    tax_minor       INTEGER,
    total_minor     INTEGER,
    paid_minor      INTEGER,
    refunded_minor  INTEGER,
    email           TEXT,
    promotion       TEXT,
    tax_source      TEXT,
    tax_policy      TEXT,
    tax_quote       TEXT,
    tax_document    TEXT,
    payment         TEXT,
    in_doubt        INTEGER NOT NULL,
    run             TEXT,
    intent          TEXT,
    dispatch        TEXT,
    credit_minor    INTEGER,            -- what a voucher or store credit covers of the total
    voucher         TEXT,
    payment_provider TEXT,
    shipping_source TEXT,
    shipping_quote  TEXT,
    fraud           TEXT,
    review          TEXT,
    disputed_minor  INTEGER,
    dispute_state   TEXT,
    given_up_minor  INTEGER,             -- parts that were neither paid nor sent
    rounding_minor  INTEGER,             -- what the total is rounded up by, so that it can be charged
    ship_to         TEXT,                -- JSON: the address
    place           TEXT,                -- COUNTRY/POSTCODE of it
    account         TEXT                 -- the customer's account
) STRICT;
CREATE TABLE order_line (
    order_seq   INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    sku         TEXT NOT NULL,
    quantity    INTEGER NOT NULL,   -- less what was given up
    unit_minor  INTEGER NOT NULL,
    given_up    INTEGER NOT NULL,   -- how many were
    PRIMARY KEY (order_seq, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE order_state (
    order_seq  INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    state      TEXT NOT NULL,
    PRIMARY KEY (order_seq, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE order_refund (
    order_seq     INTEGER NOT NULL,
    number        INTEGER NOT NULL,
    key           TEXT NOT NULL,
    amount_minor  INTEGER NOT NULL,
    state         TEXT NOT NULL,
    asked         TEXT,                 -- key of the request that asked for it
    credit_minor  INTEGER NOT NULL,     -- part of the amount that is store credit
    PRIMARY KEY (order_seq, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE order_dispatch (
    order_seq     INTEGER NOT NULL,
    number        INTEGER NOT NULL,
    message       TEXT NOT NULL,
    amount_minor  INTEGER NOT NULL,
    capture       TEXT,
    PRIMARY KEY (order_seq, number)
) STRICT, WITHOUT ROWID;
-- What an order took of vouchers and store credit.
CREATE TABLE order_credit (
    order_seq       INTEGER NOT NULL,
    number          INTEGER NOT NULL,
    kind            TEXT NOT NULL,      -- 'voucher', 'account'
    purse           TEXT NOT NULL,      -- code or account
    amount_minor    INTEGER NOT NULL,
    returned_minor  INTEGER NOT NULL,
    PRIMARY KEY (order_seq, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE stock_book (
    sku        TEXT PRIMARY KEY,
    declared   INTEGER NOT NULL,
    available  INTEGER NOT NULL,
    held       INTEGER NOT NULL,
    sold       INTEGER NOT NULL
) STRICT;
CREATE TABLE voucher_book (code TEXT PRIMARY KEY, declared_minor INTEGER NOT NULL, balance_minor INTEGER NOT NULL) STRICT;
CREATE TABLE promotion_book (code TEXT PRIMARY KEY, used INTEGER NOT NULL, held INTEGER NOT NULL) STRICT;  -- held: for unpaid orders
CREATE TABLE account_book (account TEXT PRIMARY KEY, declared_minor INTEGER NOT NULL, balance_minor INTEGER NOT NULL) STRICT;

-- What the payment providers' settlement reports say, as finance receives them.
CREATE TABLE settlement (
    provider      TEXT NOT NULL,
    line          INTEGER NOT NULL,
    kind          TEXT NOT NULL,        -- 'charge', 'refund', 'refund_failed', 'dispute', 'dispute_reversed', 'fee'
    object        TEXT NOT NULL,
    payment       TEXT,
    order_number  TEXT,
    gross_minor   INTEGER NOT NULL,     -- negative: away from the shop
    fee_minor     INTEGER NOT NULL,
    currency      TEXT NOT NULL,
    PRIMARY KEY (provider, line)
) STRICT, WITHOUT ROWID;

-- The scan of the shop's files for numbers of cards that shoppers sent.
CREATE TABLE scanned_file (file TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT;
CREATE TABLE card_sighting (
    file      TEXT NOT NULL,
    card      TEXT NOT NULL,   -- the name
    count     INTEGER NOT NULL,
    PRIMARY KEY (file, card)
) STRICT;
