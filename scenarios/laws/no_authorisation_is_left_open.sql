-- sentence: No customer's money stays blocked for nothing.
-- needs: statement, orders
-- exposure: charges that were released or are still open, whose answer was destroyed, or that the second payment provider
--   took in the place of the first
--
-- Examined: every authorisation that succeeded. Open: neither captured nor released. It may be open for an accepted order
-- that waits for its capture; a final partial capture releases the rest.
SELECT c.charge AS subject,
       CASE WHEN NOT c.open THEN 'held'
            WHEN c.order_accepted AND c.order_captured_minor < coalesce(c.order_due_minor, c.authorised_minor) THEN 'held'
            WHEN c.attribution = 'undecided' OR coalesce(c.orders_maybe, 0) > 0 OR NOT run.final THEN 'undecided'
            ELSE 'violated' END AS finding,
       CASE WHEN NOT c.open OR (c.order_accepted AND c.order_captured_minor < coalesce(c.order_due_minor, c.authorised_minor)) THEN ''
            ELSE printf('%.*f %s is still blocked, and ', k.minor_digits, c.open_minor / k.minor_unit, c.currency)
                 || CASE WHEN c.attribution = 'undecided' OR coalesce(c.orders_maybe, 0) > 0
                              THEN 'its marks fit several intents'
                         WHEN c.order_number IS NULL THEN 'there is no order'
                         WHEN c.order_accepted THEN printf('order %s is paid by another charge', c.order_number)
                         ELSE printf('order %s is %s', c.order_number, c.order_state) END
                 || CASE WHEN run.final THEN '' ELSE '; the run was cut short' END END AS why,
       c.open_minor AS weight, c.currency,
       c.released OR c.open OR c.answers_lost > 0 OR c.provider = 'backup_payment' AS exposed,
       c.intent,
       c.order_number
FROM v1_charge AS c
LEFT JOIN v1_currency AS k ON k.currency = c.currency
JOIN v1_run AS run
WHERE c.authorised_minor IS NOT NULL;
