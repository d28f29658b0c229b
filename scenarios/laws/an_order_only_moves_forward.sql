-- sentence: A paid order never falls back.
-- needs: orders
-- exposure: orders whose payment a fault touched (webhooks included), or that had failed before
-- stands: an order that fell back has fallen back
--
-- Over the history of states, closed by the state in which the order was read. Pending and failed are one step (a second
-- card makes a failed order pending, then paid); authorised, paid, partially fulfilled, fulfilled, cancelled are the next
-- ones.
WITH ranked AS MATERIALIZED (
    SELECT course, number, state,
           CASE state WHEN 'pending' THEN 0 WHEN 'failed' THEN 0 WHEN 'authorised' THEN 1 WHEN 'paid' THEN 2
                      WHEN 'partially_fulfilled' THEN 3 WHEN 'fulfilled' THEN 4 WHEN 'cancelled' THEN 5 END AS rank
    FROM v1_course
), judged AS MATERIALIZED (
    -- There are few histories, whatever the number of orders.
    SELECT c.course,
           (SELECT earlier.state || ' became ' || later.state
            FROM ranked AS earlier
            JOIN ranked AS later ON later.course = earlier.course AND later.number > earlier.number
            WHERE earlier.course = c.course AND later.rank < earlier.rank
            ORDER BY later.number, earlier.number DESC LIMIT 1) AS fall,
           min(iif(c.rank IS NULL, c.state, NULL)) AS strange,
           max(c.state = 'failed') AS had_failed
    FROM ranked AS c GROUP BY c.course
)
SELECT o.order_number AS subject,
       CASE WHEN fall IS NOT NULL THEN 'violated' WHEN strange IS NOT NULL THEN 'undecided' ELSE 'held' END AS finding,
       coalesce(fall, 'unknown state ' || strange, '') AS why,
       coalesce(o.total_minor, 0) AS weight, o.currency,
       o.faults > 0 OR had_failed AS exposed,
       o.intent,
       o.order_number
FROM v1_order AS o JOIN judged ON judged.course = o.course;
