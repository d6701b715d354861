-- A movement's record is written when it is charged or waived, and never edited.
CREATE TRIGGER metering_movement_no_change BEFORE UPDATE OR DELETE ON metering_movement FOR EACH ROW EXECUTE FUNCTION metering_refuse();
CREATE TRIGGER metering_movement_no_truncate BEFORE TRUNCATE ON metering_movement FOR EACH STATEMENT EXECUTE FUNCTION metering_refuse();
