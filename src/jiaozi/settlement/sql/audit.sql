-- Every row is a broken invariant of settlement: its name, where, and what was found.
WITH cash AS (
  SELECT programme,
         coalesce(sum(debits_posted - credits_posted) FILTER (WHERE kind = 'RESERVE'), 0)::bigint AS reserve,
         coalesce(sum(debits_posted - credits_posted) FILTER (WHERE kind = 'UNREPLENISHED'), 0)::bigint AS unreplenished,
         coalesce(sum(debits_posted - credits_posted) FILTER (WHERE kind = 'RECEIVABLE'), 0)::bigint AS receivable,
         coalesce(sum(credits_posted - debits_posted) FILTER (WHERE kind = 'DUE_TO_TREASURY'), 0)::bigint AS due,
         coalesce(sum(credits_posted - debits_posted) FILTER (WHERE kind = 'TREASURY_ADVANCE'), 0)::bigint AS advance
    FROM ledger_account WHERE book = 'CASH' GROUP BY programme
), programmes AS (
  SELECT programme FROM cash UNION SELECT programme FROM settlement_statement UNION SELECT programme FROM settlement_fund_movement
  UNION SELECT programme FROM settlement_grant_payment
), paid AS (
  SELECT programme, sum(fen) AS fen
    FROM (SELECT programme, total_fen AS fen FROM settlement_statement WHERE state = 'PAID'
          UNION ALL SELECT programme, amount_fen FROM settlement_grant_payment) AS p GROUP BY programme
), moved AS (
  SELECT programme, kind, sum(amount_fen) AS fen
    FROM (SELECT programme, kind, amount_fen FROM settlement_fund_movement
          UNION ALL SELECT programme, 'RECOVER', amount_fen FROM settlement_clawback_recovery) AS m GROUP BY programme, kind
), disallowed AS (
  SELECT programme, sum(amount_fen) AS fen, sum(from_unreplenished_fen) AS unreplenished, sum(due_fen) AS due
    FROM (SELECT programme, amount_fen, from_unreplenished_fen, due_fen FROM settlement_disallowance
          UNION ALL SELECT programme, amount_fen, from_unreplenished_fen, due_fen FROM settlement_clawback) AS d GROUP BY programme
), expected AS (
  SELECT p.programme,
         coalesce(paid.fen, 0) - coalesce(r.fen, 0) - coalesce(d.unreplenished, 0) AS unreplenished,
         coalesce(d.fen, 0) - coalesce(c.fen, 0) AS receivable,
         coalesce(d.due, 0) - coalesce(m.fen, 0) AS due,
         coalesce(f.fen, 0) - coalesce(b.fen, 0) AS advance
    FROM programmes p
    LEFT JOIN paid ON paid.programme = p.programme
    LEFT JOIN disallowed d ON d.programme = p.programme
    LEFT JOIN moved r ON r.programme = p.programme AND r.kind = 'REPLENISH'
    LEFT JOIN moved c ON c.programme = p.programme AND c.kind = 'RECOVER'
    LEFT JOIN moved m ON m.programme = p.programme AND m.kind = 'REMIT'
    LEFT JOIN moved f ON f.programme = p.programme AND f.kind = 'PREFUND'
    LEFT JOIN moved b ON b.programme = p.programme AND b.kind = 'RETURN'
), added AS (
  SELECT statement_id, count(*) AS lines, sum(amount_fen) AS fen, sum(claimed_fen) AS claimed, sum(ledger_fen) AS ledger
    FROM settlement_line GROUP BY statement_id
), ledger_paid AS (
  SELECT t.reference,
         sum(t.amount_fen) FILTER (WHERE a.kind = 'SETTLED') AS face,
         sum(t.amount_fen) FILTER (WHERE a.kind = 'RESERVE') AS cash
    FROM ledger_transfer t JOIN ledger_account a ON a.id = t.credit_id
   WHERE t.event IN ('statement.pay', 'statement.pay.cash') GROUP BY t.reference
), shards AS (
  SELECT a.programme, a.subject, (a.credits_posted - a.debits_posted) AS balance FROM ledger_account a WHERE a.kind = 'PAYABLE'
), unpaid AS (
  SELECT c.programme, format('%%s/%%s', c.centre_id, c.payable_shard) AS subject, sum(c.voucher_fen) AS fen
    FROM metering_capture c
   WHERE NOT EXISTS (SELECT 1 FROM settlement_line l JOIN settlement_statement s ON s.id = l.statement_id AND s.state = 'PAID'
                      WHERE l.capture_id = c.id)
   GROUP BY c.programme, c.centre_id, c.payable_shard
), gross AS (
  SELECT t.id, a.programme, a.subject, a.credits_posted AS cap,
         sum(t.amount_fen) OVER (PARTITION BY a.id ORDER BY t.at, t.id) AS issued
    FROM ledger_account a JOIN ledger_transfer t ON t.debit_id = a.id AND t.kind = 1 WHERE a.kind = 'CAP'
), claimed AS (
  SELECT h.reference, sum(h.amount_fen) FILTER (WHERE e.id IS NULL) AS held,
         sum(e.amount_fen) FILTER (WHERE e.kind = 3) AS taken
    FROM ledger_transfer h LEFT JOIN ledger_transfer e ON e.hold_id = h.id
   WHERE h.event = 'redeem.hold' GROUP BY h.reference
), staged AS (
  SELECT award_id, sum(amount_fen) AS face, coalesce(sum(amount_fen) FILTER (WHERE state IN ('WAITING', 'READY')), 0) AS unpaid,
         coalesce(sum(amount_fen) FILTER (WHERE state = 'PAID'), 0) AS paid, coalesce(sum(amount_fen) FILTER (WHERE state = 'WITHDRAWN'), 0) AS withdrawn
    FROM settlement_award_stage GROUP BY award_id
), awarded AS (
  SELECT a.id, a.programme, a.subject, a.credits_posted AS face, a.credits_posted - a.debits_posted - a.debits_pending AS unpaid,
         coalesce(sum(t.amount_fen) FILTER (WHERE k.kind = 'SETTLED'), 0) AS paid, coalesce(sum(t.amount_fen) FILTER (WHERE k.kind = 'REVOKED'), 0) AS withdrawn
    FROM ledger_account a LEFT JOIN ledger_transfer t ON t.debit_id = a.id AND t.kind IN (1, 3) LEFT JOIN ledger_account k ON k.id = t.credit_id
   WHERE a.kind = 'AWARD' GROUP BY a.id
), granted AS (
  SELECT t.reference, sum(t.amount_fen) FILTER (WHERE a.kind = 'SETTLED') AS face, sum(t.amount_fen) FILTER (WHERE a.kind = 'RESERVE') AS cash
    FROM ledger_transfer t JOIN ledger_account a ON a.id = t.credit_id
   WHERE t.event IN ('redeem.pay', 'redeem.pay.cash', 'award.pay', 'award.pay.cash') GROUP BY t.reference
), moved_rows AS MATERIALIZED (
  SELECT programme, year, clause, day, tx < (SELECT tx FROM settlement_kept) AS kept,
         sum(vouchers) AS vouchers, sum(granted_fen) AS granted, sum(held_fen) AS held, sum(used_fen) AS used,
         sum(ended_fen) AS ended, sum(returned_fen) AS returned, sum(paid_fen) AS paid, sum(awarded_fen) AS awarded, sum(award_paid_fen) AS award_paid
    FROM settlement_movements(0) GROUP BY programme, year, clause, day, kept
), year_rows AS (
  SELECT * FROM moved_rows WHERE kept
), year_moved AS (
  SELECT programme, year, sum(granted) AS granted, sum(held) AS held, sum(used) AS used, sum(ended) AS ended FROM moved_rows GROUP BY programme, year
), account_ended AS (
  SELECT t.debit_id AS id, sum(t.amount_fen) AS fen FROM ledger_transfer t JOIN ledger_account k ON k.id = t.credit_id
   WHERE t.kind IN (1, 3) AND k.kind IN ('LAPSED', 'REVOKED', 'AVAILABLE') GROUP BY t.debit_id
), year_accounts AS (
  SELECT v.programme, extract(year FROM v.issued_at AT TIME ZONE 'Asia/Shanghai')::int AS year, sum(a.credits_posted) AS granted,
         sum(a.debits_pending) AS held, sum(a.debits_posted - coalesce(e.fen, 0)) AS used, sum(coalesce(e.fen, 0)) AS ended
    FROM voucher v JOIN ledger_account a ON a.programme = v.programme AND a.kind = 'VOUCHER' AND a.subject = v.id::text
    LEFT JOIN account_ended e ON e.id = a.id GROUP BY 1, 2
), centre_rows AS (
  SELECT programme, centre_id AS centre, count(*) AS captures, sum(voucher_fen) AS fen
    FROM metering_capture WHERE tx::text::bigint < (SELECT tx FROM settlement_kept) GROUP BY programme, centre_id
), waiting AS (
  SELECT programme, centre, sum(captures) AS captures, sum(fen) AS fen
    FROM (SELECT programme, centre, captures, fen FROM settlement_captured(0)
          UNION ALL SELECT programme, centre_id, -captures, -total_fen FROM settlement_statement WHERE state <> 'ADJUSTED') AS w
   GROUP BY programme, centre
), waiting_rows AS (
  SELECT c.programme, c.centre_id AS centre, count(*) AS captures, sum(c.voucher_fen) AS fen
    FROM metering_capture c WHERE NOT EXISTS (SELECT 1 FROM settlement_line l WHERE l.capture_id = c.id AND NOT l.released)
   GROUP BY c.programme, c.centre_id
), findings AS (
  SELECT 'imprest identity' AS invariant, programme AS "where",
         format('reserve %%s + unreplenished %%s + receivable %%s - due %%s, advance %%s', reserve, unreplenished, receivable, due, advance) AS found
    FROM cash WHERE reserve + unreplenished + receivable - due <> advance
  UNION ALL
  SELECT 'the reserve''s accounts are its movements', e.programme,
         format('ledger: unreplenished %%s, receivable %%s, due %%s, advance %%s; rows: %%s, %%s, %%s, %%s',
                coalesce(c.unreplenished, 0), coalesce(c.receivable, 0), coalesce(c.due, 0), coalesce(c.advance, 0),
                e.unreplenished, e.receivable, e.due, e.advance)
    FROM expected e LEFT JOIN cash c ON c.programme = e.programme
   WHERE (coalesce(c.unreplenished, 0), coalesce(c.receivable, 0), coalesce(c.due, 0), coalesce(c.advance, 0))
         IS DISTINCT FROM (e.unreplenished::bigint, e.receivable::bigint, e.due::bigint, e.advance::bigint)
  UNION ALL
  SELECT 'a statement is the sum of its lines', s.id::text,
         format('%%s captures and %%s fen, lines %%s and %%s', s.captures, s.total_fen, a.lines, a.fen)
    FROM settlement_statement s LEFT JOIN added a ON a.statement_id = s.id
   WHERE (s.captures, s.total_fen) IS DISTINCT FROM (coalesce(a.lines, 0)::integer, coalesce(a.fen, 0)::bigint)
  UNION ALL
  SELECT 'claim, metering and ledger agree', l.statement_id::text,
         format('line %%s: amount %%s, capture %%s, claimed %%s, ledger %%s', l.id, l.amount_fen, c.voucher_fen, l.claimed_fen, l.ledger_fen)
    FROM settlement_line l
    JOIN settlement_statement s ON s.id = l.statement_id
    JOIN metering_capture c ON c.id = l.capture_id
   WHERE l.amount_fen <> c.voucher_fen
      OR (s.state IN ('MATCHED', 'APPROVED', 'PAID') AND (coalesce(l.claimed_fen, 0) <> l.amount_fen OR l.ledger_fen IS DISTINCT FROM l.amount_fen))
  UNION ALL
  SELECT 'a paid statement is what the ledger paid', coalesce(s.id, p.reference)::text,
         format('statement %%s %%s fen, ledger face %%s, cash %%s', s.state, s.total_fen, p.face, p.cash)
    FROM settlement_statement s FULL JOIN ledger_paid p ON p.reference = s.id
   WHERE CASE WHEN s.state = 'PAID' THEN (coalesce(p.face, 0), coalesce(p.cash, 0)) IS DISTINCT FROM (s.total_fen::numeric, s.total_fen::numeric)
              ELSE p.reference IS NOT NULL END
  UNION ALL
  SELECT 'a capture is settled once', l.capture_id::text, format('%%s statements', count(*))
    FROM settlement_line l WHERE NOT l.released GROUP BY l.capture_id HAVING count(*) > 1
  UNION ALL
  SELECT 'payable is what was captured and not paid', coalesce(a.programme, u.programme) || '/' || coalesce(a.subject, u.subject),
         format('ledger %%s, captures %%s', a.balance, u.fen)
    FROM shards a FULL JOIN unpaid u ON u.programme = a.programme AND u.subject = a.subject
   WHERE coalesce(a.balance, 0) <> coalesce(u.fen, 0)
  UNION ALL
  SELECT 'an order is settled when its statement is paid', o.id::text, format('order %%s, statement %%s', o.state, s.state)
    FROM metering_capture c
    JOIN compute_order o ON o.id = c.order_id
    LEFT JOIN settlement_line l ON l.capture_id = c.id AND NOT l.released
    LEFT JOIN settlement_statement s ON s.id = l.statement_id
   WHERE (o.state = 'SETTLED') IS DISTINCT FROM (coalesce(s.state, '') = 'PAID')
  UNION ALL
  SELECT 'no more is disallowed than was paid', d.statement_id::text || '/' || d.capture_id::text, format('line %%s, disallowed %%s', max(l.amount_fen), sum(d.amount_fen))
    FROM settlement_disallowance d LEFT JOIN settlement_line l ON l.statement_id = d.statement_id AND l.capture_id = d.capture_id
   GROUP BY d.statement_id, d.capture_id HAVING sum(d.amount_fen) > coalesce(max(l.amount_fen), 0)
  UNION ALL
  SELECT 'no more is recovered than was disallowed', d.id::text, format('disallowed %%s, recovered %%s', d.amount_fen, sum(m.amount_fen))
    FROM settlement_disallowance d JOIN settlement_fund_movement m ON m.disallowance_id = d.id
   GROUP BY d.id HAVING sum(m.amount_fen) > d.amount_fen
  UNION ALL
  SELECT 'a redemption holds and pays what it says', coalesce(r.id, c.reference)::text,
         format('redemption %%s, held %%s, amount %%s; ledger holds %%s, paid %%s', r.state, r.held_fen, r.amount_fen, c.held, c.taken)
    FROM settlement_redemption r FULL JOIN claimed c ON c.reference = r.id
   WHERE (coalesce(c.held, 0)::bigint, coalesce(c.taken, 0)::bigint) IS DISTINCT FROM
         (CASE r.state WHEN 'SUBMITTED' THEN r.held_fen WHEN 'ACCEPTED' THEN r.amount_fen ELSE 0 END, CASE r.state WHEN 'PAID' THEN r.amount_fen ELSE 0 END)
      OR (r.state = 'PAID') IS DISTINCT FROM EXISTS (SELECT 1 FROM settlement_grant_payment p WHERE p.redemption_id = r.id AND p.amount_fen = r.amount_fen)
  UNION ALL
  SELECT 'a redemption is within its bounds', r.id::text, format('amount %%s, bounds %%s', r.amount_fen, r.bounds)
    FROM settlement_redemption r
   WHERE r.state IN ('ACCEPTED', 'PAID')
     AND r.amount_fen IS DISTINCT FROM (SELECT min((b ->> 'fen')::bigint) FROM jsonb_array_elements(r.bounds) AS b)
  UNION ALL
  SELECT 'an invoice is redeemed once', r.programme || '/' || r.invoice_number, format('%%s claims', count(*))
    FROM settlement_redemption r WHERE r.invoice_number <> '' AND r.state IN ('SUBMITTED', 'ACCEPTED', 'PAID')
   GROUP BY r.programme, r.invoice_number HAVING count(*) > 1
  UNION ALL
  SELECT 'award face = unpaid + paid + withdrawn', coalesce(w.id::text, a.subject),
         format('award %%s, stages %%s = %%s + %%s + %%s; ledger %%s = %%s + %%s + %%s', w.face_fen, s.face, s.unpaid, s.paid, s.withdrawn, a.face, a.unpaid, a.paid, a.withdrawn)
    FROM settlement_award w
    LEFT JOIN staged s ON s.award_id = w.id
    FULL JOIN awarded a ON a.programme = w.programme AND a.subject = w.id::text
   WHERE (w.face_fen, s.face, s.unpaid, s.paid, s.withdrawn) IS DISTINCT FROM (a.face, a.face, a.unpaid, a.paid, a.withdrawn)
      OR a.face <> a.unpaid + a.paid + a.withdrawn
  UNION ALL
  SELECT 'a one-off award is granted once', w.programme || '/' || w.once_key, format('%%s awards', count(*))
    FROM settlement_award w WHERE w.once_key IS NOT NULL GROUP BY w.programme, w.once_key HAVING count(*) > 1
  UNION ALL
  SELECT 'a payment to a holder is what the ledger paid', coalesce(p.id, g.reference)::text,
         format('payment %%s fen, ledger face %%s, cash %%s', p.amount_fen, g.face, g.cash)
    FROM settlement_grant_payment p FULL JOIN granted g ON g.reference = p.id
   WHERE (g.face, g.cash) IS DISTINCT FROM (p.amount_fen::numeric, p.amount_fen::numeric)
      OR p.by = p.decided_by
  UNION ALL
  SELECT 'no more is clawed back than was paid', c.payment_id::text, format('paid %%s, clawed back %%s', p.amount_fen, sum(c.amount_fen))
    FROM settlement_clawback c JOIN settlement_grant_payment p ON p.id = c.payment_id
   GROUP BY c.payment_id, p.amount_fen HAVING sum(c.amount_fen) > p.amount_fen
  UNION ALL
  SELECT 'no more is paid back than was clawed back', c.id::text, format('clawed back %%s, paid back %%s', c.amount_fen, sum(r.amount_fen))
    FROM settlement_clawback c JOIN settlement_clawback_recovery r ON r.clawback_id = c.id
   GROUP BY c.id HAVING sum(r.amount_fen) > c.amount_fen
  UNION ALL
  SELECT 'a quota''s capture is its usage', t.reference::text, format('captured %%s card-seconds, held %%s, used %%s', t.amount_fen, h.amount_fen, u.used)
    FROM ledger_transfer t
    JOIN ledger_transfer h ON h.id = t.hold_id
    LEFT JOIN LATERAL (SELECT ceil(sum(m.units::numeric * m.elapsed_ms) / 1000) AS used
                         FROM metering_usage m JOIN metering_capture c ON c.id = m.capture_id WHERE c.order_id = t.reference) AS u ON true
   WHERE t.event = 'quota.capture' AND t.amount_fen IS DISTINCT FROM least(h.amount_fen, coalesce(u.used, 0))::bigint
  UNION ALL
  SELECT 'gross issued within the cap at every moment', programme || '/' || subject, format('cap %%s, with transfer %%s it was %%s', cap, id, issued)
    FROM gross WHERE issued > cap
  UNION ALL
  SELECT 'a kept total is the sum of its rows', format('%%s %%s %%s %%s', coalesce(k.programme, r.programme), coalesce(k.year, r.year), coalesce(k.clause, r.clause), coalesce(k.day, r.day)),
         format('kept: %%s vouchers, granted %%s, held %%s, used %%s, ended %%s, paid %%s; rows: %%s, %%s, %%s, %%s, %%s, %%s',
                k.vouchers, k.granted_fen, k.held_fen, k.used_fen, k.ended_fen, k.paid_fen, r.vouchers, r.granted, r.held, r.used, r.ended, r.paid)
    FROM settlement_year_total k FULL JOIN year_rows r ON r.programme = k.programme AND r.year = k.year AND r.clause = k.clause AND r.day = k.day
   WHERE (coalesce(k.vouchers, 0), coalesce(k.granted_fen, 0), coalesce(k.held_fen, 0), coalesce(k.used_fen, 0), coalesce(k.ended_fen, 0),
          coalesce(k.returned_fen, 0), coalesce(k.paid_fen, 0), coalesce(k.awarded_fen, 0), coalesce(k.award_paid_fen, 0))
         IS DISTINCT FROM (coalesce(r.vouchers, 0)::bigint, coalesce(r.granted, 0)::bigint, coalesce(r.held, 0)::bigint, coalesce(r.used, 0)::bigint, coalesce(r.ended, 0)::bigint,
          coalesce(r.returned, 0)::bigint, coalesce(r.paid, 0)::bigint, coalesce(r.awarded, 0)::bigint, coalesce(r.award_paid, 0)::bigint)
  UNION ALL
  SELECT 'a year''s totals are its vouchers'' accounts', format('%%s %%s', coalesce(m.programme, a.programme), coalesce(m.year, a.year)),
         format('totals: granted %%s, held %%s, used %%s, ended %%s; accounts: %%s, %%s, %%s, %%s', m.granted, m.held, m.used, m.ended, a.granted, a.held, a.used, a.ended)
    FROM year_moved m FULL JOIN year_accounts a ON a.programme = m.programme AND a.year = m.year
   WHERE (coalesce(m.granted, 0), coalesce(m.held, 0), coalesce(m.used, 0), coalesce(m.ended, 0))
         IS DISTINCT FROM (coalesce(a.granted, 0), coalesce(a.held, 0), coalesce(a.used, 0), coalesce(a.ended, 0))
  UNION ALL
  SELECT 'a kept total is the sum of its rows', coalesce(k.programme || '/' || k.centre, r.programme || '/' || r.centre),
         format('kept: %%s captures, %%s fen; rows: %%s, %%s', k.captures, k.fen, r.captures, r.fen)
    FROM settlement_centre_total k FULL JOIN centre_rows r ON r.programme = k.programme AND r.centre = k.centre
   WHERE (coalesce(k.captures, 0), coalesce(k.fen, 0)) IS DISTINCT FROM (coalesce(r.captures, 0), coalesce(r.fen, 0)::bigint)
  UNION ALL
  SELECT 'what waits for a statement was captured and is on none', coalesce(w.programme || '/' || w.centre, r.programme || '/' || r.centre),
         format('%%s captures, %%s fen; on none %%s, %%s', w.captures, w.fen, r.captures, r.fen)
    FROM waiting w FULL JOIN waiting_rows r ON r.programme = w.programme AND r.centre = w.centre
   WHERE (coalesce(w.captures, 0)::bigint, coalesce(w.fen, 0)::bigint) IS DISTINCT FROM (coalesce(r.captures, 0), coalesce(r.fen, 0)::bigint)
)
SELECT invariant, "where", found FROM findings LIMIT %(most)s
