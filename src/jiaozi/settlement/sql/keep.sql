-- Add to the kept totals what came since, up to the oldest transaction that still runs. The caller holds the one row that
-- says how far they reach, and gives that as ``since``.
WITH reached AS (
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS until
), years AS (
  INSERT INTO settlement_year_total AS y (programme, year, clause, day, vouchers, granted_fen, held_fen, used_fen, ended_fen,
                                          returned_fen, paid_fen, awarded_fen, award_paid_fen)
  SELECT m.programme, m.year, m.clause, m.day, sum(m.vouchers), sum(m.granted_fen), sum(m.held_fen), sum(m.used_fen), sum(m.ended_fen),
         sum(m.returned_fen), sum(m.paid_fen), sum(m.awarded_fen), sum(m.award_paid_fen)
    FROM settlement_movements(%(since)s) m
   WHERE m.tx < (SELECT until FROM reached)
   GROUP BY m.programme, m.year, m.clause, m.day
  ON CONFLICT (programme, year, clause, day) DO UPDATE SET
    vouchers = y.vouchers + EXCLUDED.vouchers, granted_fen = y.granted_fen + EXCLUDED.granted_fen,
    held_fen = y.held_fen + EXCLUDED.held_fen, used_fen = y.used_fen + EXCLUDED.used_fen,
    ended_fen = y.ended_fen + EXCLUDED.ended_fen, returned_fen = y.returned_fen + EXCLUDED.returned_fen,
    paid_fen = y.paid_fen + EXCLUDED.paid_fen, awarded_fen = y.awarded_fen + EXCLUDED.awarded_fen,
    award_paid_fen = y.award_paid_fen + EXCLUDED.award_paid_fen
), centres AS (
  INSERT INTO settlement_centre_total AS c (programme, centre, captures, fen)
  SELECT m.programme, m.centre_id, count(*), sum(m.voucher_fen)
    FROM metering_capture m
   WHERE m.tx::text::bigint >= %(since)s AND m.tx::text::bigint < (SELECT until FROM reached)
   GROUP BY m.programme, m.centre_id
  ON CONFLICT (programme, centre) DO UPDATE SET captures = c.captures + EXCLUDED.captures, fen = c.fen + EXCLUDED.fen
)
UPDATE settlement_kept k SET tx = r.until FROM reached r WHERE r.until > k.tx
