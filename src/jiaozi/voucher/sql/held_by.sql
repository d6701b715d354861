-- A holder's latest vouchers, with what is left of each as ``purses.sql`` says it.
SELECT v.*, coalesce(a.credits_posted - a.debits_posted - a.debits_pending, 0) AS spendable_fen,
       coalesce(a.debits_pending, 0) AS held_fen, coalesce(a.debits_posted - coalesce(e.ended, 0), 0) AS used_fen,
       coalesce(e.ended, 0) AS ended_fen
  FROM voucher v
  LEFT JOIN ledger_account a ON a.programme = v.programme AND a.kind = 'VOUCHER' AND a.subject = v.id::text
  LEFT JOIN LATERAL (
    SELECT sum(t.amount_fen)::bigint AS ended
      FROM ledger_transfer t JOIN ledger_account s ON s.id = t.credit_id
     WHERE t.debit_id = a.id AND t.kind = 1 AND s.kind IN ('LAPSED', 'REVOKED', 'AVAILABLE')
  ) e ON true
 WHERE v.programme = %(programme)s AND v.holder_id = %(holder)s
 ORDER BY v.issued_at DESC, v.id DESC LIMIT %(most)s
