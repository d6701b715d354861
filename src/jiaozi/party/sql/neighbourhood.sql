-- All ties among the organisations within some steps of one, nearest first, in one statement.
-- UNION drops an (organisation, steps) pair that is there already and the steps are bounded, so a cycle ends by itself;
-- LIMIT stops the recursion too, because PostgreSQL walks only as far as the outer query reads. `walked` says whether it
-- did. Two joins instead of one with OR, so that each end is found by its own index.
WITH RECURSIVE walk (id, steps) AS (
  SELECT %(centre)s::uuid, 0
  UNION
  SELECT next.id, walk.steps + 1
  FROM walk
  CROSS JOIN LATERAL (
    SELECT other_id AS id FROM party_relation
    WHERE one_id = walk.id AND since <= %(day)s AND (until IS NULL OR until > %(day)s)
      AND (share_bp IS NULL OR share_bp >= %(share_least_bp)s)
    UNION ALL
    SELECT one_id FROM party_relation
    WHERE other_id = walk.id AND since <= %(day)s AND (until IS NULL OR until > %(day)s)
      AND (share_bp IS NULL OR share_bp >= %(share_least_bp)s)
  ) AS next
  WHERE walk.steps < %(depth)s
), bounded AS MATERIALIZED (
  SELECT id, steps FROM walk LIMIT %(walk_most)s
), reached AS MATERIALIZED (
  SELECT id, min(steps) AS steps FROM bounded GROUP BY id
)
SELECT tie.kind, tie.one_id, tie.other_id, tie.share_bp, tie.since, tie.until, tie.source,
       (SELECT count(*) FROM bounded) AS walked
FROM reached AS a
JOIN party_relation AS tie ON tie.one_id = a.id
JOIN reached AS b ON b.id = tie.other_id
WHERE tie.since <= %(day)s AND (tie.until IS NULL OR tie.until > %(day)s)
  AND (tie.share_bp IS NULL OR tie.share_bp >= %(share_least_bp)s)
ORDER BY least(a.steps, b.steps), tie.id
LIMIT %(ties_most)s
