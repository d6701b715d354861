DROP TRIGGER lease_letter_no_change ON lease_letter;
DROP TRIGGER lease_letter_no_truncate ON lease_letter;
DROP TRIGGER lease_job_no_change ON lease_job;
DROP TRIGGER lease_job_no_truncate ON lease_job;
DROP TRIGGER lease_ruling_no_change ON lease_ruling;
DROP TRIGGER lease_ruling_no_truncate ON lease_ruling;
DROP FUNCTION lease_refuse();
