-- What was written to a centre, what it admitted, and what was decided about a lease is never edited.
CREATE FUNCTION lease_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'lease: % on % is refused: it is never edited', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER lease_letter_no_change BEFORE UPDATE OR DELETE ON lease_letter FOR EACH ROW EXECUTE FUNCTION lease_refuse();
CREATE TRIGGER lease_letter_no_truncate BEFORE TRUNCATE ON lease_letter FOR EACH STATEMENT EXECUTE FUNCTION lease_refuse();
CREATE TRIGGER lease_job_no_change BEFORE UPDATE OR DELETE ON lease_job FOR EACH ROW EXECUTE FUNCTION lease_refuse();
CREATE TRIGGER lease_job_no_truncate BEFORE TRUNCATE ON lease_job FOR EACH STATEMENT EXECUTE FUNCTION lease_refuse();
CREATE TRIGGER lease_ruling_no_change BEFORE UPDATE OR DELETE ON lease_ruling FOR EACH ROW EXECUTE FUNCTION lease_refuse();
CREATE TRIGGER lease_ruling_no_truncate BEFORE TRUNCATE ON lease_ruling FOR EACH STATEMENT EXECUTE FUNCTION lease_refuse();
