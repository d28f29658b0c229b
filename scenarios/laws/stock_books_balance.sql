-- sentence: What is left on the shelf and what was sold add up to what there was.
-- needs: orders
-- exposure: articles of which an order failed or was cancelled: its stock had to come back
--
-- Examined where the shop tells its stock at the end. Taken: declared less available less held for orders that are not paid yet.
-- It equals what accepted orders hold (neither failed nor cancelled); pending ones may be counted either way. What is
-- held is held for orders that may yet be paid: pending ones, and failed ones until their time is up.
WITH weighed AS (
    SELECT b.sku, b.declared, b.available, b.held, b.declared - b.available - b.held AS taken,
           coalesce(x.accepted, 0) AS accepted, coalesce(x.certain, 0) AS certain, coalesce(x.given_up, 0) AS given_up,
           coalesce(x.unpaid, 0) AS undecided
    FROM v1_stock_book AS b LEFT JOIN v1_article AS x ON x.sku = b.sku
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
