-- One row: the year's budget, the vouchers issued in it, and the reserve's accounts, each on its own side: assets by
-- debits, what is due to the treasury and its advance by credits.
WITH issued AS (
  SELECT coalesce(sum(vouchers), 0)::bigint AS vouchers, coalesce(sum(granted_fen), 0)::bigint AS face,
         coalesce(sum(granted_fen - held_fen - used_fen - ended_fen), 0)::bigint AS spendable,
         coalesce(sum(held_fen), 0)::bigint AS held, coalesce(sum(used_fen), 0)::bigint AS used,
         coalesce(sum(ended_fen), 0)::bigint AS ended, coalesce(sum(returned_fen), 0)::bigint AS returned,
         coalesce(sum(paid_fen), 0)::bigint AS settled, coalesce(sum(awarded_fen), 0)::bigint AS awarded
    FROM settlement_totals(%(programme)s, %(since)s) WHERE year = %(year)s
), budget AS (
  SELECT coalesce(sum(credits_posted), 0)::bigint AS fen, coalesce(sum(debits_posted + debits_pending), 0)::bigint AS taken
    FROM ledger_account WHERE id = %(available)s
), lapsed AS (
  SELECT coalesce(sum(amount_fen), 0)::bigint AS fen FROM ledger_transfer WHERE id = %(lapse)s
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
SELECT (budget.fen - issued.returned)::bigint, issued.returned, (budget.fen - budget.taken)::bigint, lapsed.fen,
       issued.vouchers, issued.face, issued.spendable, issued.held, issued.used, issued.ended, issued.settled, issued.awarded,
       cash.reserve, cash.unreplenished, cash.receivable, cash.due, cash.advance, cash.spent
  FROM budget, lapsed, issued, cash
