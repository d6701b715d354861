-- What one payment, to a centre or to a holder, and those made before it, cost the reserve, less what was disallowed or
-- clawed back of them before it was replaced.
SELECT coalesce(sum(s.fen) FILTER (WHERE s.id = %(statement)s), 0)::bigint,
       coalesce(sum(s.fen) FILTER (WHERE s.id <> %(statement)s), 0)::bigint
  FROM (
    SELECT s.id, s.total_fen - coalesce((SELECT sum(d.from_unreplenished_fen) FROM settlement_disallowance d WHERE d.statement_id = s.id), 0) AS fen
      FROM settlement_statement s
     WHERE s.programme = %(programme)s AND s.state = 'PAID' AND (s.paid_at, s.id) <= (%(paid_at)s, %(statement)s)
    UNION ALL
    SELECT p.id, p.amount_fen - coalesce((SELECT sum(c.from_unreplenished_fen) FROM settlement_clawback c WHERE c.payment_id = p.id), 0)
      FROM settlement_grant_payment p
     WHERE p.programme = %(programme)s AND (p.at, p.id) <= (%(paid_at)s, %(statement)s)
  ) AS s
