-- Lines after the cursor in the order of their transactions, of transactions that are over and have none older running:
-- so that a line which commits late is not passed over.
SELECT j.tx::text, j.id, j.stage, j.verb, j.subject, j.before, j.after, j.at, j.by
  FROM journal_line AS j
 WHERE (j.tx, j.id) > (%(transaction)s::xid8, %(line)s)
   AND j.tx < pg_snapshot_xmin(pg_current_snapshot())
 ORDER BY j.tx, j.id
 LIMIT %(most)s
