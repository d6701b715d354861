-- A statement's captures, each with the order or the record that people know it by.
SELECT l.capture_id, coalesce(c.order_id::text, c.corrects_id::text, (SELECT min(u.record_id) FROM metering_usage u WHERE u.capture_id = c.id),
                              (SELECT min(m.record_id) FROM metering_movement m WHERE m.capture_id = c.id), c.id::text)
  FROM settlement_line l JOIN metering_capture c ON c.id = l.capture_id
 WHERE l.statement_id = %(statement)s ORDER BY l.id LIMIT %(most)s
