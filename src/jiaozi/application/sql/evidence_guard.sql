-- What was handed in stays as it was handed in: a better paper is a new row, and its file a new content.
CREATE FUNCTION evidence_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'evidence: % on % is refused: hand a new paper in', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'evidence_final';
END
$$;
CREATE TRIGGER evidence_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence
  FOR EACH STATEMENT EXECUTE FUNCTION evidence_refuse();
CREATE TRIGGER evidence_file_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence_file
  FOR EACH STATEMENT EXECUTE FUNCTION evidence_refuse();
