-- sentence: Tax is asked on what is sold: the articles less the promotion, and shipping.
-- needs: statement, orders
-- exposure: orders with a promotion, with shipping, or whose cart was quoted more than once
--
-- Examined: accepted orders that name the quote of their tax, where the provider says on which amount it was asked.
WITH asked AS (
    SELECT o.order_number, o.intent, o.currency, o.discount_minor, o.shipping_minor, o.quotes, o.taxed_minor,
           o.subtotal_minor - coalesce(o.discount_minor, 0) + coalesce(o.shipping_minor, 0) AS sold_minor,
           o.taxed_minor = o.subtotal_minor - coalesce(o.discount_minor, 0) + coalesce(o.shipping_minor, 0) AS agrees
    FROM v1_order AS o
    WHERE o.accepted AND o.tax_source = 'quote' AND o.subtotal_minor IS NOT NULL AND o.taxed_minor IS NOT NULL
)
SELECT a.order_number AS subject,
       iif(a.agrees, 'held', 'violated') AS finding,
       iif(a.agrees, '', printf('%.*f %s was sold, tax was asked on %.*f', c.minor_digits, a.sold_minor / c.minor_unit,
                                a.currency, c.minor_digits, a.taxed_minor / c.minor_unit)) AS why,
       coalesce(a.discount_minor, 0) <> 0 OR coalesce(a.shipping_minor, 0) <> 0 OR a.quotes >= 2 AS exposed,
       a.intent,
       a.order_number
FROM asked AS a JOIN v1_currency AS c ON c.currency = a.currency;
