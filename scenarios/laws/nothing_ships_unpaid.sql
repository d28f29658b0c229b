-- sentence: Nothing leaves the warehouse before it is paid.
-- needs: statement, orders
-- exposure: dispatches of orders whose payment a fault touched, was declined or asked for authentication at first, ran out, or
--   was captured apart from its authorisation
-- stands: what was sent was sent
--
-- Over the statement's own sequence: before each dispatch of an order with something to pay, what was captured for the order
-- and not given back covers the parts sent so far (by the order's own list of parts), or is above zero where it has no list.
WITH weighed AS (
    SELECT d.dispatch, d.statement, d.intent, d.held_minor, o.due_minor, o.order_number, o.currency, o.faults, o.paid_apart,
           coalesce((SELECT sum(p.amount_minor) FROM v1_order_dispatch AS p
                     WHERE p.order_seq = d.order_seq
                       AND p.message IN (SELECT earlier.message FROM v1_dispatch AS earlier
                                         WHERE earlier.order_seq = d.order_seq AND earlier.statement <= d.statement)), 1) AS needed_minor
    FROM v1_dispatch AS d JOIN v1_order AS o ON o.order_seq = d.order_seq
    WHERE d.held_minor IS NOT NULL AND o.due_minor > 0
      -- What the card paid is given back, and a voucher or credit still pays for something.
      AND NOT (o.credit_minor > 0 AND o.booked_back_minor >= o.due_minor AND o.refunded_minor < o.total_minor)
)
SELECT w.dispatch AS subject,
       CASE WHEN w.held_minor >= w.needed_minor THEN 'held' ELSE 'violated' END AS finding,
       CASE WHEN w.held_minor >= w.needed_minor THEN ''
            WHEN w.held_minor <= 0 THEN 'it was sent before anything was captured for it'
            ELSE printf('it was sent when %.*f %s of %.*f had been captured', c.minor_digits, w.held_minor / c.minor_unit,
                        w.currency, c.minor_digits, w.needed_minor / c.minor_unit) END AS why,
       w.due_minor - w.held_minor AS weight, w.currency, w.statement,
       w.faults > 0 OR w.paid_apart AS exposed,
       w.intent,
       w.order_number
FROM weighed AS w LEFT JOIN v1_currency AS c ON c.currency = w.currency;
