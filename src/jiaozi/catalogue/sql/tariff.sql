-- What the database itself promises about prices, whoever writes: no two at once, no edit, no deletion.

-- The key becomes a one-point range, so that PostgreSQL's own GiST covers it and no extension must be installed.
ALTER TABLE catalogue_tariffversion ADD CONSTRAINT tariff_one_price_at_once EXCLUDE USING gist (
  numrange(
    hashtextextended(centre_id || chr(31) || resource_class_id || chr(31) || customer_class, 0)::numeric,
    hashtextextended(centre_id || chr(31) || resource_class_id || chr(31) || customer_class, 0)::numeric,
    '[]'
  ) WITH &&,
  tstzrange(valid_from, valid_until) WITH &&
);

CREATE FUNCTION catalogue_tariff_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    -- The one change: an open tariff gets its end. Everything else must be as it was.
    IF OLD.valid_until IS NULL AND NEW.valid_until IS NOT NULL
       AND to_jsonb(NEW) - 'valid_until' = to_jsonb(OLD) - 'valid_until' THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'a published tariff is never edited or deleted: close it and add a version'
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'tariff_immutable';
END
$$;

CREATE TRIGGER catalogue_tariff_guard BEFORE UPDATE OR DELETE ON catalogue_tariffversion
  FOR EACH ROW EXECUTE FUNCTION catalogue_tariff_guard();
CREATE TRIGGER catalogue_tariff_no_truncate BEFORE TRUNCATE ON catalogue_tariffversion
  FOR EACH STATEMENT EXECUTE FUNCTION catalogue_tariff_guard();
