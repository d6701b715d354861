-- Whether the ledger holds for every order what the order says, as long as it is under way, and nothing afterwards.
WITH open_holds AS (
  SELECT h.reference AS id,
         coalesce(sum(h.amount_fen) FILTER (WHERE h.event = 'order.hold'), 0) AS voucher_fen,
         coalesce(sum(h.amount_fen) FILTER (WHERE h.event = 'order.hold.own'), 0) AS own_fen
    FROM ledger_transfer h
   WHERE h.kind = 2 AND h.event IN ('order.hold', 'order.hold.own')
     AND NOT EXISTS (SELECT 1 FROM ledger_transfer r WHERE r.hold_id = h.id)
   GROUP BY h.reference
), sides AS (
  SELECT coalesce(o.id, h.id) AS id, coalesce(o.state, 'no such order') AS state,
         CASE WHEN o.state IN ('HELD', 'STAGING', 'SUBMITTED', 'QUEUED', 'RUNNING', 'ENDED', 'METERED') THEN o.voucher_hold_fen ELSE 0 END AS voucher_due,
         CASE WHEN o.state IN ('HELD', 'STAGING', 'SUBMITTED', 'QUEUED', 'RUNNING', 'ENDED', 'METERED') THEN o.own_hold_fen ELSE 0 END AS own_due,
         coalesce(h.voucher_fen, 0) AS voucher_fen, coalesce(h.own_fen, 0) AS own_fen
    FROM compute_order o FULL JOIN open_holds h ON h.id = o.id
), open_moves AS (
  SELECT h.reference AS id,
         coalesce(sum(h.amount_fen) FILTER (WHERE h.event = 'order.hold.move'), 0) AS voucher_fen,
         coalesce(sum(h.amount_fen) FILTER (WHERE h.event = 'order.hold.move.own'), 0) AS own_fen
    FROM ledger_transfer h
   WHERE h.kind = 2 AND h.event IN ('order.hold.move', 'order.hold.move.own')
     AND NOT EXISTS (SELECT 1 FROM ledger_transfer r WHERE r.hold_id = h.id)
   GROUP BY h.reference
), move_sides AS (
  SELECT coalesce(o.id, m.id) AS id, coalesce(o.state, 'no such order') AS state,
         CASE WHEN o.movement_fen IS NULL AND o.state NOT IN ('QUOTED', 'REFUSED') THEN o.movement_voucher_hold_fen ELSE 0 END AS voucher_due,
         CASE WHEN o.movement_fen IS NULL AND o.state NOT IN ('QUOTED', 'REFUSED') THEN o.movement_own_hold_fen ELSE 0 END AS own_due,
         coalesce(m.voucher_fen, 0) AS voucher_fen, coalesce(m.own_fen, 0) AS own_fen
    FROM (SELECT * FROM compute_order WHERE movement_bytes_max > 0) o FULL JOIN open_moves m ON m.id = o.id
), missing AS (
  SELECT d.order_id, count(*) AS inputs FROM order_data d JOIN compute_order o ON o.id = d.order_id AND o.centre_id = d.centre_id
   WHERE d.direction = 'IN' AND d.state <> 'DONE' GROUP BY d.order_id
), credited AS (
  SELECT id, c.amount_fen AS said_fen, format('%%s OWN %%s/%%s', c.programme, c.holder_id, c.centre_id) AS said_of,
         t.amount_fen AS booked_fen, t.booked_of
    FROM order_own_credit c
    FULL JOIN (SELECT m.reference AS id, m.amount_fen, format('%%s %%s %%s', a.programme, a.kind, a.subject) AS booked_of
                 FROM ledger_transfer m JOIN ledger_account a ON a.id = m.credit_id WHERE m.event = 'own.credit') t USING (id)
), findings AS (
  SELECT 'data movement is held for until it is charged' AS invariant, id::text AS "where",
         format('%%s: due %%s + %%s, held %%s + %%s', state, voucher_due, own_due, voucher_fen, own_fen) AS found
    FROM move_sides WHERE (voucher_due, own_due) IS DISTINCT FROM (voucher_fen, own_fen)
  UNION ALL
  SELECT 'what a holder prepaid is booked once and in full', id::text, format('recorded %%s (%%s), booked %%s (%%s)', said_fen, said_of, booked_fen, booked_of)
    FROM credited WHERE (said_fen, said_of) IS DISTINCT FROM (booked_fen, booked_of)
  UNION ALL
  SELECT 'a job starts after its inputs', o.id::text, format('%%s, %%s inputs are not there', o.state, m.inputs)
    FROM compute_order o JOIN missing m ON m.order_id = o.id
   WHERE o.state IN ('SUBMITTED', 'QUEUED', 'RUNNING', 'METERED', 'CAPTURED', 'SETTLED')
  UNION ALL
  SELECT 'an order is held for exactly while it is under way' AS invariant, id::text AS "where",
         format('%%s: due %%s + %%s, held %%s + %%s', state, voucher_due, own_due, voucher_fen, own_fen) AS found
    FROM sides WHERE (voucher_due, own_due) <> (voucher_fen, own_fen)
)
SELECT invariant, "where", found FROM findings ORDER BY invariant, "where" LIMIT %(limit)s
