CREATE INDEX IF NOT EXISTS attempt_arrival ON attempt (arrival);
CREATE INDEX IF NOT EXISTS statement_join_order ON statement_join (order_seq) WHERE order_seq IS NOT NULL;
