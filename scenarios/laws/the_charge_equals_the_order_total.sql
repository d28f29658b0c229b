-- sentence: The customer is charged what the order says, and the order says what the customer was shown.
-- needs: statement, orders
-- exposure: orders where all three totals are known: shown, ordered, charged
--
-- Examined: accepted orders with a capture. Each charge of the order is for its total less vouchers and store credit, or all
-- of them together are (split captures); what is still to be sent may be reserved. Total shown: the last one before the
-- submission. How often it was charged is another law's business.
WITH charged AS (
    SELECT c.order_seq, max(c.captured_minor <> o.due_minor) AS some_differ,
           max(c.currency <> o.currency AND c.currency <> '' AND o.currency <> '') AS other_currency,
           group_concat(printf('%.*f %s', k.minor_digits, c.captured_minor / k.minor_unit, c.currency), ' and ') AS amounts
    FROM (SELECT * FROM v1_charge WHERE captures > 0 ORDER BY order_seq, charge) AS c
    JOIN v1_order AS o ON o.order_seq = c.order_seq
    JOIN v1_currency AS k ON k.currency = c.currency
    WHERE o.accepted
    GROUP BY c.order_seq
), compared AS (
    SELECT o.*, charged.amounts, k.minor_digits, k.minor_unit,
           charged.other_currency OR (
               charged.some_differ AND o.captured_minor <> o.due_minor
               AND NOT (o.state IN ('authorised', 'partially_fulfilled')
                        AND o.captured_minor + o.open_minor = o.due_minor)) AS charge_differs,
           coalesce(o.shown_total_minor <> o.total_minor, 0)
               OR coalesce(o.shown_currency <> o.currency AND o.shown_currency <> '' AND o.currency <> '', 0) AS shown_differs
    FROM charged
    JOIN v1_order AS o ON o.order_seq = charged.order_seq
    JOIN v1_currency AS k ON k.currency = o.currency
)
SELECT order_number AS subject,
       CASE WHEN total_minor IS NULL THEN 'undecided'
            WHEN charge_differs OR shown_differs THEN 'violated'
            ELSE 'held' END AS finding,
       CASE WHEN total_minor IS NULL THEN 'the orders book gives no total'
            WHEN charge_differs THEN
                printf('the order says %.*f %s, charged was %s', minor_digits, due_minor / minor_unit, currency, amounts)
            WHEN shown_differs THEN
                printf('the shopper was shown %.*f %s, the order says %.*f %s', minor_digits, shown_total_minor / minor_unit,
                       coalesce(shown_currency, ''), minor_digits, total_minor / minor_unit, currency)
            ELSE '' END AS why,
       abs(iif(charge_differs, captured_minor - due_minor, shown_total_minor - total_minor)) AS weight, currency,
       shown_total_minor IS NOT NULL AND total_minor IS NOT NULL AS exposed,
       intent,
       order_number
FROM compared;
