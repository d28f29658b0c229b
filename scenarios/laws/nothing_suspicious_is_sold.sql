-- sentence: What the fraud check refuses is not sold.
-- needs: statement, orders
-- exposure: orders that the fraud check or the desk refused, or wanted to look at
--
-- Examined: orders whose book tells a judgement. Refused by the check or by the desk: the order is not accepted, nothing of its
-- money is kept, nothing is sent. And where the answer of the check arrived (no fault touched it), the shop took it down as no
-- milder than it was; nor has it a judgement for which nobody was asked, or of which no answer left the check. What the check was asked about is what was sold: it was
-- told the order's total, or what a card pays of it, and the order's address.
WITH judged AS MATERIALIZED (
    SELECT o.*, o.fraud = 'decline' OR o.review IS 'declined' AS refused,
           CASE o.fraud WHEN 'approve' THEN 0 WHEN 'review' THEN 1 WHEN 'decline' THEN 2 END AS taken,
           (SELECT CASE s.state WHEN 'approve' THEN 0 WHEN 'review' THEN 1 WHEN 'decline' THEN 2 END
            FROM v1_statement AS s
            WHERE s.order_seq = o.order_seq AND s.provider = 'fraud' AND s.op = 'decision'
            ORDER BY s.statement LIMIT 1) AS said,
           (SELECT max((s.amount_minor IS NULL OR s.amount_minor IN (o.total_minor, o.due_minor))
                       AND (s.email IS NULL OR o.email IS NULL OR lower(s.email) = lower(o.email)))
            FROM v1_statement AS s
            WHERE s.order_seq = o.order_seq AND s.provider = 'fraud' AND s.op = 'decision') AS of_this_order,
           (SELECT max(s.op <> 'refused_by_fault' AND coalesce(s.answer, 'sent') = 'sent')
            FROM v1_statement AS s WHERE s.order_seq = o.order_seq AND s.provider = 'fraud') AS answered,
           EXISTS (SELECT 1 FROM v1_statement AS s
                   WHERE s.order_seq = o.order_seq AND s.provider = 'fraud'
                     AND (s.fault IS NOT NULL OR coalesce(s.answer, 'sent') <> 'sent')) AS faulted
    FROM v1_order AS o WHERE o.fraud IS NOT NULL AND o.fraud <> 'off'
), weighed AS (
    SELECT judged.*,
           CASE WHEN refused AND dispatches > 0 THEN 'it was refused, and the warehouse sent it'
                WHEN said IS NULL AND taken IS NOT NULL AND NOT faulted AND attribution = 'joined'
                     AND EXISTS (SELECT 1 FROM v1_statement WHERE provider = 'fraud' AND op = 'decision')
                     THEN printf('the shop took it down as `%s`, and never asked', fraud)
                WHEN NOT answered AND taken IS NOT NULL
                     THEN printf('the shop took it down as `%s`, and no answer of the check arrived', fraud)
                WHEN NOT of_this_order THEN 'the check was asked about another total, or another address, than the order has'
                WHEN said > taken AND NOT faulted
                     THEN printf('the check said `%s`, the shop took it for `%s`',
                                 CASE said WHEN 1 THEN 'review' ELSE 'decline' END, fraud) END AS broken,
           CASE WHEN refused AND accepted THEN printf('it was refused, and the order is %s', state)
                WHEN refused AND net_minor > 0 THEN 'it was refused, and the money was kept' END AS unfinished
    FROM judged
)
SELECT w.order_number AS subject,
       CASE WHEN w.broken IS NOT NULL THEN 'violated'
            WHEN w.unfinished IS NULL THEN 'held'
            WHEN run.final THEN 'violated'
            ELSE 'undecided' END AS finding,
       coalesce(w.broken, w.unfinished || iif(run.final, '', '; the run was cut short'), '') AS why,
       coalesce(w.total_minor, 0) AS weight, w.currency,
       w.refused OR coalesce(w.taken, 0) > 0 OR coalesce(w.said, 0) > 0 AS exposed,
       w.intent,
       w.order_number
FROM weighed AS w JOIN v1_run AS run;
