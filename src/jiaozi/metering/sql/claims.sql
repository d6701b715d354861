-- What captures charge for beside what the platform watched, in units by milliseconds. An order counts with all that was
-- charged for it; those near the watch and without samples are left out.
WITH asked AS (
  SELECT c.id, c.centre_id, coalesce(c.order_id, c.corrects_id) AS order_id
    FROM metering_capture c WHERE c.id = ANY (%(captures)s::uuid[])
), records AS (
  SELECT a.id, u.record_id, u.resource_class, u.units, u.elapsed_ms FROM asked a JOIN metering_usage u ON u.capture_id = a.id WHERE a.order_id IS NULL
  UNION ALL
  SELECT a.id, u.record_id, u.resource_class, u.units, u.elapsed_ms
    FROM asked a JOIN metering_usage u ON u.order_id = a.order_id AND u.state = 'CAPTURED'
   WHERE a.order_id IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM metering_usage later WHERE later.supersedes_id = u.id AND later.state = 'CAPTURED')
), claimed AS (
  SELECT r.id, min(r.record_id) AS record_id, max(r.resource_class) AS resource_class, max(r.units) AS units,
         max(r.elapsed_ms) AS elapsed_ms, sum(r.units::numeric * r.elapsed_ms)::bigint AS unit_ms
    FROM records r GROUP BY r.id
), beside AS (
  SELECT a.id, a.centre_id, k.record_id, coalesce(s.kind, '') AS kind, k.units, k.elapsed_ms, k.unit_ms,
         (o.units * extract(epoch FROM o.ended_at - o.started_at) * 1000)::bigint AS watched
    FROM asked a JOIN claimed k ON k.id = a.id
    LEFT JOIN catalogue_resourceclass s ON s.code = k.resource_class
    LEFT JOIN compute_order o ON o.id = a.order_id AND o.started_at IS NOT NULL AND o.ended_at IS NOT NULL
)
SELECT * FROM beside
 WHERE abs(unit_ms - watched) > %(apart)s OR id = ANY (%(sampled)s::uuid[])
 ORDER BY id LIMIT %(most)s
