-- What the database itself promises about the exchange: an order stays as it was entered, a result as it came out.
CREATE FUNCTION exchange_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'exchange: % on % is refused: nothing is edited; void the session or trade again', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'exchange_final';
END
$$;

CREATE TRIGGER exchange_order_kept BEFORE DELETE OR TRUNCATE ON exchange_order
  FOR EACH STATEMENT EXECUTE FUNCTION exchange_refuse();
CREATE TRIGGER exchange_order_fixed BEFORE UPDATE ON exchange_order FOR EACH ROW
  WHEN (OLD.state = 'WITHDRAWN' OR OLD.accepted IS NOT NULL
        OR (NEW.id, NEW.session_id, NEW.party_id, NEW.side, NEW.resource_class, NEW.hub, NEW.period, NEW.quantity, NEW.limit_fen,
            NEW.minimum, NEW.lot_units, NEW.start, NEW."end", NEW.salt, NEW.entered_by, NEW.entered_at)
           IS DISTINCT FROM (OLD.id, OLD.session_id, OLD.party_id, OLD.side, OLD.resource_class, OLD.hub, OLD.period, OLD.quantity,
            OLD.limit_fen, OLD.minimum, OLD.lot_units, OLD.start, OLD."end", OLD.salt, OLD.entered_by, OLD.entered_at))
  EXECUTE FUNCTION exchange_refuse();

-- Orders come and go only while their session is open, and get their result only while it is closed.
CREATE FUNCTION exchange_order_timely() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  wanted text := CASE WHEN TG_OP = 'UPDATE' AND NEW.accepted IS NOT NULL THEN 'CLOSED' ELSE 'OPEN' END;
BEGIN
  IF (SELECT state FROM exchange_session WHERE id = NEW.session_id) <> wanted THEN
    RAISE EXCEPTION 'exchange: % on % is refused: the session is not %', TG_OP, TG_TABLE_NAME, wanted
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'exchange_timely';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER exchange_order_timely BEFORE INSERT OR UPDATE ON exchange_order
  FOR EACH ROW EXECUTE FUNCTION exchange_order_timely();

CREATE TRIGGER exchange_session_kept BEFORE DELETE OR TRUNCATE ON exchange_session
  FOR EACH STATEMENT EXECUTE FUNCTION exchange_refuse();
CREATE TRIGGER exchange_session_fixed BEFORE UPDATE ON exchange_session FOR EACH ROW
  WHEN (OLD.state IN ('SETTLED', 'VOIDED')
        OR (NEW.id, NEW.programme, NEW.name, NEW.schedule_id, NEW.frame, NEW.opened_at, NEW.closes_at)
           IS DISTINCT FROM (OLD.id, OLD.programme, OLD.name, OLD.schedule_id, OLD.frame, OLD.opened_at, OLD.closes_at)
        OR (OLD.state <> 'OPEN' AND (NEW.book_digest, NEW.related) IS DISTINCT FROM (OLD.book_digest, OLD.related))
        OR (OLD.state = 'CLEARED' AND (NEW.result_digest, NEW.cleared, NEW.gap_ppm, NEW.finished, NEW.flags)
            IS DISTINCT FROM (OLD.result_digest, OLD.cleared, OLD.gap_ppm, OLD.finished, OLD.flags)))
  EXECUTE FUNCTION exchange_refuse();

CREATE TRIGGER exchange_price_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON exchange_price
  FOR EACH STATEMENT EXECUTE FUNCTION exchange_refuse();
CREATE TRIGGER exchange_flow_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON exchange_flow
  FOR EACH STATEMENT EXECUTE FUNCTION exchange_refuse();
CREATE TRIGGER exchange_movement_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON exchange_movement
  FOR EACH STATEMENT EXECUTE FUNCTION exchange_refuse();
CREATE TRIGGER exchange_capacity_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON exchange_capacity
  FOR EACH STATEMENT EXECUTE FUNCTION exchange_refuse();
