-- The journal only grows. A trigger and not a grant alone, so that the owner of the table meets it too; plain SQL of
-- our own, because a trigger that a session setting can switch off would be no promise.
ALTER TABLE journal_line ADD COLUMN tx xid8 NOT NULL DEFAULT pg_current_xact_id();
COMMENT ON COLUMN journal_line.tx IS
    'the writing transaction: a sealer takes only lines older than every transaction still running';
CREATE INDEX journal_by_tx ON journal_line (tx, id);

CREATE FUNCTION journal_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog
AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', HINT = 'a correction is a new line';
END
$$;

CREATE TRIGGER journal_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_line
    FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse_change();

-- The writing transaction is the database's word, not the writer's.
CREATE FUNCTION journal_stamp() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog
AS $$
BEGIN
    NEW.tx := pg_current_xact_id();
    RETURN NEW;
END
$$;

CREATE TRIGGER journal_stamp
    BEFORE INSERT ON journal_line
    FOR EACH ROW EXECUTE FUNCTION journal_stamp();
