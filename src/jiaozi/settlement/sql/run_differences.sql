-- Of some closed statements the lines on which claim, metering and ledger don't agree: how many of each, the largest first.
WITH chosen AS (
  SELECT id, centre_id, claim_number FROM settlement_statement WHERE id = ANY (%(statements)s)
), shard AS (
  SELECT * FROM unnest(%(shards)s::uuid[], %(centres)s::text[]) AS x (account, centre)
), own AS (
  SELECT s.id AS statement, s.centre_id AS centre, l.claimed_fen, l.amount_fen, coalesce(c.order_id, c.id) AS reference
    FROM settlement_line l JOIN chosen s ON s.id = l.statement_id JOIN metering_capture c ON c.id = l.capture_id
), posted AS (
  SELECT own.statement, own.reference, sum(moved.fen)::bigint AS fen FROM (
    SELECT t.reference, shard.centre, t.amount_fen AS fen
      FROM ledger_transfer t JOIN shard ON shard.account = t.credit_id WHERE t.kind IN (1, 3)
    UNION ALL
    SELECT t.reference, shard.centre, -t.amount_fen
      FROM ledger_transfer t JOIN shard ON shard.account = t.debit_id WHERE t.kind IN (1, 3)
  ) AS moved JOIN own ON own.reference = moved.reference AND own.centre = moved.centre
   GROUP BY own.statement, own.reference
), compared AS (
  SELECT own.statement, own.reference::text AS reference, own.claimed_fen, own.amount_fen AS metered_fen,
         CASE WHEN posted.reference IS NULL AND own.amount_fen = 0 THEN 0 ELSE posted.fen END AS ledger_fen
    FROM own LEFT JOIN posted ON posted.statement = own.statement AND posted.reference = own.reference
  UNION ALL
  SELECT s.id, claim.reference, claim.amount_fen, NULL, NULL
    FROM settlement_claim_line claim JOIN chosen s ON s.id = claim.statement_id AND s.claim_number = claim.number
   WHERE claim.capture_id IS NULL AND claim.amount_fen > 0
), wrong AS (
  SELECT statement, reference, claimed_fen, metered_fen, ledger_fen,
         count(*) OVER (PARTITION BY statement) AS differences,
         sum(coalesce(claimed_fen, 0) - coalesce(metered_fen, 0)) OVER (PARTITION BY statement) AS off,
         row_number() OVER (PARTITION BY statement
                            ORDER BY abs(coalesce(metered_fen, 0) - coalesce(claimed_fen, 0)) DESC, reference) AS place
    FROM compared
   WHERE coalesce(claimed_fen, 0) <> metered_fen OR metered_fen IS DISTINCT FROM ledger_fen OR metered_fen IS NULL
)
SELECT statement, reference, claimed_fen, metered_fen, ledger_fen, differences, off::bigint FROM wrong
 WHERE place <= %(most)s ORDER BY statement, place
