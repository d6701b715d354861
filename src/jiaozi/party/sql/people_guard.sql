-- What was granted stays as it was granted: to a membership only its end is added, once; to a token its end and its
-- last use. A mistake is ended and granted anew.
CREATE FUNCTION party_grant_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'UPDATE'
     AND (to_jsonb(NEW) - '{ended_at,ended_by,last_used_at}'::text[]) = (to_jsonb(OLD) - '{ended_at,ended_by,last_used_at}'::text[])
     AND (OLD.ended_at IS NULL OR (OLD.ended_at = NEW.ended_at AND OLD.ended_by = NEW.ended_by)) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'party: % on % is refused: end it and grant another', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'grant_final';
END
$$;
CREATE TRIGGER party_membership_kept BEFORE UPDATE OR DELETE ON party_membership
  FOR EACH ROW EXECUTE FUNCTION party_grant_refuse();
CREATE TRIGGER party_membership_whole BEFORE TRUNCATE ON party_membership
  FOR EACH STATEMENT EXECUTE FUNCTION party_grant_refuse();
CREATE TRIGGER party_token_kept BEFORE UPDATE OR DELETE ON party_token
  FOR EACH ROW EXECUTE FUNCTION party_grant_refuse();
CREATE TRIGGER party_token_whole BEFORE TRUNCATE ON party_token
  FOR EACH STATEMENT EXECUTE FUNCTION party_grant_refuse();
