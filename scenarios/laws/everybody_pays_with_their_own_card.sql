-- sentence: Nobody pays with somebody else's card.
-- needs: shopper, statement
-- exposure: charges of purchases that used more than one card, or whose shopper bought more than once
--
-- Examined: authorisations that succeeded, where the statement names the card. It is the one that the shopper came with, or one that
-- they used in one of their attempts; where the run was cut short, the attempt may be missing.
WITH charged AS MATERIALIZED (
    SELECT s.object, s.intent, s.statement, s.amount_minor, s.currency, s.detail ->> '$.card' AS card, i.arrival, a.card AS own
    FROM v1_statement AS s
    JOIN v1_intent AS i ON i.intent_id = s.intent_id
    JOIN v1_arrival AS a ON a.arrival = i.arrival
    WHERE s.provider IN ('payment', 'backup_payment') AND s.op = 'authorise' AND NOT s.replayed AND s.detail IS NOT NULL
      AND coalesce(s.state, 'succeeded') = 'succeeded' AND s.attribution = 'joined'
), judged AS (
    SELECT charged.*,
           card = own OR EXISTS (SELECT 1 FROM v1_attempt AS t WHERE t.intent = charged.intent AND t.card = charged.card) AS theirs,
           (SELECT count(DISTINCT t.card) FROM v1_attempt AS t WHERE t.intent = charged.intent) >= 2
               OR charged.intent NOT LIKE '%.0' AS exposed
    FROM charged WHERE card IS NOT NULL
)
SELECT object AS subject,
       CASE WHEN theirs THEN 'held' WHEN run.interrupted THEN 'undecided' ELSE 'violated' END AS finding,
       iif(theirs, '', printf('the card `%s` was charged, the shopper has `%s`', card, own)
                       || iif(run.interrupted, '; the run was cut short', '')) AS why,
       coalesce(amount_minor, 0) AS weight, currency,
       statement,
       exposed,
       intent
FROM judged JOIN v1_run AS run;
