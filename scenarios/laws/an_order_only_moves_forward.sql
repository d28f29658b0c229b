-- sentence: A paid order never falls back.
-- needs: orders
-- exposure: orders whose payment a fault touched (webhooks included), or that had failed before
-- stands: an order that fell back has fallen back
--
-- Over the history of states, closed by the state in which the order was read. Pending and failed are one step (a second
-- card makes a failed order pending, then paid); authorised, paid, partially fulfilled, fulfilled, cancelled are the next
-- ones.
WITH ranked AS NOT MATERIALIZED (
    SELECT order_seq, number, state,
           CASE state WHEN 'pending' THEN 0 WHEN 'failed' THEN 0 WHEN 'authorised' THEN 1 WHEN 'paid' THEN 2
                      WHEN 'partially_fulfilled' THEN 3 WHEN 'fulfilled' THEN 4 WHEN 'cancelled' THEN 5 END AS rank
    FROM v1_order_state
), judged AS MATERIALIZED (
    SELECT o.order_number, o.intent, o.faults,
           (SELECT earlier.state || ' became ' || later.state
            FROM ranked AS earlier
            JOIN ranked AS later ON later.order_seq = earlier.order_seq AND later.number > earlier.number
            WHERE earlier.order_seq = o.order_seq AND later.rank < earlier.rank
            ORDER BY later.number, earlier.number DESC LIMIT 1) AS fall,
           (SELECT min(state) FROM ranked WHERE order_seq = o.order_seq AND rank IS NULL) AS strange,
           EXISTS (SELECT 1 FROM v1_order_state WHERE order_seq = o.order_seq AND state = 'failed') AS had_failed
    FROM v1_order AS o
    WHERE EXISTS (SELECT 1 FROM v1_order_state WHERE order_seq = o.order_seq)
)
SELECT order_number AS subject,
       CASE WHEN fall IS NOT NULL THEN 'violated' WHEN strange IS NOT NULL THEN 'undecided' ELSE 'held' END AS finding,
       coalesce(fall, 'unknown state ' || strange, '') AS why,
       faults > 0 OR had_failed AS exposed,
       intent,
       order_number
FROM judged;
