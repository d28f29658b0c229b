CREATE INDEX IF NOT EXISTS order_number ON shop_order (number);
CREATE INDEX IF NOT EXISTS intent_name ON intent (intent);
CREATE INDEX IF NOT EXISTS charge_order ON charge (order_seq);
CREATE INDEX IF NOT EXISTS order_join_intent ON order_join (intent);
CREATE INDEX IF NOT EXISTS tax_document_order ON tax_document (order_seq);
CREATE INDEX IF NOT EXISTS dispatch_order ON dispatch (order_seq);
CREATE INDEX IF NOT EXISTS candidate_intent ON candidate (intent);
CREATE INDEX IF NOT EXISTS attempt_intent ON attempt (intent);
CREATE INDEX IF NOT EXISTS statement_join_intent ON statement_join (intent) WHERE intent IS NOT NULL;
