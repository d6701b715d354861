-- What was sealed stays: no entry and no checkpoint is edited or taken away, and the chain only grows.
CREATE FUNCTION transparency_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'the seals are append-only: % of % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER transparency_entry_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON transparency_entry
  FOR EACH STATEMENT EXECUTE FUNCTION transparency_refuse();
CREATE TRIGGER transparency_checkpoint_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON transparency_checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION transparency_refuse();
CREATE TRIGGER transparency_chain_kept BEFORE DELETE OR TRUNCATE ON transparency_chain
  FOR EACH STATEMENT EXECUTE FUNCTION transparency_refuse();
CREATE TRIGGER transparency_chain_grows BEFORE UPDATE ON transparency_chain
  FOR EACH ROW WHEN (NEW.n <= OLD.n) EXECUTE FUNCTION transparency_refuse();

-- The sealer reads transfers by their transaction. A block-range index is a few pages however many transfers there are,
-- and costs the ledger's writers next to nothing. (There is no such operator class for xid8, but one for its number.)
CREATE INDEX ledger_transfer_by_tx ON ledger_transfer USING brin ((tx::text::bigint)) WITH (pages_per_range = 32, autosummarize = on);

-- What people read of a voucher's and a statement's id is its end.
CREATE INDEX voucher_by_number ON voucher (right(id::text, 12));
CREATE INDEX statement_by_number ON settlement_statement (right(id::text, 12));

INSERT INTO transparency_chain (id, n, head, journal_tx, journal_id, transfer_tx, transfer_id)
VALUES (1, 0, sha256('jiaozi/open-data/1'), '0', '00000000-0000-0000-0000-000000000000', '0', '00000000-0000-0000-0000-000000000000');
