-- The only door to money. Every function answers a status (jiaozi.ledger.rules.TransferStatus) per transfer and writes
-- nothing for a chain that does not stand.
--
-- Order of locks: the sorted union of all accounts, FOR NO KEY UPDATE. Two resolutions of one hold meet on the hold's
-- accounts, so the hold itself needs no lock (docs/decisions/0006-ledger-locks.md). What could have changed while
-- waiting is read after the locks; READ COMMITTED gives each statement a fresh snapshot.

CREATE OR REPLACE FUNCTION ledger_open(
  p_id uuid[], p_book text[], p_kind text[], p_programme text[], p_subject text[],
  p_debits_within_credits boolean[], p_credits_within_debits boolean[]
) RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH opened AS (
    INSERT INTO ledger_account (id, book, kind, programme, subject, debits_within_credits, credits_within_debits)
    SELECT * FROM unnest(p_id, p_book, p_kind, p_programme, p_subject, p_debits_within_credits, p_credits_within_debits)
           AS a(id, book, kind, programme, subject, d, c)
    ORDER BY a.id
    ON CONFLICT DO NOTHING  -- by id or by name: two openers may meet on either index
    RETURNING 1)
  SELECT count(*)::integer FROM opened
$$;

-- Is a stored transfer the one that is asked for? An expression alone, so that the planner inlines it. A void's amount is
-- its hold's, and a resolution's accounts are, so neither is compared.
CREATE OR REPLACE FUNCTION ledger_same(
  stored ledger_transfer, p_chain uuid, p_kind smallint, p_debit uuid, p_credit uuid, p_amount bigint, p_hold uuid,
  p_event text, p_reference uuid
) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT stored.chain_id = p_chain AND stored.kind = p_kind AND stored.event = p_event
     AND stored.reference IS NOT DISTINCT FROM p_reference AND stored.hold_id IS NOT DISTINCT FROM p_hold
     AND (p_kind = 4 OR stored.amount_fen = p_amount)
     AND (p_kind > 2 OR (stored.debit_id = p_debit AND stored.credit_id = p_credit))
$$;

-- One post or hold. Cost: one locking read of two rows, one insert, one update of two rows.
CREATE OR REPLACE FUNCTION ledger_apply_one(
  p_id uuid, p_kind smallint, p_debit uuid, p_credit uuid, p_amount bigint, p_event text, p_reference uuid,
  p_at timestamptz
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  a record;
  found_debit boolean := false;
  found_credit boolean := false;
  debit_book text;
  credit_book text;
  refusal text;
  same boolean;
BEGIN
  IF p_kind NOT IN (1, 2) THEN
    RAISE EXCEPTION 'ledger_apply_one: kind must be 1 (post) or 2 (hold), not %', p_kind;
  END IF;
  FOR a IN SELECT * FROM ledger_account WHERE id IN (p_debit, p_credit) ORDER BY id FOR NO KEY UPDATE LOOP
    IF a.id = p_debit THEN
      found_debit := true;
      debit_book := a.book;
      IF a.debits_within_credits AND a.debits_pending + a.debits_posted + p_amount > a.credits_posted THEN
        refusal := 'EXCEEDS_CREDITS';
      END IF;
    END IF;
    IF a.id = p_credit THEN
      found_credit := true;
      credit_book := a.book;
      IF a.credits_within_debits AND a.credits_pending + a.credits_posted + p_amount > a.debits_posted THEN
        refusal := coalesce(refusal, 'EXCEEDS_DEBITS');
      END IF;
    END IF;
  END LOOP;
  refusal := CASE
    WHEN p_amount <= 0 THEN 'AMOUNT_NOT_POSITIVE'
    WHEN p_debit = p_credit THEN 'SAME_ACCOUNT'
    WHEN NOT found_debit THEN 'DEBIT_ACCOUNT_NOT_FOUND'
    WHEN NOT found_credit THEN 'CREDIT_ACCOUNT_NOT_FOUND'
    WHEN debit_book <> credit_book THEN 'BOOKS_DIFFER'
    ELSE refusal END;
  IF refusal IS NULL THEN
    INSERT INTO ledger_transfer (id, chain_id, kind, debit_id, credit_id, amount_fen, event, reference, at)
    VALUES (p_id, p_id, p_kind, p_debit, p_credit, p_amount, p_event, p_reference, p_at)
    ON CONFLICT (id) DO NOTHING;
    IF FOUND THEN
      IF p_kind = 1 THEN
        UPDATE ledger_account SET
          debits_posted = debits_posted + CASE WHEN id = p_debit THEN p_amount ELSE 0 END,
          credits_posted = credits_posted + CASE WHEN id = p_credit THEN p_amount ELSE 0 END
        WHERE id IN (p_debit, p_credit);
      ELSE
        UPDATE ledger_account SET
          debits_pending = debits_pending + CASE WHEN id = p_debit THEN p_amount ELSE 0 END,
          credits_pending = credits_pending + CASE WHEN id = p_credit THEN p_amount ELSE 0 END
        WHERE id IN (p_debit, p_credit);
      END IF;
      RETURN 'APPLIED';
    END IF;
  END IF;
  SELECT ledger_same(t, p_id, p_kind, p_debit, p_credit, p_amount, NULL, p_event, p_reference)
    INTO same FROM ledger_transfer t WHERE t.id = p_id;
  RETURN CASE same WHEN true THEN 'EXISTS' WHEN false THEN 'ID_CONFLICT' ELSE refusal END;
END $$;

-- Write a run of chains whose net effect fits, or bisect between chains until it does. The accounts are locked, and
-- every other reason to refuse was found before. p_held is the size of the hold that a row resolves, else 0.
CREATE OR REPLACE FUNCTION ledger_settle(
  p_chain uuid[], p_id uuid[], p_kind smallint[], p_debit uuid[], p_credit uuid[], p_amount bigint[], p_held bigint[],
  p_hold uuid[], p_event text[], p_reference uuid[], p_at timestamptz[]
) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  n integer := cardinality(p_id);
  cut integer;
  net record;
BEGIN
  SELECT array_agg(d.account) AS account, array_agg(d.dp) AS dp, array_agg(d.dd) AS dd, array_agg(d.cp) AS cp, array_agg(d.cc) AS cc,
         array_agg(a.id) FILTER (WHERE a.debits_within_credits
           AND a.debits_pending + a.debits_posted + d.dp + d.dd > a.credits_posted + d.cc) AS over_credits,
         array_agg(a.id) FILTER (WHERE a.credits_within_debits
           AND a.credits_pending + a.credits_posted + d.cp + d.cc > a.debits_posted + d.dd) AS over_debits
    INTO net
    FROM (
      SELECT side.account, sum(side.dp)::bigint AS dp, sum(side.dd)::bigint AS dd, sum(side.cp)::bigint AS cp, sum(side.cc)::bigint AS cc
        FROM unnest(p_kind, p_debit, p_credit, p_amount, p_held) AS i(kind, debit, credit, amount, held),
             LATERAL (SELECT CASE WHEN i.kind = 2 THEN i.amount ELSE -i.held END AS pending,
                             CASE WHEN i.kind IN (1, 3) THEN i.amount ELSE 0 END AS posted) AS m,
             LATERAL (VALUES (i.debit, m.pending, m.posted, 0, 0), (i.credit, 0, 0, m.pending, m.posted)) AS side(account, dp, dd, cp, cc)
       GROUP BY side.account) AS d
    JOIN ledger_account a ON a.id = d.account;

  IF net.over_credits IS NULL AND net.over_debits IS NULL THEN
    INSERT INTO ledger_transfer (id, chain_id, kind, debit_id, credit_id, amount_fen, hold_id, event, reference, at)
    SELECT i.id, i.chain, i.kind, i.debit, i.credit, CASE WHEN i.kind = 4 THEN i.held ELSE i.amount END, i.hold, i.event, i.reference, i.at
      FROM unnest(p_id, p_chain, p_kind, p_debit, p_credit, p_amount, p_held, p_hold, p_event, p_reference, p_at)
           AS i(id, chain, kind, debit, credit, amount, held, hold, event, reference, at);
    UPDATE ledger_account a SET
      debits_pending = a.debits_pending + d.dp, debits_posted = a.debits_posted + d.dd,
      credits_pending = a.credits_pending + d.cp, credits_posted = a.credits_posted + d.cc
      FROM unnest(net.account, net.dp, net.dd, net.cp, net.cc) AS d(account, dp, dd, cp, cc)
     WHERE a.id = d.account;
    RETURN array_fill('APPLIED'::text, ARRAY[n]);
  END IF;

  IF p_chain[1] = p_chain[n] THEN
    RETURN (SELECT array_agg(CASE
        WHEN i.kind <= 2 AND i.debit = ANY (net.over_credits) THEN 'EXCEEDS_CREDITS'
        WHEN i.kind <= 2 AND i.credit = ANY (net.over_debits) THEN 'EXCEEDS_DEBITS'
        ELSE 'CHAIN_FAILED' END ORDER BY i.ord)
      FROM unnest(p_kind, p_debit, p_credit) WITH ORDINALITY AS i(kind, debit, credit, ord));
  END IF;

  -- The border between chains that is nearest to the middle, at or after it; else the last one before it.
  cut := n / 2;
  WHILE cut < n AND p_chain[cut] = p_chain[cut + 1] LOOP cut := cut + 1; END LOOP;
  IF cut = n THEN
    cut := n / 2;
    WHILE p_chain[cut] = p_chain[cut + 1] LOOP cut := cut - 1; END LOOP;
  END IF;
  RETURN ledger_settle(p_chain[:cut], p_id[:cut], p_kind[:cut], p_debit[:cut], p_credit[:cut], p_amount[:cut],
                       p_held[:cut], p_hold[:cut], p_event[:cut], p_reference[:cut], p_at[:cut])
      || ledger_settle(p_chain[cut+1:], p_id[cut+1:], p_kind[cut+1:], p_debit[cut+1:], p_credit[cut+1:], p_amount[cut+1:],
                       p_held[cut+1:], p_hold[cut+1:], p_event[cut+1:], p_reference[cut+1:], p_at[cut+1:]);
END $$;

-- The verdict on each row of a batch that does not depend on balances; NULL where only they decide. The accounts are
-- locked, so what is read here stays true until the end.
CREATE OR REPLACE FUNCTION ledger_verdicts(
  p_chain uuid[], p_id uuid[], p_kind smallint[], p_debit uuid[], p_credit uuid[], p_amount bigint[], p_held bigint[],
  p_hold uuid[], p_event text[], p_reference uuid[]
) RETURNS text[] LANGUAGE sql AS $$
  SELECT array_agg(CASE
      WHEN t.id IS NOT NULL THEN
        CASE WHEN ledger_same(t, i.chain, i.kind, i.debit, i.credit, i.amount, i.hold, i.event, i.reference)
             THEN 'EXISTS' ELSE 'ID_CONFLICT' END
      WHEN i.kind <> 4 AND i.amount <= 0 THEN 'AMOUNT_NOT_POSITIVE'
      WHEN i.kind > 2 AND i.debit IS NULL THEN 'HOLD_NOT_FOUND'
      WHEN i.kind > 2 AND r.id IS NOT NULL THEN 'HOLD_RESOLVED'
      WHEN i.kind = 3 AND i.amount > i.held THEN 'EXCEEDS_HOLD'
      WHEN i.debit = i.credit THEN 'SAME_ACCOUNT'
      WHEN d.id IS NULL THEN 'DEBIT_ACCOUNT_NOT_FOUND'
      WHEN k.id IS NULL THEN 'CREDIT_ACCOUNT_NOT_FOUND'
      WHEN d.book <> k.book THEN 'BOOKS_DIFFER'
    END ORDER BY i.ord)
    FROM unnest(p_chain, p_id, p_kind, p_debit, p_credit, p_amount, p_held, p_hold, p_event, p_reference)
         WITH ORDINALITY AS i(chain, id, kind, debit, credit, amount, held, hold, event, reference, ord)
    LEFT JOIN ledger_transfer t ON t.id = i.id
    LEFT JOIN ledger_transfer r ON i.kind > 2 AND r.hold_id = i.hold
    LEFT JOIN ledger_account d ON d.id = i.debit
    LEFT JOIN ledger_account k ON k.id = i.credit
$$;

-- A batch of chains: rows of one chain are neighbours and share p_chain, the id of its first transfer. An id or a hold
-- that comes up twice raises (jiaozi.ledger.rules.segments cuts batches so that none does).
CREATE OR REPLACE FUNCTION ledger_apply(
  p_chain uuid[], p_id uuid[], p_kind smallint[], p_debit uuid[], p_credit uuid[], p_amount bigint[], p_hold uuid[],
  p_event text[], p_reference uuid[], p_at timestamptz[]
) RETURNS text[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  n integer := coalesce(cardinality(p_id), 0);
  held bigint[];
  asked integer;
  locked record;
  status text[];
  settled text[];
  live integer[];
BEGIN
  IF n = 0 OR n > 8192 THEN
    RAISE EXCEPTION 'ledger_apply: a batch carries 1 to 8192 transfers, not %', n;
  END IF;
  IF 3 = ANY (p_kind) OR 4 = ANY (p_kind) THEN
    SELECT array_agg(CASE WHEN i.kind > 2 THEN h.debit_id ELSE i.debit END ORDER BY i.ord),
           array_agg(CASE WHEN i.kind > 2 THEN h.credit_id ELSE i.credit END ORDER BY i.ord),
           array_agg(coalesce(h.amount_fen, 0) ORDER BY i.ord)
      INTO p_debit, p_credit, held
      FROM unnest(p_kind, p_debit, p_credit, p_hold) WITH ORDINALITY AS i(kind, debit, credit, hold, ord)
      LEFT JOIN ledger_transfer h ON i.kind > 2 AND h.id = i.hold AND h.kind = 2;
  ELSE
    held := array_fill(0::bigint, ARRAY[n]);
  END IF;

  SELECT count(*) AS accounts, min(a.book) AS book_min, max(a.book) AS book_max INTO locked
    FROM (SELECT book FROM ledger_account WHERE id = ANY (p_debit || p_credit) ORDER BY id FOR NO KEY UPDATE) AS a;

  -- The usual batch: new posts and holds between known accounts of one book. One look is enough to see that.
  SELECT CASE WHEN bool_and(i.kind <= 2 AND i.amount > 0 AND i.debit <> i.credit) THEN
           (SELECT count(*) FROM (SELECT unnest(p_debit) UNION SELECT unnest(p_credit)) AS one) END
    INTO asked FROM unnest(p_kind, p_debit, p_credit, p_amount) AS i(kind, debit, credit, amount);
  IF asked = locked.accounts AND locked.book_min = locked.book_max
     AND NOT EXISTS (SELECT FROM ledger_transfer WHERE id = ANY (p_id)) THEN
    RETURN ledger_settle(p_chain, p_id, p_kind, p_debit, p_credit, p_amount, held, p_hold, p_event, p_reference, p_at);
  END IF;

  status := ledger_verdicts(p_chain, p_id, p_kind, p_debit, p_credit, p_amount, held, p_hold, p_event, p_reference);
  SELECT array_agg(c.ord ORDER BY c.ord) INTO live FROM (
    SELECT i.ord::integer AS ord, bool_and(i.verdict IS NULL) OVER (PARTITION BY i.chain) AS fine
      FROM unnest(p_chain, status) WITH ORDINALITY AS i(chain, verdict, ord)) AS c WHERE c.fine;
  IF cardinality(live) = n THEN
    RETURN ledger_settle(p_chain, p_id, p_kind, p_debit, p_credit, p_amount, held, p_hold, p_event, p_reference, p_at);
  ELSIF live IS NOT NULL THEN
    SELECT ledger_settle(
             array_agg(p_chain[o] ORDER BY o), array_agg(p_id[o] ORDER BY o), array_agg(p_kind[o] ORDER BY o),
             array_agg(p_debit[o] ORDER BY o), array_agg(p_credit[o] ORDER BY o), array_agg(p_amount[o] ORDER BY o),
             array_agg(held[o] ORDER BY o), array_agg(p_hold[o] ORDER BY o), array_agg(p_event[o] ORDER BY o),
             array_agg(p_reference[o] ORDER BY o), array_agg(p_at[o] ORDER BY o))
      INTO settled FROM unnest(live) AS o;
    FOR position IN 1 .. cardinality(live) LOOP
      status[live[position]] := settled[position];
    END LOOP;
  END IF;
  -- What is fine in itself but has a companion that is not.
  RETURN array_replace(status, NULL, 'CHAIN_FAILED');
END $$;
