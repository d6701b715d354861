-- What the application's role may do, stated whole after every migration, so that running it again changes nothing.
-- Ordinary tables: read and write. journal_*: read and append. ledger_*: read; the ledger's own migration grants
-- its functions. django_migrations: read. A table that is new is covered without a line being added here.
DO $$
DECLARE
    thing record;
    rights text;
BEGIN
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema());
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO jiaozi_app', current_schema());
    FOR thing IN
        SELECT c.oid::regclass AS name, c.relname, c.relkind
        FROM pg_class c
        WHERE c.relnamespace = current_schema()::regnamespace
          AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
          -- a sequence behind an identity column follows its table
          AND NOT EXISTS (
              SELECT FROM pg_depend d
              WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('i', 'e')
          )
        ORDER BY c.relname
    LOOP
        IF thing.relkind = 'S' THEN
            CONTINUE WHEN thing.relname LIKE 'ledger\_%';
            EXECUTE format('GRANT USAGE, SELECT ON SEQUENCE %s TO jiaozi_app', thing.name);
            CONTINUE;
        END IF;
        rights := CASE
            WHEN thing.relname LIKE 'ledger\_%' OR thing.relname = 'django_migrations' OR thing.relkind IN ('v', 'm')
                THEN 'SELECT'
            WHEN thing.relname LIKE 'journal\_%' THEN 'SELECT, INSERT'
            ELSE 'SELECT, INSERT, UPDATE, DELETE'
        END;
        EXECUTE format('REVOKE ALL ON TABLE %s FROM PUBLIC, jiaozi_app', thing.name);
        EXECUTE format('GRANT %s ON TABLE %s TO jiaozi_app', rights, thing.name);
    END LOOP;
END
$$;
