-- A usage record stays as it was measured; only what became of it is written, and what is charged or waived stays so.
CREATE FUNCTION metering_usage_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF (NEW.id, NEW.centre_id, NEW.record_id, NEW.payload_digest, NEW.source, NEW.account, NEW.resource_class, NEW.units,
      NEW.started_at, NEW.ended_at, NEW.elapsed_ms, NEW.cpu_ms, NEW.memory_peak_mib, NEW.outcome, NEW.received_at, NEW.supersedes_id)
     IS DISTINCT FROM
     (OLD.id, OLD.centre_id, OLD.record_id, OLD.payload_digest, OLD.source, OLD.account, OLD.resource_class, OLD.units,
      OLD.started_at, OLD.ended_at, OLD.elapsed_ms, OLD.cpu_ms, OLD.memory_peak_mib, OLD.outcome, OLD.received_at, OLD.supersedes_id)
     OR (OLD.order_id IS NOT NULL AND NEW.order_id IS DISTINCT FROM OLD.order_id) THEN
    RAISE EXCEPTION 'metering: what was measured is never edited; a corrected record is a dispute'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'metering_usage_measured';
  END IF;
  IF OLD.state IN ('CAPTURED', 'WAIVED') THEN
    RAISE EXCEPTION 'metering: usage that is % stays so', OLD.state
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'metering_usage_final';
  END IF;
  RETURN NEW;
END $$;

-- A dispute keeps what came; it is resolved once.
CREATE FUNCTION metering_dispute_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF OLD.resolved_at IS NOT NULL OR (NEW.id, NEW.centre_id, NEW.record_id, NEW.payload_digest, NEW.payload, NEW.received_at)
     IS DISTINCT FROM (OLD.id, OLD.centre_id, OLD.record_id, OLD.payload_digest, OLD.payload, OLD.received_at) THEN
    RAISE EXCEPTION 'metering: a dispute keeps what came, and is resolved once'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'metering_dispute_final';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER metering_usage_guard BEFORE UPDATE ON metering_usage FOR EACH ROW EXECUTE FUNCTION metering_usage_guard();
CREATE TRIGGER metering_usage_kept BEFORE DELETE OR TRUNCATE ON metering_usage FOR EACH STATEMENT EXECUTE FUNCTION metering_refuse();
CREATE TRIGGER metering_dispute_guard BEFORE UPDATE ON metering_dispute FOR EACH ROW EXECUTE FUNCTION metering_dispute_guard();
CREATE TRIGGER metering_dispute_kept BEFORE DELETE OR TRUNCATE ON metering_dispute FOR EACH STATEMENT EXECUTE FUNCTION metering_refuse();
CREATE TRIGGER metering_ruling_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON metering_ruling
  FOR EACH STATEMENT EXECUTE FUNCTION metering_refuse();
