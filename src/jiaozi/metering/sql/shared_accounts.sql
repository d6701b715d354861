-- Accounts of some captures that other holders' vouchers were spent by as well, and who was first, in one pass.
WITH mine AS (
  SELECT DISTINCT c.voucher_id, c.holder_id, u.centre_id, u.account
  FROM metering_capture AS c JOIN metering_usage AS u ON u.capture_id = c.id
  WHERE c.id = ANY (%(captures)s::uuid[]) AND u.order_id IS NULL AND u.account <> ''
), spent AS (
  SELECT u.centre_id, u.account, c.holder_id, min(u.started_at) AS since
  FROM metering_usage AS u JOIN metering_capture AS c ON c.id = u.capture_id
  WHERE u.order_id IS NULL AND (u.centre_id, u.account) IN (SELECT centre_id, account FROM mine)
  GROUP BY u.centre_id, u.account, c.holder_id
)
SELECT m.voucher_id, m.holder_id, p.holder_class, m.centre_id, m.account, other.holder_id, other.since < own.since
FROM mine AS m
JOIN spent AS own USING (centre_id, account, holder_id)
JOIN spent AS other ON other.centre_id = m.centre_id AND other.account = m.account AND other.holder_id <> m.holder_id
JOIN party_organisation AS p ON p.id = m.holder_id
ORDER BY m.voucher_id, m.centre_id, m.account, other.since, other.holder_id
LIMIT %(most)s
