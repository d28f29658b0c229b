-- sentence: No idempotency key is used for two different requests.
-- needs: statement
-- exposure: requests with a key that a provider had seen before
-- stands: a key that was refused was used for something else before
--
-- A provider that sees a key again compares the request with the first one: the same one gets the stored answer, another one is
-- refused, and what it was to do is not done. Keys are the shop's own, so that no fault on the way can make two requests share one.
SELECT s.provider || coalesce(' ' || s.object, '') || ' key …' || substr(s.key, -6) AS subject,
       iif(s.op = 'key_reused', 'violated', 'held') AS finding,
       iif(s.op = 'key_reused', 'the provider refused the request: the key was used for another one before', '') AS why,
       1 AS exposed,
       s.statement,
       s.intent
FROM v1_statement AS s
WHERE s.op IN ('replay', 'key_reused') AND s.key IS NOT NULL;
