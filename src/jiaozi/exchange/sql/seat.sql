-- A centre's seat is admitted anew, never edited: orders of the past stay those of the organisation of their day.
CREATE TRIGGER exchange_seat_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON exchange_seat
  FOR EACH STATEMENT EXECUTE FUNCTION exchange_refuse();
