-- The samples of captures' jobs, named by their order or their record, added up by device and day.
WITH named AS (
  SELECT c.id, c.centre_id, coalesce(c.order_id, c.corrects_id)::text AS reference
    FROM metering_capture c WHERE c.id = ANY (%(captures)s::uuid[]) AND coalesce(c.order_id, c.corrects_id) IS NOT NULL
  UNION
  SELECT u.capture_id, u.centre_id, u.record_id FROM metering_usage u WHERE u.capture_id = ANY (%(captures)s::uuid[])
)
SELECT n.id, s.metric, sum(s.count)::bigint, min(s.first_slot), max(s.last_slot), sum(s.sum_permille)::bigint
  FROM named n JOIN metering_samples s ON s.centre_id = n.centre_id AND s.reference = n.reference
 GROUP BY n.id, s.metric, s.day, s.device
 ORDER BY n.id, s.metric, s.day, s.device LIMIT %(most)s
