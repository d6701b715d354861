-- Every row is a broken invariant of the exchange: its name, where, and what was found.
WITH priced AS (
  SELECT o.*, s.programme, s.state AS session_state, p.price_fen, p.id AS price_id,
         CASE WHEN o.side = 'BID' THEN o.quantity * o.limit_fen ELSE o.quantity * o.lot_units END AS to_hold,
         CASE WHEN s.state <> 'SETTLED' THEN 0 ELSE coalesce(o.accepted, 0) END AS lots,
         o.party_id || '/' || o.hub || '/' || o.resource_class || '/' || to_char(o.start AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"')
           || '/' || to_char(o."end" AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"') AS block
    FROM exchange_order o JOIN exchange_session s ON s.id = o.session_id
    LEFT JOIN exchange_price p ON (p.session_id, p.resource_class, p.period, p.hub) = (o.session_id, o.resource_class, o.period, o.hub)
), holds AS (
  SELECT h.reference, h.id, h.amount_fen, h.event, d.kind AS from_kind, d.subject AS from_subject, c.kind AS to_kind, c.subject AS to_subject,
         r.kind AS resolved_by, r.amount_fen AS resolved_amount
    FROM ledger_transfer h JOIN ledger_account d ON d.id = h.debit_id JOIN ledger_account c ON c.id = h.credit_id
    LEFT JOIN ledger_transfer r ON r.hold_id = h.id
   WHERE h.event IN ('trade.hold', 'trade.hold.capacity')
), posts AS (
  SELECT t.reference, t.event, count(*) AS rows, sum(t.amount_fen) AS amount FROM ledger_transfer t
   WHERE t.event IN ('trade.pay', 'trade.deliver') GROUP BY t.reference, t.event
), hubs AS (
  SELECT session_id, resource_class, period, hub, sum(bought)::bigint AS bought, sum(sold)::bigint AS sold, sum(inward)::bigint AS inward, sum(outward)::bigint AS outward FROM (
    SELECT session_id, resource_class, period, hub, CASE WHEN side = 'BID' THEN coalesce(accepted, 0) ELSE 0 END AS bought,
           CASE WHEN side = 'ASK' THEN coalesce(accepted, 0) ELSE 0 END AS sold, 0 AS inward, 0 AS outward FROM exchange_order
    UNION ALL SELECT session_id, resource_class, period, "end", 0, 0, lots, 0 FROM exchange_flow
    UNION ALL SELECT session_id, resource_class, period, start, 0, 0, 0, lots FROM exchange_flow) AS each
   GROUP BY session_id, resource_class, period, hub
), links AS (
  SELECT s.id AS session_id, l.value ->> 'start' AS start, l.value ->> 'end' AS "end", coalesce(l.value ->> 'resource_class', '') AS resource_class,
         coalesce(l.value ->> 'period', '') AS period, (l.value ->> 'capacity')::bigint AS capacity
    FROM exchange_session s, LATERAL jsonb_array_elements(coalesce(s.frame -> 'links', '[]'::jsonb)) AS l
), money AS (
  SELECT programme, party, sum(fen) AS fen FROM (
    SELECT programme, party_id::text AS party, CASE WHEN paid_out THEN -amount_fen ELSE amount_fen END AS fen FROM exchange_movement
    UNION ALL SELECT programme, party_id::text, CASE WHEN side = 'BID' THEN -lots * price_fen ELSE lots * price_fen END FROM priced WHERE lots > 0) AS each
   GROUP BY programme, party
), capacity AS (
  SELECT programme, block, sum(units) AS units FROM (
    SELECT programme, party_id || '/' || hub || '/' || resource_class || '/' || to_char(start AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"')
           || '/' || to_char("end" AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"') AS block, units FROM exchange_capacity
    UNION ALL SELECT programme, block, CASE WHEN side = 'BID' THEN lots * lot_units ELSE -lots * lot_units END FROM priced WHERE lots > 0) AS each
   GROUP BY programme, block
), rents AS (
  SELECT s.programme, f.start || '/' || f."end" AS link, sum(f.rent_fen) AS fen FROM exchange_flow f
    JOIN exchange_session s ON s.id = f.session_id WHERE s.state = 'SETTLED' GROUP BY s.programme, f.start, f."end"
), findings AS (
  SELECT 'an order holds what it asks for' AS invariant, o.id::text AS "where",
         format('%%s of %%s asks for a hold of %%s, the ledger has %%s', o.side, o.party_id, o.to_hold, coalesce(string_agg(h.amount_fen::text, ', '), 'none')) AS found
    FROM priced o LEFT JOIN holds h ON h.reference = o.id
   GROUP BY o.id, o.side, o.party_id, o.to_hold, o.block, o.session_id
  HAVING (o.to_hold = 0 AND count(h.id) > 0)
      OR (o.to_hold > 0 AND (count(h.id) <> 1 OR bool_or(
            (h.amount_fen, h.from_kind, h.from_subject, h.to_kind, h.to_subject) IS DISTINCT FROM
            CASE WHEN o.side = 'BID' THEN (o.to_hold, 'TRADER'::varchar, o.party_id::text::varchar, 'TRADE_CLEARING'::varchar, o.session_id::text::varchar)
                 ELSE (o.to_hold, 'CAPACITY'::varchar, o.block::varchar, 'CAPACITY_POOL'::varchar, o.session_id::text::varchar) END)))
  UNION ALL
  SELECT 'a hold belongs to an order', h.id::text, format('%%s of %%s', h.event, h.amount_fen)
    FROM holds h LEFT JOIN exchange_order o ON o.id = h.reference WHERE o.id IS NULL
  UNION ALL
  SELECT 'a hold ends as its order does', o.id::text, format('%%s in a session %%s: resolved by %%s of %%s', o.state, o.session_state, h.resolved_by, h.resolved_amount)
    FROM priced o JOIN holds h ON h.reference = o.id,
         LATERAL (SELECT CASE WHEN o.side = 'BID' THEN o.lots * coalesce(o.price_fen, 0) ELSE o.lots * o.lot_units END AS due) AS d
   WHERE (h.resolved_by, h.resolved_amount) IS DISTINCT FROM CASE
           WHEN o.state = 'WITHDRAWN' OR o.session_state = 'VOIDED' OR (o.session_state = 'SETTLED' AND d.due = 0) THEN (4::smallint, h.amount_fen)
           WHEN o.session_state = 'SETTLED' THEN (3::smallint, d.due)
           ELSE (NULL::smallint, NULL::bigint) END
  UNION ALL
  SELECT 'sellers are paid and buyers get what was accepted', o.id::text, format('%%s lots at %%s: the ledger moved %%s in %%s', o.lots, o.price_fen, p.amount, p.rows)
    FROM priced o LEFT JOIN posts p ON p.reference = o.id,
         LATERAL (SELECT CASE WHEN o.side = 'ASK' THEN o.lots * coalesce(o.price_fen, 0) ELSE o.lots * o.lot_units END AS due) AS d
   WHERE coalesce(p.amount, 0) <> d.due OR (p.rows IS NOT NULL AND (p.rows <> 1 OR p.event <> CASE WHEN o.side = 'ASK' THEN 'trade.pay' ELSE 'trade.deliver' END))
  UNION ALL
  SELECT 'no accepted order loses', o.id::text, format('%%s %%s lots at %%s, limit %%s', o.side, o.accepted, o.price_fen, o.limit_fen)
    FROM priced o WHERE o.accepted > 0
     AND (o.price_id IS NULL OR CASE WHEN o.side = 'BID' THEN o.price_fen > o.limit_fen ELSE o.price_fen < o.limit_fen END)
  UNION ALL
  SELECT 'bought and sold meet at every hub', h.session_id::text, format('%%s %%s %%s: sold %%s, inward %%s, bought %%s, outward %%s', h.resource_class, h.period, h.hub, h.sold, h.inward, h.bought, h.outward)
    FROM hubs h LEFT JOIN exchange_price p ON (p.session_id, p.resource_class, p.period, p.hub) = (h.session_id, h.resource_class, h.period, h.hub)
   WHERE h.sold + h.inward <> h.bought + h.outward OR (h.bought, h.sold) IS DISTINCT FROM (coalesce(p.bought, 0), coalesce(p.sold, 0))
  UNION ALL
  SELECT 'a link carries no more than it can, and earns the difference of prices', f.session_id::text, format('%%s to %%s: %%s lots of %%s, rent %%s', f.start, f."end", f.lots, l.capacity, f.rent_fen)
    FROM exchange_flow f
    LEFT JOIN links l ON (l.session_id, l.start, l."end") = (f.session_id, f.start, f."end") AND l.resource_class IN ('', f.resource_class) AND l.period IN ('', f.period)
    LEFT JOIN exchange_price a ON (a.session_id, a.resource_class, a.period, a.hub) = (f.session_id, f.resource_class, f.period, f.start)
    LEFT JOIN exchange_price b ON (b.session_id, b.resource_class, b.period, b.hub) = (f.session_id, f.resource_class, f.period, f."end")
   WHERE f.lots > coalesce(l.capacity, 0) OR f.rent_fen IS DISTINCT FROM (b.price_fen - a.price_fen) * f.lots
  UNION ALL
  SELECT 'a session that is over holds nothing', s.id::text, format('%%s: %%s posted, %%s pending', a.kind, a.credits_posted - a.debits_posted, a.credits_pending)
    FROM ledger_account a JOIN exchange_session s ON s.id::text = a.subject
   WHERE a.kind IN ('TRADE_CLEARING', 'CAPACITY_POOL')
     AND (a.credits_posted <> a.debits_posted OR (s.state IN ('SETTLED', 'VOIDED') AND a.credits_pending + a.debits_pending <> 0))
  UNION ALL
  SELECT 'a trader''s money is what it deposited and traded', coalesce(a.subject, m.party), format('the ledger has %%s, deposits and trades come to %%s', coalesce(a.credits_posted - a.debits_posted, 0), coalesce(m.fen, 0))
    FROM (SELECT * FROM ledger_account WHERE kind = 'TRADER') a FULL JOIN money m ON m.programme = a.programme AND m.party = a.subject
   WHERE coalesce(a.credits_posted - a.debits_posted, 0) <> coalesce(m.fen, 0)
  UNION ALL
  SELECT 'capacity is what was declared and traded', coalesce(a.subject, c.block), format('the ledger has %%s, declared and traded come to %%s', coalesce(a.credits_posted - a.debits_posted, 0), coalesce(c.units, 0))
    FROM (SELECT * FROM ledger_account WHERE kind = 'CAPACITY') a FULL JOIN capacity c ON c.programme = a.programme AND c.block = a.subject
   WHERE coalesce(a.credits_posted - a.debits_posted, 0) <> coalesce(c.units, 0)
  UNION ALL
  SELECT 'a link has earned its rents', coalesce(a.subject, r.link), format('the ledger has %%s, the sessions come to %%s', coalesce(a.credits_posted - a.debits_posted, 0), coalesce(r.fen, 0))
    FROM (SELECT * FROM ledger_account WHERE kind = 'TRADE_RENT') a FULL JOIN rents r ON r.programme = a.programme AND r.link = a.subject
   WHERE coalesce(a.credits_posted - a.debits_posted, 0) <> coalesce(r.fen, 0)
)
SELECT invariant, "where", found FROM findings LIMIT %(limit)s
