-- The kept totals against the entries; the chain's length against its entries; every old entry of the books sealed.
(SELECT 'a kept total is the sum of its entries' AS invariant, t.programme || ' ' || t.year || ' ' || t.measure AS where_,
        'kept ' || t.fen || ', entries add up to ' || coalesce(e.fen, 0) AS found
   FROM transparency_total t
   LEFT JOIN LATERAL (
     SELECT sum(CASE WHEN t.measure = 'HELD' THEN e.held_fen ELSE e.fen END)::bigint AS fen
       FROM transparency_entry e
      WHERE e.programme = t.programme AND e.year = t.year AND e.parts = ''
        AND (e.measure = t.measure OR t.measure = 'HELD')
   ) e ON true
  WHERE t.by = 'ALL' AND t.measure <> 'SETTLED' AND t.fen <> coalesce(e.fen, 0)
  LIMIT %(limit)s)
UNION ALL
(SELECT 'a kept total is the sum of its entries', t.programme || ' SETTLED',
        'kept ' || t.fen || ', entries add up to ' || coalesce(e.fen, 0)
   FROM (SELECT programme, sum(fen)::bigint AS fen FROM transparency_total WHERE by = 'ALL' AND measure = 'SETTLED' GROUP BY programme) t
   LEFT JOIN (SELECT programme, sum(fen)::bigint AS fen FROM transparency_entry WHERE measure = 'SETTLED' GROUP BY programme) e
     USING (programme)
  WHERE t.fen <> coalesce(e.fen, 0)
  LIMIT %(limit)s)
UNION ALL
(SELECT 'the chain has as many links as it says', 'chain', 'says ' || c.n || ', has ' || (SELECT count(*) FROM transparency_entry)
   FROM transparency_chain c
  WHERE c.n <> (SELECT count(*) FROM transparency_entry) OR c.n <> (SELECT coalesce(max(n), 0) FROM transparency_entry))
UNION ALL
(SELECT 'what is older than the chain''s end is in it', 'transfer ' || t.id, 'not sealed'
   FROM ledger_transfer t, transparency_chain c
  WHERE (t.tx, t.id) <= (c.transfer_tx::xid8, c.transfer_id)
    AND NOT EXISTS (SELECT FROM transparency_entry e WHERE e.source = 'TRANSFER' AND e.entry = t.id)
  LIMIT %(limit)s)
UNION ALL
(SELECT 'what is older than the chain''s end is in it', 'journal line ' || j.id, 'not sealed'
   FROM journal_line j, transparency_chain c
  WHERE (j.tx, j.id) <= (c.journal_tx::xid8, c.journal_id)
    AND NOT EXISTS (SELECT FROM transparency_entry e WHERE e.source = 'JOURNAL' AND e.entry = j.id)
  LIMIT %(limit)s)
