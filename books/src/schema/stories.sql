CREATE INDEX IF NOT EXISTS attempt_arrival ON attempt (arrival);
CREATE INDEX IF NOT EXISTS statement_join_order ON statement_join (order_seq) WHERE order_seq IS NOT NULL;
CREATE INDEX IF NOT EXISTS statement_join_intent ON statement_join (intent) WHERE intent IS NOT NULL;
