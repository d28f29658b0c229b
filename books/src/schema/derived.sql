-- What the join works out: which row of which book belongs to which intent, and one summary row for each intent, charge,
-- order, tax document and dispatch. Rebuilt as a whole from the tables above; never read before it is built.

-- Currencies met, so that queries can write amounts as people do.
CREATE TABLE currency (code TEXT PRIMARY KEY, minor_digits INTEGER NOT NULL, minor_unit REAL NOT NULL) STRICT;

CREATE TABLE intent (
    id                  INTEGER PRIMARY KEY,
    intent              TEXT NOT NULL,
    arrival             INTEGER,
    purchase            INTEGER,            -- its row in `purchase`; NULL: the harness died before writing it
    currency            TEXT,
    submits             INTEGER NOT NULL,   -- submissions of which a byte was sent
    submits_unanswered  INTEGER NOT NULL,
    told_pending        INTEGER NOT NULL,   -- answers that said that the payment is not decided yet
    orders              INTEGER NOT NULL,
    orders_accepted     INTEGER NOT NULL,   -- neither failed nor cancelled
    orders_pending      INTEGER NOT NULL,   -- accepted, and still pending
    orders_maybe        INTEGER NOT NULL,   -- orders whose marks fit this intent and another one
    owed_minor          INTEGER,            -- largest total of one accepted order, else of any order
    charges             INTEGER NOT NULL,
    charges_maybe       INTEGER NOT NULL,
    captures            INTEGER NOT NULL,
    captured_minor      INTEGER NOT NULL,
    refunded_minor      INTEGER NOT NULL,
    peak_minor          INTEGER NOT NULL,   -- largest un-refunded sum at any point of the statement's sequence
    answers_lost        INTEGER NOT NULL,   -- authorisations and captures whose answer a fault destroyed
    replays             INTEGER NOT NULL,   -- stored answers of the payment provider given again
    payment_faults      INTEGER NOT NULL,   -- statement rows touched by a fault
    tax_faults          INTEGER NOT NULL,
    warehouse_faults    INTEGER NOT NULL
) STRICT;
CREATE TABLE acknowledged (intent INTEGER NOT NULL, order_number TEXT) STRICT;

CREATE TABLE statement_join (
    id           INTEGER PRIMARY KEY,   -- of `statement`; rows of other runs have none
    intent       INTEGER,
    order_seq    INTEGER,
    attribution  TEXT NOT NULL,         -- 'joined', 'undecided', 'conflict', 'none'
    mark         TEXT                   -- 'header', 'order_number', 'reference', 'email'
) STRICT;
CREATE TABLE candidate (
    book    TEXT NOT NULL,              -- 'order', 'statement'
    subject TEXT NOT NULL,              -- order number, or object
    intent  INTEGER NOT NULL
) STRICT;
CREATE TABLE set_aside (book TEXT NOT NULL, run TEXT NOT NULL, rows INTEGER NOT NULL) STRICT;

-- Whatever moved money or goods or filed a tax document, by the outermost object.
CREATE TABLE effect (
    id            INTEGER PRIMARY KEY,
    provider      TEXT NOT NULL,
    object        TEXT NOT NULL,
    amount_minor  INTEGER,
    currency      TEXT,
    intent        INTEGER,
    order_seq     INTEGER,
    attribution   TEXT NOT NULL,
    mark          TEXT,
    marks         TEXT NOT NULL,        -- the marks found, for people
    faults        INTEGER NOT NULL
) STRICT;
CREATE TABLE charge (
    id                INTEGER PRIMARY KEY,
    charge            TEXT NOT NULL,
    payment           TEXT NOT NULL,    -- the outermost object (pi_…); the charge itself when there is none
    provider          TEXT NOT NULL,    -- 'payment', 'backup_payment'
    captures_refused  INTEGER NOT NULL,
    intent            INTEGER,
    order_seq         INTEGER,
    attribution       TEXT NOT NULL,
    currency          TEXT,
    authorised_minor  INTEGER,          -- NULL: never authorised
    declined          INTEGER NOT NULL,
    captures          INTEGER NOT NULL,
    captured_minor    INTEGER NOT NULL,
    refunded_minor    INTEGER NOT NULL,
    released          INTEGER NOT NULL, -- voided, expired, or its payment cancelled
    open_minor        INTEGER NOT NULL, -- reserved, neither captured nor released
    answers_lost      INTEGER NOT NULL,
    faults            INTEGER NOT NULL
) STRICT;
CREATE TABLE refund (
    id            INTEGER PRIMARY KEY,
    statement     INTEGER NOT NULL,     -- row in `statement`
    refund        TEXT,
    charge        TEXT,
    payment       TEXT,
    intent        INTEGER,
    order_seq     INTEGER,
    amount_minor  INTEGER NOT NULL,
    currency      TEXT,
    state         TEXT,
    key           TEXT,
    fault         TEXT,
    answer        TEXT
) STRICT;
CREATE TABLE tax_quote (
    statement     INTEGER PRIMARY KEY,
    quote         TEXT,
    intent        INTEGER,
    amount_minor  INTEGER,
    currency      TEXT,
    fault         TEXT,
    answer        TEXT
) STRICT;
CREATE TABLE tax_document (
    id            INTEGER PRIMARY KEY,
    document      TEXT NOT NULL,
    intent        INTEGER,
    order_seq     INTEGER,
    attribution   TEXT NOT NULL,
    state         TEXT NOT NULL,        -- 'saved', 'committed', 'voided'
    amount_minor  INTEGER,
    currency      TEXT,
    faults        INTEGER NOT NULL
) STRICT;
CREATE TABLE dispatch (
    id            INTEGER PRIMARY KEY,
    dispatch      TEXT NOT NULL,
    intent        INTEGER,
    order_seq     INTEGER,
    attribution   TEXT NOT NULL,
    message       TEXT,
    redeliveries  INTEGER NOT NULL,
    faults        INTEGER NOT NULL
) STRICT;

CREATE TABLE order_join (
    seq               INTEGER PRIMARY KEY,  -- of `shop_order`; orders of other runs have none
    intent            INTEGER,
    attribution       TEXT NOT NULL,
    mark              TEXT,
    accepted          INTEGER NOT NULL,
    refunded_minor    INTEGER NOT NULL,     -- as the shop booked it: the larger of its sum and its list
    booked_back_minor INTEGER NOT NULL,     -- what left the shop by its own book: refunds without store credit, disputes lost
    charges           INTEGER NOT NULL,
    captures          INTEGER NOT NULL,
    captured_minor    INTEGER NOT NULL,
    returned_minor    INTEGER NOT NULL,     -- refunded by the provider's statement
    open_minor        INTEGER NOT NULL,     -- authorised and neither captured nor released
    answers_lost      INTEGER NOT NULL,
    faults            INTEGER NOT NULL,     -- statement rows of the payment touched by a fault, webhooks included
    unpayable         INTEGER NOT NULL,     -- whether a capture was refused, or an authorisation ran out
    documents         INTEGER NOT NULL,     -- tax documents not voided
    dispatches        INTEGER NOT NULL,     -- distinct
    redeliveries      INTEGER NOT NULL,
    dispatch_faults   INTEGER NOT NULL,
    document_faults   INTEGER NOT NULL
) STRICT;
