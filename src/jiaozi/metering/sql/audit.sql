-- Every row is a broken invariant of metering: its name, where, and what was found.
WITH usage_sums AS (
  SELECT u.capture_id, count(*) AS records,
         count(*) FILTER (WHERE u.order_id IS DISTINCT FROM coalesce(c.order_id, c.corrects_id) OR u.centre_id <> c.centre_id) AS strangers,
         sum(u.units::numeric * ceil(u.elapsed_ms::numeric / t.granularity_ms) * t.granularity_ms) FILTER (WHERE later.id IS NULL) AS unit_ms
    FROM metering_usage u JOIN metering_capture c ON c.id = u.capture_id JOIN catalogue_tariffversion t ON t.id = c.tariff_id
    LEFT JOIN metering_usage later ON later.supersedes_id = u.id AND later.supersedes_id IS NOT NULL AND later.state = 'CAPTURED'
   GROUP BY u.capture_id
), movement_sums AS (
  SELECT m.capture_id, count(*) AS records, sum(m.size)::numeric AS bytes, min(m.price_per_gb_ufen)::numeric AS ufen,
         count(*) FILTER (WHERE m.order_id IS DISTINCT FROM c.moved_for_id OR m.centre_id <> c.centre_id OR m.price_per_gb_ufen <> o.movement_price_ufen) AS strangers
    FROM metering_movement m JOIN metering_capture c ON c.id = m.capture_id LEFT JOIN compute_order o ON o.id = c.moved_for_id
   GROUP BY m.capture_id
), traced AS (
  SELECT c.id, c.kind, c.tariff_id, coalesce(c.corrects_id, c.order_id, c.id) AS root, c.voucher_fen, c.own_fen,
         c.price_fen + c.overrun_fen AS full_fen, coalesce(s.records, v.records, 0) AS records, coalesce(s.strangers, v.strangers, 0) AS strangers, s.unit_ms
    FROM metering_capture c LEFT JOIN usage_sums s ON s.capture_id = c.id LEFT JOIN movement_sums v ON v.capture_id = c.id
), charged AS (
  SELECT root, tariff_id, sum(full_fen) AS full_fen, sum(unit_ms) AS unit_ms, count(*) FILTER (WHERE kind = 'CORRECTION') AS corrections,
         sum(voucher_fen) AS voucher_fen, sum(own_fen) AS own_fen
    FROM traced WHERE kind <> 'MOVEMENT' GROUP BY root, tariff_id
), rated AS (
  SELECT s.root, s.full_fen, CASE WHEN s.unit_ms > 0 THEN greatest(t.minimum_fen, CASE t.rounding
           WHEN 'DOWN' THEN div(s.unit_ms * t.rate_ufen, 3600000000000)
           WHEN 'UP' THEN div(s.unit_ms * t.rate_ufen + 3599999999999, 3600000000000)
           ELSE div(2 * s.unit_ms * t.rate_ufen + 3600000000000, 7200000000000) END) ELSE 0 END AS rated_fen
    FROM charged s JOIN catalogue_tariffversion t ON t.id = s.tariff_id
), shards AS (
  SELECT programme, centre_id || '/' || payable_shard AS subject, sum(voucher_fen)::bigint AS fen FROM metering_capture GROUP BY 1, 2
), owns AS (
  SELECT programme, centre_id AS subject, sum(own_fen)::bigint AS fen FROM metering_capture GROUP BY 1, 2
), imports AS (
  SELECT batch, count(*) AS captures, sum(voucher_fen)::bigint AS voucher_fen, sum(own_fen)::bigint AS own_fen
    FROM metering_capture WHERE kind = 'IMPORT' GROUP BY batch
), told AS (
  SELECT subject, (body ->> 'captured')::bigint AS captures, (body ->> 'voucher_fen')::bigint AS voucher_fen, (body ->> 'own_fen')::bigint AS own_fen
    FROM journal_line WHERE stage = 'metering' AND verb = 'import'
), sampled AS (
  SELECT batch, count(*) AS rows, sum(count) AS samples, sum(sum_permille) AS permille,
         count(*) FILTER (WHERE cardinality(slots) <> count OR cardinality(values) <> count
                             OR sum_permille <> (SELECT coalesce(sum(v), 0) FROM unnest(values) AS v)) AS broken
    FROM metering_samples GROUP BY batch
), sampling AS (
  SELECT subject, (body ->> 'rows')::bigint AS rows, (body ->> 'samples')::bigint AS samples, (body ->> 'sum_permille')::bigint AS permille
    FROM journal_line WHERE stage = 'metering' AND verb = 'samples'
), findings AS (
  SELECT 'every capture traces to usage records' AS invariant, id::text AS "where", format('%%s records, %%s of another order or centre', records, strangers) AS found
    FROM traced WHERE records = 0 OR strangers > 0 OR (kind NOT IN ('ORDER', 'MOVEMENT') AND records <> 1)
  UNION ALL
  SELECT 'a price follows from its usage and its tariff', root::text, format('%%s fen with overrun, rated %%s', full_fen, rated_fen)
    FROM rated WHERE full_fen <> rated_fen
  UNION ALL
  SELECT 'data movement is priced by its bytes and its link', c.id::text, format('%%s fen for %%s bytes at %%s', c.price_fen, v.bytes, v.ufen)
    FROM metering_capture c JOIN movement_sums v ON v.capture_id = c.id
   WHERE c.price_fen + c.overrun_fen <> div(v.bytes * v.ufen + 999999999999999, 1000000000000000)
  UNION ALL
  SELECT 'data movement is charged once, as its order says', o.id::text,
         format('order %%s, %%s of it voucher; capture %%s, %%s; %%s files arrived, %%s records', o.movement_fen, o.movement_voucher_fen, c.price_fen, c.voucher_fen, f.files, f.records)
    FROM compute_order o LEFT JOIN metering_capture c ON c.moved_for_id = o.id
    LEFT JOIN LATERAL (SELECT (SELECT count(*) FROM order_data d WHERE d.order_id = o.id AND d.state = 'DONE') AS files,
                              (SELECT count(*) FROM metering_movement m WHERE m.order_id = o.id) AS records) AS f ON true
   WHERE (o.movement_bytes_max > 0 OR c.id IS NOT NULL)
     AND ((coalesce(o.movement_fen, 0), coalesce(o.movement_voucher_fen, 0)) IS DISTINCT FROM (coalesce(c.price_fen, 0), coalesce(c.voucher_fen, 0))
          OR (o.movement_fen IS NULL AND f.records > 0) OR (o.movement_fen IS NOT NULL AND f.files <> f.records))
  UNION ALL
  SELECT 'a capture''s names belong together', c.id::text,
         format('voucher of %%s in %%s, tariff of %%s, order of %%s', v.holder_id, v.programme, t.centre_id, o.voucher_id)
    FROM metering_capture c LEFT JOIN voucher v ON v.id = c.voucher_id LEFT JOIN catalogue_tariffversion t ON t.id = c.tariff_id
    LEFT JOIN catalogue_centre k ON k.id = c.centre_id LEFT JOIN compute_order o ON o.id = coalesce(c.order_id, c.corrects_id, c.moved_for_id)
   WHERE k.id IS NULL OR v.holder_id IS DISTINCT FROM c.holder_id OR v.programme IS DISTINCT FROM c.programme
      OR t.centre_id IS DISTINCT FROM c.centre_id
      OR (coalesce(c.order_id, c.corrects_id, c.moved_for_id) IS NOT NULL AND (o.voucher_id, o.centre_id) IS DISTINCT FROM (c.voucher_id, c.centre_id))
  UNION ALL
  SELECT 'a captured record was rated by its capture''s tariff', u.id::text, format('%%s, class %%s; capture %%s, class %%s', u.tariff_id, u.resource_class, c.tariff_id, t.resource_class_id)
    FROM metering_usage u JOIN metering_capture c ON c.id = u.capture_id JOIN catalogue_tariffversion t ON t.id = c.tariff_id
   WHERE u.tariff_id IS DISTINCT FROM c.tariff_id OR u.resource_class <> t.resource_class_id
  UNION ALL
  SELECT 'every usage record has exactly one capture or a reason', u.id::text, format('%%s, order %%s', u.state, coalesce(o.state, 'none'))
    FROM metering_usage u LEFT JOIN compute_order o ON o.id = u.order_id LEFT JOIN metering_capture c ON c.id = u.capture_id
    LEFT JOIN metering_usage first ON first.id = u.supersedes_id
   WHERE (u.state = 'RECEIVED' AND (o.id IS NULL OR o.state NOT IN ('HELD', 'STAGING', 'SUBMITTED', 'QUEUED', 'RUNNING', 'ENDED')))
      OR (u.state = 'CAPTURED') <> (c.id IS NOT NULL) OR (u.supersedes_id IS NOT NULL AND first.id IS NULL)
      OR (u.state = 'WAIVED' AND u.reason_code = 'WAIVED'
          AND NOT EXISTS (SELECT 1 FROM metering_ruling r WHERE r.verb = 'WAIVE' AND (r.usage_id = u.id OR r.order_id = u.order_id)))
      OR (u.state IN ('HELD_BACK', 'WAIVED') AND (u.reason_code = '' OR u.reason_zh = '' OR u.reason_en = ''))
  UNION ALL
  SELECT 'voucher share + holder''s share = price', o.id::text,
         format('order %%s: %%s = %%s + %%s, overrun %%s; capture %%s = %%s + %%s, overrun %%s', o.state, o.price_fen, o.voucher_fen, o.own_fen,
                o.overrun_fen, c.price_fen, c.voucher_fen, c.own_fen, c.overrun_fen)
    FROM compute_order o LEFT JOIN metering_capture c ON c.order_id = o.id
   WHERE (o.state IN ('CAPTURED', 'SETTLED')) <> (c.id IS NOT NULL)
      OR (c.id IS NOT NULL AND ((o.price_fen, o.voucher_fen, o.own_fen, o.overrun_fen)
            IS DISTINCT FROM (c.price_fen, c.voucher_fen, c.own_fen, c.overrun_fen) OR o.price_fen <> o.voucher_fen + o.own_fen))
  UNION ALL
  SELECT 'voucher share + holder''s share = price', o.id::text,
         format('with corrections charged %%s + %%s, held %%s + %%s', s.voucher_fen, s.own_fen, o.voucher_hold_fen, o.own_hold_fen)
    FROM charged s JOIN compute_order o ON o.id = s.root
   WHERE s.corrections > 0 AND (s.voucher_fen > o.voucher_hold_fen OR s.own_fen > o.own_hold_fen)
  UNION ALL
  SELECT 'captures equal the ledger', format('%%s/PAYABLE/%%s', coalesce(s.programme, a.programme), coalesce(s.subject, a.subject)),
         format('captures %%s, credits posted %%s', s.fen, a.credits_posted)
    FROM shards s FULL JOIN (SELECT * FROM ledger_account WHERE kind = 'PAYABLE') a ON a.programme = s.programme AND a.subject = s.subject
   WHERE coalesce(s.fen, 0) <> coalesce(a.credits_posted, 0)
  UNION ALL
  SELECT 'captures equal the ledger', format('%%s/OWN_PAYABLE/%%s', coalesce(s.programme, a.programme), coalesce(s.subject, a.subject)),
         format('captures %%s, credits posted %%s', s.fen, a.credits_posted)
    FROM owns s FULL JOIN (SELECT * FROM ledger_account WHERE kind = 'OWN_PAYABLE') a ON a.programme = s.programme AND a.subject = s.subject
   WHERE coalesce(s.fen, 0) <> coalesce(a.credits_posted, 0)
  UNION ALL
  SELECT 'an import is what its journal line tells', coalesce(i.batch, t.subject)::text,
         format('captures %%s, %%s + %%s fen; told %%s, %%s + %%s', i.captures, i.voucher_fen, i.own_fen, t.captures, t.voucher_fen, t.own_fen)
    FROM imports i FULL JOIN told t ON t.subject = i.batch
   WHERE (coalesce(i.captures, 0), coalesce(i.voucher_fen, 0), coalesce(i.own_fen, 0)) IS DISTINCT FROM (t.captures, t.voucher_fen, t.own_fen)
  UNION ALL
  SELECT 'samples are what their journal line tells', coalesce(s.batch, t.subject)::text,
         format('%%s rows, %%s samples, sum %%s, %%s broken; told %%s, %%s, %%s', s.rows, s.samples, s.permille, s.broken, t.rows, t.samples, t.permille)
    FROM sampled s FULL JOIN sampling t ON t.subject = s.batch
   WHERE (s.rows, s.samples, s.permille) IS DISTINCT FROM (t.rows, t.samples, t.permille) OR s.broken > 0
)
SELECT invariant, "where", found FROM findings LIMIT %(limit)s
