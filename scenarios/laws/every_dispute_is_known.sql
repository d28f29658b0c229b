-- sentence: The shop knows of every dispute that it was told of.
-- needs: statement, orders
-- exposure: every order of which a dispute was told to the shop
--
-- Examined where the orders book tells disputes: orders with a dispute by the provider's statement, of which a message reached
-- the shop that no fault had touched. What a lost dispute costs is the business of the laws about refunds.
WITH disputed AS MATERIALIZED (
    SELECT order_seq FROM v1_order WHERE disputes > 0
), told AS MATERIALIZED (
    SELECT d.order_seq,
           EXISTS (SELECT 1 FROM v1_statement AS w
                   WHERE w.order_seq = d.order_seq AND w.op = 'webhook' AND w.state = 'delivered' AND w.fault IS NULL
                     AND (w.detail ->> '$.type' LIKE '%dispute%' OR w.detail ->> '$.type' LIKE '%CHARGEBACK%')) AS told,
           (SELECT max(w.amount_minor) FROM v1_statement AS w WHERE w.order_seq = d.order_seq AND w.op = 'dispute') AS weight
    FROM disputed AS d
)
SELECT o.order_number AS subject,
       CASE WHEN o.dispute_state IS NOT NULL THEN 'held' WHEN run.final THEN 'violated' ELSE 'undecided' END AS finding,
       iif(o.dispute_state IS NOT NULL, '',
           'the customer disputes the charge and the shop was told so, the orders book says nothing of it'
           || iif(run.final, '', '; the run was cut short')) AS why,
       coalesce(told.weight, 0) AS weight, o.currency,
       1 AS exposed,
       o.intent,
       o.order_number
FROM told JOIN v1_order AS o ON o.order_seq = told.order_seq JOIN v1_run AS run
WHERE told.told AND EXISTS (SELECT 1 FROM v1_order WHERE disputed_minor IS NOT NULL);
