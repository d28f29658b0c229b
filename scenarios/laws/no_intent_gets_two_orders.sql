-- sentence: One purchase leads to one order.
-- needs: orders
-- exposure: intents with an order whose purchase was submitted more than once – a double click, a second tab, a repeat after
--   no answer – or whose shopper came back from paying more than once
--
-- Only accepted orders count: neither failed nor cancelled. An order that was still pending when the run was cut short may
-- yet fail. The `+` has the attempts read row after row, of which few are returns, and not in the order of the intents.
WITH came_back AS MATERIALIZED (
    SELECT intent FROM v1_attempt WHERE kind = 'return' AND sent_us IS NOT NULL GROUP BY +intent HAVING count(*) >= 2
)
SELECT i.intent AS subject,
       CASE WHEN i.orders_accepted >= 2 AND (run.final OR i.orders_accepted - i.orders_pending >= 2) THEN 'violated'
            WHEN i.orders_accepted >= 2 THEN 'undecided'
            WHEN i.orders_maybe > 0 AND i.orders_accepted + i.orders_maybe >= 2 THEN 'undecided'
            ELSE 'held' END AS finding,
       CASE WHEN i.orders_accepted >= 2 THEN
                (SELECT group_concat(o.order_number || ' (' || o.state || ')', ' and ')
                 FROM (SELECT * FROM v1_order WHERE accepted AND intent_id = i.intent_id ORDER BY order_seq) AS o)
                || ' were accepted for one purchase'
            WHEN i.orders_maybe > 0 THEN
                printf('%d orders have marks that fit this intent and another one', i.orders_maybe)
            ELSE '' END AS why,
       i.orders_accepted - 1 AS weight,
       i.submits >= 2 OR i.intent IN came_back AS exposed,
       i.intent
FROM v1_intent AS i JOIN v1_run AS run
WHERE i.orders > 0 OR i.orders_maybe > 0;
