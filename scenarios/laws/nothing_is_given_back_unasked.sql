-- sentence: Nobody is given back what they owe, unless somebody asked for it.
-- needs: statement, orders
-- exposure: every accepted order of which money was given back
--
-- Examined where the orders book tells who asked for refunds: accepted orders of which the statement has money given back, lost
-- disputes apart. What was kept, with the refunds that somebody asked for, covers what the order owes: only what was taken
-- beyond it may be given back unasked.
WITH asked AS MATERIALIZED (
    SELECT order_seq, sum(amount_minor - credit_minor) AS asked_minor FROM v1_order_refund
    WHERE asked IS NOT NULL AND state NOT IN ('refused', 'failed') GROUP BY order_seq
), returned AS MATERIALIZED (
    SELECT o.order_seq, o.order_number, o.intent, o.currency, o.due_minor, o.captured_minor, o.attribution, o.charges_maybe,
           o.returned_minor - o.lost_minor AS returned_minor
    FROM v1_order AS o
    WHERE o.paid AND o.returned_minor > 0 AND o.due_minor IS NOT NULL
), weighed AS (
    SELECT r.*, coalesce(a.asked_minor, 0) AS asked_minor,
           r.captured_minor >= r.due_minor AND r.returned_minor > 0
               AND r.captured_minor - r.returned_minor + coalesce(a.asked_minor, 0) < r.due_minor AS broken
    FROM returned AS r LEFT JOIN asked AS a ON a.order_seq = r.order_seq
)
SELECT w.order_number AS subject,
       CASE WHEN NOT w.broken THEN 'held'
            WHEN w.attribution = 'undecided' OR w.charges_maybe > 0 OR NOT run.final THEN 'undecided'
            ELSE 'violated' END AS finding,
       iif(w.broken, printf('%.*f %s was given back of the %.*f that the order owes; asked for was %.*f', c.minor_digits,
                            w.returned_minor / c.minor_unit, w.currency, c.minor_digits, w.due_minor / c.minor_unit,
                            c.minor_digits, w.asked_minor / c.minor_unit) || iif(run.final, '', '; the run was cut short'), '') AS why,
       w.due_minor - (w.captured_minor - w.returned_minor + w.asked_minor) AS weight, w.currency,
       1 AS exposed,
       w.intent,
       w.order_number
FROM weighed AS w JOIN v1_currency AS c ON c.currency = w.currency JOIN v1_run AS run
WHERE run.tells_who_asked;
