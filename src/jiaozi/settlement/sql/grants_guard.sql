-- Money that went to holders is never edited: rows of payments stay, and what is final stays as it is.
CREATE TRIGGER settlement_redemption_kept BEFORE DELETE OR TRUNCATE ON settlement_redemption
  FOR EACH STATEMENT EXECUTE FUNCTION settlement_refuse();
CREATE TRIGGER settlement_redemption_final BEFORE UPDATE ON settlement_redemption FOR EACH ROW
  WHEN (OLD.state NOT IN ('SUBMITTED', 'ACCEPTED')
        OR (NEW.id, NEW.programme, NEW.voucher_id, NEW.pay_model, NEW.seller, NEW.invoice_number, NEW.claimed_fen, NEW.held_fen)
           IS DISTINCT FROM (OLD.id, OLD.programme, OLD.voucher_id, OLD.pay_model, OLD.seller, OLD.invoice_number, OLD.claimed_fen, OLD.held_fen)
        OR (OLD.state = 'ACCEPTED' AND (NEW.amount_fen, NEW.accepted_fen, NEW.decided_by) IS DISTINCT FROM (OLD.amount_fen, OLD.accepted_fen, OLD.decided_by)))
  EXECUTE FUNCTION settlement_refuse();
CREATE TRIGGER settlement_redemption_use_kept BEFORE DELETE OR TRUNCATE ON settlement_redemption_use
  FOR EACH STATEMENT EXECUTE FUNCTION settlement_refuse();
CREATE TRIGGER settlement_redemption_use_fixed BEFORE UPDATE ON settlement_redemption_use FOR EACH ROW
  WHEN ((OLD.released AND NOT NEW.released)
        OR (NEW.id, NEW.redemption_id, NEW.capture_id, NEW.amount_fen) IS DISTINCT FROM (OLD.id, OLD.redemption_id, OLD.capture_id, OLD.amount_fen))
  EXECUTE FUNCTION settlement_refuse();
CREATE TRIGGER settlement_award_kept BEFORE DELETE OR TRUNCATE ON settlement_award
  FOR EACH STATEMENT EXECUTE FUNCTION settlement_refuse();
CREATE TRIGGER settlement_award_final BEFORE UPDATE ON settlement_award FOR EACH ROW
  WHEN (OLD.state IN ('PAID', 'WITHDRAWN')
        OR (NEW.id, NEW.programme, NEW.application_id, NEW.once_key, NEW.face_fen, NEW.awarded_by)
           IS DISTINCT FROM (OLD.id, OLD.programme, OLD.application_id, OLD.once_key, OLD.face_fen, OLD.awarded_by))
  EXECUTE FUNCTION settlement_refuse();
CREATE TRIGGER settlement_award_stage_kept BEFORE DELETE OR TRUNCATE ON settlement_award_stage
  FOR EACH STATEMENT EXECUTE FUNCTION settlement_refuse();
CREATE TRIGGER settlement_award_stage_final BEFORE UPDATE ON settlement_award_stage FOR EACH ROW
  WHEN (OLD.state IN ('PAID', 'WITHDRAWN')
        OR (NEW.id, NEW.award_id, NEW.number, NEW.amount_fen) IS DISTINCT FROM (OLD.id, OLD.award_id, OLD.number, OLD.amount_fen))
  EXECUTE FUNCTION settlement_refuse();
CREATE TRIGGER settlement_grant_payment_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_grant_payment
  FOR EACH STATEMENT EXECUTE FUNCTION settlement_refuse();
CREATE TRIGGER settlement_clawback_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_clawback
  FOR EACH STATEMENT EXECUTE FUNCTION settlement_refuse();
CREATE TRIGGER settlement_clawback_recovery_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_clawback_recovery
  FOR EACH STATEMENT EXECUTE FUNCTION settlement_refuse();
