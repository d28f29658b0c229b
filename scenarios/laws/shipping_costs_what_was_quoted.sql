-- sentence: Shipping costs what its provider quoted.
-- needs: statement, orders
-- exposure: every order whose shipping was quoted
--
-- Examined: orders whose book names the quote. The price is one of the rates that were given under that name.
WITH quoted AS MATERIALIZED (
    SELECT object, amount_minor, detail FROM v1_statement WHERE provider = 'shipping' AND op = 'rate'
), compared AS (
    SELECT o.order_number, o.intent, o.currency, o.shipping_minor,
           (SELECT count(*) FROM quoted AS q WHERE q.object = o.shipping_quote) AS quotes,
           (SELECT min(q.amount_minor) FROM quoted AS q WHERE q.object = o.shipping_quote) AS quoted_minor,
           EXISTS (SELECT 1 FROM quoted AS q WHERE q.object = o.shipping_quote
                   AND (q.amount_minor = o.shipping_minor
                        OR EXISTS (SELECT 1 FROM json_each(q.detail, '$.rates') AS r
                                   WHERE r.value ->> '$.rate_minor' = o.shipping_minor))) AS agrees
    FROM v1_order AS o
    WHERE o.shipping_source = 'quote' AND o.shipping_quote IS NOT NULL AND o.shipping_minor IS NOT NULL
)
SELECT x.order_number AS subject,
       CASE WHEN x.agrees THEN 'held' WHEN x.quotes = 0 AND NOT EXISTS (SELECT 1 FROM quoted) THEN 'undecided' ELSE 'violated' END AS finding,
       CASE WHEN x.agrees THEN ''
            WHEN x.quotes = 0 AND NOT EXISTS (SELECT 1 FROM quoted) THEN 'the statement has no rates at all'
            WHEN x.quotes = 0 THEN 'the provider never gave a quote of that name'
            ELSE printf('shipping is %.*f %s, quoted was %.*f', c.minor_digits, x.shipping_minor / c.minor_unit, x.currency,
                        c.minor_digits, x.quoted_minor / c.minor_unit) END AS why,
       1 AS exposed,
       x.intent,
       x.order_number
FROM compared AS x JOIN v1_currency AS c ON c.currency = x.currency;
