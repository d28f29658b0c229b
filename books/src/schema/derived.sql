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
    authorised          INTEGER NOT NULL,   -- charges that were authorised
    declined            INTEGER NOT NULL,   -- charges that were declined
    replays             INTEGER NOT NULL,   -- stored answers of the payment provider given again
    payment_faults      INTEGER NOT NULL,   -- statement rows touched by a fault
    tax_faults          INTEGER NOT NULL,
    warehouse_faults    INTEGER NOT NULL,
    mails               INTEGER NOT NULL,   -- rows by our header with an address to which the provider writes, or may
    cancel              INTEGER NOT NULL,   -- 0 not asked for, 1 asked for, 2 confirmed
    told_well           INTEGER NOT NULL    -- orders of which it was told, and what is plainly right
) STRICT;
CREATE TABLE acknowledged (
    intent       INTEGER NOT NULL,
    order_number TEXT,
    order_seq    INTEGER,               -- an order of that number, an accepted one if there is one
    accepted     INTEGER                -- whether that one is
) STRICT;
-- Orders of which intents were told, where it is not plain that the order is theirs, in their name, and of the total told.
CREATE TABLE told_order (
    intent       INTEGER NOT NULL,
    order_number TEXT NOT NULL,
    least_minor  INTEGER,               -- the least total told with a yes
    most_minor   INTEGER                -- the largest
) STRICT;
-- Keys that more than one attempt may have.
CREATE TABLE repeated_key (key TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

-- Attributions: 0 joined, 1 undecided, 2 conflict, 3 none. Marks: 0 header, 1 order number, 2 reference, 3 e-mail.
CREATE TABLE statement_join (
    id           INTEGER PRIMARY KEY,   -- of `statement`; rows of other runs have none
    intent       INTEGER,
    order_seq    INTEGER,
    attribution  INTEGER NOT NULL,
    mark         INTEGER
) STRICT;
-- Rows of the statement that a fault touched.
CREATE TABLE bitten (id INTEGER PRIMARY KEY) STRICT;
CREATE TABLE candidate (
    book    TEXT NOT NULL,              -- 'order', 'statement'
    subject TEXT NOT NULL,              -- order number, or object
    intent  INTEGER NOT NULL
) STRICT;
CREATE TABLE set_aside (book TEXT NOT NULL, run TEXT NOT NULL, rows INTEGER NOT NULL) STRICT;

CREATE TABLE charge (
    id                INTEGER PRIMARY KEY,
    charge            TEXT NOT NULL,
    payment           TEXT NOT NULL,    -- the outermost object (pi_…); the charge itself when there is none
    provider          TEXT NOT NULL,    -- 'payment', 'backup_payment'
    captures_refused  INTEGER NOT NULL,
    intent            INTEGER,
    order_seq         INTEGER,
    attribution       INTEGER NOT NULL,
    mark              INTEGER,
    marks             TEXT,             -- the marks found, for people; NULL: joined
    currency          TEXT,
    authorised_minor  INTEGER,          -- NULL: never authorised
    declined          INTEGER NOT NULL,
    captures          INTEGER NOT NULL,
    captured_minor    INTEGER NOT NULL,
    refunded_minor    INTEGER NOT NULL,
    released          INTEGER NOT NULL, -- voided, expired, or its payment cancelled
    open_minor        INTEGER NOT NULL, -- reserved, neither captured nor released
    answers_lost      INTEGER NOT NULL,
    faults            INTEGER NOT NULL,
    effect_minor      INTEGER,          -- of all charges of the payment; NULL but at one of them
    effect_faults     INTEGER,
    order_accepted    INTEGER,
    order_due_minor   INTEGER,
    order_captured_minor INTEGER,
    orders_maybe      INTEGER           -- of the intent
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
    answer        TEXT,
    came_back     INTEGER NOT NULL      -- on its way to the customer
) STRICT;
CREATE TABLE tax_quote (
    statement     INTEGER PRIMARY KEY,  -- row in `statement`
    intent        INTEGER
) STRICT;
CREATE TABLE tax_document (
    id            INTEGER PRIMARY KEY,
    document      TEXT NOT NULL,
    intent        INTEGER,
    order_seq     INTEGER,
    attribution   INTEGER NOT NULL,
    mark          INTEGER,
    marks         TEXT,
    state         TEXT NOT NULL,        -- 'saved', 'committed', 'voided'
    amount_minor  INTEGER,
    currency      TEXT,
    faults        INTEGER NOT NULL,
    order_paid    INTEGER NOT NULL
) STRICT;
CREATE TABLE dispatch (
    id            INTEGER PRIMARY KEY,
    dispatch      TEXT NOT NULL,
    intent        INTEGER,
    order_seq     INTEGER,
    attribution   INTEGER NOT NULL,
    mark          INTEGER,
    marks         TEXT,
    statement     INTEGER NOT NULL,     -- the first row that tells of it
    held_minor    INTEGER,              -- what had been captured for its order and not given back when it was sent
    redeliveries  INTEGER NOT NULL,
    faults        INTEGER NOT NULL
) STRICT;
-- Of an article, what was sent for an order and what was ordered, where that is not the same.
CREATE TABLE parcel_difference (
    order_seq  INTEGER NOT NULL,
    sku        TEXT NOT NULL,
    sent       INTEGER NOT NULL,
    ordered    INTEGER NOT NULL
) STRICT;
-- Dispatches to another address than the order's.
CREATE TABLE misdirected (
    statement  INTEGER PRIMARY KEY,     -- row in `statement`
    order_seq  INTEGER NOT NULL
) STRICT;
-- Rows by our header whose address is not that of the purchase.
CREATE TABLE stray_mail (
    statement  INTEGER PRIMARY KEY,     -- row in `statement`
    intent     INTEGER NOT NULL
) STRICT;
CREATE TABLE settlement_join (
    provider   TEXT NOT NULL,
    line       INTEGER NOT NULL,
    order_seq  INTEGER NOT NULL,
    PRIMARY KEY (provider, line)
) STRICT, WITHOUT ROWID;

-- Lines of settlement reports that no order explains, fees left out.
CREATE TABLE unexplained (provider TEXT NOT NULL, line INTEGER NOT NULL) STRICT;

-- Each history of states that an order went through, once.
CREATE TABLE course (
    course  INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    state   TEXT NOT NULL,
    PRIMARY KEY (course, number)
) STRICT, WITHOUT ROWID;
-- What orders have of an article.
CREATE TABLE article (
    sku         TEXT PRIMARY KEY,
    wanted      INTEGER NOT NULL,       -- by all orders
    accepted    INTEGER NOT NULL,       -- by accepted ones
    certain     INTEGER NOT NULL,       -- by accepted ones that are not pending
    given_up    INTEGER NOT NULL,       -- lines of orders that were not accepted
    unpaid      INTEGER NOT NULL,       -- by pending and failed ones, which may yet be paid
    line_max    INTEGER NOT NULL        -- the largest line
) STRICT, WITHOUT ROWID;

CREATE TABLE order_join (
    seq               INTEGER PRIMARY KEY,  -- of `shop_order`; orders of other runs have none
    intent            INTEGER,
    attribution       INTEGER NOT NULL,
    mark              INTEGER,
    accepted          INTEGER NOT NULL,
    paid              INTEGER NOT NULL,
    due_minor         INTEGER,              -- the total less credit and what was given up
    refunded_minor    INTEGER NOT NULL,     -- as the shop booked it: the larger of its sum and its list
    booked_back_minor INTEGER NOT NULL,     -- what left the shop by its own book: refunds without store credit, disputes lost
    charges           INTEGER NOT NULL,
    charges_other     INTEGER NOT NULL,     -- with captures that do not come to what is due
    charges_foreign   INTEGER NOT NULL,     -- with captures in another currency
    captures          INTEGER NOT NULL,
    captured_minor    INTEGER NOT NULL,
    returned_minor    INTEGER NOT NULL,     -- refunded by the provider's statement
    open_minor        INTEGER NOT NULL,     -- authorised and neither captured nor released
    answers_lost      INTEGER NOT NULL,
    faults            INTEGER NOT NULL,     -- statement rows of the payment touched by a fault, webhooks included
    unpayable         INTEGER NOT NULL,     -- whether a capture was refused, or an authorisation ran out
    challenged        INTEGER NOT NULL,     -- whether its payment was challenged
    paid_apart        INTEGER NOT NULL,     -- whether its payment did not go through at once
    quoted            INTEGER NOT NULL,     -- whether a quote has the amount of its tax
    disputes          INTEGER NOT NULL,     -- rows about disputes of it
    lost_minor        INTEGER NOT NULL,     -- what customers got back by disputes that are lost
    quotes            INTEGER NOT NULL,     -- that it names, where the provider says what they are on
    quote             INTEGER,              -- one of them, on what was sold if there is such a one: row in `statement`
    taxed_minor       INTEGER,              -- what that one is on
    documents         INTEGER NOT NULL,     -- tax documents not voided
    documents_open    INTEGER NOT NULL,     -- of these, not committed
    filed_minor       INTEGER,              -- sum of these
    dispatches        INTEGER NOT NULL,     -- distinct
    redeliveries      INTEGER NOT NULL,
    dispatch_faults   INTEGER NOT NULL,
    document_faults   INTEGER NOT NULL,
    settled_lines     INTEGER NOT NULL,     -- in settlement reports, fees left out
    settled_minor     INTEGER NOT NULL,
    course            INTEGER,              -- its history
    namesakes         INTEGER NOT NULL,     -- orders of its number, itself included
    namesake          INTEGER NOT NULL,     -- which of them it is, from 1
    told              INTEGER NOT NULL,     -- intents that were told its number
    articles          INTEGER NOT NULL,     -- pieces of all its lines, less what was given up
    sent              INTEGER NOT NULL,     -- pieces that the warehouse was told to send
    ordered           INTEGER NOT NULL,     -- pieces of all its lines, what was given up included
    ordered_least     INTEGER,              -- of the smallest line
    unit_least_minor  INTEGER,              -- the lowest price of one piece
    goods_minor       INTEGER,              -- what its lines cost by its prices
    declared_minor    INTEGER,              -- what they cost by the prices that were declared, where that was
    submits           INTEGER NOT NULL,     -- from here on: of its intent
    told_pending      INTEGER NOT NULL,
    charges_maybe     INTEGER NOT NULL,
    tax_faults        INTEGER NOT NULL,
    warehouse_faults  INTEGER NOT NULL,
    shown_total_minor INTEGER
) STRICT;
