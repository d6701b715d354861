-- Per voucher account: spendable, held, used, ended (lapsed or revoked). Ended is what went to a sink, the rest of the
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
     WHERE t.debit_id = a.id AND t.kind = 1 AND s.kind IN ('LAPSED', 'REVOKED')
  ) e ON true
 WHERE a.id = ANY (%(accounts)s)
