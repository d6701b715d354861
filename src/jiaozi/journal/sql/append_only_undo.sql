DROP TRIGGER journal_stamp ON journal_line;
DROP FUNCTION journal_stamp();
DROP TRIGGER journal_append_only ON journal_line;
DROP FUNCTION journal_refuse_change();
DROP INDEX journal_by_tx;
ALTER TABLE journal_line DROP COLUMN tx;
