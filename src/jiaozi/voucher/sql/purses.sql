-- Per voucher account: spendable, held, used, ended. Ended is what lapsed, was revoked, or went
-- back to the year's budget; the rest of the
-- posted debits was used.
SELECT a.id,
       a.credits_posted - a.debits_posted - a.debits_pending AS spendable,
       a.debits_pending AS held,
       a.debits_posted - coalesce(e.ended, 0) AS used,
       coalesce(e.ended, 0) AS ended
  FROM ledger_account a
  LEFT JOIN LATERAL (
    SELECT sum(t.amount_fen)::bigint AS ended
      FROM ledger_transfer t JOIN ledger_account s ON s.id = t.credit_id
     WHERE t.debit_id = a.id AND t.kind = 1 AND s.kind IN ('LAPSED', 'REVOKED', 'AVAILABLE')
  ) e ON true
 WHERE a.id = ANY (%(accounts)s)
