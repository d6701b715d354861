-- Every row is a voucher whose figures do not add up.
WITH books AS (
  SELECT v.id, v.programme, v.face_fen, a.id AS account, a.credits_posted, a.debits_posted, a.debits_pending
    FROM voucher v LEFT JOIN ledger_account a ON a.programme = v.programme AND a.kind = 'VOUCHER' AND a.subject = v.id::text
), spent AS (
  SELECT t.debit_id AS account,
         sum(t.amount_fen) FILTER (WHERE s.kind = 'LAPSED') AS lapsed,
         sum(t.amount_fen) FILTER (WHERE s.kind = 'REVOKED') AS revoked,
         sum(t.amount_fen) FILTER (WHERE s.kind = 'AVAILABLE') AS returned,
         sum(t.amount_fen) FILTER (WHERE s.kind IN ('PAYABLE', 'SETTLED')) AS used
    FROM ledger_transfer t JOIN ledger_account s ON s.id = t.credit_id
   WHERE t.kind IN (1, 3) GROUP BY t.debit_id
), findings AS (
  SELECT 'a voucher''s face is what was issued' AS invariant, id::text AS "where",
         format('face %%s, issued %%s', face_fen, credits_posted) AS found
    FROM books WHERE face_fen IS DISTINCT FROM credits_posted
  UNION ALL
  SELECT 'face = unspent + held + used + lapsed + revoked + returned', b.id::text,
         format('face %%s, unspent %%s, held %%s, used %%s, lapsed %%s, revoked %%s, returned %%s', b.face_fen, b.credits_posted - b.debits_posted - b.debits_pending,
                b.debits_pending, s.used, s.lapsed, s.revoked, s.returned)
    FROM books b LEFT JOIN spent s ON s.account = b.account
   WHERE b.debits_posted IS DISTINCT FROM (coalesce(s.used, 0) + coalesce(s.lapsed, 0) + coalesce(s.revoked, 0)
         + coalesce(s.returned, 0))::bigint
      OR b.credits_posted < b.debits_posted + b.debits_pending
)
SELECT invariant, "where", found FROM findings LIMIT %(limit)s
