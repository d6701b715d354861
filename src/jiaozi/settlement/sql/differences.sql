-- Lines on which claim, metering and ledger don't agree, largest difference first, with how many there are in all.
WITH own AS (
  SELECT l.claimed_fen, l.amount_fen, coalesce(c.order_id, c.id) AS reference
    FROM settlement_line l JOIN metering_capture c ON c.id = l.capture_id WHERE l.statement_id = %(statement)s
), posted AS (
  SELECT moved.reference, sum(moved.fen)::bigint AS fen FROM (
    SELECT t.reference, t.amount_fen AS fen FROM ledger_transfer t WHERE t.credit_id = ANY (%(shards)s) AND t.kind IN (1, 3)
    UNION ALL
    SELECT t.reference, -t.amount_fen FROM ledger_transfer t WHERE t.debit_id = ANY (%(shards)s) AND t.kind IN (1, 3)
  ) AS moved JOIN own ON own.reference = moved.reference GROUP BY moved.reference
), compared AS (
  SELECT own.reference::text AS reference, own.claimed_fen, own.amount_fen AS metered_fen,
         CASE WHEN posted.reference IS NULL AND own.amount_fen = 0 THEN 0 ELSE posted.fen END AS ledger_fen
    FROM own LEFT JOIN posted ON posted.reference = own.reference
  UNION ALL
  SELECT claim.reference, claim.amount_fen, NULL, NULL
    FROM settlement_claim_line claim JOIN settlement_statement s ON s.id = claim.statement_id AND s.claim_number = claim.number
   WHERE claim.statement_id = %(statement)s AND claim.capture_id IS NULL AND claim.amount_fen > 0
)
SELECT reference, claimed_fen, metered_fen, ledger_fen, count(*) OVER () AS differences
  FROM compared
 WHERE coalesce(claimed_fen, 0) <> metered_fen OR metered_fen IS DISTINCT FROM ledger_fen OR metered_fen IS NULL
 ORDER BY abs(coalesce(metered_fen, 0) - coalesce(claimed_fen, 0)) DESC, reference
 LIMIT %(most)s
