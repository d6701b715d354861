-- What was decided about a centre's own loss is never edited.
CREATE TRIGGER lease_loss_ruling_no_change BEFORE UPDATE OR DELETE ON lease_loss_ruling FOR EACH ROW EXECUTE FUNCTION lease_refuse();
CREATE TRIGGER lease_loss_ruling_no_truncate BEFORE TRUNCATE ON lease_loss_ruling FOR EACH STATEMENT EXECUTE FUNCTION lease_refuse();
