-- sentence: Nobody is shown what is somebody else's, and everybody is told the truth about their own order.
-- needs: shopper, orders
-- exposure: orders told to a purchase that was submitted more than once, or never answered at first
-- stands: what was told was told
--
-- Examined: order numbers that a purchase learnt from an answer, where the orders book has them. The order is that purchase's, by
-- our header or by an e-mail address that no other purchase has; and the total told with a yes is the order's, with or without
-- what vouchers cover. After an edit of the cart an older total may have been told. And every answer, of whatever page, that shows
-- the e-mail address of another shopper.
WITH told AS (
    SELECT intent, order_number,
           min(iif(reading = 'ok', total_minor, NULL)) AS least_minor, max(iif(reading = 'ok', total_minor, NULL)) AS most_minor,
           max(kind = 'edit') AS edited, max(reading = 'unanswered') AS unanswered
    FROM v1_attempt WHERE intent IS NOT NULL AND order_number IS NOT NULL
    GROUP BY intent, order_number
), emails AS MATERIALIZED (
    SELECT lower(email) AS email, intent FROM v1_intent WHERE email IS NOT NULL
), met AS (
    SELECT t.*, o.currency, o.total_minor, o.due_minor, i.submits, i.submits_unanswered, i.email AS own_email, o.email,
           o.intent AS owner, o.mark,
           t.intent IN (SELECT intent FROM v1_attempt WHERE kind = 'edit' AND intent IS NOT NULL) AS has_edited
    FROM told AS t
    JOIN v1_intent AS i ON i.intent = t.intent
    JOIN v1_order AS o ON o.order_number = t.order_number
), judged AS (
    SELECT met.*,
           CASE WHEN mark = 'header' AND owner <> intent THEN printf('the order is that of %s', owner)
                WHEN lower(email) <> lower(own_email) AND EXISTS (SELECT 1 FROM emails AS e WHERE e.email = lower(met.email))
                     THEN printf('the order is in the name of %s', email)
                WHEN lower(email) <> lower(own_email)
                     AND substr(lower(email), instr(email, '@')) = substr(lower(own_email), instr(own_email, '@'))
                     THEN printf('the order is in the name of %s, the shopper is %s', email, own_email)
                WHEN NOT has_edited AND total_minor IS NOT NULL
                     AND (least_minor NOT IN (total_minor, due_minor) OR most_minor NOT IN (total_minor, due_minor))
                     THEN printf('the shopper was told a total of %d, the order says %d (in minor units of %s)',
                                 iif(least_minor IN (total_minor, due_minor), most_minor, least_minor), total_minor, currency)
                END AS why
    FROM met
)
SELECT intent || ' ' || order_number AS subject,
       iif(why IS NULL, 'held', 'violated') AS finding,
       coalesce(why, '') AS why,
       submits >= 2 OR submits_unanswered > 0 AS exposed,
       intent,
       order_number
FROM judged
UNION ALL
SELECT printf('arrival %d: %s', arrival, step), 'violated', printf('the step `%s` shows the address of %s', step, shows), 1, intent,
       order_number
FROM v1_attempt WHERE shows IS NOT NULL;
