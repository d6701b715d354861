DROP TRIGGER voucher_whole ON voucher;
DROP TRIGGER voucher_kept ON voucher;
DROP FUNCTION voucher_refuse();
