-- sentence: No order stays between paid and unpaid for longer than the shop may take.
-- needs: orders
-- exposure: orders that were in doubt: pending or flagged when read, or the answer of their payment was destroyed, or a
--   shopper was told that the payment is not decided yet, or its holder was asked to authenticate
--
-- A doubt is an order that is pending, or that the shop itself flags. Violated only when the scenario's `settle_within` has
-- passed; undecided when the run did not wait that long.
SELECT o.order_number AS subject,
       CASE WHEN o.state <> 'pending' AND NOT o.in_doubt THEN 'held'
            WHEN run.waited_to_the_end THEN 'violated'
            ELSE 'undecided' END AS finding,
       CASE WHEN o.state <> 'pending' AND NOT o.in_doubt THEN ''
            ELSE printf('the order is %s%s after %.1f s', o.state, iif(o.in_doubt, ' and in doubt', ''),
                        coalesce(run.waited_us, 0) / 1e6)
                 || iif(run.waited_to_the_end, '', printf(', the shop may take %.1f s', run.settle_within_us / 1e6)) END AS why,
       o.total_minor AS weight, o.currency,
       o.state = 'pending' OR o.in_doubt OR o.answers_lost > 0 OR o.told_pending > 0
           OR o.challenged AS exposed,
       o.intent,
       o.order_number
FROM v1_order AS o JOIN v1_run AS run;
