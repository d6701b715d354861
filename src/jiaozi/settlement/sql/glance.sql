-- One row: the year's budget, the vouchers issued in it, and the reserve's accounts, each on its own side: assets by
-- debits, what is due to the treasury and its advance by credits.
WITH issued AS (
  SELECT v.id, v.face_fen, a.id AS account, a.credits_posted, a.debits_posted, a.debits_pending
    FROM voucher v
    LEFT JOIN ledger_account a ON a.programme = v.programme AND a.kind = 'VOUCHER' AND a.subject = v.id::text
   WHERE v.programme = %(programme)s AND v.issued_at >= %(first)s AND v.issued_at < %(end)s
), vouchers AS (
  SELECT count(*) AS vouchers, coalesce(sum(face_fen), 0)::bigint AS face,
         coalesce(sum(credits_posted - debits_posted - debits_pending), 0)::bigint AS spendable,
         coalesce(sum(debits_pending), 0)::bigint AS held, coalesce(sum(debits_posted), 0)::bigint AS debited
    FROM issued
), ended AS (
  SELECT coalesce(sum(t.amount_fen), 0)::bigint AS fen
    FROM ledger_transfer t JOIN issued i ON i.account = t.debit_id
   WHERE t.credit_id = ANY (%(sinks)s) AND t.kind IN (1, 3)
), settled AS (
  SELECT coalesce(sum(paid.fen), 0)::bigint AS fen
    FROM (
      SELECT l.amount_fen AS fen
        FROM issued i
        JOIN metering_capture c ON c.voucher_id = i.id
        JOIN settlement_line l ON l.capture_id = c.id
        JOIN settlement_statement s ON s.id = l.statement_id AND s.state = 'PAID'
      UNION ALL
      SELECT r.amount_fen FROM issued i JOIN settlement_redemption r ON r.voucher_id = i.id AND r.state = 'PAID'
    ) AS paid
), returned AS (
  SELECT coalesce(sum(amount_fen), 0)::bigint AS fen
    FROM ledger_transfer WHERE credit_id = %(available)s AND event = 'voucher.expire'
), budget AS (
  SELECT coalesce(sum(credits_posted), 0)::bigint AS fen, coalesce(sum(debits_posted + debits_pending), 0)::bigint AS taken
    FROM ledger_account WHERE id = %(available)s
), lapsed AS (
  SELECT coalesce(sum(amount_fen), 0)::bigint AS fen FROM ledger_transfer WHERE id = %(lapse)s
), awarded AS (
  SELECT coalesce(sum(amount_fen), 0)::bigint AS fen FROM ledger_transfer WHERE debit_id = %(available)s AND event = 'award.grant'
), cash AS (
  SELECT coalesce(sum(debits_posted - credits_posted) FILTER (WHERE id = %(reserve)s), 0)::bigint AS reserve,
         coalesce(sum(debits_posted - credits_posted) FILTER (WHERE id = %(unreplenished)s), 0)::bigint AS unreplenished,
         coalesce(sum(debits_posted - credits_posted) FILTER (WHERE id = %(receivable)s), 0)::bigint AS receivable,
         coalesce(sum(credits_posted - debits_posted) FILTER (WHERE id = %(due)s), 0)::bigint AS due,
         coalesce(sum(credits_posted - debits_posted) FILTER (WHERE id = %(advance)s), 0)::bigint AS advance,
         coalesce(sum(debits_posted - credits_posted) FILTER (WHERE id = %(spent)s), 0)::bigint AS spent
    FROM ledger_account
   WHERE id IN (%(reserve)s, %(unreplenished)s, %(receivable)s, %(due)s, %(advance)s, %(spent)s)
)
SELECT (budget.fen - returned.fen)::bigint, returned.fen, (budget.fen - budget.taken)::bigint, lapsed.fen, vouchers.vouchers, vouchers.face, vouchers.spendable, vouchers.held,
       vouchers.debited, ended.fen, settled.fen, awarded.fen,
       cash.reserve, cash.unreplenished, cash.receivable, cash.due, cash.advance, cash.spent
  FROM returned, budget, lapsed, vouchers, ended, settled, awarded, cash
