-- sentence: What a voucher lost was spent on an order.
-- needs: orders
-- exposure: vouchers of which an order failed or was cancelled: its worth had to come back
--
-- Examined where the shop tells what is left of its vouchers: declared less left is covered by what accepted orders (neither failed
-- nor cancelled) have of vouchers and store credit.
WITH used AS MATERIALIZED (
    SELECT voucher AS code, sum(iif(accepted, credit_minor, 0)) AS used_minor, sum(NOT accepted) AS given_up
    FROM v1_order WHERE voucher IS NOT NULL GROUP BY voucher
), weighed AS (
    SELECT b.code, b.declared_minor - b.balance_minor AS lost_minor, coalesce(u.used_minor, 0) AS used_minor,
           coalesce(u.given_up, 0) AS given_up
    FROM v1_voucher_book AS b LEFT JOIN used AS u ON u.code = b.code
)
SELECT w.code AS subject,
       CASE WHEN w.lost_minor <= w.used_minor THEN 'held' WHEN run.final THEN 'violated' ELSE 'undecided' END AS finding,
       iif(w.lost_minor <= w.used_minor, '',
           printf('%d minor units are gone from it, accepted orders have %d', w.lost_minor, w.used_minor)
           || iif(run.final, '', '; the run was cut short')) AS why,
       w.given_up > 0 AS exposed
FROM weighed AS w JOIN v1_run AS run;
