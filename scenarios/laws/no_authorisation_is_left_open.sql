-- sentence: No customer's money stays blocked for nothing.
-- needs: statement, orders
-- exposure: charges that were released or are still open, or whose answer was destroyed
--
-- Examined: every authorisation that succeeded. Open: neither captured nor released. It may be open for an accepted order
-- that waits for its capture; a partial capture releases the rest.
SELECT c.charge AS subject,
       CASE WHEN NOT c.open THEN 'held'
            WHEN o.accepted AND o.captured_minor < coalesce(o.total_minor, c.authorised_minor) THEN 'held'
            WHEN c.attribution = 'undecided' OR coalesce(i.orders_maybe, 0) > 0 OR NOT run.final THEN 'undecided'
            ELSE 'violated' END AS finding,
       CASE WHEN NOT c.open OR (o.accepted AND o.captured_minor < coalesce(o.total_minor, c.authorised_minor)) THEN ''
            ELSE printf('%.*f %s is still blocked, and ', k.minor_digits, c.authorised_minor / k.minor_unit, c.currency)
                 || CASE WHEN c.attribution = 'undecided' OR coalesce(i.orders_maybe, 0) > 0
                              THEN 'its marks fit several intents'
                         WHEN o.order_number IS NULL THEN 'there is no order'
                         WHEN o.accepted THEN printf('order %s is paid by another charge', o.order_number)
                         ELSE printf('order %s is %s', o.order_number, o.state) END
                 || CASE WHEN run.final THEN '' ELSE '; the run was cut short' END END AS why,
       c.released OR c.open OR c.answers_lost > 0 AS exposed,
       c.intent,
       o.order_number
FROM v1_charge AS c
JOIN v1_currency AS k ON k.currency = c.currency
JOIN v1_run AS run
LEFT JOIN v1_order AS o ON o.order_seq = c.order_seq
LEFT JOIN v1_intent AS i ON i.intent_id = c.intent_id
WHERE c.authorised_minor IS NOT NULL;
