-- sentence: A voucher buys no more than it is worth.
-- needs: orders
-- exposure: vouchers of which more was wanted than they are worth, or that two or more orders share
--
-- What accepted orders (neither failed nor cancelled) cover by the voucher, less what refunds gave back to it, against the
-- declared worth – of orders that tell what they took of which purse, the voucher's part; and what the shop says is left of it is not below zero. What was still pending when the run was cut short
-- may yet fail.
WITH back AS (
    SELECT order_seq, sum(credit_minor) AS credit_minor FROM v1_order_refund
    WHERE state IN ('succeeded', 'pending') GROUP BY order_seq
), part AS (
    SELECT order_seq, sum(iif(kind = 'voucher', amount_minor, 0)) AS taken_minor,
           sum(iif(kind = 'voucher', amount_minor - returned_minor, 0)) AS kept_minor
    FROM v1_order_credit GROUP BY order_seq
), covered AS (
    SELECT o.voucher, o.currency, o.accepted, o.state, coalesce(part.taken_minor, o.credit_minor) AS taken_minor,
           coalesce(part.kept_minor, o.credit_minor - coalesce(back.credit_minor, 0)) AS kept_minor
    FROM v1_order AS o LEFT JOIN back ON back.order_seq = o.order_seq LEFT JOIN part ON part.order_seq = o.order_seq
    WHERE o.voucher IS NOT NULL
), used AS (
    SELECT voucher AS code, min(currency) AS currency, sum(taken_minor > 0) AS orders, sum(taken_minor) AS wanted_minor,
           sum(iif(accepted, kept_minor, 0)) AS used_minor,
           sum(iif(accepted AND state <> 'pending', kept_minor, 0)) AS certain_minor
    FROM covered GROUP BY voucher
)
SELECT v.code AS subject,
       CASE WHEN coalesce(b.balance_minor, 0) < 0 THEN 'violated'
            WHEN used.used_minor <= v.balance_minor THEN 'held'
            WHEN run.final OR used.certain_minor > v.balance_minor THEN 'violated'
            ELSE 'undecided' END AS finding,
       CASE WHEN coalesce(b.balance_minor, 0) < 0 THEN printf('%d minor units are left of it', b.balance_minor)
            WHEN used.used_minor <= v.balance_minor THEN ''
            ELSE printf('%d minor units were paid with it, it is worth %d', used.used_minor, v.balance_minor) END AS why,
       max(used.used_minor - v.balance_minor, -coalesce(b.balance_minor, 0)) AS weight, used.currency,
       used.wanted_minor > v.balance_minor OR used.orders >= 2 AS exposed
FROM v1_voucher AS v JOIN v1_run AS run JOIN used ON used.code = v.code
LEFT JOIN v1_voucher_book AS b ON b.code = v.code;
