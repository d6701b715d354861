-- Vouchers that have ended while units of their quota are neither held, used nor ended yet.
SELECT v.id
  FROM ledger_account a
  JOIN voucher v ON v.programme = a.programme AND v.id::text = a.subject
 WHERE a.kind = 'QUOTA' AND a.credits_posted > a.debits_posted + a.debits_pending AND v.state = ANY (%(ended)s)
 ORDER BY v.id LIMIT %(limit)s
