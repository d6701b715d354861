DROP INDEX statement_by_number;
DROP INDEX voucher_by_number;
DROP INDEX ledger_transfer_by_tx;
DROP TRIGGER transparency_chain_grows ON transparency_chain;
DROP TRIGGER transparency_chain_kept ON transparency_chain;
DROP TRIGGER transparency_checkpoint_kept ON transparency_checkpoint;
DROP TRIGGER transparency_entry_kept ON transparency_entry;
DROP FUNCTION transparency_refuse();
