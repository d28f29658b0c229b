-- sentence: No two customers have the same order number.
-- needs: orders
-- exposure: order numbers of purchases that were submitted while others were: all of them
-- stands: a number that was given twice was given twice
--
-- In the orders book, and in what shoppers were told: an order number is of one order and of one purchase. Tabs and repeats of
-- one purchase may hear the same number.
SELECT o.order_number AS subject,
       CASE WHEN o.namesakes > 1 OR o.told > 1 THEN 'violated' ELSE 'held' END AS finding,
       CASE WHEN o.namesakes > 1 THEN printf('the orders book has %d orders of that number', o.namesakes)
            WHEN o.told > 1 THEN printf('%d customers were told that it is theirs', o.told)
            ELSE '' END AS why,
       max(o.namesakes, o.told) - 1 AS weight,
       1 AS exposed,
       coalesce(o.intent, (SELECT min(a.intent) FROM v1_acknowledged AS a WHERE a.order_number = o.order_number)) AS intent,
       o.order_number
FROM v1_order AS o WHERE o.namesake = 1;
