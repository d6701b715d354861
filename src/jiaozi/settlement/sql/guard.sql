-- What the database itself promises about settlement, whoever writes: a capture is paid once, a statement's sum is its
-- lines, only what agrees three ways is matched, and what is final stays as it is.

CREATE FUNCTION settlement_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'settlement: % on % is refused: nothing is edited; write an adjustment', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'settlement_final';
END
$$;

CREATE FUNCTION settlement_statement_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  fixed text[] := ARRAY['id', 'programme', 'centre_id', 'first', 'end', 'opened_at'];
  sums record;
BEGIN
  IF OLD.state <> 'OPEN' THEN
    fixed := fixed || ARRAY['captures', 'total_fen', 'closed_at'];
  END IF;
  IF OLD.state IN ('PAID', 'ADJUSTED')
     OR EXISTS (SELECT 1 FROM unnest(fixed) AS f(name) WHERE to_jsonb(NEW) -> f.name IS DISTINCT FROM to_jsonb(OLD) -> f.name) THEN
    RAISE EXCEPTION 'settlement: a closed statement keeps its period and sum, a final one everything'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'settlement_final';
  END IF;
  IF OLD.state = 'OPEN' AND NEW.state <> 'OPEN' THEN
    SELECT count(*) AS lines, coalesce(sum(amount_fen), 0) AS fen INTO sums FROM settlement_line WHERE statement_id = NEW.id;
    IF sums.lines <> NEW.captures OR sums.fen <> NEW.total_fen THEN
      RAISE EXCEPTION 'settlement: a statement is the sum of its lines: % lines and % fen', sums.lines, sums.fen
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'settlement_sum';
    END IF;
  END IF;
  IF OLD.state <> 'MATCHED' AND NEW.state = 'MATCHED' AND (
       EXISTS (SELECT 1 FROM settlement_line WHERE statement_id = NEW.id
                  AND (coalesce(claimed_fen, 0) <> amount_fen OR ledger_fen IS DISTINCT FROM amount_fen))
       OR EXISTS (SELECT 1 FROM settlement_claim_line
                   WHERE statement_id = NEW.id AND number = NEW.claim_number AND capture_id IS NULL AND amount_fen > 0)) THEN
    RAISE EXCEPTION 'settlement: a statement is matched when claim, metering and ledger agree on every line'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'settlement_match';
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION settlement_line_added() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM added a
               JOIN settlement_statement s ON s.id = a.statement_id
               JOIN metering_capture c ON c.id = a.capture_id
              WHERE s.state <> 'OPEN' OR c.programme <> s.programme OR c.centre_id <> s.centre_id OR c.voucher_fen <> a.amount_fen) THEN
    RAISE EXCEPTION 'settlement: a line is its capture''s voucher share, added while the statement is open'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'settlement_line_added';
  END IF;
  RETURN NULL;
END
$$;

-- Each of these looks rows up one by one: a plan that joined the two transition tables would be kept from the first,
-- small call and be quadratic in a large one.
CREATE FUNCTION settlement_line_final() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM before b JOIN settlement_statement s ON s.id = b.statement_id WHERE s.state IN ('PAID', 'ADJUSTED')) THEN
    RAISE EXCEPTION 'settlement: a final statement keeps all its lines'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'settlement_final';
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER settlement_statement_guard BEFORE UPDATE ON settlement_statement
  FOR EACH ROW EXECUTE FUNCTION settlement_statement_guard();
CREATE TRIGGER settlement_statement_kept BEFORE DELETE OR TRUNCATE ON settlement_statement
  FOR EACH STATEMENT EXECUTE FUNCTION settlement_refuse();
CREATE TRIGGER settlement_line_added AFTER INSERT ON settlement_line REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION settlement_line_added();
CREATE TRIGGER settlement_line_fixed BEFORE UPDATE ON settlement_line FOR EACH ROW
  WHEN ((OLD.released AND NOT NEW.released)
        OR (NEW.id, NEW.statement_id, NEW.capture_id, NEW.kind, NEW.amount_fen)
           IS DISTINCT FROM (OLD.id, OLD.statement_id, OLD.capture_id, OLD.kind, OLD.amount_fen))
  EXECUTE FUNCTION settlement_refuse();
CREATE TRIGGER settlement_line_final AFTER UPDATE ON settlement_line REFERENCING OLD TABLE AS before
  FOR EACH STATEMENT EXECUTE FUNCTION settlement_line_final();
CREATE TRIGGER settlement_line_kept BEFORE DELETE OR TRUNCATE ON settlement_line
  FOR EACH STATEMENT EXECUTE FUNCTION settlement_refuse();
CREATE TRIGGER settlement_claim_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_claim_line
  FOR EACH STATEMENT EXECUTE FUNCTION settlement_refuse();
CREATE TRIGGER settlement_disallowance_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_disallowance
  FOR EACH STATEMENT EXECUTE FUNCTION settlement_refuse();
CREATE TRIGGER settlement_fund_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_fund_movement
  FOR EACH STATEMENT EXECUTE FUNCTION settlement_refuse();
