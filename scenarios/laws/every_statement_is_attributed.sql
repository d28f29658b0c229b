-- sentence: Every charge, dispatch and tax document belongs to a purchase that a shopper made.
-- needs: shopper, statement
-- exposure: all of them: each could have vanished from the books
--
-- Examined: payments that reserved or moved money, tax documents, dispatches. Rows of other runs are set aside and counted
-- elsewhere. A weak mark (order number, reference, e-mail) that fits two intents is undecided; headers that name two
-- intents are a violation.
SELECT e.object AS subject,
       CASE e.attribution WHEN 'joined' THEN 'held' WHEN 'undecided' THEN 'undecided' ELSE 'violated' END AS finding,
       CASE e.attribution
            WHEN 'joined' THEN ''
            WHEN 'undecided' THEN printf('%s row: its marks fit several intents: %s', e.provider, e.marks)
            WHEN 'conflict' THEN printf('%s row: its marks contradict each other: %s', e.provider, e.marks)
            ELSE printf('%s row: no purchase of this run fits: %s', e.provider, e.marks) END AS why,
       e.amount_minor AS weight, e.currency,
       1 AS exposed,
       e.intent
FROM v1_effect AS e;
