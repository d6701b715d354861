-- The next entries to seal, in the order of their transactions (within one: the journal, then by id), each with what is
-- sealed of it. Only of transactions before ``until``: where that is the oldest one still running, what commits late is
-- not passed over.
WITH lines AS (
  SELECT 1 AS source, j.tx, j.id FROM journal_line j
   WHERE (j.tx, j.id) > (%(journal_tx)s::xid8, %(journal_id)s) AND j.tx < %(until)s::xid8
   ORDER BY j.tx, j.id LIMIT %(most)s
), transfers AS (
  SELECT 2 AS source, t.tx, t.id FROM ledger_transfer t
   WHERE t.tx::text::bigint >= %(transfer_tx)s::bigint AND (t.tx, t.id) > (%(transfer_tx)s::xid8, %(transfer_id)s)
     AND t.tx < %(until)s::xid8
   ORDER BY t.tx, t.id LIMIT %(most)s
), next AS (
  SELECT * FROM lines UNION ALL SELECT * FROM transfers ORDER BY tx, source, id LIMIT %(most)s
)
SELECT n.source, n.tx::text, n.id, coalesce(t.at, j.at) AS at,
       coalesce(d.programme, '') AS programme, coalesce(t.event, '') AS event, t.kind,
       d.kind AS debit_kind, d.subject AS debit_subject, c.kind AS credit_kind, c.subject AS credit_subject,
       t.amount_fen, t.hold_id, h.amount_fen AS hold_fen, t.chain_id, coalesce(t.reference, j.subject) AS reference,
       v.issued_at, v.clause, o.holder_class, p.parts, j.stage, j.verb, j.before, j.after, j.digest
  FROM next n
  LEFT JOIN journal_line j ON n.source = 1 AND j.id = n.id
  LEFT JOIN ledger_transfer t ON n.source = 2 AND t.id = n.id
  LEFT JOIN ledger_transfer h ON h.id = t.hold_id
  LEFT JOIN ledger_account d ON d.id = t.debit_id
  LEFT JOIN ledger_account c ON c.id = t.credit_id
  LEFT JOIN voucher v ON v.id = CASE WHEN d.kind = 'VOUCHER' THEN d.subject::uuid WHEN c.kind = 'VOUCHER' THEN c.subject::uuid END
  LEFT JOIN party_organisation o ON o.id = v.holder_id
  LEFT JOIN LATERAL (
    SELECT string_agg(part.text, ';' ORDER BY part.text) AS parts
      FROM (
        SELECT extract(year FROM pv.issued_at AT TIME ZONE 'Asia/Shanghai')::int || '/' || pv.clause || '/' || po.holder_class
               || '=' || sum(l.amount_fen) AS text
          FROM settlement_line l
          JOIN metering_capture mc ON mc.id = l.capture_id AND mc.payable_shard::text = split_part(d.subject, '/', 2)
          JOIN voucher pv ON pv.id = mc.voucher_id
          JOIN party_organisation po ON po.id = pv.holder_id
         -- asked inside, so that nothing is looked up for any other entry
         WHERE t.event = 'statement.pay' AND d.kind = 'PAYABLE' AND l.statement_id = t.reference
         GROUP BY extract(year FROM pv.issued_at AT TIME ZONE 'Asia/Shanghai'), pv.clause, po.holder_class
      ) AS part
  ) AS p ON true
 ORDER BY n.tx, n.source, n.id
