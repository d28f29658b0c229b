-- sentence: An order that was confirmed to a customer is there afterwards.
-- needs: shopper, orders
-- exposure: every order that was acknowledged
--
-- Acknowledged: a shopper was told that it is paid. It then exists and is accepted (neither failed nor cancelled), or was
-- cancelled at the shopper's wish, or because its payment could not be captured any more, or its review ended in a no. Where the journey learns no number, any accepted order of the intent will do.
WITH found AS (
    SELECT a.intent, a.order_number, i.total_minor, i.currency, i.cancel, i.orders_maybe, NULL AS state,
           a.accepted OR i.orders_accepted > 0 AS kept, a.accepted OR i.orders > 0 AS exists_at_all
    FROM v1_acknowledged AS a JOIN v1_intent AS i ON i.intent_id = a.intent_id
    WHERE a.accepted OR a.order_number IS NULL
    UNION ALL
    SELECT a.intent, a.order_number, i.total_minor, i.currency, i.cancel, i.orders_maybe, o.state,
           coalesce(o.state = 'cancelled' AND (o.unpayable OR o.review IS 'declined'), 0), a.order_seq IS NOT NULL
    FROM v1_acknowledged AS a JOIN v1_intent AS i ON i.intent_id = a.intent_id
    LEFT JOIN (SELECT order_seq, state, unpayable, review FROM v1_order WHERE NOT accepted) AS o ON o.order_seq = a.order_seq
    WHERE NOT coalesce(a.accepted, 0) AND a.order_number IS NOT NULL
)
SELECT coalesce(order_number, intent) AS subject,
       CASE WHEN kept OR (exists_at_all AND cancel <> 'not_asked') THEN 'held'
            WHEN order_number IS NULL AND orders_maybe > 0 THEN 'undecided'
            ELSE 'violated' END AS finding,
       CASE WHEN kept OR (exists_at_all AND cancel <> 'not_asked') THEN ''
            WHEN order_number IS NULL AND orders_maybe > 0 THEN 'the only orders have marks that fit another intent too'
            WHEN exists_at_all THEN 'the shopper was told that it is paid; the orders book says ' || coalesce(state, 'otherwise')
            ELSE 'the shopper was told that it is paid; the orders book does not have it' END AS why,
       total_minor AS weight, currency,
       1 AS exposed,
       intent,
       order_number
FROM found;
