-- A statement's lines with everything that an export says of them, in the statement's order.
SELECT coalesce(c.order_id::text, u.record_id, c.id::text), l.kind, c.captured_at, l.amount_fen, l.claimed_fen, l.ledger_fen,
       c.price_fen, c.own_fen, c.overrun_fen, h.id::text, h.name, c.voucher_id,
       CASE WHEN c.kind = 'MOVEMENT' THEN 'data-movement' ELSE r.code END, CASE WHEN c.kind = 'MOVEMENT' THEN '数据传输' ELSE r.name_zh END,
       CASE WHEN c.kind = 'MOVEMENT' THEN 'GB' ELSE t.unit END, coalesce(u.ufen, t.rate_ufen), t.id,
       coalesce(u.units, 0), coalesce(u.unit_ms, 0)::bigint, coalesce(u.started_at, c.captured_at), coalesce(u.ended_at, c.captured_at),
       coalesce(u.bytes, 0)::bigint
  FROM settlement_line l
  JOIN metering_capture c ON c.id = l.capture_id
  JOIN party_organisation h ON h.id = c.holder_id
  JOIN catalogue_tariffversion t ON t.id = c.tariff_id
  JOIN catalogue_resourceclass r ON r.code = t.resource_class_id
  LEFT JOIN LATERAL (
    SELECT NULL::bigint AS ufen, NULL::numeric AS bytes, max(m.units) AS units, sum(m.units::numeric * m.elapsed_ms) AS unit_ms, min(m.started_at) AS started_at,
           max(m.ended_at) AS ended_at, min(m.record_id) AS record_id
      FROM metering_usage m WHERE m.capture_id = c.id AND c.kind <> 'MOVEMENT'
    HAVING c.kind <> 'MOVEMENT'
    UNION ALL
    SELECT min(m.price_per_gb_ufen), sum(m.size::numeric), count(*)::integer, 0, min(m.started_at), max(m.ended_at), min(m.record_id)
      FROM metering_movement m WHERE m.capture_id = c.id AND c.kind = 'MOVEMENT'
    HAVING c.kind = 'MOVEMENT') AS u ON true
 WHERE l.statement_id = %(statement)s
 ORDER BY l.id
 LIMIT %(most)s
