-- What was captured up to an instant and is on no paid statement.
SELECT coalesce(sum(c.voucher_fen), 0)::bigint
  FROM metering_capture c
 WHERE c.programme = %(programme)s AND c.captured_at < %(end)s
   AND NOT EXISTS (SELECT 1 FROM settlement_line l JOIN settlement_statement s ON s.id = l.statement_id AND s.state = 'PAID'
                    WHERE l.capture_id = c.id)
