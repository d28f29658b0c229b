-- sentence: Nothing is sent of an order that was given up.
-- needs: statement, orders
-- exposure: orders given up that had been paid or reserved before
-- stands: what was sent was sent
--
-- Examined where a warehouse's book is in use: orders failed or cancelled whose history the book tells. Sent first and cancelled
-- afterwards, by that history, is a return.
WITH in_use AS (
    SELECT EXISTS (SELECT 1 FROM v1_dispatch) OR EXISTS (SELECT 1 FROM v1_order WHERE dispatch IS NOT NULL) AS yes
), given_up AS MATERIALIZED (
    SELECT o.order_number, o.intent, o.state, o.dispatches, o.total_minor, o.currency,
           max(s.state IN ('paid', 'authorised')) AS had_money, max(s.state IN ('partially_fulfilled', 'fulfilled')) AS had_left
    FROM v1_order AS o JOIN v1_order_state AS s ON s.order_seq = o.order_seq
    WHERE o.state IN ('failed', 'cancelled')
    GROUP BY o.order_seq
)
SELECT g.order_number AS subject,
       iif(g.dispatches > 0 AND NOT g.had_left, 'violated', 'held') AS finding,
       iif(g.dispatches > 0 AND NOT g.had_left, printf('the order is %s, and the warehouse sent it', g.state), '') AS why,
       coalesce(g.total_minor, 0) AS weight, g.currency,
       g.had_money AS exposed,
       g.intent,
       g.order_number
FROM given_up AS g JOIN in_use ON in_use.yes;
