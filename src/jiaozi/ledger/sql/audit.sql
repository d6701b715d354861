-- Every row is a broken invariant: its name, where, and what was found.
WITH movement AS (
  SELECT t.debit_id AS account,
         CASE t.kind WHEN 2 THEN t.amount_fen WHEN 3 THEN -h.amount_fen WHEN 4 THEN -h.amount_fen ELSE 0 END AS dp,
         CASE WHEN t.kind IN (1, 3) THEN t.amount_fen ELSE 0 END AS dd, 0::bigint AS cp, 0::bigint AS cc
    FROM ledger_transfer t LEFT JOIN ledger_transfer h ON h.id = t.hold_id
  UNION ALL
  SELECT t.credit_id, 0, 0,
         CASE t.kind WHEN 2 THEN t.amount_fen WHEN 3 THEN -h.amount_fen WHEN 4 THEN -h.amount_fen ELSE 0 END,
         CASE WHEN t.kind IN (1, 3) THEN t.amount_fen ELSE 0 END
    FROM ledger_transfer t LEFT JOIN ledger_transfer h ON h.id = t.hold_id
), replay AS (
  SELECT account, sum(dp) AS dp, sum(dd) AS dd, sum(cp) AS cp, sum(cc) AS cc FROM movement GROUP BY account
), findings AS (
  SELECT 'book balances' AS invariant, a.book AS "where",
         format('pending %%s debit, %%s credit; posted %%s debit, %%s credit', sum(a.debits_pending), sum(a.credits_pending), sum(a.debits_posted), sum(a.credits_posted)) AS found
    FROM ledger_account a GROUP BY a.book
  HAVING sum(a.debits_pending) <> sum(a.credits_pending) OR sum(a.debits_posted) <> sum(a.credits_posted)
  UNION ALL
  SELECT 'counters equal a replay', coalesce(a.programme || '/' || a.kind || '/' || a.subject, 'no account ' || r.account),
         format('counters %%s %%s %%s %%s, replay %%s %%s %%s %%s', a.debits_pending, a.debits_posted, a.credits_pending, a.credits_posted, r.dp, r.dd, r.cp, r.cc)
    FROM ledger_account a FULL JOIN replay r ON r.account = a.id
   WHERE a.id IS NULL
      OR (a.debits_pending, a.debits_posted, a.credits_pending, a.credits_posted)
         IS DISTINCT FROM (coalesce(r.dp, 0)::bigint, coalesce(r.dd, 0)::bigint, coalesce(r.cp, 0)::bigint, coalesce(r.cc, 0)::bigint)
  UNION ALL
  SELECT 'bounds kept', format('%%s/%%s/%%s', a.programme, a.kind, a.subject), format('debits %%s, credits %%s', a.debits_pending + a.debits_posted, a.credits_pending + a.credits_posted)
    FROM ledger_account a
   WHERE (a.debits_within_credits AND a.debits_pending + a.debits_posted > a.credits_posted)
      OR (a.credits_within_debits AND a.credits_pending + a.credits_posted > a.debits_posted)
  UNION ALL
  SELECT 'an account is what its kind says', format('%%s/%%s/%%s', a.programme, a.kind, a.subject),
         format('book %%s, debits within credits %%s, credits within debits %%s', a.book, a.debits_within_credits, a.credits_within_debits)
    FROM ledger_account a
    LEFT JOIN unnest(%(kinds)s::text[], %(books)s::text[], %(debits_within)s::boolean[], %(credits_within)s::boolean[]) AS k(kind, book, d, c) ON k.kind = a.kind
   WHERE (a.book, a.debits_within_credits, a.credits_within_debits) IS DISTINCT FROM (k.book, k.d, k.c)
  UNION ALL
  SELECT 'a chain has its first transfer', t.id::text, format('chain %%s', t.chain_id)
    FROM ledger_transfer t LEFT JOIN ledger_transfer f ON f.id = t.chain_id WHERE f.id IS NULL
  UNION ALL
  SELECT 'a hold is resolved within its amount', t.id::text, format('hold %%s of %%s, resolved by %%s', t.hold_id, h.amount_fen, t.amount_fen)
    FROM ledger_transfer t LEFT JOIN ledger_transfer h ON h.id = t.hold_id
   WHERE t.kind IN (3, 4)
     AND (h.id IS NULL OR h.kind <> 2 OR h.debit_id <> t.debit_id OR h.credit_id <> t.credit_id OR t.amount_fen > h.amount_fen
          OR (t.kind = 4 AND t.amount_fen <> h.amount_fen))
  UNION ALL
  SELECT 'a hold is resolved once', t.hold_id::text, format('%%s resolutions', count(*))
    FROM ledger_transfer t WHERE t.hold_id IS NOT NULL GROUP BY t.hold_id HAVING count(*) > 1
  UNION ALL
  SELECT 'a transfer stays in one book', t.id::text, format('%%s to %%s', d.book, c.book)
    FROM ledger_transfer t LEFT JOIN ledger_account d ON d.id = t.debit_id LEFT JOIN ledger_account c ON c.id = t.credit_id
   WHERE d.book IS DISTINCT FROM c.book
)
SELECT invariant, "where", found FROM findings LIMIT %(limit)s
