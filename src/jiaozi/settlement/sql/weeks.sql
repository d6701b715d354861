-- What was granted and what was paid in each week before an instant: week 0 is the last, and a week holds the instant
-- that it begins with and not the one that it ends with. Of each also what is the year's:
-- the vouchers issued in it, and what was paid for those. Cost: the lines of the year's paid statements, read once.
SELECT week,
       sum(granted)::bigint, sum(paid)::bigint,
       coalesce(sum(granted) FILTER (WHERE at >= %(first)s), 0)::bigint,
       coalesce(sum(own_paid), 0)::bigint
  FROM (
    SELECT ceil(extract(epoch FROM %(end)s - moved.at) / 604800)::int - 1 AS week, moved.* FROM (
      SELECT v.issued_at AS at, v.face_fen AS granted, 0::bigint AS paid, 0::bigint AS own_paid
        FROM voucher v WHERE v.programme = %(programme)s AND v.issued_at >= %(since)s AND v.issued_at < %(end)s
      UNION ALL
      SELECT s.paid_at, 0, s.total_fen, 0 FROM settlement_statement s
       WHERE s.programme = %(programme)s AND s.state = 'PAID' AND s.paid_at >= %(since)s AND s.paid_at < %(end)s
      UNION ALL
      SELECT p.at, 0, p.amount_fen, 0 FROM settlement_grant_payment p
       WHERE p.programme = %(programme)s AND p.at >= %(since)s AND p.at < %(end)s
      UNION ALL
      SELECT s.paid_at, 0, 0, l.amount_fen
        FROM settlement_statement s
        JOIN settlement_line l ON l.statement_id = s.id
        JOIN metering_capture c ON c.id = l.capture_id
        JOIN voucher v ON v.id = c.voucher_id AND v.issued_at >= %(first)s
       WHERE s.programme = %(programme)s AND s.state = 'PAID' AND s.paid_at >= %(first)s AND s.paid_at < %(end)s
      UNION ALL
      SELECT p.at, 0, 0, p.amount_fen
        FROM settlement_grant_payment p
        JOIN settlement_redemption r ON r.id = p.redemption_id
        JOIN voucher v ON v.id = r.voucher_id AND v.issued_at >= %(first)s
       WHERE p.programme = %(programme)s AND p.at >= %(first)s AND p.at < %(end)s
    ) AS moved
  ) AS counted
 GROUP BY week ORDER BY week
