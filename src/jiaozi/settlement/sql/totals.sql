-- What settlement keeps totals of, and how they are read (docs/decisions/0040).
--
-- A transfer counts for the year and clause of its voucher on the day that it was made; what a statement paid is divided
-- by the years and clauses of its vouchers. Nothing here is written by hand: ``keep.sql`` adds up what is older than every
-- transaction that still runs, and whoever reads adds what is newer.
CREATE FUNCTION settlement_movements(p_since bigint) RETURNS TABLE (
  tx bigint, programme text, year int, clause text, day date, vouchers bigint, granted_fen bigint, held_fen bigint, used_fen bigint,
  ended_fen bigint, returned_fen bigint, paid_fen bigint, awarded_fen bigint, award_paid_fen bigint
) LANGUAGE sql STABLE AS $$
  -- Read once, and first: each arm would look for its own among all transfers of an account.
  WITH since AS MATERIALIZED (
    SELECT t.tx::text::bigint AS tx, t.kind, t.debit_id, t.credit_id, t.amount_fen, t.hold_id, t.event, t.reference, t.at,
           (t.at AT TIME ZONE 'Asia/Shanghai')::date AS day
      FROM ledger_transfer t WHERE t.tx::text::bigint >= p_since
  )
  -- A voucher's account: granted into it, held, used, ended.
  SELECT t.tx, v.programme::text, extract(year FROM v.issued_at AT TIME ZONE 'Asia/Shanghai')::int, v.clause::text,
         CASE WHEN c.kind = 'VOUCHER' THEN (v.issued_at AT TIME ZONE 'Asia/Shanghai')::date ELSE t.day END,
         CASE WHEN t.event = 'voucher.issue' THEN 1 ELSE 0 END::bigint,
         CASE WHEN c.kind = 'VOUCHER' AND t.kind = 1 THEN t.amount_fen ELSE 0 END,
         CASE WHEN d.kind <> 'VOUCHER' THEN 0 WHEN t.kind = 2 THEN t.amount_fen WHEN t.kind IN (3, 4) THEN -h.amount_fen ELSE 0 END,
         CASE WHEN d.kind = 'VOUCHER' AND t.kind IN (1, 3) AND c.kind NOT IN ('LAPSED', 'REVOKED', 'AVAILABLE') THEN t.amount_fen ELSE 0 END,
         CASE WHEN d.kind = 'VOUCHER' AND t.kind IN (1, 3) AND c.kind IN ('LAPSED', 'REVOKED', 'AVAILABLE') THEN t.amount_fen ELSE 0 END,
         CASE WHEN c.kind = 'AVAILABLE' AND t.event = 'voucher.expire' THEN t.amount_fen ELSE 0 END,
         CASE WHEN d.kind = 'VOUCHER' AND c.kind = 'SETTLED' AND t.kind IN (1, 3) THEN t.amount_fen ELSE 0 END,
         0::bigint, 0::bigint
    FROM since t
    JOIN ledger_account d ON d.id = t.debit_id
    JOIN ledger_account c ON c.id = t.credit_id
    LEFT JOIN ledger_transfer h ON h.id = t.hold_id
    JOIN voucher v ON v.id = CASE WHEN d.kind = 'VOUCHER' THEN d.subject::uuid WHEN c.kind = 'VOUCHER' THEN c.subject::uuid END
  UNION ALL
  -- What a statement paid, line by line; a shard of the payable on which nothing was due has no transfer and no amount.
  SELECT t.tx, v.programme::text, extract(year FROM v.issued_at AT TIME ZONE 'Asia/Shanghai')::int, v.clause::text, t.day,
         0, 0, 0, 0, 0, 0, l.amount_fen, 0, 0
    FROM since t
    JOIN ledger_account d ON d.id = t.debit_id AND d.kind = 'PAYABLE'
    JOIN settlement_line l ON l.statement_id = t.reference
    JOIN metering_capture m ON m.id = l.capture_id AND m.payable_shard::text = split_part(d.subject, '/', 2)
    JOIN voucher v ON v.id = m.voucher_id
   WHERE t.event = 'statement.pay'
  UNION ALL
  -- Awards stand beside the vouchers: earmarked from a year's budget, paid when they are.
  SELECT t.tx, d.programme::text,
         CASE WHEN t.event = 'award.grant' THEN d.subject::int ELSE extract(year FROM t.day)::int END, '', t.day, 0, 0, 0, 0, 0, 0, 0,
         CASE WHEN t.event = 'award.grant' THEN t.amount_fen ELSE 0 END, CASE WHEN t.event = 'award.pay' THEN t.amount_fen ELSE 0 END
    FROM since t JOIN ledger_account d ON d.id = t.debit_id
   WHERE t.event IN ('award.grant', 'award.pay') AND d.kind IN ('AVAILABLE', 'AWARD')
$$;

-- The kept totals with what is newer. ``p_since`` is where they reached a moment ago, as a constant that the planner can
-- estimate by; how far they really reach is read in the same snapshot as they are.
CREATE FUNCTION settlement_totals(p_programme text, p_since bigint) RETURNS TABLE (
  year int, clause text, day date, vouchers bigint, granted_fen bigint, held_fen bigint, used_fen bigint, ended_fen bigint,
  returned_fen bigint, paid_fen bigint, awarded_fen bigint, award_paid_fen bigint
) LANGUAGE sql STABLE AS $$
  SELECT y.year::int, y.clause::text, y.day, y.vouchers, y.granted_fen, y.held_fen, y.used_fen, y.ended_fen, y.returned_fen,
         y.paid_fen, y.awarded_fen, y.award_paid_fen
    FROM settlement_year_total y WHERE y.programme = p_programme
  UNION ALL
  SELECT m.year, m.clause, m.day, m.vouchers, m.granted_fen, m.held_fen, m.used_fen, m.ended_fen, m.returned_fen,
         m.paid_fen, m.awarded_fen, m.award_paid_fen
    FROM settlement_movements(p_since) m
   WHERE m.programme = p_programme AND m.tx >= (SELECT k.tx FROM settlement_kept k)
$$;

-- What each centre captured, in the same way.
CREATE FUNCTION settlement_captured(p_since bigint) RETURNS TABLE (programme text, centre text, captures bigint, fen bigint)
LANGUAGE sql STABLE AS $$
  SELECT c.programme::text, c.centre::text, c.captures, c.fen FROM settlement_centre_total c
  UNION ALL
  SELECT m.programme::text, m.centre_id::text, 1::bigint, m.voucher_fen FROM metering_capture m
   WHERE m.tx::text::bigint >= p_since AND m.tx::text::bigint >= (SELECT k.tx FROM settlement_kept k)
$$;

INSERT INTO settlement_kept (id, tx) VALUES (1, 0);
