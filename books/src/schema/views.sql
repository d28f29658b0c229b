-- The public interface of a run file, version 1; docs/books.md describes it. Laws read these views and nothing else.

CREATE VIEW v1_run AS
SELECT run, scenario, seed, plan_hash, duration_us, opened_at_us, load_began_at_us, tool_version, shop, command,
       tax_policy, tax_rate_bp, quiet_for_us, settle_within_us, load_ended, settled, waited_us,
       coalesce(load_ended = 'interrupted', 1) AS interrupted,
       coalesce(settled IN ('quiet', 'deadline'), 0) AS final,
       coalesce(waited_us >= settle_within_us AND settled <> 'interrupted', 0) AS waited_to_the_end,
       CASE WHEN load_ended IS NULL THEN 'incomplete' ELSE 'complete' END AS shopper_book,
       CASE WHEN NOT EXISTS (SELECT 1 FROM statement_book) AND NOT EXISTS (SELECT 1 FROM statement) THEN 'absent'
            WHEN (SELECT min(complete) FROM statement_book) = 1 THEN 'complete'
            ELSE 'incomplete' END AS statement_book,
       CASE WHEN orders_complete = 1 THEN 'complete'
            WHEN orders_complete = 0 OR EXISTS (SELECT 1 FROM shop_order) THEN 'incomplete'
            ELSE 'absent' END AS orders_book,
       CASE files_complete WHEN 1 THEN 'complete' WHEN 0 THEN 'incomplete' ELSE 'absent' END AS files_book,
       CASE settlement_complete WHEN 1 THEN 'complete' WHEN 0 THEN 'incomplete' ELSE 'absent' END AS settlement_book,
       EXISTS (SELECT 1 FROM shop_order WHERE refunded_minor IS NOT NULL) OR EXISTS (SELECT 1 FROM order_refund) AS tells_refunds,
       EXISTS (SELECT 1 FROM fact WHERE name = 'orders.tells_who_asked') OR EXISTS (SELECT 1 FROM order_refund WHERE asked IS NOT NULL)
           AS tells_who_asked
FROM run;

CREATE VIEW v1_fact AS SELECT name, value FROM fact;
CREATE VIEW v1_source AS SELECT name, text FROM source;
CREATE VIEW v1_currency AS SELECT code AS currency, minor_digits, minor_unit FROM currency;
CREATE VIEW v1_phase AS SELECT number, kind, label, from_us, to_us FROM phase;
CREATE VIEW v1_stock AS SELECT sku, stock, unit_minor, weight_g FROM stock_limit;
CREATE VIEW v1_promotion AS SELECT code, uses, percent_bp FROM promotion_limit;
CREATE VIEW v1_voucher AS SELECT code, balance_minor FROM voucher_limit;
CREATE VIEW v1_shipping_rate AS SELECT country, amount_minor FROM shipping_rate;
CREATE VIEW v1_stock_book AS SELECT sku, declared, available, held, sold FROM stock_book;
CREATE VIEW v1_voucher_book AS SELECT code, declared_minor, balance_minor FROM voucher_book;
CREATE VIEW v1_promotion_book AS SELECT code, used, held FROM promotion_book;
CREATE VIEW v1_account_book AS SELECT account, declared_minor, balance_minor FROM account_book;
CREATE VIEW v1_required_law AS SELECT name, exposure_min FROM required_law;
CREATE VIEW v1_set_aside AS SELECT book, run, rows FROM set_aside;

CREATE VIEW v1_arrival AS
SELECT a.number AS arrival, a.intended_us, a.journey, a.buys, a.card, a.manner, e.begun_us, e.ended_us,
       coalesce(e.outcome, 'unknown') AS outcome, e.refusal, e.step, e.number IS NOT NULL AS recorded
FROM arrival AS a LEFT JOIN arrival_end AS e ON e.number = a.number;

CREATE VIEW v1_turned_away AS SELECT arrival, step, intended_us, ended_us, outcome, refusal FROM turned_away;

CREATE VIEW v1_intent AS
SELECT i.id AS intent_id, i.intent, i.arrival, p.email, p.intended_us, p.done_us, coalesce(p.outcome, 'unknown') AS outcome, p.refusal,
       p.shown_total_minor, coalesce(i.currency, p.currency, '') AS currency, p.order_number, p.total_minor,
       CASE i.cancel WHEN 0 THEN 'not_asked' WHEN 1 THEN 'asked' ELSE 'confirmed' END AS cancel, i.purchase IS NOT NULL AS recorded,
       i.submits, i.submits_unanswered, i.told_pending, i.orders, i.orders_accepted, i.orders_pending, i.orders_maybe,
       i.owed_minor, i.charges, i.charges_maybe, i.captures, i.captured_minor, i.refunded_minor,
       i.captured_minor - i.refunded_minor AS net_minor, i.peak_minor, i.answers_lost, i.authorised, i.declined,
       i.replays, i.payment_faults, i.tax_faults, i.warehouse_faults, i.mails, i.told_well,
       p.ship_to, p.promotion, p.account
FROM intent AS i LEFT JOIN purchase AS p ON p.id = i.purchase;

CREATE VIEW v1_attempt AS
SELECT id AS attempt, arrival, intent, step, kind, key, intended_us, sent_us, done_us, status, reading, order_number,
       total_minor, card, remark, shows
FROM attempt;

CREATE VIEW v1_acknowledged AS
SELECT a.intent AS intent_id, i.intent, a.order_number, a.order_seq, a.accepted
FROM acknowledged AS a LEFT JOIN intent AS i ON i.id = a.intent;

CREATE VIEW v1_told AS
SELECT t.intent AS intent_id, i.intent, t.order_number, t.least_minor, t.most_minor
FROM told_order AS t JOIN intent AS i ON i.id = t.intent;

CREATE VIEW v1_repeated_key AS SELECT key FROM repeated_key;

CREATE VIEW v1_statement AS
SELECT s.id AS statement, s.id >> 48 AS process, s.id & 281474976710655 AS seq, s.at_us, s.provider, s.op, s.object,
       s.parent, s.state, s.amount_minor, s.currency, s.key, s.replayed, s.http_status, j.intent AS intent_id, i.intent,
       j.order_seq, s.intent AS header, s.order_number, s.email, s.fault, s.effect, s.answer, s.detail, s.place,
       CASE j.attribution WHEN 0 THEN 'joined' WHEN 1 THEN 'undecided' WHEN 2 THEN 'conflict' ELSE 'none' END AS attribution,
       CASE j.mark WHEN 0 THEN 'header' WHEN 1 THEN 'order_number' WHEN 2 THEN 'reference' WHEN 3 THEN 'email' END AS mark
FROM statement_join AS j JOIN statement AS s ON s.id = j.id LEFT JOIN intent AS i ON i.id = j.intent;

CREATE VIEW v1_effect AS
SELECT 'payment' AS provider, c.payment AS object, c.effect_minor AS amount_minor, c.currency AS currency, c.intent AS intent_id,
       (SELECT i.intent FROM intent AS i WHERE i.id = c.intent) AS intent, c.order_seq,
       CASE c.attribution WHEN 0 THEN 'joined' WHEN 1 THEN 'undecided' WHEN 2 THEN 'conflict' ELSE 'none' END AS attribution,
       CASE c.mark WHEN 0 THEN 'header' WHEN 1 THEN 'order_number' WHEN 2 THEN 'reference' WHEN 3 THEN 'email' END AS mark,
       coalesce(c.marks, '') AS marks, c.effect_faults AS faults
FROM charge AS c WHERE c.effect_minor IS NOT NULL
UNION ALL
SELECT 'tax' AS provider, d.document AS object, d.amount_minor AS amount_minor, d.currency AS currency, d.intent AS intent_id,
       (SELECT i.intent FROM intent AS i WHERE i.id = d.intent) AS intent, d.order_seq,
       CASE d.attribution WHEN 0 THEN 'joined' WHEN 1 THEN 'undecided' WHEN 2 THEN 'conflict' ELSE 'none' END AS attribution,
       CASE d.mark WHEN 0 THEN 'header' WHEN 1 THEN 'order_number' WHEN 2 THEN 'reference' WHEN 3 THEN 'email' END AS mark,
       coalesce(d.marks, '') AS marks, d.faults AS faults
FROM tax_document AS d
UNION ALL
SELECT 'warehouse' AS provider, s.dispatch AS object, NULL AS amount_minor, NULL AS currency, s.intent AS intent_id,
       (SELECT i.intent FROM intent AS i WHERE i.id = s.intent) AS intent, s.order_seq,
       CASE s.attribution WHEN 0 THEN 'joined' WHEN 1 THEN 'undecided' WHEN 2 THEN 'conflict' ELSE 'none' END AS attribution,
       CASE s.mark WHEN 0 THEN 'header' WHEN 1 THEN 'order_number' WHEN 2 THEN 'reference' WHEN 3 THEN 'email' END AS mark,
       coalesce(s.marks, '') AS marks, s.faults AS faults
FROM dispatch AS s;

CREATE VIEW v1_charge AS
SELECT c.charge, c.payment, c.provider, c.captures_refused, c.intent AS intent_id, i.intent, c.order_seq,
       CASE c.attribution WHEN 0 THEN 'joined' WHEN 1 THEN 'undecided' WHEN 2 THEN 'conflict' ELSE 'none' END AS attribution,
       coalesce(c.currency, '') AS currency, c.authorised_minor, c.declined, c.captures,
       c.captured_minor, c.refunded_minor, c.captured_minor - c.refunded_minor AS net_minor, c.released,
       c.open_minor > 0 AS open, c.open_minor, c.answers_lost, c.faults,
       o.number AS order_number, o.state AS order_state, c.order_accepted, o.total_minor AS order_total_minor, c.order_due_minor,
       c.order_captured_minor, c.orders_maybe
FROM charge AS c
LEFT JOIN intent AS i ON i.id = c.intent
LEFT JOIN shop_order AS o ON o.seq = c.order_seq;

CREATE VIEW v1_refund AS
SELECT r.refund, r.charge, r.payment, r.intent AS intent_id, i.intent, r.order_seq, r.amount_minor, r.currency, r.state, r.key, r.fault, r.answer, r.came_back
FROM refund AS r LEFT JOIN intent AS i ON i.id = r.intent;

-- What is not asked for is not joined: all that laws need of an order but its own columns stands in `order_join`.
CREATE VIEW v1_order AS
SELECT j.seq AS order_seq, o.number AS order_number, o.cart, o.state, coalesce(o.currency, '') AS currency, o.subtotal_minor, o.discount_minor,
       o.shipping_minor, o.tax_minor, o.total_minor, o.paid_minor, j.refunded_minor, o.email, o.promotion, o.tax_source,
       o.tax_policy, o.tax_quote, o.tax_document, o.payment, o.in_doubt, o.dispatch, j.intent AS intent_id, i.intent,
       CASE j.attribution WHEN 0 THEN 'joined' WHEN 1 THEN 'undecided' WHEN 2 THEN 'conflict' ELSE 'none' END AS attribution,
       CASE j.mark WHEN 0 THEN 'header' WHEN 1 THEN 'order_number' WHEN 2 THEN 'reference' WHEN 3 THEN 'email' END AS mark,
       j.accepted, j.paid, coalesce(o.credit_minor, 0) AS credit_minor, coalesce(o.given_up_minor, 0) AS given_up_minor,
       j.due_minor, o.voucher,
       o.payment_provider, o.shipping_source, o.shipping_quote, o.fraud, o.review, o.disputed_minor, o.dispute_state,
       j.booked_back_minor, j.unpayable, j.challenged, j.paid_apart,
       o.total_minor > 0 AND j.refunded_minor >= o.total_minor AS refunded_in_full,
       j.charges, j.charges_other, j.charges_foreign, j.captures, j.captured_minor, j.returned_minor,
       j.captured_minor - j.returned_minor AS net_minor,
       j.open_minor, j.answers_lost, j.faults, j.quoted AS tax_quoted, j.disputes, j.lost_minor, j.quotes, j.quote, j.taxed_minor, j.documents, j.documents_open, j.filed_minor, j.document_faults,
       j.dispatches, j.redeliveries, j.dispatch_faults, j.settled_lines, j.settled_minor, j.course, j.namesakes, j.namesake, j.told, j.articles, j.sent, j.ordered, j.ordered_least,
       j.unit_least_minor, j.goods_minor, j.declared_minor,
       j.submits, j.told_pending, j.charges_maybe, j.tax_faults, j.warehouse_faults, j.shown_total_minor, p.currency AS shown_currency,
       o.rounding_minor, o.ship_to, o.place, o.account
FROM order_join AS j
LEFT JOIN shop_order AS o ON o.seq = j.seq
LEFT JOIN intent AS i ON i.id = j.intent
LEFT JOIN purchase AS p ON p.id = i.purchase;

CREATE VIEW v1_course AS SELECT course, number, state FROM course;
CREATE VIEW v1_article AS SELECT sku, wanted, accepted, certain, given_up, unpaid, line_max FROM article;

CREATE VIEW v1_order_line AS
SELECT l.order_seq, l.number, l.sku, l.quantity, l.unit_minor, l.given_up
FROM order_line AS l JOIN order_join AS j ON j.seq = l.order_seq;

CREATE VIEW v1_order_state AS
SELECT s.order_seq, s.number, s.state
FROM order_state AS s JOIN order_join AS j ON j.seq = s.order_seq;

CREATE VIEW v1_order_refund AS
SELECT r.order_seq, r.number, r.key, r.amount_minor, r.state, r.asked, r.credit_minor
FROM order_refund AS r JOIN order_join AS j ON j.seq = r.order_seq;

CREATE VIEW v1_order_dispatch AS
SELECT d.order_seq, d.number, d.message, d.amount_minor, d.capture
FROM order_dispatch AS d JOIN order_join AS j ON j.seq = d.order_seq;

CREATE VIEW v1_order_credit AS
SELECT c.order_seq, c.number, c.kind, c.purse, c.amount_minor, c.returned_minor
FROM order_credit AS c JOIN order_join AS j ON j.seq = c.order_seq;

CREATE VIEW v1_settlement AS
SELECT s.provider, s.line, s.kind, s.object, s.payment, s.order_number, s.gross_minor, s.fee_minor, s.currency, j.order_seq
FROM settlement AS s LEFT JOIN settlement_join AS j ON j.provider = s.provider AND j.line = s.line;

CREATE VIEW v1_unexplained AS
SELECT s.provider, s.line, s.kind, s.object, s.payment, s.order_number, s.gross_minor, s.currency
FROM unexplained AS u JOIN settlement AS s ON s.provider = u.provider AND s.line = u.line;

CREATE VIEW v1_tax_quote AS
SELECT q.statement, s.object AS quote, q.intent AS intent_id, i.intent, s.amount_minor, s.currency, s.fault, s.answer,
       s.detail ->> '$.total_minor' AS taxed_minor, s.place
FROM tax_quote AS q LEFT JOIN statement AS s ON s.id = q.statement LEFT JOIN intent AS i ON i.id = q.intent;

CREATE VIEW v1_tax_document AS
SELECT d.document, d.intent AS intent_id, i.intent, d.order_seq,
       CASE d.attribution WHEN 0 THEN 'joined' WHEN 1 THEN 'undecided' WHEN 2 THEN 'conflict' ELSE 'none' END AS attribution,
       d.state, d.amount_minor, d.currency, d.faults, o.number AS order_number, o.state AS order_state, d.order_paid
FROM tax_document AS d LEFT JOIN intent AS i ON i.id = d.intent LEFT JOIN shop_order AS o ON o.seq = d.order_seq;

CREATE VIEW v1_dispatch AS
SELECT d.dispatch, d.intent AS intent_id, i.intent, d.order_seq,
       CASE d.attribution WHEN 0 THEN 'joined' WHEN 1 THEN 'undecided' WHEN 2 THEN 'conflict' ELSE 'none' END AS attribution,
       s.key AS message, d.statement, d.held_minor, d.redeliveries, d.faults
FROM dispatch AS d LEFT JOIN intent AS i ON i.id = d.intent LEFT JOIN statement AS s ON s.id = d.statement;

CREATE VIEW v1_dispatch_line AS
SELECT s.id AS statement, s.object AS dispatch, j.order_seq, json_extract(l.value, '$.sku') AS sku,
       json_extract(l.value, '$.quantity') AS quantity
FROM statement AS s JOIN statement_join AS j ON j.id = s.id JOIN json_each(s.detail, '$.lines') AS l
WHERE s.provider = 'warehouse' AND s.op = 'dispatch' AND s.detail IS NOT NULL;

CREATE VIEW v1_parcel_difference AS SELECT order_seq, sku, sent, ordered FROM parcel_difference;

CREATE VIEW v1_misdirected AS
SELECT m.statement, m.order_seq, s.detail ->> '$.ship_to' AS told, o.ship_to AS ordered
FROM misdirected AS m JOIN statement AS s ON s.id = m.statement JOIN shop_order AS o ON o.seq = m.order_seq;

CREATE VIEW v1_stray_mail AS
SELECT m.statement, s.provider, s.object, m.intent AS intent_id, i.intent, s.email, p.email AS own_email
FROM stray_mail AS m JOIN statement AS s ON s.id = m.statement JOIN intent AS i ON i.id = m.intent
LEFT JOIN purchase AS p ON p.id = i.purchase;

CREATE VIEW v1_basket_line AS
SELECT i.id AS intent_id, i.intent, json_extract(l.value, '$.sku') AS sku, json_extract(l.value, '$.quantity') AS quantity,
       json_extract(l.value, '$.unit_minor') AS unit_minor
FROM purchase AS p JOIN intent AS i ON i.purchase = p.id JOIN json_each(p.basket) AS l
WHERE p.basket IS NOT NULL;

CREATE VIEW v1_fault AS
SELECT f.name, f.what, f.target, f.from_us, f.to_us, c.matched, c.applied AS counted, c.hazardous AS hazards_counted
FROM fault_plan AS f LEFT JOIN fault_count AS c ON c.name = f.name;

CREATE VIEW v1_event AS SELECT id AS event, at_us, kind, name, text, undo FROM event;
CREATE VIEW v1_sample AS SELECT second, name, value FROM sample;
CREATE VIEW v1_timing AS SELECT span, number, journey, step, reading, requests, response_us FROM timing;
CREATE VIEW v1_scanned_file AS SELECT file, bytes FROM scanned_file;
CREATE VIEW v1_card_sighting AS SELECT file, card, count FROM card_sighting;
