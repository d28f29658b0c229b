-- sentence: What a voucher or an account's credit lost was spent on an order, and what was spent was lost.
-- needs: orders
-- exposure: vouchers and accounts of which an order failed or was cancelled, so that its worth had to come back, and orders that
--   were paid with both, or of which some came back
--
-- Examined where the shop tells what is left of its vouchers and accounts: declared less left is covered by what accepted orders
-- (neither failed nor cancelled) have of them. Where it also tells what each order took of which purse and gave back, the two are
-- the same to the minor unit – what a failed order still holds comes back when its time is up, maybe between the reading of one
-- book and the other –, and of each order: it took what it says is covered, from its own voucher and its own account; of a
-- cancelled one all came back, of another one what its refunds say, and the share of parts that were given up. Where the shop
-- declares to give the card's money back first, nothing came back while some of it was left: not where it was taken later, is
-- disputed, or came back itself.
WITH taken AS MATERIALIZED (
    SELECT c.kind, c.purse, sum(c.amount_minor - c.returned_minor) AS taken_minor,
           sum(iif(o.state = 'failed', c.amount_minor - c.returned_minor, 0)) AS held_minor
    FROM v1_order_credit AS c JOIN v1_order AS o ON o.order_seq = c.order_seq GROUP BY c.kind, c.purse
), used AS MATERIALIZED (
    SELECT voucher AS code, sum(iif(accepted, credit_minor, 0)) AS used_minor, sum(NOT accepted) AS given_up  -- credit included
    FROM v1_order WHERE voucher IS NOT NULL GROUP BY voucher
), told AS (
    SELECT EXISTS (SELECT 1 FROM v1_order_credit) AS parts, (SELECT min(currency) FROM v1_order WHERE credit_minor > 0) AS currency
), terms AS (
    SELECT EXISTS (SELECT 1 FROM v1_fact WHERE name = 'refunds.first' AND value = 'card') AS card_first
), purses AS (
    SELECT b.code AS subject, b.declared_minor - b.balance_minor AS lost_minor, coalesce(u.used_minor, 0) AS used_minor,
           coalesce(t.taken_minor, 0) AS taken_minor, coalesce(t.held_minor, 0) AS held_minor, coalesce(u.given_up, 0) > 0 AS exposed
    FROM v1_voucher_book AS b
    LEFT JOIN used AS u ON u.code = b.code
    LEFT JOIN taken AS t ON t.kind = 'voucher' AND t.purse = b.code
    UNION ALL
    SELECT b.account, b.declared_minor - b.balance_minor, coalesce(t.taken_minor, 0), coalesce(t.taken_minor, 0),
           coalesce(t.held_minor, 0), t.taken_minor = 0
    FROM v1_account_book AS b LEFT JOIN taken AS t ON t.kind = 'account' AND t.purse = b.account
    WHERE t.purse IS NOT NULL OR b.declared_minor <> b.balance_minor
), weighed AS (
    SELECT p.subject, NULL AS intent, NULL AS order_number, coalesce(p.exposed, 0) AS exposed,
           CASE WHEN p.lost_minor > p.used_minor
                     THEN printf('%d minor units are gone from it, accepted orders have %d', p.lost_minor, p.used_minor)
                WHEN told.parts AND p.lost_minor NOT BETWEEN p.taken_minor - p.held_minor AND p.taken_minor
                     THEN printf('%d minor units are gone from it, orders took %d', p.lost_minor, p.taken_minor) END AS why,
           max(p.lost_minor - p.used_minor, iif(told.parts, abs(p.lost_minor - p.taken_minor), 0)) AS weight, told.currency
    FROM purses AS p JOIN told
), gone AS MATERIALIZED (
    SELECT order_seq, count(*) AS purses, sum(amount_minor) AS amount_minor, sum(returned_minor) AS returned_minor,
           min(iif(kind = 'voucher', purse, NULL)) AS voucher, min(iif(kind = 'account', purse, NULL)) AS account
    FROM v1_order_credit GROUP BY order_seq
), back AS MATERIALIZED (
    SELECT order_seq, sum(credit_minor) AS credit_minor, min(state = 'succeeded') AS all_given FROM v1_order_refund GROUP BY order_seq
), spent AS (
    SELECT o.order_number AS subject, o.intent, o.order_number, g.purses >= 2 OR g.returned_minor > 0 AS exposed,
           CASE WHEN o.given_up_minor = 0 AND g.amount_minor <> o.credit_minor
                     THEN printf('%d minor units of it are covered, %d were taken', o.credit_minor, g.amount_minor)
                WHEN g.voucher <> o.voucher OR g.account <> o.account THEN 'it was paid with somebody else''s voucher or credit'
                WHEN o.state = 'cancelled' AND g.returned_minor <> g.amount_minor
                     THEN printf('it is cancelled, and %d of %d minor units came back', g.returned_minor, g.amount_minor)
                WHEN o.accepted AND g.returned_minor <> coalesce(b.credit_minor, 0) + g.amount_minor - o.credit_minor
                     THEN printf('%d minor units came back, its refunds say %d', g.returned_minor,
                                 coalesce(b.credit_minor, 0) + g.amount_minor - o.credit_minor)
                WHEN terms.card_first AND b.credit_minor > 0 AND b.all_given AND o.accepted AND NOT o.paid_apart
                     AND coalesce(o.disputed_minor, 0) = 0 AND o.paid_minor > o.booked_back_minor
                     THEN printf('%d minor units came back, and %d of the card''s money had not', b.credit_minor,
                                 o.paid_minor - o.booked_back_minor) END AS why,
           g.amount_minor AS weight, o.currency
    FROM gone AS g JOIN terms JOIN v1_order AS o ON o.order_seq = g.order_seq LEFT JOIN back AS b ON b.order_seq = g.order_seq
)
SELECT w.subject,
       CASE WHEN w.why IS NULL THEN 'held' WHEN run.final THEN 'violated' ELSE 'undecided' END AS finding,
       coalesce(w.why || iif(run.final, '', '; the run was cut short'), '') AS why,
       w.weight, w.currency,
       w.exposed,
       w.intent,
       w.order_number
FROM (SELECT * FROM weighed UNION ALL SELECT subject, intent, order_number, exposed, why, weight, currency FROM spent) AS w JOIN v1_run AS run;
