-- A ruling on an order is never edited: it says who let go of which hold, when and why.
CREATE OR REPLACE FUNCTION order_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'order: % on % is refused: a ruling is never edited', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER order_ruling_no_change BEFORE UPDATE OR DELETE ON order_ruling FOR EACH ROW EXECUTE FUNCTION order_refuse();
CREATE TRIGGER order_ruling_no_truncate BEFORE TRUNCATE ON order_ruling FOR EACH STATEMENT EXECUTE FUNCTION order_refuse();
