-- The providers' books. A long body or its like is an integer where it stands in the file beside: see `bodies.rs`.

-- What belongs to the store as a whole.
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- Lines of the statement, numbered from seq to last: those of one operation, or of several of one run.
-- open = 1 while a fault still holds the answer, so that nobody reads a fate that may yet change.
CREATE TABLE statement (
    seq INTEGER PRIMARY KEY, last INTEGER NOT NULL, run TEXT, open INTEGER NOT NULL, lines BLOB NOT NULL
);
CREATE INDEX statement_open ON statement (seq) WHERE open = 1;

-- Answers kept under an idempotency key, found through its name.
CREATE TABLE answer (
    n INTEGER PRIMARY KEY, account INTEGER NOT NULL, key TEXT NOT NULL, fingerprint INTEGER NOT NULL,
    status INTEGER NOT NULL, object TEXT, labels TEXT NOT NULL, body BLOB NOT NULL,
    -- when the key is forgotten, by the vendors' clock; where among the names it stands
    until_us INTEGER NOT NULL, place INTEGER NOT NULL,
    -- what was asked, and the request that was answered
    endpoint TEXT NOT NULL, request TEXT NOT NULL
);
CREATE INDEX answer_until ON answer (until_us, place);

-- Names (hash, number of the thing) and marks (hash of a metadata pair, number of a payment that carries it) as they were
-- given, 16 bytes each, little-endian; a row has those of one commit. They are in memory by hash.
CREATE TABLE name (pack INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE mark (pack INTEGER PRIMARY KEY, body BLOB NOT NULL);

-- Objects. Numbers grow, so every table is written at its end; the body is JSON.
CREATE TABLE intent   (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
CREATE TABLE method   (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
CREATE TABLE refund   (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
CREATE TABLE customer (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
CREATE TABLE balance  (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
-- Intents to set a method up, and hosted checkouts; tag as a payment's.
CREATE TABLE setup    (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
CREATE TABLE session  (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
CREATE INDEX setup_waits ON setup (tag) WHERE tag IS NOT NULL;
CREATE INDEX session_waits ON session (tag) WHERE tag IS NOT NULL;
CREATE TABLE dispute  (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
-- Domains on which wallets may be shown.
CREATE TABLE domain   (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
-- What is due later: disputes that open, refunds that come back.
CREATE TABLE chore    (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
-- Events of one account and one commit, numbered from n to last; others may lie between them.
CREATE TABLE event    (n INTEGER PRIMARY KEY, last INTEGER NOT NULL, account INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE endpoint (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
CREATE TABLE document (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
CREATE TABLE dispatch (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
-- Rates of tax that change at an instant.
CREATE TABLE rate_change (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
-- tag = `review` while the fraud provider looks at an order
CREATE TABLE decision (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
CREATE TABLE address  (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
CREATE TABLE parcel   (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
-- tag = `purchased` once its label is bought
CREATE TABLE shipment (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
CREATE TABLE tracker  (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
CREATE INDEX document_account ON document (account);
CREATE INDEX shipment_account ON shipment (account);
CREATE INDEX tracker_account ON tracker (account);
CREATE INDEX decision_waits ON decision (tag) WHERE tag IS NOT NULL;
CREATE INDEX intent_account ON intent (account);
-- tag = what a payment waits for, and until when; see `payment/waits.rs`
CREATE INDEX intent_waits ON intent (tag) WHERE tag IS NOT NULL;
CREATE INDEX refund_account ON refund (account);
CREATE INDEX event_account ON event (account);
CREATE INDEX customer_account ON customer (account);
CREATE INDEX method_account ON method (account);
CREATE INDEX balance_account ON balance (account);
-- Webhooks that are still to be delivered.
CREATE TABLE delivery (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
-- Leases: accounts by the hash of their key, rules by the hash of their name.
CREATE TABLE account  (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
CREATE TABLE rule     (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);

-- The second payment provider. tag of a payment = why it waits for a time to come.
CREATE TABLE backup_payment (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
CREATE INDEX backup_payment_account ON backup_payment (account);
CREATE INDEX backup_payment_waits ON backup_payment (tag) WHERE tag IS NOT NULL;
CREATE TABLE backup_method  (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
CREATE TABLE backup_session (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
CREATE TABLE backup_entry   (n INTEGER PRIMARY KEY, account INTEGER NOT NULL, tag TEXT, body BLOB NOT NULL);
