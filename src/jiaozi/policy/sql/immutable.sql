-- A programme version is never edited after use, and the digest is the text's own: whoever writes meets both.
ALTER TABLE policy_version ADD CONSTRAINT policy_version_digest_of_text
    CHECK (digest = encode(sha256(convert_to(text, 'UTF8')), 'hex'));

CREATE FUNCTION policy_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog
AS $$
BEGIN
    RAISE EXCEPTION 'a programme version never changes: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', HINT = 'adopt a new version that names the one it supersedes';
END
$$;

CREATE TRIGGER policy_immutable
    BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_version
    FOR EACH STATEMENT EXECUTE FUNCTION policy_refuse_change();
