-- sentence: The customer is charged what the order says, and the order says what the customer was shown.
-- needs: statement, orders
-- exposure: orders where all three totals are known: shown, ordered, charged
--
-- Examined: accepted orders with a capture. Each charge of the order is for its total less vouchers and store credit, or all
-- of them together are (split captures); what is still to be sent may be reserved. Total shown: the last one before the
-- submission. How often it was charged is another law's business.
WITH compared AS (
    SELECT o.*, k.minor_digits, k.minor_unit,
           o.charges_foreign > 0 OR (
               o.charges_other > 0 AND o.captured_minor <> o.due_minor
               AND NOT (o.state IN ('authorised', 'partially_fulfilled')
                        AND o.captured_minor + o.open_minor = o.due_minor)) AS charge_differs,
           coalesce(o.shown_total_minor <> o.total_minor, 0)
               OR coalesce(o.shown_currency <> o.currency AND o.shown_currency <> '' AND o.currency <> '', 0) AS shown_differs
    FROM v1_order AS o LEFT JOIN v1_currency AS k ON k.currency = o.currency
    WHERE o.accepted AND o.captures > 0
)
SELECT order_number AS subject,
       CASE WHEN total_minor IS NULL THEN 'undecided'
            WHEN charge_differs OR shown_differs THEN 'violated'
            ELSE 'held' END AS finding,
       CASE WHEN total_minor IS NULL THEN 'the orders book gives no total'
            WHEN charge_differs THEN
                printf('the order says %.*f %s, charged was %s', minor_digits, due_minor / minor_unit, currency,
                       (SELECT group_concat(printf('%.*f %s', c.minor_digits, c.captured_minor / c.minor_unit, c.currency), ' and ')
                        FROM (SELECT charge.captured_minor, charge.currency, met.minor_digits, met.minor_unit
                              FROM v1_charge AS charge JOIN v1_currency AS met ON met.currency = charge.currency
                              WHERE charge.order_seq = compared.order_seq AND charge.captures > 0 ORDER BY charge.charge) AS c))
            WHEN shown_differs THEN
                printf('the shopper was shown %.*f %s, the order says %.*f %s', minor_digits, shown_total_minor / minor_unit,
                       coalesce(shown_currency, ''), minor_digits, total_minor / minor_unit, currency)
            ELSE '' END AS why,
       abs(iif(charge_differs, captured_minor - due_minor, shown_total_minor - total_minor)) AS weight, currency,
       shown_total_minor IS NOT NULL AND total_minor IS NOT NULL AS exposed,
       intent,
       order_number
FROM compared;
