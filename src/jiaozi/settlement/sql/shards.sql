-- What a statement owes on each shard of the centre's payable.
SELECT c.payable_shard, sum(l.amount_fen)::bigint
  FROM settlement_line l JOIN metering_capture c ON c.id = l.capture_id
 WHERE l.statement_id = %(statement)s GROUP BY c.payable_shard ORDER BY c.payable_shard
