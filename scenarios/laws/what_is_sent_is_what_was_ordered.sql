-- sentence: The parcel holds what was ordered, and goes where the customer said.
-- needs: statement, orders
-- exposure: orders of two or more articles, orders sent in parts, and orders that a fault of the warehouse touched
-- stands: what was sent was sent
--
-- Examined: orders of which the warehouse was told articles, or where to. All that was sent for an order is in its lines (parts
-- given up taken off); of an order that is fulfilled nothing is missing. The address told to the warehouse is the order's.
WITH sent AS MATERIALIZED (
    SELECT order_seq, sku, sum(quantity) AS quantity, count(DISTINCT dispatch) AS parts
    FROM v1_dispatch_line WHERE order_seq IS NOT NULL GROUP BY order_seq, sku
), ordered AS MATERIALIZED (
    SELECT order_seq, sku, sum(quantity) AS quantity FROM v1_order_line GROUP BY order_seq, sku
), compared AS (
    SELECT s.order_seq, s.sku, s.quantity AS sent, coalesce(o.quantity, 0) AS ordered, s.parts
    FROM sent AS s LEFT JOIN ordered AS o ON o.order_seq = s.order_seq AND o.sku = s.sku
    UNION ALL
    SELECT o.order_seq, o.sku, 0, o.quantity, 0
    FROM ordered AS o LEFT JOIN sent AS s ON s.order_seq = o.order_seq AND s.sku = o.sku
    WHERE s.order_seq IS NULL AND o.quantity > 0
), parcels AS MATERIALIZED (
    SELECT order_seq, sum(sent) AS sent, max(parts) AS parts, sum(ordered) AS ordered,
           min(iif(sent > ordered, printf('%d of %s were sent, %d were ordered', sent, sku, ordered), NULL)) AS too_much,
           min(iif(sent < ordered, printf('%d of %s were sent, %d were ordered', sent, sku, ordered), NULL)) AS too_little
    FROM compared GROUP BY order_seq HAVING sum(sent) > 0
), places AS MATERIALIZED (
    SELECT s.order_seq, o.ship_to AS ordered, s.detail ->> '$.ship_to' AS told
    FROM v1_statement AS s JOIN v1_order AS o ON o.order_seq = s.order_seq
    WHERE s.provider = 'warehouse' AND s.op = 'dispatch' AND s.detail IS NOT NULL AND o.ship_to IS NOT NULL
), astray AS MATERIALIZED (
    SELECT order_seq, min(printf('it was sent to `%s`, the order says `%s`', told ->> '$.line1', ordered ->> '$.line1')) AS why
    FROM places
    WHERE told IS NOT NULL AND told <> ordered
      AND (told ->> '$.line1' <> ordered ->> '$.line1' OR told ->> '$.city' <> ordered ->> '$.city'
           OR told ->> '$.postal_code' <> ordered ->> '$.postal_code' OR told ->> '$.country' <> ordered ->> '$.country'
           OR told ->> '$.name' <> ordered ->> '$.name')
    GROUP BY order_seq
)
SELECT o.order_number AS subject,
       CASE WHEN a.why IS NOT NULL OR (p.too_much IS NOT NULL AND p.ordered > 0) THEN 'violated'
            WHEN o.state = 'fulfilled' AND p.too_little IS NOT NULL THEN iif(run.final, 'violated', 'undecided')
            ELSE 'held' END AS finding,
       CASE WHEN a.why IS NOT NULL THEN a.why
            WHEN p.too_much IS NOT NULL AND p.ordered > 0 THEN p.too_much
            WHEN o.state = 'fulfilled' AND p.too_little IS NOT NULL
                 THEN p.too_little || iif(run.final, '', '; the run was cut short')
            ELSE '' END AS why,
       p.ordered >= 2 OR p.parts >= 2 OR o.dispatch_faults > 0 AS exposed,
       o.intent,
       o.order_number
FROM parcels AS p
JOIN v1_order AS o ON o.order_seq = p.order_seq
JOIN v1_run AS run
LEFT JOIN astray AS a ON a.order_seq = p.order_seq;
