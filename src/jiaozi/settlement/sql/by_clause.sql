-- What the vouchers of a year came to, clause by clause: face = with holders + held + used + ended.
WITH issued AS (
  SELECT v.clause, v.face_fen, a.id AS account, a.credits_posted, a.debits_posted, a.debits_pending
    FROM voucher v
    LEFT JOIN ledger_account a ON a.programme = v.programme AND a.kind = 'VOUCHER' AND a.subject = v.id::text
   WHERE v.programme = %(programme)s AND v.issued_at >= %(first)s AND v.issued_at < %(end)s
), ended AS (
  SELECT i.clause, sum(t.amount_fen)::bigint AS fen
    FROM ledger_transfer t JOIN issued i ON i.account = t.debit_id
   WHERE t.credit_id = ANY (%(sinks)s) AND t.kind IN (1, 3) GROUP BY i.clause
)
SELECT i.clause, count(*), sum(i.face_fen)::bigint,
       coalesce(sum(i.credits_posted - i.debits_posted - i.debits_pending), 0)::bigint,
       coalesce(sum(i.debits_pending), 0)::bigint,
       coalesce(sum(i.debits_posted), 0)::bigint - coalesce(min(e.fen), 0),
       coalesce(min(e.fen), 0)
  FROM issued i LEFT JOIN ended e ON e.clause = i.clause
 GROUP BY i.clause ORDER BY 3 DESC, 1
