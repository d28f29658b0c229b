-- sentence: What the shop says it gave back is what the customer got back.
-- needs: statement, orders
-- exposure: orders with a refund that a fault touched, that was refused, pending or came back, or with two or more of them
-- evidence: refund
--
-- Examined where the orders book tells refunds: orders with a refund in either book. Refunds by the statement, those that came back taken off and disputes that
-- were lost added, against what left the shop by its own book: refunds without store credit, and disputes lost.
WITH by_statement AS MATERIALIZED (
    SELECT order_seq, count(*) AS refunds, max(fault IS NOT NULL OR coalesce(state, '') IN ('refused', 'pending', 'failed')) AS troubled
    FROM v1_refund WHERE order_seq IS NOT NULL GROUP BY order_seq
)
SELECT o.order_number AS subject,
       CASE WHEN o.returned_minor = o.booked_back_minor THEN 'held'
            WHEN o.charges_maybe > 0 OR o.attribution = 'undecided' OR NOT run.final THEN 'undecided'
            ELSE 'violated' END AS finding,
       CASE WHEN o.returned_minor = o.booked_back_minor THEN ''
            ELSE printf('the shop booked %.*f %s as given back, the provider gave back %.*f', c.minor_digits,
                        o.booked_back_minor / c.minor_unit, o.currency, c.minor_digits, o.returned_minor / c.minor_unit)
                 || iif(run.final, '', '; the run was cut short') END AS why,
       abs(o.booked_back_minor - o.returned_minor) AS weight, o.currency,
       coalesce(s.troubled, 0) OR coalesce(s.refunds, 0) >= 2 OR o.faults > 0 AS exposed,
       o.intent,
       o.order_number
FROM v1_order AS o
LEFT JOIN v1_currency AS c ON c.currency = o.currency
JOIN v1_run AS run
LEFT JOIN by_statement AS s ON s.order_seq = o.order_seq
WHERE run.tells_refunds AND (o.returned_minor <> 0 OR o.booked_back_minor <> 0 OR s.refunds > 0);
