-- sentence: What counts as paid was paid.
-- needs: statement, orders
-- exposure: paid orders whose payment a fault touched (webhooks included), whose payment's answer was destroyed, or whose
--   purchase was submitted more than once
--
-- Examined: orders that the shop calls authorised, paid or fulfilled, with something to pay beyond vouchers and store credit, unless
-- the shop knows that all of it went back (refunded, or lost in a dispute). A charge pays for one order only. An open
-- authorisation will do where the shop does not claim to have received money.
SELECT o.order_number AS subject,
       CASE WHEN o.net_minor > 0 OR (o.open_minor > 0 AND (o.state = 'authorised' OR coalesce(o.paid_minor, 0) = 0)) THEN 'held'
            WHEN o.charges_maybe > 0 OR o.attribution = 'undecided' OR NOT run.final THEN 'undecided'
            ELSE 'violated' END AS finding,
       CASE WHEN o.net_minor > 0 OR (o.open_minor > 0 AND (o.state = 'authorised' OR coalesce(o.paid_minor, 0) = 0)) THEN ''
            ELSE printf('the order is %s for %.*f %s, and ', o.state, c.minor_digits, o.total_minor / c.minor_unit, o.currency)
                 || CASE WHEN o.charges_maybe > 0 OR o.attribution = 'undecided'
                              THEN 'the only charges have marks that fit several intents'
                         WHEN o.captures = 0 THEN 'nothing was captured for it'
                         ELSE printf('all of the %.*f captured for it was refunded, which the shop does not know',
                                     c.minor_digits, o.captured_minor / c.minor_unit) END
                 || CASE WHEN run.final THEN '' ELSE '; the run was cut short' END END AS why,
       o.due_minor AS weight, o.currency,
       o.faults > 0 OR o.answers_lost > 0 OR o.submits >= 2 AS exposed,
       o.intent,
       o.order_number
FROM v1_order AS o
LEFT JOIN v1_currency AS c ON c.currency = o.currency
JOIN v1_run AS run
WHERE (o.paid OR o.state = 'authorised') AND o.due_minor > 0 AND NOT o.refunded_in_full
      AND o.booked_back_minor < o.due_minor;
