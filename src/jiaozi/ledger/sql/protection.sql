-- The tables and functions belong to a role that nobody can log in as; the application may read and call.
-- The triggers stop even a superuser who writes SQL by mistake. (Plain triggers: a switchable one would be a back door.)
-- Statement triggers, because they cost nothing per row and refuse even what would match no row.

CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'ledger: % on % is refused: a transfer is never edited; post a correction', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER ledger_transfer_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transfer
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_transfer_by_function BEFORE INSERT ON ledger_transfer
  FOR EACH STATEMENT WHEN (current_user <> 'jiaozi_ledger') EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_account_no_delete BEFORE DELETE OR TRUNCATE ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_account_fixed
  BEFORE UPDATE OF id, book, kind, programme, subject, debits_within_credits, credits_within_debits ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_account_by_function BEFORE INSERT OR UPDATE ON ledger_account
  FOR EACH STATEMENT WHEN (current_user <> 'jiaozi_ledger') EXECUTE FUNCTION ledger_refuse();

ALTER TABLE ledger_account SET (fillfactor = 50);
ALTER TABLE ledger_transfer ADD COLUMN tx xid8 NOT NULL DEFAULT pg_current_xact_id();

ALTER TABLE ledger_account OWNER TO jiaozi_ledger;
ALTER TABLE ledger_transfer OWNER TO jiaozi_ledger;
ALTER FUNCTION ledger_refuse OWNER TO jiaozi_ledger;
ALTER FUNCTION ledger_open OWNER TO jiaozi_ledger;
ALTER FUNCTION ledger_same OWNER TO jiaozi_ledger;
ALTER FUNCTION ledger_apply_one OWNER TO jiaozi_ledger;
ALTER FUNCTION ledger_settle OWNER TO jiaozi_ledger;
ALTER FUNCTION ledger_verdicts OWNER TO jiaozi_ledger;
ALTER FUNCTION ledger_apply OWNER TO jiaozi_ledger;

REVOKE ALL ON ledger_account, ledger_transfer FROM PUBLIC, jiaozi_app;
GRANT SELECT ON ledger_account, ledger_transfer TO jiaozi_app;
REVOKE ALL ON FUNCTION ledger_refuse, ledger_open, ledger_same, ledger_apply_one, ledger_settle, ledger_verdicts, ledger_apply
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_open, ledger_apply_one, ledger_apply TO jiaozi_app;
