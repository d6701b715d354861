-- A tie that was recorded stays as it was recorded: only its end may be added, once. A mistake is ended and recorded anew.
CREATE FUNCTION party_relation_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.until IS NULL AND NEW.until IS NOT NULL
     AND (to_jsonb(NEW) - 'until') = (to_jsonb(OLD) - 'until') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'party: % on % is refused: end the relation and record another', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'relation_final';
END
$$;
CREATE TRIGGER party_relation_kept BEFORE UPDATE OR DELETE ON party_relation
  FOR EACH ROW EXECUTE FUNCTION party_relation_refuse();
CREATE TRIGGER party_relation_whole BEFORE TRUNCATE ON party_relation
  FOR EACH STATEMENT EXECUTE FUNCTION party_relation_refuse();
