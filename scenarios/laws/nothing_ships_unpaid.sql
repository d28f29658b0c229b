-- sentence: Nothing leaves the warehouse before it is paid.
-- needs: statement, orders
-- exposure: dispatches of orders whose payment a fault touched, was declined or asked for authentication at first, ran out, or
--   was captured apart from its authorisation
-- stands: what was sent was sent
--
-- Over the statement's own sequence: before each dispatch of an order with something to pay, what was captured for the order
-- and not given back covers the parts sent so far (by the order's own list of parts), or is above zero where it has no list.
WITH sent AS MATERIALIZED (
    SELECT s.statement, s.object, s.key, s.order_seq, s.intent, o.order_number, o.due_minor, o.currency, o.faults
    FROM v1_statement AS s JOIN v1_order AS o ON o.order_seq = s.order_seq
    WHERE s.provider = 'warehouse' AND s.op = 'dispatch' AND NOT s.replayed AND o.due_minor > 0
), moved AS MATERIALIZED (
    SELECT m.order_seq, m.statement, m.op, m.amount_minor,
           m.replayed OR coalesce(m.state, '') IN ('refused', 'declined', 'failed') AS void
    FROM v1_statement AS m
    WHERE m.provider IN ('payment', 'backup_payment') AND m.order_seq IN (SELECT order_seq FROM sent)
      AND m.op IN ('authorise', 'capture', 'refund', 'refund_failed', 'expire', 'challenge')
), weighed AS (
    SELECT sent.*,
           coalesce((SELECT sum(CASE m.op WHEN 'capture' THEN m.amount_minor WHEN 'refund' THEN -m.amount_minor
                                          WHEN 'refund_failed' THEN m.amount_minor ELSE 0 END)
                     FROM moved AS m WHERE m.order_seq = sent.order_seq AND m.statement < sent.statement AND NOT m.void), 0) AS held_minor,
           coalesce((SELECT sum(p.amount_minor) FROM v1_order_dispatch AS p
                     WHERE p.order_seq = sent.order_seq
                       AND p.message IN (SELECT earlier.key FROM sent AS earlier
                                         WHERE earlier.order_seq = sent.order_seq AND earlier.statement <= sent.statement)), 1) AS needed_minor,
           EXISTS (SELECT 1 FROM moved AS m WHERE m.order_seq = sent.order_seq AND (m.op IN ('expire', 'challenge') OR m.void))
               OR EXISTS (SELECT 1 FROM moved AS a JOIN moved AS m ON m.order_seq = a.order_seq AND m.op = 'capture'
                          WHERE a.order_seq = sent.order_seq AND a.op = 'authorise' AND NOT a.void AND m.statement > a.statement + 1) AS apart
    FROM sent
)
SELECT w.object AS subject,
       CASE WHEN w.held_minor >= w.needed_minor THEN 'held' ELSE 'violated' END AS finding,
       CASE WHEN w.held_minor >= w.needed_minor THEN ''
            WHEN w.held_minor <= 0 THEN 'it was sent before anything was captured for it'
            ELSE printf('it was sent when %.*f %s of %.*f had been captured', c.minor_digits, w.held_minor / c.minor_unit,
                        w.currency, c.minor_digits, w.needed_minor / c.minor_unit) END AS why,
       w.due_minor - w.held_minor AS weight, w.currency, w.statement,
       w.faults > 0 OR w.apart AS exposed,
       w.intent,
       w.order_number
FROM weighed AS w JOIN v1_currency AS c ON c.currency = w.currency;
