-- Whether a refund is asked for only once the order has left: all of the money of goods that are leaving already.
ALTER TABLE refunds ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
-- The number of the tax document in force: one that was voided is not made anew under its code.
ALTER TABLE orders ADD COLUMN tax_version INTEGER NOT NULL DEFAULT 1;
