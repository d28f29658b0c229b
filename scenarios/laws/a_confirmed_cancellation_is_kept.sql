-- sentence: Who was told that the order is cancelled, or will be, has no order.
-- needs: shopper, orders
-- exposure: every cancellation that was confirmed or taken in
--
-- The order of which the shopper learnt the number, or without a number the intent's orders, is cancelled or failed. That the
-- money went back is the business of other laws. A wish that was taken in while the payment was in doubt, and not refused afterwards,
-- is a promise as well: in the end none of the purchase's orders is accepted.
WITH told AS (
    SELECT i.intent_id, i.intent, i.order_number, i.orders_accepted, coalesce(i.total_minor, i.shown_total_minor, 0) AS weight,
           i.currency,
           (SELECT min(o.state) FROM v1_order AS o
            WHERE o.order_number = i.order_number AND o.accepted) AS state
    FROM v1_intent AS i WHERE i.cancel = 'confirmed'
), promised AS (
    SELECT i.intent_id, i.intent, NULL AS order_number, i.orders_accepted,
           coalesce(i.total_minor, i.shown_total_minor, 0), i.currency,
           (SELECT min(o.state) FROM v1_order AS o WHERE o.intent_id = i.intent_id AND o.accepted) AS state
    FROM (SELECT intent, max(reading = 'pending') AS taken_in, max(reading IN ('ok', 'technical', 'declined')) AS answered
          FROM v1_attempt WHERE kind = 'cancel' AND intent IS NOT NULL GROUP BY intent) AS a
    JOIN v1_intent AS i ON i.intent = a.intent
    WHERE a.taken_in AND NOT a.answered AND i.cancel <> 'confirmed'
), judged AS (
    SELECT told.*, iif(order_number IS NULL, orders_accepted > 0, state IS NOT NULL) AS broken FROM told
    UNION ALL
    SELECT promised.*, orders_accepted > 0 FROM promised
)
SELECT coalesce(j.order_number, j.intent) AS subject,
       CASE WHEN NOT j.broken THEN 'held' WHEN run.final THEN 'violated' ELSE 'undecided' END AS finding,
       iif(j.broken, printf('the shopper was told that it is cancelled; the orders book says %s', coalesce(j.state, 'otherwise'))
                     || iif(run.final, '', '; the run was cut short'), '') AS why,
       j.weight, j.currency,
       1 AS exposed,
       j.intent,
       j.order_number
FROM judged AS j JOIN v1_run AS run;
