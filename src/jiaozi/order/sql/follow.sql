-- Orders brought to where their jobs are, many in one statement.
UPDATE compute_order o SET
  state = v.state, moved_at = v.moved_at, engine_job = v.engine_job, outcome = v.outcome, exit_code = v.exit_code,
  started_at = v.started_at, ended_at = v.ended_at,
  reason_code = v.reason_code, reason_zh = v.reason_zh, reason_en = v.reason_en
FROM unnest(
  %s::uuid[], %s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::integer[],
  %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[], %s::text[]
) AS v(id, state, moved_at, engine_job, outcome, exit_code, started_at, ended_at, reason_code, reason_zh, reason_en)
WHERE o.id = v.id
