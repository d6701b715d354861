-- A claim of every line as it was metered, but for what the claim before puts differently, with a reason or, from the
-- centre's own books, without: it stays as it is, and so does what was claimed that no line is of.
INSERT INTO settlement_claim_line (statement_id, number, reference, amount_fen, capture_id, reason)
SELECT l.statement_id, %(number)s, l.capture_id::text, coalesce(l.claimed_fen, l.amount_fen), l.capture_id, coalesce(o.reason, '')
  FROM settlement_line l
  LEFT JOIN settlement_claim_line o
    ON o.statement_id = l.statement_id AND o.number = %(number)s - 1 AND o.capture_id = l.capture_id AND o.reason <> ''
 WHERE l.statement_id = %(statement)s
UNION ALL
SELECT statement_id, %(number)s, reference, amount_fen, NULL, reason
  FROM settlement_claim_line
 WHERE statement_id = %(statement)s AND number = %(number)s - 1 AND capture_id IS NULL
