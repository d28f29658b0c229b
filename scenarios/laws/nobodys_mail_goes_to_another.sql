-- sentence: Nobody gets mail about somebody else's purchase.
-- needs: shopper, statement
-- exposure: every purchase with a payment, dispatch or tax document that carries an address
-- stands: an address that was handed over was handed over
--
-- Examined: purchases to which rows of payments, dispatches and tax documents belong by our header that carry an e-mail address. It
-- is not the address of another purchase; one that is nobody's (of the shop itself, say) may be.
WITH emails AS MATERIALIZED (
    SELECT lower(email) AS email, intent FROM v1_intent WHERE email IS NOT NULL
), strays AS MATERIALIZED (
    SELECT m.*, (SELECT e.intent FROM emails AS e WHERE e.email = lower(m.email)) AS whose
    FROM v1_stray_mail AS m
)
SELECT intent AS subject, 'held' AS finding, '' AS why, 1 AS exposed, intent
FROM v1_intent
WHERE mails > 0 AND intent_id NOT IN (SELECT intent_id FROM strays WHERE whose IS NOT NULL)
UNION ALL
SELECT coalesce(object, provider), 'violated',
       printf('%s row: it is for %s, and carries the address of %s', provider, intent, whose), 1, intent
FROM strays WHERE whose IS NOT NULL;
