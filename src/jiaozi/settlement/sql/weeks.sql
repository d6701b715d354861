-- What was granted and what was paid in each week before an instant: week 0 is the last, and of each what fell in the year.
SELECT week,
       sum(granted)::bigint, sum(paid)::bigint,
       coalesce(sum(granted) FILTER (WHERE at >= %(first)s), 0)::bigint,
       coalesce(sum(paid) FILTER (WHERE at >= %(first)s), 0)::bigint
  FROM (
    SELECT floor(extract(epoch FROM %(end)s - moved.at) / 604800)::int AS week, moved.* FROM (
      SELECT v.issued_at AS at, v.face_fen AS granted, 0::bigint AS paid
        FROM voucher v WHERE v.programme = %(programme)s AND v.issued_at >= %(since)s AND v.issued_at < %(end)s
      UNION ALL
      SELECT s.paid_at, 0, s.total_fen FROM settlement_statement s
       WHERE s.programme = %(programme)s AND s.state = 'PAID' AND s.paid_at >= %(since)s AND s.paid_at < %(end)s
      UNION ALL
      SELECT p.at, 0, p.amount_fen FROM settlement_grant_payment p
       WHERE p.programme = %(programme)s AND p.at >= %(since)s AND p.at < %(end)s
    ) AS moved
  ) AS counted
 GROUP BY week ORDER BY week
