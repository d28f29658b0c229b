-- sentence: No two customers have the same order number.
-- needs: orders
-- exposure: order numbers of purchases that were submitted while others were: all of them
-- stands: a number that was given twice was given twice
--
-- In the orders book, and in what shoppers were told: an order number is of one order and of one purchase. Tabs and repeats of
-- one purchase may hear the same number.
WITH booked AS (
    SELECT order_number, count(*) AS orders, min(intent) AS intent FROM v1_order GROUP BY order_number
), told AS (
    SELECT order_number, count(DISTINCT intent) AS intents, min(intent) AS intent
    FROM v1_acknowledged WHERE order_number IS NOT NULL GROUP BY order_number
)
SELECT b.order_number AS subject,
       CASE WHEN b.orders > 1 OR coalesce(t.intents, 0) > 1 THEN 'violated' ELSE 'held' END AS finding,
       CASE WHEN b.orders > 1 THEN printf('the orders book has %d orders of that number', b.orders)
            WHEN t.intents > 1 THEN printf('%d customers were told that it is theirs', t.intents)
            ELSE '' END AS why,
       max(b.orders, coalesce(t.intents, 0)) - 1 AS weight,
       1 AS exposed,
       coalesce(b.intent, t.intent) AS intent,
       b.order_number
FROM booked AS b LEFT JOIN told AS t ON t.order_number = b.order_number;
