-- The tables and functions belong to a role that nobody can log in as; the application may read and call.
-- The triggers stop even a superuser who writes SQL by mistake. (Plain triggers: a switchable one would be a back door.)

CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger: % on % is refused: a transfer is never edited; post a correction', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER ledger_transfer_no_change BEFORE UPDATE OR DELETE ON ledger_transfer FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_transfer_no_truncate BEFORE TRUNCATE ON ledger_transfer FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_account_no_delete BEFORE DELETE ON ledger_account FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_account_no_truncate BEFORE TRUNCATE ON ledger_account FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_account_fixed BEFORE UPDATE OF id, book, kind, programme, subject, debits_within_credits, credits_within_debits
  ON ledger_account FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_account_by_function BEFORE UPDATE ON ledger_account FOR EACH ROW
  WHEN (current_user <> 'jiaozi_ledger') EXECUTE FUNCTION ledger_refuse();

ALTER TABLE ledger_account SET (fillfactor = 50);
ALTER TABLE ledger_transfer ADD COLUMN tx xid8 NOT NULL DEFAULT pg_current_xact_id();

ALTER TABLE ledger_account OWNER TO jiaozi_ledger;
ALTER TABLE ledger_transfer OWNER TO jiaozi_ledger;
ALTER FUNCTION ledger_refuse() OWNER TO jiaozi_ledger;
ALTER FUNCTION ledger_open(uuid[], text[], text[], text[], text[], boolean[], boolean[]) OWNER TO jiaozi_ledger;
ALTER FUNCTION ledger_same(uuid, uuid, smallint, uuid, uuid, bigint, uuid, text, uuid) OWNER TO jiaozi_ledger;
ALTER FUNCTION ledger_apply_one(uuid, smallint, uuid, uuid, bigint, text, uuid, timestamptz) OWNER TO jiaozi_ledger;
ALTER FUNCTION ledger_settle(uuid[], uuid[], smallint[], uuid[], uuid[], bigint[], bigint[], uuid[], text[], uuid[], timestamptz) OWNER TO jiaozi_ledger;
ALTER FUNCTION ledger_apply(uuid[], uuid[], smallint[], uuid[], uuid[], bigint[], uuid[], text[], uuid[], timestamptz) OWNER TO jiaozi_ledger;

REVOKE ALL ON ledger_account, ledger_transfer FROM PUBLIC, jiaozi_app;
GRANT SELECT ON ledger_account, ledger_transfer TO jiaozi_app;
REVOKE ALL ON FUNCTION ledger_refuse(),
  ledger_open(uuid[], text[], text[], text[], text[], boolean[], boolean[]),
  ledger_same(uuid, uuid, smallint, uuid, uuid, bigint, uuid, text, uuid),
  ledger_apply_one(uuid, smallint, uuid, uuid, bigint, text, uuid, timestamptz),
  ledger_settle(uuid[], uuid[], smallint[], uuid[], uuid[], bigint[], bigint[], uuid[], text[], uuid[], timestamptz),
  ledger_apply(uuid[], uuid[], smallint[], uuid[], uuid[], bigint[], uuid[], text[], uuid[], timestamptz)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  ledger_open(uuid[], text[], text[], text[], text[], boolean[], boolean[]),
  ledger_apply_one(uuid, smallint, uuid, uuid, bigint, text, uuid, timestamptz),
  ledger_apply(uuid[], uuid[], smallint[], uuid[], uuid[], bigint[], uuid[], text[], uuid[], timestamptz)
  TO jiaozi_app;
