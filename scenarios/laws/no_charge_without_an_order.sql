-- sentence: Whoever paid has an order.
-- needs: statement, orders
-- exposure: intents with a capture where a fault touched the payment (its webhooks included), where the shop asked again
--   under the same key, or where the shopper's submission was never answered
--
-- Violated: captured minus refunded is above zero at the end, and no accepted order (neither failed nor cancelled) is
-- there. A shop that was cut short may not have had the time to refund.
SELECT i.intent AS subject,
       CASE WHEN i.net_minor <= 0 OR i.orders_accepted > 0 THEN 'held'
            WHEN i.orders_maybe > 0 OR NOT run.final THEN 'undecided'
            ELSE 'violated' END AS finding,
       CASE WHEN i.net_minor <= 0 OR i.orders_accepted > 0 THEN ''
            ELSE printf('%.*f %s was kept, and ', c.minor_digits, i.net_minor / c.minor_unit, i.currency)
                 || CASE WHEN i.orders_maybe > 0 THEN 'the only orders have marks that fit another intent too'
                         WHEN i.orders = 0 THEN 'there is no order'
                         ELSE 'no order was accepted: '
                              || (SELECT group_concat(o.order_number || ' is ' || o.state, ', ')
                                  FROM (SELECT * FROM v1_order WHERE intent_id = i.intent_id ORDER BY order_seq) AS o) END
                 || CASE WHEN run.final THEN '' ELSE '; the run was cut short' END END AS why,
       i.net_minor AS weight, i.currency,
       i.payment_faults > 0 OR i.replays > 0 OR i.submits_unanswered > 0 AS exposed,
       i.intent
FROM v1_intent AS i LEFT JOIN v1_currency AS c ON c.currency = i.currency JOIN v1_run AS run
WHERE i.captures > 0;
