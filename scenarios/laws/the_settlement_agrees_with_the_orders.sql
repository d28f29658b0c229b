-- sentence: The money on the bank statement is the money in the orders book.
-- needs: orders, settlement
-- exposure: orders with two or more lines in a settlement report, and lines without an order
--
-- Examined where the orders book tells refunds. For each order the lines of the payment providers' settlement reports, fees left out, against what the shop booked: paid,
-- less what left it again (refunds without store credit, disputes lost); where it does not say what was paid, a paid order was
-- paid in full. A line that no order explains is a discrepancy. While a dispute is open,
-- what is disputed may be withheld already.
WITH booked AS (
    SELECT order_seq, order_number, intent, currency, settled_lines, settled_minor,
           coalesce(paid_minor, iif(paid, due_minor, booked_back_minor)) - booked_back_minor AS kept_minor,
           iif(dispute_state IN ('needs_response', 'under_review'), coalesce(disputed_minor, 0), 0) AS withheld_minor
    FROM v1_order
), judged AS (
    SELECT o.order_number AS subject, o.settled_minor IN (o.kept_minor, o.kept_minor - o.withheld_minor) AS agrees,
           printf('the reports have %.*f %s for it, the shop booked %.*f', c.minor_digits, o.settled_minor / c.minor_unit,
                  o.currency, c.minor_digits, o.kept_minor / c.minor_unit) AS why,
           abs(o.settled_minor - o.kept_minor) AS weight, o.currency, o.settled_lines >= 2 AS exposed, o.intent, o.order_number
    FROM booked AS o LEFT JOIN v1_currency AS c ON c.currency = o.currency
    WHERE o.settled_lines > 0 OR o.kept_minor <> 0
    UNION ALL
    SELECT l.object, 0, 'a line of the settlement report, and no order explains it', abs(l.gross_minor), l.currency, 1, NULL, l.order_number
    FROM v1_unexplained AS l
)
SELECT j.subject,
       CASE WHEN j.agrees THEN 'held' WHEN run.final THEN 'violated' ELSE 'undecided' END AS finding,
       CASE WHEN j.agrees THEN '' ELSE j.why || iif(run.final, '', '; the run was cut short') END AS why,
       j.weight, j.currency,
       j.exposed,
       j.intent,
       j.order_number
FROM judged AS j JOIN v1_run AS run
WHERE run.tells_refunds;
