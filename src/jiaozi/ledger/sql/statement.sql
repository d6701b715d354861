-- One account's lines with the running posted balance (credits less debits). Holds show with the balance unmoved.
WITH lines AS (
  SELECT t.id, t.tx, t.at, t.kind, t.event, t.reference,
         CASE WHEN t.debit_id = %(account)s THEN t.amount_fen ELSE 0 END AS debit_fen,
         CASE WHEN t.credit_id = %(account)s THEN t.amount_fen ELSE 0 END AS credit_fen
    FROM ledger_transfer t
   WHERE t.debit_id = %(account)s OR t.credit_id = %(account)s
), running AS (
  SELECT l.*, sum(CASE WHEN l.kind IN (1, 3) THEN l.credit_fen - l.debit_fen ELSE 0 END) OVER (ORDER BY l.at, l.tx, l.id)::bigint AS balance_fen
    FROM lines l
), latest AS (
  SELECT * FROM running ORDER BY at DESC, tx DESC, id DESC LIMIT %(limit)s
)
SELECT id, at, kind, event, reference, debit_fen, credit_fen, balance_fen FROM latest ORDER BY at, tx, id
