-- What a statement pays under each voucher whose decision may have caps measured on pay.
SELECT v.version_id, a.decision, sum(l.amount_fen)::bigint
  FROM settlement_line l
  JOIN metering_capture c ON c.id = l.capture_id
  JOIN voucher v ON v.id = c.voucher_id
  JOIN application a ON a.id = v.application_id
 WHERE l.statement_id = %(statement)s AND a.decision::text ~ '"(paid|redeemed)"'
 GROUP BY v.version_id, a.id HAVING sum(l.amount_fen) > 0
