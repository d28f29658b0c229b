-- sentence: A paid order never falls back.
-- needs: orders
-- exposure: orders whose payment a fault touched (webhooks included), or that had failed before
-- stands: an order that fell back has fallen back
--
-- Over the history of states, closed by the state in which the order was read. Pending and failed are one step (a second
-- card makes a failed order pending, then paid); paid, fulfilled and cancelled are the next ones.
WITH ranked AS (
    SELECT order_seq, number, state,
           CASE state WHEN 'pending' THEN 0 WHEN 'failed' THEN 0 WHEN 'paid' THEN 1 WHEN 'fulfilled' THEN 2
                      WHEN 'cancelled' THEN 3 END AS rank
    FROM v1_order_state
), moved AS (
    SELECT order_seq, state, rank,
           lag(state) OVER history AS before, lag(rank) OVER history AS rank_before
    FROM ranked
    WINDOW history AS (PARTITION BY order_seq ORDER BY number)
), judged AS (
    SELECT order_seq, max(coalesce(rank < rank_before, 0)) AS back, max(rank IS NULL) AS strange,
           max(state = 'failed') AS failed,
           min(iif(rank < rank_before, before || ' became ' || state, NULL)) AS fall,
           min(iif(rank IS NULL, state, NULL)) AS strange_state
    FROM moved GROUP BY order_seq
)
SELECT o.order_number AS subject,
       CASE WHEN j.back THEN 'violated' WHEN j.strange THEN 'undecided' ELSE 'held' END AS finding,
       CASE WHEN j.back THEN j.fall WHEN j.strange THEN 'unknown state ' || j.strange_state ELSE '' END AS why,
       o.faults > 0 OR j.failed AS exposed,
       o.intent,
       o.order_number
FROM judged AS j JOIN v1_order AS o ON o.order_seq = j.order_seq;
