-- What was raised stays as it was raised: of a row only the resolution is written, once. Thresholds are never edited.
CREATE FUNCTION alert_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'alert' THEN
    -- nested, so that the other table's rows are never asked for these columns
    IF OLD.state = 'OPEN' AND NEW.state <> 'OPEN'
       AND (to_jsonb(NEW) - '{state,resolved_at,resolved_by,resolution}'::text[])
         = (to_jsonb(OLD) - '{state,resolved_at,resolved_by,resolution}'::text[]) THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'alert: % on % is refused: an alert is resolved once and never edited', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'alert_final';
END
$$;
CREATE TRIGGER alert_kept BEFORE UPDATE OR DELETE ON alert FOR EACH ROW EXECUTE FUNCTION alert_refuse();
CREATE TRIGGER alert_whole BEFORE TRUNCATE ON alert FOR EACH STATEMENT EXECUTE FUNCTION alert_refuse();
CREATE TRIGGER alert_parameters_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON alert_parameters
  FOR EACH STATEMENT EXECUTE FUNCTION alert_refuse();
