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
         CASE WHEN o.state IN ('HELD', 'SUBMITTED', 'QUEUED', 'RUNNING', 'ENDED', 'METERED') THEN o.voucher_hold_fen ELSE 0 END AS voucher_due,
         CASE WHEN o.state IN ('HELD', 'SUBMITTED', 'QUEUED', 'RUNNING', 'ENDED', 'METERED') THEN o.own_hold_fen ELSE 0 END AS own_due,
         coalesce(h.voucher_fen, 0) AS voucher_fen, coalesce(h.own_fen, 0) AS own_fen
    FROM compute_order o FULL JOIN open_holds h ON h.id = o.id
), findings AS (
  SELECT 'an order is held for exactly while it is under way' AS invariant, id::text AS "where",
         format('%%s: due %%s + %%s, held %%s + %%s', state, voucher_due, own_due, voucher_fen, own_fen) AS found
    FROM sides WHERE (voucher_due, own_due) <> (voucher_fen, own_fen)
)
SELECT invariant, "where", found FROM findings ORDER BY invariant, "where" LIMIT %(limit)s
