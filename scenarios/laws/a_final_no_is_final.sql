-- sentence: Who was told no is not charged, and gets nothing.
-- needs: shopper, statement, orders
-- exposure: purchases whose card was refused, that a fault touched on the way, or that were submitted more than once
--
-- Examined: purchases that ended for the shopper in a final no: declined, sold out, promotion used up. At the end nothing of
-- their money is kept, and no order of theirs counts as paid. Left out: purchases where a fault put other words into the payment
-- provider's mouth, for the shop cannot know them from its own.
WITH refused AS (
    SELECT i.intent_id, i.intent, i.refusal, i.net_minor, i.currency, i.submits, i.payment_faults, i.charges, i.owed_minor,
           i.orders_accepted - i.orders_pending AS orders_paid
    FROM v1_intent AS i
    WHERE i.outcome = 'rejected' AND i.refusal IN ('declined', 'sold_out', 'promotion_used_up')
), examined AS (
    SELECT refused.*, net_minor > 0 OR orders_paid > 0 AS broken FROM refused
    WHERE payment_faults = 0
       OR intent_id NOT IN (SELECT intent_id FROM v1_statement WHERE answer = 'altered' AND intent_id IS NOT NULL)
)
SELECT x.intent AS subject,
       CASE WHEN NOT x.broken THEN 'held' WHEN run.final THEN 'violated' ELSE 'undecided' END AS finding,
       CASE WHEN NOT x.broken THEN ''
            WHEN x.net_minor > 0 THEN printf('the shopper was told `%s`, and %.*f %s was kept', x.refusal, c.minor_digits,
                                             x.net_minor / c.minor_unit, x.currency)
            ELSE printf('the shopper was told `%s`, and the shop has an order for it all the same', x.refusal) END
           || iif(x.broken AND NOT run.final, '; the run was cut short', '') AS why,
       iif(x.net_minor > 0, x.net_minor, coalesce(x.owed_minor, 0)) AS weight, x.currency,
       x.charges > 0 OR x.payment_faults > 0 OR x.submits >= 2 AS exposed,
       x.intent
FROM examined AS x JOIN v1_currency AS c ON c.currency = x.currency JOIN v1_run AS run;
