-- sentence: Nobody pays twice for one purchase.
-- needs: statement
-- exposure: intents with a capture where the answer of an executed authorisation or capture was destroyed, where the shop
--   asked again under the same key, that was submitted more than once or never answered, or with a second capture
-- stands: what was taken beyond what was owed was so at that point of the statement; nothing read later can undo it
--
-- Charged twice: two or more captures whose un-refunded sum, at some point of the statement's sequence, exceeded what one
-- order owed (its total less credit and less parts that were given up) or, without an order, the total that the shopper was
-- shown. Split captures of one order are not it, nor is a capture after a full refund; a voided authorisation is no charge.
-- What the provider doubled by itself counts if it was never given back.
WITH paid AS (
    SELECT i.*, coalesce(iif(i.captures >= 2, (SELECT max(o.due_minor) FROM v1_order AS o
                                               WHERE o.intent_id = i.intent_id AND o.accepted), NULL),
                         i.owed_minor, i.shown_total_minor, i.total_minor) AS due_minor, c.minor_digits, c.minor_unit
    FROM v1_intent AS i LEFT JOIN v1_currency AS c ON c.currency = i.currency
    WHERE i.captures > 0
)
SELECT intent AS subject,
       CASE WHEN captures >= 2 AND max(peak_minor, net_minor) > due_minor THEN 'violated'
            WHEN captures >= 2 AND due_minor IS NULL THEN 'undecided'
            WHEN charges_maybe > 0 THEN 'undecided'
            ELSE 'held' END AS finding,
       CASE WHEN captures >= 2 AND max(peak_minor, net_minor) > due_minor THEN
                printf('%d captures: %.*f %s was taken where %.*f was owed; ', captures, minor_digits,
                       max(peak_minor, net_minor) / minor_unit,
                       currency, minor_digits, due_minor / minor_unit)
                || CASE WHEN net_minor > due_minor THEN 'it was still so at the end' ELSE 'it was given back later' END
            WHEN captures >= 2 AND due_minor IS NULL THEN
                printf('%d captures, and no book says what was owed', captures)
            WHEN charges_maybe > 0 THEN
                printf('%d more charges have marks that fit this intent and another one', charges_maybe)
            ELSE '' END AS why,
       max(peak_minor, net_minor) - due_minor AS weight, currency,
       CASE WHEN captures >= 2 AND max(peak_minor, net_minor) > due_minor THEN
           (SELECT min(statement) FROM (
               SELECT s.statement, sum(CASE s.op WHEN 'refund' THEN -s.amount_minor ELSE s.amount_minor END)
                                   OVER (ORDER BY s.statement) AS taken_minor
               FROM v1_statement AS s
               WHERE s.intent_id = paid.intent_id AND s.op IN ('capture', 'refund', 'refund_failed') AND NOT s.replayed
                 AND coalesce(s.state, '') NOT IN ('refused', 'declined', 'failed'))
            WHERE taken_minor > due_minor) END AS statement,
       answers_lost > 0 OR replays > 0 OR submits >= 2 OR submits_unanswered > 0 OR captures >= 2 AS exposed,
       intent
FROM paid;
