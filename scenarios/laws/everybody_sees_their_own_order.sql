-- sentence: Nobody is shown what is somebody else's, and everybody is told the truth about their own order.
-- needs: shopper, orders
-- exposure: orders told to a purchase that was submitted more than once, or never answered at first
-- stands: what was told was told
--
-- Examined: order numbers that a purchase learnt from an answer, where the orders book has them. The order is that purchase's, by
-- our header or by an e-mail address that no other purchase has; and the total told with a yes is the order's, with or without
-- what vouchers cover. After an edit of the cart an older total may have been told. And every answer, of whatever page, that shows
-- the e-mail address of another shopper.
WITH emails AS MATERIALIZED (
    SELECT lower(email) AS email, intent FROM v1_intent WHERE email IS NOT NULL
), met AS (
    SELECT t.*, o.currency, o.total_minor, o.due_minor, i.submits, i.submits_unanswered, i.email AS own_email, o.email,
           o.intent AS owner, o.mark,
           EXISTS (SELECT 1 FROM v1_attempt AS a WHERE a.intent = t.intent AND a.kind = 'edit') AS has_edited
    FROM v1_told AS t
    JOIN v1_intent AS i ON i.intent_id = t.intent_id
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
SELECT intent AS subject, 'held' AS finding, '' AS why, submits >= 2 OR submits_unanswered > 0 AS exposed, intent,
       order_number
FROM v1_intent WHERE told_well > 0
UNION ALL
SELECT intent || ' ' || order_number, iif(why IS NULL, 'held', 'violated'), coalesce(why, ''),
       submits >= 2 OR submits_unanswered > 0, intent, order_number
FROM judged
UNION ALL
SELECT printf('arrival %d: %s', arrival, step), 'violated', printf('the step `%s` shows the address of %s', step, shows), 1, intent,
       order_number
FROM v1_attempt WHERE shows IS NOT NULL;
