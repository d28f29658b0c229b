-- sentence: The parcel holds what was ordered, and goes where the customer said.
-- needs: statement, orders
-- exposure: orders of two or more articles, orders sent in parts, and orders that a fault of the warehouse touched
-- stands: what was sent was sent
--
-- Examined: orders of which the warehouse was told articles, or where to. All that was sent for an order is in its lines (parts
-- given up taken off); of an order that is fulfilled nothing is
-- missing, nor of one that is fulfilled in part while the money for the rest is taken or kept blocked. The address told to the warehouse is the order's.
WITH differences AS MATERIALIZED (
    SELECT order_seq,
           min(iif(sent > ordered, printf('%d of %s were sent, %d were ordered', sent, sku, ordered), NULL)) AS too_much,
           min(iif(sent < ordered, printf('%d of %s were sent, %d were ordered', sent, sku, ordered), NULL)) AS too_little
    FROM v1_parcel_difference GROUP BY order_seq
), astray AS MATERIALIZED (
    SELECT order_seq, min(printf('it was sent to `%s, %s`, the order says `%s, %s`', told ->> '$.name', told ->> '$.line1', ordered ->> '$.name',
                                 ordered ->> '$.line1')) AS why
    FROM v1_misdirected GROUP BY order_seq
), parcels AS (
    SELECT o.order_number, o.intent, o.articles >= 2 OR o.dispatches >= 2 OR o.dispatch_faults > 0 AS exposed, a.why AS astray,
           iif(o.articles > 0, d.too_much, NULL) AS too_much, d.too_little,
           o.state = 'fulfilled'
               OR (o.state = 'partially_fulfilled' AND (o.open_minor > 0 OR o.captured_minor >= o.due_minor)) AS owes_all
    FROM v1_order AS o
    LEFT JOIN differences AS d ON d.order_seq = o.order_seq
    LEFT JOIN astray AS a ON a.order_seq = o.order_seq
    WHERE o.sent > 0 OR a.why IS NOT NULL
)
SELECT p.order_number AS subject,
       CASE WHEN p.astray IS NOT NULL OR p.too_much IS NOT NULL THEN 'violated'
            WHEN p.owes_all AND p.too_little IS NOT NULL THEN iif(run.final, 'violated', 'undecided')
            ELSE 'held' END AS finding,
       CASE WHEN p.astray IS NOT NULL THEN p.astray
            WHEN p.too_much IS NOT NULL THEN p.too_much
            WHEN p.owes_all AND p.too_little IS NOT NULL
                 THEN p.too_little || iif(run.final, '', '; the run was cut short')
            ELSE '' END AS why,
       p.exposed,
       p.intent,
       p.order_number
FROM parcels AS p JOIN v1_run AS run;
