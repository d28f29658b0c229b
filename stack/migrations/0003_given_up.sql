-- What of the total was neither captured nor sent: parts that could not be paid for once others had left.
ALTER TABLE orders ADD COLUMN given_up_minor INTEGER NOT NULL DEFAULT 0;
