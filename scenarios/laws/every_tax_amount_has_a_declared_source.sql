-- sentence: Every tax amount was quoted, or is openly marked as estimated.
-- needs: statement, orders
-- exposure: orders taxed by the fallback, for whose intent a fault touched the tax provider, or with a tax that no quote has:
--   none was asked for, it failed, or it was not taken
--
-- Examined: accepted orders with a tax amount. It equals a recorded quote (of the code that the order names, else of the
-- intent), or the order is flagged as taxed by the fallback and the declared policy allows one: with a declared rate, it is
-- that rate of the goods, with or without shipping as tax was asked on others of the run, to a minor unit; zero on goods that the rate would tax is not the fallback.
WITH asks AS MATERIALIZED (
    SELECT EXISTS (SELECT 1 FROM v1_order
                   WHERE tax_source = 'quote' AND shipping_minor > 0
                     AND taxed_minor = subtotal_minor - coalesce(discount_minor, 0) + shipping_minor) AS on_shipping
), taxed AS (
    SELECT o.order_number, o.currency, o.tax_minor, o.tax_source, o.attribution, o.intent, o.tax_faults, coalesce(run.tax_policy, o.tax_policy) AS policy, run.tax_rate_bp AS rate_bp,
           coalesce(o.subtotal_minor, 0) - coalesce(o.discount_minor, 0) AS base_minor,
           o.subtotal_minor IS NOT NULL AS priced, coalesce(o.shipping_minor, 0) AS shipping_minor,
           o.tax_quoted AS quoted
    FROM v1_order AS o JOIN v1_run AS run
    WHERE o.accepted AND o.tax_minor IS NOT NULL
), judged AS (
    SELECT taxed.*,
           CASE WHEN tax_source = 'fallback' THEN
                     CASE WHEN policy = 'block' THEN 'flagged as fallback, and the declared policy is to refuse'
                          WHEN policy IS NULL THEN 'flagged as fallback, and no policy is declared'
                          WHEN tax_minor = 0 AND base_minor * rate_bp >= 10000 THEN 'flagged as fallback with a tax of zero'
                          WHEN priced AND tax_minor NOT BETWEEN (base_minor + iif(asks.on_shipping, shipping_minor, 0)) * rate_bp / 10000 - 1
                                                         AND (base_minor + shipping_minor) * rate_bp / 10000 + 1
                               THEN 'flagged as fallback, and not at the declared rate' END
                WHEN quoted THEN NULL
                WHEN tax_source IS NULL AND attribution = 'undecided' THEN NULL
                ELSE 'not flagged as fallback, and no quote has this amount' END AS fault_found,
           tax_source IS NOT 'fallback' AND NOT quoted AND (attribution = 'undecided') AS unsure
    FROM taxed JOIN asks
)
SELECT j.order_number AS subject,
       CASE WHEN j.fault_found IS NULL AND NOT j.unsure THEN 'held'
            WHEN j.unsure OR (j.tax_source = 'fallback' AND j.policy IS NULL) THEN 'undecided'
            ELSE 'violated' END AS finding,
       CASE WHEN j.fault_found IS NULL AND NOT j.unsure THEN ''
            ELSE printf('tax %.*f %s: ', c.minor_digits, j.tax_minor / c.minor_unit, j.currency)
                 || coalesce(j.fault_found, 'its marks fit several intents, so its quote cannot be told') END AS why,
       coalesce(abs(j.base_minor * j.rate_bp / 10000 - j.tax_minor), j.tax_minor) AS weight, j.currency,
       j.tax_source IS 'fallback' OR j.tax_faults > 0 OR NOT j.quoted AS exposed,
       j.intent,
       j.order_number
FROM judged AS j
LEFT JOIN v1_currency AS c ON c.currency = j.currency
WHERE j.tax_source IS NOT NULL OR EXISTS (SELECT 1 FROM v1_tax_quote);
