-- sentence: A promotion is used no more often than its limit.
-- needs: orders
-- exposure: promotions that were wanted more often than their limit: demand in the orders book exceeded it, or the last use
--   was taken and shoppers were told that a promotion was used up
--
-- Accepted orders (neither failed nor cancelled) against the declared limit. What was still pending when the run was cut
-- short may yet fail.
WITH used AS (
    SELECT promotion AS code, count(*) AS wanted, sum(accepted) AS used, sum(accepted AND state <> 'pending') AS used_for_certain
    FROM v1_order WHERE promotion IS NOT NULL
    GROUP BY promotion
)
SELECT p.code AS subject,
       CASE WHEN coalesce(used.used, 0) <= p.uses THEN 'held'
            WHEN run.final OR used.used_for_certain > p.uses THEN 'violated'
            ELSE 'undecided' END AS finding,
       CASE WHEN coalesce(used.used, 0) <= p.uses THEN ''
            ELSE printf('%d accepted orders used it, the limit is %d', used.used, p.uses) END AS why,
       used.used - p.uses AS weight,
       coalesce(used.wanted, 0) > p.uses
           OR (coalesce(used.used, 0) >= p.uses
               AND EXISTS (SELECT 1 FROM v1_arrival WHERE refusal = 'promotion_used_up')) AS exposed
FROM v1_promotion AS p JOIN v1_run AS run LEFT JOIN used ON used.code = p.code
WHERE EXISTS (SELECT 1 FROM v1_order WHERE promotion IS NOT NULL);
