-- Add what a batch of entries counts for to the totals.
INSERT INTO transparency_total AS t (programme, year, by, key, measure, fen, entries)
SELECT * FROM unnest(%(programmes)s::text[], %(years)s::int[], %(bys)s::text[], %(keys)s::text[], %(measures)s::text[],
                     %(fens)s::bigint[], %(entries)s::bigint[])
ON CONFLICT (programme, year, by, key, measure) DO UPDATE SET fen = t.fen + EXCLUDED.fen, entries = t.entries + EXCLUDED.entries
