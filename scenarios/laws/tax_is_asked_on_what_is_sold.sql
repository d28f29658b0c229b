-- sentence: Tax is asked on what is sold, the articles less the promotion and shipping, and for where it goes.
-- needs: statement, orders
-- exposure: orders with a promotion, with shipping, or whose cart was quoted more than once
--
-- Examined: accepted orders that name the quote of their tax, where the provider says on which amount it was asked. Where both books
-- tell it, country and postal code are the order's as well.
WITH asked AS (
    SELECT o.order_number, o.intent, o.currency, o.discount_minor, o.shipping_minor, o.quotes, o.taxed_minor, o.place, o.tax_minor,
           (SELECT q.place FROM v1_tax_quote AS q WHERE q.statement = o.quote AND o.place IS NOT NULL) AS asked_place,
           o.subtotal_minor - coalesce(o.discount_minor, 0) + coalesce(o.shipping_minor, 0) AS sold_minor,
           o.taxed_minor = o.subtotal_minor - coalesce(o.discount_minor, 0) + coalesce(o.shipping_minor, 0) AS agrees
    FROM v1_order AS o
    WHERE o.accepted AND o.tax_source = 'quote' AND o.subtotal_minor IS NOT NULL AND o.taxed_minor IS NOT NULL
), judged AS (
    SELECT asked.*,
           coalesce(asked_place = place OR instr(asked_place, place) = 1 OR instr(place, asked_place) = 1, 1) AS there
    FROM asked
)
SELECT a.order_number AS subject,
       iif(a.agrees AND a.there, 'held', 'violated') AS finding,
       CASE WHEN a.agrees AND a.there THEN ''
            WHEN a.agrees THEN printf('it goes to %s, tax was asked for %s', a.place, a.asked_place)
            ELSE printf('%.*f %s was sold, tax was asked on %.*f', c.minor_digits, a.sold_minor / c.minor_unit,
                        a.currency, c.minor_digits, a.taxed_minor / c.minor_unit) END AS why,
       iif(a.agrees, coalesce(a.tax_minor, 0), abs(a.sold_minor - a.taxed_minor)) AS weight, a.currency,
       coalesce(a.discount_minor, 0) <> 0 OR coalesce(a.shipping_minor, 0) <> 0 OR a.quotes >= 2 AS exposed,
       a.intent,
       a.order_number
FROM judged AS a JOIN v1_currency AS c ON c.currency = a.currency;
