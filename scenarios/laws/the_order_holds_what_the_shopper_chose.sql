-- sentence: The order holds what the customer chose, at the price, with the promotion and to the address that they chose.
-- needs: shopper, orders
-- exposure: every order whose shopper's cart, address or promotion is known
-- stands: an order that is not what was chosen is not what was chosen
--
-- Examined: orders of purchases whose journey says what the shopper put in the cart, or which address they gave. Articles and
-- quantities are the same, prices where the shopper saw them, and the parts of the address that both name, the e-mail address too. A promotion that the
-- shop said yes to is the order's, and no other is; where promotions may have been switched off meanwhile, that cannot be said.
-- The account of the order is the one that the shopper bought with; guests are in nobody's.
WITH chosen AS MATERIALIZED (
    SELECT intent_id, sku, sum(quantity) AS quantity, max(unit_minor) AS unit_minor FROM v1_basket_line GROUP BY intent_id, sku
), examined AS MATERIALIZED (
    SELECT o.order_seq, o.order_number, o.intent_id, o.intent, i.ship_to AS given, o.ship_to AS booked,
           i.promotion AS asked, o.promotion, o.discount_minor, i.account AS own_account, o.account,
           nullif(i.email, '') AS own_email, o.email
    FROM v1_order AS o JOIN v1_intent AS i ON i.intent_id = o.intent_id
), ordered AS MATERIALIZED (
    SELECT l.order_seq, l.sku, sum(l.quantity + l.given_up) AS quantity, max(l.unit_minor) AS unit_minor
    FROM v1_order_line AS l WHERE EXISTS (SELECT 1 FROM v1_basket_line) GROUP BY l.order_seq, l.sku
), told AS MATERIALIZED (
    SELECT DISTINCT intent_id FROM chosen
), accounts AS MATERIALIZED (
    SELECT DISTINCT account FROM v1_intent WHERE account IS NOT NULL
), compared AS (
    SELECT x.order_seq, c.sku, c.quantity AS chosen, coalesce(l.quantity, 0) AS ordered, c.unit_minor AS seen_minor,
           l.unit_minor AS booked_minor
    FROM examined AS x JOIN chosen AS c ON c.intent_id = x.intent_id
    LEFT JOIN ordered AS l ON l.order_seq = x.order_seq AND l.sku = c.sku
    UNION ALL
    SELECT x.order_seq, l.sku, 0, l.quantity, NULL, NULL
    FROM examined AS x JOIN told AS t ON t.intent_id = x.intent_id
    JOIN ordered AS l ON l.order_seq = x.order_seq
    LEFT JOIN chosen AS c ON c.intent_id = x.intent_id AND c.sku = l.sku
    WHERE c.intent_id IS NULL
), baskets AS MATERIALIZED (
    SELECT order_seq, sum(ordered) AS articles,
           min(CASE WHEN chosen <> ordered THEN printf('%d of %s were chosen, the order has %d', chosen, sku, ordered)
                    WHEN seen_minor <> booked_minor AND booked_minor > 0
                         THEN printf('the shopper saw %s at %d, the order has it at %d (in minor units)', sku, seen_minor, booked_minor)
               END) AS why
    FROM compared GROUP BY order_seq
), judged AS (
    SELECT x.order_number, x.intent,
           CASE WHEN b.articles > 0 AND b.why IS NOT NULL THEN b.why
                WHEN x.given ->> '$.line1' <> x.booked ->> '$.line1' OR x.given ->> '$.city' <> x.booked ->> '$.city'
                     OR x.given ->> '$.region' <> x.booked ->> '$.region' OR x.given ->> '$.country' <> x.booked ->> '$.country'
                     OR x.given ->> '$.postal_code' <> x.booked ->> '$.postal_code' OR x.given ->> '$.name' <> x.booked ->> '$.name'
                     THEN printf('the shopper gave the address `%s`, the order has `%s`', x.given ->> '$.line1', x.booked ->> '$.line1')
                WHEN x.own_email <> x.email AND lower(x.own_email) <> lower(x.email)
                     THEN printf('the shopper is written to at %s, the order has %s', x.own_email, x.email)
                WHEN x.own_account <> x.account THEN 'it is in the account of somebody else'
                WHEN x.own_account IS NULL AND x.account IN (SELECT a.account FROM accounts AS a)
                     THEN 'the shopper bought as a guest, and it is in the account of somebody else'
           END AS why,
           CASE WHEN x.asked = '' AND x.promotion IS NOT NULL
                     THEN printf('the shopper used no promotion, the order has %s', x.promotion)
                WHEN x.asked <> '' AND x.promotion IS NULL AND x.discount_minor = 0
                     THEN printf('the shopper used %s, the order has no promotion', x.asked)
                WHEN x.asked <> '' AND upper(x.promotion) <> upper(x.asked)
                     THEN printf('the shopper used %s, the order has %s', x.asked, x.promotion) END AS other_promotion
    FROM examined AS x LEFT JOIN baskets AS b ON b.order_seq = x.order_seq
    WHERE b.articles > 0 OR (x.given IS NOT NULL AND x.booked IS NOT NULL) OR x.asked IS NOT NULL
          OR x.account IS NOT NULL
), switched AS (
    SELECT EXISTS (SELECT 1 FROM v1_event WHERE kind = 'action') AS maybe
)
SELECT order_number AS subject,
       CASE WHEN why IS NOT NULL THEN 'violated'
            WHEN other_promotion IS NULL THEN 'held'
            WHEN switched.maybe THEN 'undecided'
            ELSE 'violated' END AS finding,
       coalesce(why, other_promotion, '') AS why,
       1 AS exposed,
       intent,
       order_number
FROM judged JOIN switched;
