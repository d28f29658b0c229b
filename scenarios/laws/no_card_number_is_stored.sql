-- sentence: The shop keeps no card number in its files or logs.
-- needs: files
-- exposure: files that are not empty, scanned for the numbers that shoppers really sent
-- stands: a number that was found is there
SELECT f.file AS subject,
       CASE WHEN sum(s.count) > 0 THEN 'violated' ELSE 'held' END AS finding,
       CASE WHEN sum(s.count) > 0 THEN
                (SELECT group_concat(printf('card `%s` %d times', n.card, n.count), ', ')
                 FROM (SELECT * FROM v1_card_sighting WHERE file = f.file AND count > 0 ORDER BY card) AS n)
            ELSE '' END AS why,
       f.bytes > 0 AS exposed
FROM v1_scanned_file AS f LEFT JOIN v1_card_sighting AS s ON s.file = f.file
GROUP BY f.file;
