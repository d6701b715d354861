DROP FUNCTION settlement_captured(bigint);
DROP FUNCTION settlement_totals(text, bigint);
DROP FUNCTION settlement_movements(bigint);
