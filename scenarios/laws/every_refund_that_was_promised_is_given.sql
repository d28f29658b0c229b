-- sentence: Who was told that money comes back gets it back, as much as was said.
-- needs: shopper, orders
-- exposure: every refund that was asked for and promised
--
-- Examined where the orders book tells who asked: requests for money back that were answered with a yes. The order's list has what
-- each of them asked for under its key, on that order and no other; what came back on its way there was given, and is the business
-- of the shop's desk. That what is listed is really given is another law's business.
WITH promised AS MATERIALIZED (
    SELECT key, order_number, max(total_minor) AS asked_minor, min(step) AS step FROM v1_attempt
    WHERE kind = 'refund' AND reading = 'ok' AND status BETWEEN 200 AND 299 AND key IS NOT NULL AND order_number IS NOT NULL
    GROUP BY key, order_number
), listed AS MATERIALIZED (
    SELECT r.asked, o.order_number, o.intent, o.currency,
           sum(iif(r.state IN ('succeeded', 'pending'), r.amount_minor, r.credit_minor)) AS live_minor,
           max(iif(r.state = 'failed', r.amount_minor, 0)) AS failed_minor
    FROM v1_order_refund AS r JOIN v1_order AS o ON o.order_seq = r.order_seq
    WHERE r.asked IS NOT NULL GROUP BY r.asked, o.order_number
), judged AS (
    SELECT p.*, coalesce(l.intent, o.intent) AS intent, coalesce(l.currency, o.currency, '') AS currency, l.live_minor,
           (SELECT min(other.order_number) FROM listed AS other WHERE other.asked = p.key) AS elsewhere,
           coalesce(l.live_minor = coalesce(p.asked_minor, l.live_minor) AND l.live_minor > 0, 0)
               OR coalesce(l.failed_minor >= coalesce(p.asked_minor, 1), 0) AS kept
    FROM promised AS p
    LEFT JOIN listed AS l ON l.asked = p.key AND l.order_number = p.order_number
    LEFT JOIN v1_order AS o ON o.order_number = p.order_number AND o.namesake = 1
)
SELECT j.order_number || ' ' || j.step AS subject,
       CASE WHEN j.kept THEN 'held' WHEN run.final THEN 'violated' ELSE 'undecided' END AS finding,
       CASE WHEN j.kept THEN ''
            WHEN j.live_minor IS NOT NULL AND j.asked_minor IS NOT NULL
                 THEN printf('%.*f %s was asked for and promised, the order''s list has %.*f', c.minor_digits,
                             j.asked_minor / c.minor_unit, j.currency, c.minor_digits, j.live_minor / c.minor_unit)
            WHEN j.elsewhere IS NOT NULL AND j.elsewhere <> j.order_number
                 THEN printf('it was promised, and is listed with order %s', j.elsewhere)
            ELSE 'it was promised, and the order''s list has no such refund' END
           || iif(j.kept OR run.final, '', '; the run was cut short') AS why,
       j.asked_minor AS weight, j.currency,
       1 AS exposed,
       j.intent,
       j.order_number
FROM judged AS j LEFT JOIN v1_currency AS c ON c.currency = j.currency JOIN v1_run AS run
WHERE run.tells_who_asked;
