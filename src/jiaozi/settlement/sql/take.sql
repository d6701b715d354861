-- Put every capture up to the period's end that is on no statement yet onto this one, oldest first; what was captured
-- earlier, or corrects an order that is charged already, is an adjustment.
INSERT INTO settlement_line (statement_id, capture_id, kind, amount_fen, released)
SELECT %(statement)s, c.id, CASE WHEN c.captured_at < %(first)s OR c.kind = 'CORRECTION' THEN 'ADJUSTMENT' ELSE 'CAPTURE' END, c.voucher_fen, false
  FROM metering_capture c
 WHERE c.centre_id = %(centre)s AND c.programme = %(programme)s AND c.captured_at < %(end)s
   AND NOT EXISTS (SELECT 1 FROM settlement_line l WHERE l.capture_id = c.id AND NOT l.released)
 ORDER BY c.captured_at, c.id
 LIMIT %(most)s
