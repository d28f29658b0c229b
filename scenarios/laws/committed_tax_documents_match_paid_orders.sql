-- sentence: The tax office hears of every paid order, once, and of no other.
-- needs: statement, orders
-- exposure: orders for whose intent a fault touched the tax provider, and documents of orders that are not paid
--
-- Examined where tax documents are in use at all: each paid order (refunded in full: a document may or may not be left), and
-- each document of another order. One document not voided for each, committed, of the same amount unless the tax was a
-- flagged fallback.
WITH in_use AS (
    SELECT EXISTS (SELECT 1 FROM v1_tax_document) OR EXISTS (SELECT 1 FROM v1_order WHERE tax_document IS NOT NULL) AS yes
), judged AS (
    SELECT p.order_number AS subject,
           CASE WHEN p.documents = 0 AND NOT p.refunded_in_full THEN 'it is paid, and no tax document is left for it'
                WHEN p.documents > 1 THEN printf('%d tax documents are left for it', p.documents)
                WHEN p.documents_open > 0 THEN 'its tax document was never committed'
                WHEN p.documents = 1 AND p.tax_source IS NOT 'fallback' AND p.filed_minor <> p.tax_minor
                     THEN printf('its tax document says %.*f, the order %.*f %s', c.minor_digits, p.filed_minor / c.minor_unit,
                                 c.minor_digits, p.tax_minor / c.minor_unit, p.currency) END AS why,
           p.tax_minor AS weight, p.currency, p.document_faults > 0 OR p.tax_faults > 0 AS exposed, p.intent, p.order_number
    FROM v1_order AS p LEFT JOIN v1_currency AS c ON c.currency = p.currency
    WHERE p.paid
    UNION ALL
    SELECT d.document,
           CASE WHEN d.state = 'voided' THEN NULL
                WHEN d.order_number IS NULL THEN 'a tax document is left, and there is no such order'
                ELSE printf('a tax document is left, and the order is %s', d.order_state) END,
           d.amount_minor, d.currency, 1, d.intent, d.order_number
    FROM v1_tax_document AS d WHERE NOT d.order_paid
)
SELECT j.subject,
       CASE WHEN j.why IS NULL THEN 'held' WHEN run.final THEN 'violated' ELSE 'undecided' END AS finding,
       coalesce(j.why || iif(run.final, '', '; the run was cut short'), '') AS why,
       j.weight, j.currency,
       j.exposed,
       j.intent,
       j.order_number
FROM judged AS j JOIN in_use ON in_use.yes JOIN v1_run AS run;
