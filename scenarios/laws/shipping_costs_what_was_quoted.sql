-- sentence: Shipping costs what its provider quoted for that parcel, or what was declared where nobody was asked.
-- needs: statement, orders
-- exposure: orders whose shipping was quoted, or read from the table
--
-- Examined: orders whose book names the quote, and those priced by a declared table or at a declared flat price. A quoted price is one
-- of the rates that were given under that name – the cheapest, where the shop declares to take it – for the order's part of the
-- country: its country, and the first letters of its postal code, as carriers' zones are made; and for its weight, where articles'
-- weights were declared, or up to half a kilogram more.
WITH quoted AS MATERIALIZED (
    SELECT object, min(amount_minor) AS least_minor, max(amount_minor) AS most_minor, min(detail) AS detail,
           count(DISTINCT detail) AS ratings, substr(max(place), 1, 6) AS zone, min(detail ->> '$.weight_g') AS weight_g
    FROM v1_statement WHERE provider = 'shipping' AND op = 'rate' GROUP BY object
), terms AS (
    SELECT EXISTS (SELECT 1 FROM v1_fact WHERE name = 'shipping.takes' AND value = 'cheapest') AS cheapest,
           (SELECT amount_minor FROM v1_shipping_rate WHERE country = '') AS elsewhere_minor
), parcels AS MATERIALIZED (
    SELECT l.order_seq, sum((l.quantity + l.given_up) * s.weight_g) AS weight_g
    FROM v1_order_line AS l JOIN v1_stock AS s ON s.sku = l.sku
    WHERE EXISTS (SELECT 1 FROM quoted WHERE weight_g IS NOT NULL)
    GROUP BY l.order_seq HAVING count(*) = count(s.weight_g)
), compared AS (
    SELECT o.order_number, o.intent, o.currency, o.shipping_minor, o.shipping_source, q.object, q.least_minor, q.zone, o.place,
           CASE WHEN o.shipping_source = 'flat' THEN coalesce(terms.elsewhere_minor = o.shipping_minor, 1)
                WHEN o.shipping_source = 'table'
                     THEN coalesce(coalesce(r.amount_minor, iif(o.place IS NULL, NULL, terms.elsewhere_minor)) = o.shipping_minor, 1)
                WHEN q.object IS NULL THEN 0
                WHEN o.shipping_minor = q.least_minor THEN 1
                ELSE (NOT terms.cheapest OR q.ratings >= 2)
                     AND (o.shipping_minor = q.most_minor
                          OR EXISTS (SELECT 1 FROM json_each(q.detail, '$.rates') AS told
                                     WHERE told.value ->> '$.rate_minor' = o.shipping_minor)) END AS agrees,
           coalesce(q.zone <> substr(o.place, 1, 6), 0) AS astray,
           coalesce(q.weight_g NOT BETWEEN p.weight_g - 3 AND p.weight_g + 500, 0) AS misweighed, q.weight_g AS asked_g, p.weight_g,
           coalesce(r.amount_minor, terms.elsewhere_minor) AS declared_minor
    FROM v1_order AS o JOIN terms
    LEFT JOIN quoted AS q ON q.object = o.shipping_quote
    LEFT JOIN parcels AS p ON o.shipping_source = 'quote' AND p.order_seq = o.order_seq
    LEFT JOIN v1_shipping_rate AS r ON o.shipping_source = 'table' AND r.country = substr(o.place, 1, instr(o.place, '/') - 1)
    WHERE o.shipping_minor IS NOT NULL
      AND ((o.shipping_source IN ('table', 'flat') AND (terms.elsewhere_minor IS NOT NULL OR r.amount_minor IS NOT NULL))
           OR (o.shipping_source = 'quote' AND o.shipping_quote IS NOT NULL))
), judged AS (
    SELECT x.*, x.shipping_source = 'quote' AND x.object IS NULL AND NOT EXISTS (SELECT 1 FROM quoted) AS unsure FROM compared AS x
)
SELECT x.order_number AS subject,
       CASE WHEN x.agrees AND NOT x.astray AND NOT x.misweighed THEN 'held' WHEN x.unsure THEN 'undecided' ELSE 'violated' END AS finding,
       CASE WHEN x.agrees AND NOT x.astray AND NOT x.misweighed THEN ''
            WHEN x.unsure THEN 'the statement has no rates at all'
            WHEN x.shipping_source <> 'quote'
                 THEN printf('shipping is %.*f %s, declared was %.*f', c.minor_digits, x.shipping_minor / c.minor_unit, x.currency,
                             c.minor_digits, x.declared_minor / c.minor_unit)
            WHEN x.object IS NULL THEN 'the provider never gave a quote of that name'
            WHEN x.agrees AND x.misweighed THEN printf('it weighs %d g, shipping was asked for %d g', x.weight_g, x.asked_g)
            WHEN x.agrees THEN printf('the order goes to %s, shipping was asked for %s', x.place, x.zone)
            ELSE printf('shipping is %.*f %s, quoted was %.*f', c.minor_digits, x.shipping_minor / c.minor_unit, x.currency,
                        c.minor_digits, x.least_minor / c.minor_unit) END AS why,
       abs(x.shipping_minor - CASE WHEN x.agrees THEN 0 WHEN x.shipping_source = 'quote' THEN coalesce(x.least_minor, 0)
                                   ELSE x.declared_minor END) AS weight, x.currency,
       x.shipping_source <> 'flat' AS exposed,
       x.intent,
       x.order_number
FROM judged AS x JOIN v1_currency AS c ON c.currency = x.currency;
