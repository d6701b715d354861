-- Samples stay as they came; what comes later is a row of its own.
CREATE TRIGGER metering_samples_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON metering_samples
  FOR EACH STATEMENT EXECUTE FUNCTION metering_refuse();
