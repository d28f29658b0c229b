-- sentence: What is left on the shelf and what was sold add up to what there was.
-- needs: orders
-- exposure: articles of which an order failed or was cancelled: its stock had to come back
--
-- Examined where the shop tells its stock at the end. Taken: declared less available less held for orders that are not paid yet.
-- It equals what accepted orders hold (neither failed nor cancelled); pending ones may be counted either way. What is
-- held is held for orders that may yet be paid: pending ones, and failed ones until their time is up.
WITH ordered AS MATERIALIZED (
    SELECT l.sku, sum(iif(o.accepted, l.quantity, 0)) AS accepted,
           sum(iif(o.accepted AND o.state <> 'pending', l.quantity, 0)) AS certain,
           sum(iif(o.state IN ('pending', 'failed'), l.quantity, 0)) AS undecided,
           sum(NOT o.accepted) AS given_up
    FROM v1_order_line AS l JOIN v1_order AS o ON o.order_seq = l.order_seq
    GROUP BY l.sku
), weighed AS (
    SELECT b.sku, b.declared, b.available, b.held, b.declared - b.available - b.held AS taken,
           coalesce(x.accepted, 0) AS accepted, coalesce(x.certain, 0) AS certain, coalesce(x.given_up, 0) AS given_up,
           coalesce(x.undecided, 0) AS undecided
    FROM v1_stock_book AS b LEFT JOIN ordered AS x ON x.sku = b.sku
)
SELECT w.sku AS subject,
       CASE WHEN w.taken BETWEEN w.certain AND w.accepted AND w.available >= 0 AND w.held BETWEEN 0 AND w.undecided THEN 'held'
            WHEN run.final THEN 'violated' ELSE 'undecided' END AS finding,
       CASE WHEN w.taken BETWEEN w.certain AND w.accepted AND w.available >= 0 AND w.held BETWEEN 0 AND w.undecided THEN ''
            WHEN w.available < 0 OR w.held < 0 THEN printf('available %d, held %d', w.available, w.held)
            WHEN w.held > w.undecided
                 THEN printf('%d are held, orders that may yet be paid have %d', w.held, w.undecided)
            ELSE printf('of %d, %d are left and %d held: %d are gone, accepted orders have %d', w.declared, w.available, w.held,
                        w.taken, w.accepted)
                 || iif(run.final, '', '; the run was cut short') END AS why,
       abs(w.taken - w.accepted) AS weight,
       w.given_up > 0 AS exposed
FROM weighed AS w JOIN v1_run AS run;
