-- A capture is never edited: what it says was posted in the ledger, and a correction is a row of its own.
CREATE OR REPLACE FUNCTION metering_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'metering: % on % is refused: a capture is never edited', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER metering_capture_no_change BEFORE UPDATE OR DELETE ON metering_capture FOR EACH ROW EXECUTE FUNCTION metering_refuse();
CREATE TRIGGER metering_capture_no_truncate BEFORE TRUNCATE ON metering_capture FOR EACH STATEMENT EXECUTE FUNCTION metering_refuse();
