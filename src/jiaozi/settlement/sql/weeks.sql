-- What was granted and what was paid in each week of seven days before a day: week 0 is the last. Of each also what is
-- the year's: the vouchers issued in it, and what was paid for those.
SELECT (%(end)s::date - t.day - 1) / 7 AS week,
       sum(t.granted_fen)::bigint, sum(t.paid_fen + t.award_paid_fen)::bigint,
       coalesce(sum(t.granted_fen) FILTER (WHERE t.day >= %(first)s), 0)::bigint,
       coalesce(sum(t.paid_fen) FILTER (WHERE t.day >= %(first)s AND t.year >= %(year)s), 0)::bigint
  FROM settlement_totals(%(programme)s, %(since)s) t
 WHERE t.day >= %(begin)s AND t.day < %(end)s
 GROUP BY week ORDER BY week
