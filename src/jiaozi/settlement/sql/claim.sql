-- Store a claim as it came and find each reference's capture among the statement's lines: an order's id, a capture's
-- id, or a usage record's id.
WITH own AS (
  SELECT c.id, c.order_id FROM settlement_line l JOIN metering_capture c ON c.id = l.capture_id WHERE l.statement_id = %(statement)s
), keys AS (
  SELECT DISTINCT ON (reference) reference, capture_id FROM (
    SELECT order_id::text AS reference, id AS capture_id, 1 AS rank FROM own WHERE order_id IS NOT NULL
    UNION ALL SELECT id::text, id, 2 FROM own
    UNION ALL SELECT m.record_id, m.capture_id, 3 FROM metering_movement m JOIN own ON own.id = m.capture_id
    UNION ALL SELECT u.record_id, u.capture_id, 3 FROM metering_usage u JOIN own ON own.id = u.capture_id
  ) AS every ORDER BY reference, rank, capture_id
)
INSERT INTO settlement_claim_line (statement_id, number, reference, amount_fen, capture_id)
SELECT %(statement)s, %(number)s, given.reference, given.amount_fen, keys.capture_id
  FROM unnest(%(references)s::text[], %(amounts)s::bigint[]) AS given(reference, amount_fen)
  LEFT JOIN keys ON keys.reference = given.reference
