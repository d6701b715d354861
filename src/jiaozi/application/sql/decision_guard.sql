-- A decision stays as it was made: a better one is a new row.
CREATE FUNCTION application_decision_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'application: % on % is refused: decide again', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_final';
END
$$;
CREATE TRIGGER application_decision_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON application_decision
  FOR EACH STATEMENT EXECUTE FUNCTION application_decision_refuse();
