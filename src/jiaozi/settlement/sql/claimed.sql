-- Bring a claim to its lines; a line that the claim does not name has none.
UPDATE settlement_line l SET claimed_fen = claim.fen
  FROM settlement_line own
  LEFT JOIN (SELECT capture_id, sum(amount_fen)::bigint AS fen FROM settlement_claim_line
              WHERE statement_id = %(statement)s AND number = %(number)s AND capture_id IS NOT NULL GROUP BY capture_id) AS claim
    ON claim.capture_id = own.capture_id
 WHERE own.statement_id = %(statement)s AND l.id = own.id AND l.claimed_fen IS DISTINCT FROM claim.fen
