-- A closed year stays closed. An advance, and what goes back of it, is of a year: until now the calendar's, or the one
-- that the return was named after.
CREATE TRIGGER settlement_closed_year_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_closed_year
  FOR EACH STATEMENT EXECUTE FUNCTION settlement_refuse();
ALTER TABLE settlement_fund_movement DISABLE TRIGGER settlement_fund_kept;
UPDATE settlement_fund_movement
   SET year = CASE WHEN kind = 'RETURN' THEN substring(reference FROM '^year/([0-9]{4})$')::integer
                   ELSE extract(year FROM at AT TIME ZONE 'Asia/Shanghai')::integer END
 WHERE kind IN ('PREFUND', 'RETURN');
ALTER TABLE settlement_fund_movement ENABLE TRIGGER settlement_fund_kept;
