-- What a holder prepaid is recorded once and stays: the ledger's transfer beside it can't be edited either.
CREATE OR REPLACE FUNCTION order_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'order: % on % is refused: what was recorded is never edited', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER order_own_credit_no_change BEFORE UPDATE OR DELETE ON order_own_credit FOR EACH ROW EXECUTE FUNCTION order_refuse();
CREATE TRIGGER order_own_credit_no_truncate BEFORE TRUNCATE ON order_own_credit FOR EACH STATEMENT EXECUTE FUNCTION order_refuse();
