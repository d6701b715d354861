-- What was captured up to an instant and is on no statement, by programme and centre.
SELECT c.programme, c.centre_id, count(*), sum(c.voucher_fen)::bigint
  FROM metering_capture c
 WHERE c.captured_at < %(end)s
   AND NOT EXISTS (SELECT 1 FROM settlement_line l WHERE l.capture_id = c.id AND NOT l.released)
 GROUP BY c.programme, c.centre_id ORDER BY c.programme, c.centre_id LIMIT %(most)s
