-- sentence: Nobody is given back more than was asked for.
-- needs: statement, orders
-- exposure: orders with a refund whose answer was destroyed or which a fault touched, or with two or more refunds
-- evidence: refund
--
-- Examined where the orders book tells refunds: orders with a refund by the statement. What the provider gave back, refunds that came back taken off, against the
-- refunds that the shop has on its list, each request counted once and without store credit.
WITH given AS MATERIALIZED (
    SELECT order_seq, count(*) AS refunds, max(fault IS NOT NULL OR coalesce(answer, '') IN ('lost', 'altered')) AS troubled
    FROM v1_refund WHERE order_seq IS NOT NULL GROUP BY order_seq
), asked AS MATERIALIZED (
    SELECT order_seq, sum(amount_minor) AS asked_minor
    FROM (SELECT order_seq, max(amount_minor - credit_minor) AS amount_minor
          FROM v1_order_refund WHERE state NOT IN ('refused') GROUP BY order_seq, coalesce(asked, key))
    GROUP BY order_seq
), compared AS (
    SELECT o.*, given.refunds, given.troubled,
           o.returned_minor - iif(o.dispute_state = 'lost', coalesce(o.disputed_minor, 0), 0) AS given_minor,
           coalesce(asked.asked_minor, o.refunded_minor, 0) AS asked_minor
    FROM given JOIN v1_order AS o ON o.order_seq = given.order_seq
    LEFT JOIN asked ON asked.order_seq = given.order_seq
)
SELECT x.order_number AS subject,
       CASE WHEN x.given_minor <= x.asked_minor THEN 'held'
            WHEN x.attribution = 'undecided' OR NOT run.final THEN 'undecided'
            ELSE 'violated' END AS finding,
       CASE WHEN x.given_minor <= x.asked_minor THEN ''
            ELSE printf('%.*f %s was given back in %d refunds, %.*f was asked for', c.minor_digits, x.given_minor / c.minor_unit,
                        x.currency, x.refunds, c.minor_digits, x.asked_minor / c.minor_unit)
                 || iif(run.final, '', '; the run was cut short') END AS why,
       x.given_minor - x.asked_minor AS weight, x.currency,
       x.troubled OR x.refunds >= 2 AS exposed,
       x.intent,
       x.order_number
FROM compared AS x JOIN v1_currency AS c ON c.currency = x.currency JOIN v1_run AS run
WHERE run.tells_refunds;
