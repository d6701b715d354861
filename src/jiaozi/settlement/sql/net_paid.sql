-- What one paid statement, and those paid before it, cost the reserve, less what was disallowed before it was replaced.
SELECT coalesce(sum(s.fen) FILTER (WHERE s.id = %(statement)s), 0)::bigint,
       coalesce(sum(s.fen) FILTER (WHERE s.id <> %(statement)s), 0)::bigint
  FROM (
    SELECT s.id, s.total_fen - coalesce((SELECT sum(d.from_unreplenished_fen) FROM settlement_disallowance d WHERE d.statement_id = s.id), 0) AS fen
      FROM settlement_statement s
     WHERE s.programme = %(programme)s AND s.state = 'PAID' AND (s.paid_at, s.id) <= (%(paid_at)s, %(statement)s)
  ) AS s
