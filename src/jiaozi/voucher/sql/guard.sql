-- A voucher stays as it was issued: only where it stands, and the reason of the last step, follow; one that has ended has
-- ended for good. What is left of it is the ledger's.
CREATE FUNCTION voucher_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.state IN ('ACTIVE', 'FROZEN')
     AND (to_jsonb(NEW) - 'state' - 'reason') = (to_jsonb(OLD) - 'state' - 'reason') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'voucher: % on % is refused: what was issued is never edited', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'voucher_final';
END
$$;
CREATE TRIGGER voucher_kept BEFORE UPDATE OR DELETE ON voucher
  FOR EACH ROW EXECUTE FUNCTION voucher_refuse();
CREATE TRIGGER voucher_whole BEFORE TRUNCATE ON voucher
  FOR EACH STATEMENT EXECUTE FUNCTION voucher_refuse();
