-- sentence: Nobody is told no without a reason.
-- needs: shopper, statement, orders
-- exposure: every purchase that ended in a final no
--
-- Examined: purchases that were told that the card is declined or the payment refused (402), the article sold out, or the promotion
-- used up. A provider said no to something of that purchase – to each card, where two were tried and the order may still be paid – or
-- a fault touched it, or its holder was asked to authenticate and the payment was cancelled, or what was left to pay is less than a
-- unit of the currency, which no provider takes; else some article, or some promotion or voucher, was at least half used up by what
-- all orders wanted, and who came when is not known. A no that a provider gave and that fits no purchase may be the reason.
WITH refused AS (
    SELECT i.intent_id, i.intent, i.refusal, i.payment_faults FROM v1_intent AS i
    WHERE i.outcome = 'rejected'
      AND (i.refusal IN ('declined', 'sold_out', 'promotion_used_up')
           OR i.refusal = 'technical' AND EXISTS (SELECT 1 FROM v1_attempt AS a
                                                  WHERE a.intent = i.intent AND a.reading = 'technical' AND a.status = 402))
), scarce AS MATERIALIZED (
    SELECT EXISTS (SELECT 1 FROM v1_stock AS s LEFT JOIN v1_article AS a ON a.sku = s.sku
                   WHERE 2 * coalesce(a.wanted, 0) >= s.stock)
               OR NOT EXISTS (SELECT 1 FROM v1_stock) AS article,
           EXISTS (SELECT 1 FROM v1_promotion AS p
                   WHERE 2 * (SELECT count(*) FROM v1_order AS o WHERE o.promotion = p.code) >= p.uses)
               OR EXISTS (SELECT 1 FROM v1_voucher) OR NOT EXISTS (SELECT 1 FROM v1_promotion) AS promotion,
           EXISTS (SELECT 1 FROM v1_statement
                   WHERE intent_id IS NULL AND (state IN ('declined', 'decline', 'failed', 'refused') OR fault IS NOT NULL)) AS stray
), heard AS (
    -- What the providers said to those whose payment was refused, and how many cards the shop had to have a no for.
    SELECT r.intent_id, max(s.fault IS NOT NULL) AS fault, max(s.op = 'challenge') AND max(s.op = 'cancel') AS unauthenticated,
           max(s.op = 'decision' AND s.state = 'decline') AS suspected,
           sum(s.state IN ('declined', 'decline', 'failed', 'refused') AND s.op <> 'webhook') AS noes,
           iif(r.refusal = 'technical' OR EXISTS (SELECT 1 FROM v1_order AS o WHERE o.intent_id = r.intent_id AND o.state = 'failed'),
               (SELECT max(1, count(DISTINCT a.kind)) FROM v1_attempt AS a
                WHERE a.intent = r.intent AND a.kind IN ('submit', 'second_card')
                  AND (a.reading = 'declined' OR a.reading = 'technical' AND a.status = 402)), 1) AS noes_told
    FROM refused AS r JOIN v1_statement AS s ON s.intent_id = r.intent_id
    WHERE r.refusal IN ('declined', 'technical')
    GROUP BY r.intent_id
), judged AS (
    SELECT r.intent, r.refusal, scarce.stray,
           CASE r.refusal
                WHEN 'sold_out' THEN scarce.article
                WHEN 'promotion_used_up' THEN scarce.promotion
                ELSE r.payment_faults > 0 OR h.fault OR h.unauthenticated OR h.suspected OR h.noes >= h.noes_told
                     OR EXISTS (SELECT 1 FROM v1_order AS o JOIN v1_currency AS c ON c.currency = o.currency
                                WHERE o.intent_id = r.intent_id AND o.due_minor < max(100, c.minor_unit)) END AS borne_out
    FROM refused AS r JOIN scarce LEFT JOIN heard AS h ON h.intent_id = r.intent_id
)
SELECT j.intent AS subject,
       CASE WHEN coalesce(j.borne_out, 0) THEN 'held'
            WHEN j.refusal IN ('declined', 'technical') AND j.stray THEN 'undecided' ELSE 'violated' END AS finding,
       CASE WHEN coalesce(j.borne_out, 0) THEN ''
            WHEN j.refusal = 'declined' THEN 'the shopper was told that the card is declined, and no provider said so'
            WHEN j.refusal = 'technical' THEN 'the shopper was told that the payment is refused, and no provider refused it'
            WHEN j.refusal = 'sold_out' THEN 'the shopper was told that it is sold out, and every article was there'
            ELSE 'the shopper was told that the promotion is used up, and it was not' END AS why,
       1 AS exposed,
       j.intent
FROM judged AS j;
