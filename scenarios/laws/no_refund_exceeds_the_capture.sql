-- sentence: Nobody gets back more than they paid.
-- needs: statement
-- exposure: payments and orders with two or more refunds asked for or booked, or with a refund that a fault touched
-- stands: what was asked for was asked for
-- evidence: refund
--
-- Refunds that the shop asked for under distinct keys count, refused ones included: the provider refuses the excess, so its
-- statement alone could never break this law. So do refunds that the shop booked, store credit left out;
-- those that came back were not given.
WITH asked AS (
    SELECT payment, sum(amount_minor) AS asked_minor, count(*) AS asks, max(fault IS NOT NULL) AS faulted,
           min(intent) AS intent
    FROM (SELECT payment, coalesce(key, refund) AS key, max(amount_minor) AS amount_minor, max(fault) AS fault,
                 min(intent) AS intent
          FROM v1_refund AS r WHERE NOT came_back
          GROUP BY payment, coalesce(key, refund))
    GROUP BY payment
), captured AS (
    SELECT payment, sum(captured_minor) AS captured_minor, min(currency) AS currency, min(attribution) AS attribution,
           min(order_number) AS order_number
    FROM v1_charge WHERE payment IN (SELECT payment FROM asked) GROUP BY payment
), booked AS (
    SELECT r.order_seq, count(*) AS asks, sum(r.amount_minor - r.credit_minor) AS asked_minor, sum(r.credit_minor) AS credit_minor
    FROM v1_order_refund AS r WHERE r.state <> 'failed' GROUP BY r.order_seq
), compared AS (
    SELECT a.payment AS subject, a.asked_minor AS back_minor, coalesce(k.captured_minor, 0) AS captured_minor,
           coalesce(k.currency, '') AS currency, 'asked for' AS verb, a.asks >= 2 OR a.faulted AS exposed,
           0 AS unsure, a.intent, k.order_number
    FROM asked AS a
    LEFT JOIN captured AS k ON k.payment = a.payment
    UNION ALL
    SELECT o.order_number, max(coalesce(b.asked_minor, 0), o.refunded_minor - coalesce(b.credit_minor, 0)), o.captured_minor, o.currency, 'booked',
           coalesce(b.asks, 1) >= 2, o.captures = 0 AND o.charges_maybe > 0, o.intent, o.order_number
    FROM v1_order AS o
    LEFT JOIN booked AS b ON b.order_seq = o.order_seq
    WHERE o.refunded_minor > 0 OR b.asks > 0
)
SELECT x.subject,
       CASE WHEN x.back_minor <= x.captured_minor THEN 'held' WHEN x.unsure THEN 'undecided' ELSE 'violated' END AS finding,
       CASE WHEN x.back_minor <= x.captured_minor THEN ''
            ELSE printf('refunds of %.*f %s were %s, %.*f was captured', c.minor_digits, x.back_minor / c.minor_unit, x.currency,
                        x.verb, c.minor_digits, x.captured_minor / c.minor_unit)
                 || iif(x.unsure, '; the only charges have marks that fit several intents', '') END AS why,
       x.back_minor - x.captured_minor AS weight, x.currency,
       x.exposed,
       x.intent,
       x.order_number
FROM compared AS x JOIN v1_currency AS c ON c.currency = x.currency;
