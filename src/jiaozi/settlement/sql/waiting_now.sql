-- What is captured and on no statement, by programme and centre: what was captured in all, less what statements took. One
-- that was adjusted has given its captures back.
SELECT w.programme, w.centre, sum(w.captures)::bigint, sum(w.fen)::bigint
  FROM (
    SELECT c.programme, c.centre, c.captures, c.fen FROM settlement_captured(%(since)s) c
    UNION ALL
    SELECT s.programme, s.centre_id, -s.captures, -s.total_fen FROM settlement_statement s WHERE s.state <> 'ADJUSTED'
  ) AS w
 WHERE %(programme)s::text IS NULL OR w.programme = %(programme)s
 GROUP BY w.programme, w.centre HAVING sum(w.captures) <> 0 ORDER BY w.programme, w.centre LIMIT %(most)s
