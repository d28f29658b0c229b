-- sentence: Every paid order is sent out, and only once.
-- needs: statement, orders
-- exposure: orders for whose intent a fault touched the warehouse, or whose message reached it again
--
-- Examined where a warehouse's book is in use: orders paid or fulfilled, and those whose money is reserved and that nobody
-- reviews any more (it is taken when they leave); one refunded in full may or may not have been sent.
-- Distinct dispatches count; another delivery of the same message is honest.
-- An order that the shop sends in parts is sent as often as it lists parts.
WITH in_use AS (
    SELECT EXISTS (SELECT 1 FROM v1_dispatch) OR EXISTS (SELECT 1 FROM v1_order WHERE dispatch IS NOT NULL) AS yes
), parts AS (
    SELECT order_seq, count(*) AS parts FROM v1_order_dispatch GROUP BY order_seq
), maybe AS (
    SELECT count(*) AS dispatches FROM v1_dispatch WHERE order_seq IS NULL AND attribution = 'undecided'
)
SELECT o.order_number AS subject,
       CASE WHEN o.dispatches = coalesce(parts.parts, 1) OR (o.dispatches = 0 AND o.refunded_in_full) THEN 'held'
            WHEN o.dispatches > coalesce(parts.parts, 1) THEN 'violated'
            WHEN maybe.dispatches > 0 OR NOT run.final THEN 'undecided'
            ELSE 'violated' END AS finding,
       CASE WHEN o.dispatches = coalesce(parts.parts, 1) OR (o.dispatches = 0 AND o.refunded_in_full) THEN ''
            WHEN o.dispatches > coalesce(parts.parts, 1) THEN printf('the warehouse sent it %d times', o.dispatches)
            WHEN o.dispatches > 0 THEN printf('the warehouse heard of %d parts of %d', o.dispatches, parts.parts)
            ELSE printf('it is %s, and the warehouse never heard of it', o.state)
                 || CASE WHEN maybe.dispatches > 0 THEN '; some dispatches cannot be told apart'
                         WHEN run.final THEN '' ELSE '; the run was cut short' END END AS why,
       o.due_minor AS weight, o.currency,
       o.dispatch_faults > 0 OR o.warehouse_faults > 0 OR o.redeliveries > 0 AS exposed,
       o.intent,
       o.order_number
FROM v1_order AS o JOIN in_use ON in_use.yes JOIN maybe JOIN v1_run AS run LEFT JOIN parts ON parts.order_seq = o.order_seq
WHERE o.paid OR (o.state = 'authorised' AND o.review IS NOT 'pending');
