-- The columns of a run of entries as they were sealed, of a withheld one only leaf and head.
SELECT e.n, e.source, e.shown, e.entry, e.at, e.programme, t.event, t.kind, d.kind, d.subject, c.kind, c.subject, t.amount_fen,
       t.hold_id, e.hold_fen, t.chain_id, e.subject, e.year, e.clause, e.holder_class, e.parts, j.stage, j.verb, j.before, j.after,
       j.digest, e.leaf, e.head
  FROM transparency_entry e
  LEFT JOIN ledger_transfer t ON e.source = 'TRANSFER' AND e.shown AND t.id = e.entry
  LEFT JOIN ledger_account d ON d.id = t.debit_id
  LEFT JOIN ledger_account c ON c.id = t.credit_id
  LEFT JOIN journal_line j ON e.source = 'JOURNAL' AND e.shown AND j.id = e.entry
 WHERE e.n > %(after)s AND e.n <= %(last)s
 ORDER BY e.n
