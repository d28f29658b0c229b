-- sentence: Asking twice with the same key gives the same answer.
-- needs: shopper
-- exposure: keys with two or more final answers
-- stands: two answers that contradict each other were both given
--
-- Final answers that arrived agree in order number and total. 202, 409, 429 and 5xx are not final, nor is an answer that
-- no expectation fits.
WITH final AS (
    SELECT key, min(intent) AS intent, count(*) AS answers,
           count(order_number) AS numbers, count(DISTINCT order_number) AS different_numbers,
           count(DISTINCT total_minor) AS different_totals, count(DISTINCT reading = 'ok') AS kinds,
           group_concat(coalesce(order_number, reading) || coalesce(printf(' (total %d in minor units)', total_minor), ''),
                        ', then ') AS said,
           min(order_number) AS order_number
    FROM (SELECT key, intent, order_number, total_minor, reading FROM v1_attempt
          WHERE key IN (SELECT key FROM v1_repeated_key) AND status IS NOT NULL AND status NOT IN (202, 409, 429) AND status < 500
            AND reading NOT IN ('pending', 'action_required', 'in_progress', 'already_ordered', 'unexpected', 'unanswered')
          ORDER BY key, done_us, order_number)
    GROUP BY key
    HAVING count(*) >= 2
)
SELECT intent || ' key …' || substr(key, -6) AS subject,
       CASE WHEN different_numbers > 1 OR different_totals > 1 THEN 'violated'
            WHEN kinds > 1 THEN 'undecided'
            ELSE 'held' END AS finding,
       CASE WHEN different_numbers > 1 OR different_totals > 1 THEN 'the answers were ' || said
            WHEN kinds > 1 THEN 'a yes and a no, which cannot be compared: ' || said
            ELSE '' END AS why,
       1 AS exposed,
       intent,
       order_number
FROM final;
