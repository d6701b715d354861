-- Every row is a lease that the ledger does not bear out, or a job that was not counted as it should: those that nobody
-- ruled on, or those that an officer or the operator closed with a reason.
WITH open_holds AS (
  SELECT h.reference AS id,
         coalesce(sum(h.amount_fen) FILTER (WHERE h.event = 'lease.hold'), 0) AS voucher_fen,
         coalesce(sum(h.amount_fen) FILTER (WHERE h.event = 'lease.hold.own'), 0) AS own_fen
    FROM ledger_transfer h
   WHERE h.kind = 2 AND h.event IN ('lease.hold', 'lease.hold.own')
     AND NOT EXISTS (SELECT 1 FROM ledger_transfer r WHERE r.hold_id = h.id)
   GROUP BY h.reference
), sides AS (
  SELECT coalesce(l.id, h.id) AS id, coalesce(l.state, 'no such lease') AS state,
         coalesce(l.voucher_fen, 0) AS voucher_due, coalesce(l.own_fen, 0) AS own_due,
         coalesce(h.voucher_fen, 0) AS voucher_fen, coalesce(h.own_fen, 0) AS own_fen
    FROM lease l FULL JOIN open_holds h ON h.id = l.id
), taken AS (
  SELECT j.lease_id, sum(j.voucher_fen)::bigint AS voucher_fen, sum(j.own_fen)::bigint AS own_fen
    FROM lease_job j WHERE j.order_id IS NOT NULL GROUP BY j.lease_id
), findings AS (
  SELECT 'a lease sets aside exactly what is left of it' AS invariant, id::text AS "where", NULL::uuid AS closed,
         format('%%s: due %%s + %%s, held %%s + %%s', state, voucher_due, own_due, voucher_fen, own_fen) AS found
    FROM sides WHERE (voucher_due, own_due) <> (voucher_fen, own_fen)
  UNION ALL
  SELECT 'granted = left + spent + returned, spent job by job', l.id::text, NULL,
         format('granted %%s + %%s, left %%s + %%s, returned %%s + %%s, jobs %%s + %%s', l.granted_voucher_fen, l.granted_own_fen,
                l.voucher_fen, l.own_fen, l.returned_voucher_fen, l.returned_own_fen, t.voucher_fen, t.own_fen)
    FROM lease l LEFT JOIN taken t ON t.lease_id = l.id
   WHERE (l.granted_voucher_fen - l.voucher_fen - l.returned_voucher_fen, l.granted_own_fen - l.own_fen - l.returned_own_fen)
      <> (coalesce(t.voucher_fen, 0), coalesce(t.own_fen, 0))
  UNION ALL
  SELECT 'a job under a lease is an order of its voucher and centre, held for as it was admitted', j.id::text, NULL,
         format('job %%s + %%s, order %%s + %%s', j.voucher_fen, j.own_fen, o.voucher_hold_fen, o.own_hold_fen)
    FROM lease_job j JOIN lease l ON l.id = j.lease_id JOIN compute_order o ON o.id = j.order_id
   WHERE (o.id, o.voucher_id, o.centre_id, o.voucher_hold_fen, o.own_hold_fen)
      <> (j.order_told, l.voucher_id, l.centre_id, j.voucher_fen, j.own_fen) OR j.centre_id <> l.centre_id
  UNION ALL
  SELECT 'no centre tells an order id that is another''s', j.id::text, r.id,
         format('%%s told order %%s of lease %%s: %%s', j.centre_id, j.order_told, j.lease_told, j.reason_code)
           || coalesce(format('; ruled by %%s at %%s: %%s', r.by, r.at, r.reason), '')
    FROM lease_job j LEFT JOIN lease_loss_ruling r ON r.job_id = j.id AND r.verdict = 'BORNE'
   WHERE j.order_id IS NULL
     AND (EXISTS (SELECT 1 FROM compute_order o WHERE o.id = j.order_told)
          OR EXISTS (SELECT 1 FROM lease_job k WHERE k.order_told = j.order_told AND k.id <> j.id))
)
SELECT invariant, "where", found FROM findings WHERE (closed IS NOT NULL) = %(ruled)s ORDER BY invariant, "where" LIMIT %(limit)s
