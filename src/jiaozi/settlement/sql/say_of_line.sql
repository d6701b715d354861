-- A claim that is the one before but for one line.
INSERT INTO settlement_claim_line (statement_id, number, reference, amount_fen, capture_id, reason)
SELECT statement_id, %(number)s, reference, amount_fen, capture_id, reason
  FROM settlement_claim_line
 WHERE statement_id = %(statement)s AND number = %(number)s - 1 AND capture_id IS DISTINCT FROM %(capture)s
UNION ALL
SELECT %(statement)s, %(number)s, %(capture)s::text, %(amount)s, %(capture)s, %(reason)s
