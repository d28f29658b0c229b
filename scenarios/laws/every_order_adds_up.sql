-- sentence: An order adds up: its articles, less the promotion, with shipping and tax, make its total.
-- needs: orders
-- exposure: orders with a promotion, or of two or more articles
-- stands: an order that does not add up does not add up
--
-- Examined: orders whose book says where their tax comes from (so that prices are known to be without it), with subtotal, tax
-- and total. The subtotal is that of the lines, parts given up later included; what a promotion takes off is its declared share
-- of it, to the minor unit, and nothing is taken off without one; the total is the sum, rounded up only in a currency that
-- cannot be charged to its last digit. An article costs what was declared, where that was; nothing is below zero, and vouchers and
-- store credit cover no more than the total. Where something of the worth was given up, it is at least that of the articles given
-- up, less their share of the promotion: whatever they were to be paid with, nobody pays for what never leaves.
WITH summed AS (
    SELECT o.order_number, o.intent, o.currency, o.promotion, o.subtotal_minor, o.total_minor,
           coalesce(o.discount_minor, 0) AS discount_minor, o.ordered,
           iif(o.unit_least_minor > 0, o.goods_minor, o.subtotal_minor) AS goods_minor,
           o.unit_least_minor > 0 AND o.goods_minor <> o.declared_minor AS strange, o.declared_minor,
           min(o.subtotal_minor, coalesce(o.discount_minor, 0), coalesce(o.shipping_minor, 0), o.tax_minor, o.total_minor,
               o.credit_minor, o.total_minor - o.credit_minor, coalesce(o.ordered_least, 1) - 1) AS least_minor,
           coalesce(o.subtotal_minor * p.percent_bp / 10000.0, o.discount_minor, 0) AS promised_minor,
           o.subtotal_minor - coalesce(o.discount_minor, 0) + coalesce(o.shipping_minor, 0) + o.tax_minor AS sum_minor,
           iif(c.minor_digits = 3, 9, 0) AS rounding_max_minor, c.minor_digits, c.minor_unit, o.given_up_minor,
           iif(o.given_up_minor > 0 AND o.unit_least_minor > 0 AND o.subtotal_minor > 0,
               (SELECT sum(l.given_up * l.unit_minor) FROM v1_order_line AS l WHERE l.order_seq = o.order_seq)
                   * (o.subtotal_minor - coalesce(o.discount_minor, 0)) / o.subtotal_minor, 0) AS gone_minor
    FROM v1_order AS o
    JOIN v1_currency AS c ON c.currency = o.currency
    LEFT JOIN v1_promotion AS p ON p.code = o.promotion
    WHERE o.tax_source IS NOT NULL AND o.subtotal_minor IS NOT NULL AND o.tax_minor IS NOT NULL AND o.total_minor IS NOT NULL
), judged AS (
    SELECT summed.*,
           CASE WHEN least_minor < 0 THEN 'one of its amounts is below zero, or more is covered than it costs'
                WHEN strange THEN printf('its articles were declared to cost %.*f, the order has them at %.*f %s', minor_digits,
                                         declared_minor / minor_unit, minor_digits, goods_minor / minor_unit, currency)
                WHEN goods_minor <> subtotal_minor
                     THEN printf('its articles cost %.*f, its subtotal is %.*f %s', minor_digits, goods_minor / minor_unit,
                                 minor_digits, subtotal_minor / minor_unit, currency)
                WHEN promotion IS NULL AND discount_minor <> 0
                     THEN printf('%.*f %s is taken off, and no promotion says why', minor_digits, discount_minor / minor_unit, currency)
                WHEN abs(discount_minor - promised_minor) >= 1
                     THEN printf('%s takes off %.*f, it was declared to take off %.*f %s', promotion, minor_digits,
                                 discount_minor / minor_unit, minor_digits, promised_minor / minor_unit, currency)
                WHEN total_minor - sum_minor NOT BETWEEN 0 AND rounding_max_minor
                     THEN printf('its parts come to %.*f, its total is %.*f %s', minor_digits, sum_minor / minor_unit,
                                 minor_digits, total_minor / minor_unit, currency)
                WHEN given_up_minor < gone_minor - 1 - rounding_max_minor
                     THEN printf('articles for %.*f were given up, and only %.*f %s of what they cost', minor_digits,
                                 gone_minor / minor_unit, minor_digits, given_up_minor / minor_unit, currency) END AS why
    FROM summed
)
SELECT order_number AS subject,
       iif(why IS NULL, 'held', 'violated') AS finding,
       coalesce(why, '') AS why,
       CAST(max(-least_minor, abs(goods_minor - subtotal_minor), iif(strange, abs(goods_minor - declared_minor), 0),
                abs(discount_minor - promised_minor), abs(total_minor - sum_minor), gone_minor - given_up_minor) AS INTEGER) AS weight,
       currency,
       promotion IS NOT NULL OR ordered >= 2 AS exposed,
       intent,
       order_number
FROM judged;
