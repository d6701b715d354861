-- For each of a dossier's papers, those of the same name in other live dossiers whose text's sketch has something in
-- common with it, the nearest first.
SELECT own.id, near.id, near.application_id, near.holder_id, near.paper, near.file_id, near.text
FROM (
  SELECT e.id, e.paper, e.file_id, l.sketch
  FROM evidence AS e JOIN evidence_likeness AS l ON l.file_id = e.file_id
  WHERE e.application_id = %(application)s AND l.sketch <> '{}'
  ORDER BY e.at, e.id LIMIT %(papers)s
) AS own
CROSS JOIN LATERAL (
  SELECT o.id, o.application_id, a.holder_id, o.paper, o.file_id, k.text
  FROM evidence_likeness AS k
  JOIN evidence AS o ON o.file_id = k.file_id
  JOIN application AS a ON a.id = o.application_id
  WHERE k.sketch && own.sketch AND k.file_id <> own.file_id AND o.paper = own.paper
    AND o.application_id <> %(application)s AND a.state = ANY (%(live)s)
  ORDER BY (SELECT count(*) FROM unnest(k.sketch) AS piece WHERE piece = ANY (own.sketch)) DESC, o.at DESC, o.id
  LIMIT %(most)s
) AS near
ORDER BY own.id, near.id
