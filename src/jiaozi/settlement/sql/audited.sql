-- How many rows the audit looks at.
SELECT (SELECT count(*) FROM ledger_account), (SELECT count(*) FROM ledger_transfer), (SELECT count(*) FROM voucher),
       (SELECT count(*) FROM metering_capture), (SELECT count(*) FROM metering_usage),
       (SELECT count(*) FROM settlement_statement), (SELECT count(*) FROM settlement_line),
       (SELECT count(*) FROM settlement_fund_movement), (SELECT count(*) FROM settlement_disallowance),
       (SELECT count(*) FROM settlement_redemption), (SELECT count(*) FROM settlement_award), (SELECT count(*) FROM settlement_grant_payment),
       (SELECT count(*) FROM settlement_clawback), (SELECT count(*) FROM evidence_file),
       (SELECT count(*) FROM metering_samples),
       (SELECT count(*) FROM exchange_session), (SELECT count(*) FROM exchange_order),
       (SELECT count(*) FROM compute_order),
       (SELECT count(*) FROM lease), (SELECT count(*) FROM lease_job)
