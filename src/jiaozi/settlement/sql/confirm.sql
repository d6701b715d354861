-- A claim of every line as it was metered, but for those that the claim before objects to: they stay as they are.
INSERT INTO settlement_claim_line (statement_id, number, reference, amount_fen, capture_id, reason)
SELECT l.statement_id, %(number)s, l.capture_id::text, coalesce(o.amount_fen, l.amount_fen), l.capture_id, coalesce(o.reason, '')
  FROM settlement_line l
  LEFT JOIN settlement_claim_line o
    ON o.statement_id = l.statement_id AND o.number = %(number)s - 1 AND o.capture_id = l.capture_id AND o.reason <> ''
 WHERE l.statement_id = %(statement)s
