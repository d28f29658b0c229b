-- sentence: The shop never sells more of an article than it has.
-- needs: orders
-- exposure: articles that were wanted more often than there were any: demand in the orders book exceeded the stock, or the
--   last one was sold and shoppers were told that something was sold out
--
-- Accepted orders (neither failed nor cancelled) against the declared stock. What was still pending when the run was cut
-- short may yet fail.
SELECT s.sku AS subject,
       CASE WHEN coalesce(sold.accepted, 0) <= s.stock THEN 'held'
            WHEN run.final OR sold.certain > s.stock THEN 'violated'
            ELSE 'undecided' END AS finding,
       CASE WHEN coalesce(sold.accepted, 0) <= s.stock THEN ''
            ELSE printf('accepted orders took %d of %d', sold.accepted, s.stock) END AS why,
       sold.accepted - s.stock AS weight,
       coalesce(sold.wanted, 0) > s.stock
           OR (coalesce(sold.accepted, 0) >= s.stock AND EXISTS (SELECT 1 FROM v1_arrival WHERE refusal = 'sold_out')) AS exposed
FROM v1_stock AS s JOIN v1_run AS run LEFT JOIN v1_article AS sold ON sold.sku = s.sku
WHERE EXISTS (SELECT 1 FROM v1_order_line);
