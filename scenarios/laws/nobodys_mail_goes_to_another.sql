-- sentence: Nobody gets mail about somebody else's purchase.
-- needs: shopper, statement
-- exposure: every payment, dispatch and tax document that carries an address
-- stands: an address that was handed over was handed over
--
-- Examined: rows of payments, dispatches and tax documents that belong to a purchase by our header and carry an e-mail address. It
-- is not the address of another purchase; one that is nobody's (of the shop itself, say) may be.
WITH emails AS MATERIALIZED (
    SELECT lower(email) AS email, intent FROM v1_intent WHERE email IS NOT NULL
), addressed AS (
    SELECT s.provider, s.object, s.intent, lower(s.email) AS email, lower(i.email) AS own
    FROM v1_statement AS s JOIN v1_intent AS i ON i.intent_id = s.intent_id
    WHERE s.op IN ('create', 'authorise', 'dispatch', 'document') AND NOT s.replayed AND s.mark = 'header' AND s.email IS NOT NULL
      AND i.email IS NOT NULL
), judged AS (
    SELECT addressed.*,
           iif(email = own, NULL, (SELECT e.intent FROM emails AS e WHERE e.email = addressed.email)) AS whose
    FROM addressed
)
SELECT coalesce(object, provider) AS subject,
       iif(whose IS NULL, 'held', 'violated') AS finding,
       iif(whose IS NULL, '', printf('%s row: it is for %s, and carries the address of %s', provider, intent, whose)) AS why,
       1 AS exposed,
       intent
FROM judged;
