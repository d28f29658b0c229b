-- sentence: A promotion is used no more often than its limit, and what was not used can be used by others.
-- needs: orders
-- exposure: promotions that were wanted more often than their limit: demand in the orders book exceeded it, or the last use
--   was taken and shoppers were told that a promotion was used up
--
-- Accepted orders (neither failed nor cancelled) against the declared limit. What was still pending when the run was cut
-- short may yet fail. Where the shop tells how often a promotion is taken at the end: that, less what it keeps for orders that are
-- not paid yet, is what accepted orders have; pending ones may be counted either way.
WITH used AS (
    SELECT promotion AS code, count(*) AS wanted, sum(accepted) AS used, sum(accepted AND state <> 'pending') AS used_for_certain,
           sum(state IN ('pending', 'failed')) AS unpaid
    FROM v1_order WHERE promotion IS NOT NULL
    GROUP BY promotion
), weighed AS (
    SELECT p.code, p.uses, coalesce(used.wanted, 0) AS wanted, coalesce(used.used, 0) AS used, coalesce(used.used_for_certain, 0) AS certain,
           b.used - b.held AS taken,
           coalesce(b.used - b.held NOT BETWEEN coalesce(used.used_for_certain, 0) AND coalesce(used.used, 0)
                    OR b.held NOT BETWEEN 0 AND coalesce(used.unpaid, 0), 0) AS unbalanced
    FROM v1_promotion AS p LEFT JOIN used ON used.code = p.code LEFT JOIN v1_promotion_book AS b ON b.code = p.code
)
SELECT w.code AS subject,
       CASE WHEN w.used <= w.uses AND NOT w.unbalanced THEN 'held'
            WHEN run.final OR w.certain > w.uses THEN 'violated'
            ELSE 'undecided' END AS finding,
       CASE WHEN w.used > w.uses THEN printf('%d accepted orders used it, the limit is %d', w.used, w.uses)
            WHEN w.unbalanced THEN printf('the shop counts %d uses as taken, accepted orders have %d', w.taken, w.used)
            ELSE '' END AS why,
       max(w.used - w.uses, abs(coalesce(w.taken, w.used) - w.used)) AS weight,
       w.wanted > w.uses
           OR (w.used >= w.uses AND EXISTS (SELECT 1 FROM v1_arrival WHERE refusal = 'promotion_used_up')) AS exposed
FROM weighed AS w JOIN v1_run AS run
WHERE EXISTS (SELECT 1 FROM v1_order WHERE promotion IS NOT NULL);
