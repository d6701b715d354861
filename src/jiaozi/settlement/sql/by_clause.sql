-- What a year's vouchers came to, clause by clause: face = with holders + held + used + ended; after them its awards, of
-- which held is what waits to be paid.
SELECT clause, grants, granted, spendable, held, used, ended
  FROM (
    SELECT 1 AS place, t.clause, sum(t.vouchers)::bigint AS grants, sum(t.granted_fen)::bigint AS granted,
           sum(t.granted_fen - t.held_fen - t.used_fen - t.ended_fen)::bigint AS spendable,
           sum(t.held_fen)::bigint AS held, sum(t.used_fen)::bigint AS used, sum(t.ended_fen)::bigint AS ended
      FROM settlement_totals(%(programme)s, %(since)s) t
     WHERE t.year = %(year)s
     GROUP BY t.clause HAVING sum(t.vouchers) > 0
    UNION ALL
    SELECT 2, a.clause, count(DISTINCT a.id), sum(s.amount_fen)::bigint, 0,
           coalesce(sum(s.amount_fen) FILTER (WHERE s.state NOT IN ('PAID', 'WITHDRAWN')), 0)::bigint,
           coalesce(sum(s.amount_fen) FILTER (WHERE s.state = 'PAID'), 0)::bigint,
           coalesce(sum(s.amount_fen) FILTER (WHERE s.state = 'WITHDRAWN'), 0)::bigint
      FROM settlement_award a JOIN settlement_award_stage s ON s.award_id = a.id
     WHERE a.programme = %(programme)s AND a.awarded_at >= %(first)s AND a.awarded_at < %(end)s
     GROUP BY a.clause
  ) AS c
 ORDER BY place, CASE WHEN place = 1 THEN granted END DESC, clause
