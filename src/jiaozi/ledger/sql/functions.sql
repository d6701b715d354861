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

-- Is the stored transfer p_id the same as the one asked for? NULL when there is none.
CREATE OR REPLACE FUNCTION ledger_same(
  p_id uuid, p_chain uuid, p_kind smallint, p_debit uuid, p_credit uuid, p_amount bigint, p_hold uuid, p_event text,
  p_reference uuid
) RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
  SELECT t.chain_id = p_chain AND t.kind = p_kind AND t.event = p_event
     AND t.reference IS NOT DISTINCT FROM p_reference AND t.hold_id IS NOT DISTINCT FROM p_hold
     AND (p_kind = 4 OR t.amount_fen = p_amount)
     AND (p_kind > 2 OR (t.debit_id = p_debit AND t.credit_id = p_credit))
    FROM ledger_transfer t WHERE t.id = p_id
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
  RETURN CASE ledger_same(p_id, p_id, p_kind, p_debit, p_credit, p_amount, NULL, p_event, p_reference)
    WHEN true THEN 'EXISTS' WHEN false THEN 'ID_CONFLICT' ELSE refusal END;
END $$;

-- Write a run of chains whose net effect fits, or bisect between chains until it does. The accounts are locked, and
-- every other reason to refuse was found before. p_amount is what is posted (or held), p_held the resolved hold's size.
CREATE OR REPLACE FUNCTION ledger_settle(
  p_chain uuid[], p_id uuid[], p_kind smallint[], p_debit uuid[], p_credit uuid[], p_amount bigint[], p_held bigint[],
  p_hold uuid[], p_event text[], p_reference uuid[], p_at timestamptz
) RETURNS text[] LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  n integer := cardinality(p_id);
  cut integer;
  over_credits uuid[];
  over_debits uuid[];
BEGIN
  WITH delta AS (
    SELECT s.account, sum(s.debit_pending) AS dp, sum(s.debit_posted) AS dd, sum(s.credit_pending) AS cp, sum(s.credit_posted) AS cc
      FROM unnest(p_kind, p_debit, p_credit, p_amount, p_held) AS i(kind, debit, credit, amount, held),
           LATERAL (VALUES
             (i.debit, CASE WHEN i.kind = 2 THEN i.amount ELSE -i.held END, CASE WHEN i.kind IN (1, 3) THEN i.amount ELSE 0 END, 0, 0),
             (i.credit, 0, 0, CASE WHEN i.kind = 2 THEN i.amount ELSE -i.held END, CASE WHEN i.kind IN (1, 3) THEN i.amount ELSE 0 END)
           ) AS s(account, debit_pending, debit_posted, credit_pending, credit_posted)
     GROUP BY s.account)
  SELECT array_agg(a.id) FILTER (WHERE a.debits_within_credits
           AND a.debits_pending + a.debits_posted + d.dp + d.dd > a.credits_posted + d.cc),
         array_agg(a.id) FILTER (WHERE a.credits_within_debits
           AND a.credits_pending + a.credits_posted + d.cp + d.cc > a.debits_posted + d.dd)
    INTO over_credits, over_debits
    FROM delta d JOIN ledger_account a ON a.id = d.account;

  IF over_credits IS NULL AND over_debits IS NULL THEN
    INSERT INTO ledger_transfer (id, chain_id, kind, debit_id, credit_id, amount_fen, hold_id, event, reference, at)
    SELECT i.id, i.chain, i.kind, i.debit, i.credit, CASE WHEN i.kind = 4 THEN i.held ELSE i.amount END, i.hold, i.event, i.reference, p_at
      FROM unnest(p_id, p_chain, p_kind, p_debit, p_credit, p_amount, p_held, p_hold, p_event, p_reference)
           AS i(id, chain, kind, debit, credit, amount, held, hold, event, reference);
    UPDATE ledger_account a SET
      debits_pending = a.debits_pending + d.dp, debits_posted = a.debits_posted + d.dd,
      credits_pending = a.credits_pending + d.cp, credits_posted = a.credits_posted + d.cc
      FROM (
        SELECT s.account, sum(s.debit_pending)::bigint AS dp, sum(s.debit_posted)::bigint AS dd, sum(s.credit_pending)::bigint AS cp, sum(s.credit_posted)::bigint AS cc
          FROM unnest(p_kind, p_debit, p_credit, p_amount, p_held) AS i(kind, debit, credit, amount, held),
               LATERAL (VALUES
                 (i.debit, CASE WHEN i.kind = 2 THEN i.amount ELSE -i.held END, CASE WHEN i.kind IN (1, 3) THEN i.amount ELSE 0 END, 0, 0),
                 (i.credit, 0, 0, CASE WHEN i.kind = 2 THEN i.amount ELSE -i.held END, CASE WHEN i.kind IN (1, 3) THEN i.amount ELSE 0 END)
               ) AS s(account, debit_pending, debit_posted, credit_pending, credit_posted)
         GROUP BY s.account) d
     WHERE a.id = d.account;
    RETURN array_fill('APPLIED'::text, ARRAY[n]);
  END IF;

  IF p_chain[1] = p_chain[n] THEN
    RETURN (SELECT array_agg(CASE
        WHEN i.kind <= 2 AND i.debit = ANY (over_credits) THEN 'EXCEEDS_CREDITS'
        WHEN i.kind <= 2 AND i.credit = ANY (over_debits) THEN 'EXCEEDS_DEBITS'
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
                       p_held[:cut], p_hold[:cut], p_event[:cut], p_reference[:cut], p_at)
      || ledger_settle(p_chain[cut+1:], p_id[cut+1:], p_kind[cut+1:], p_debit[cut+1:], p_credit[cut+1:], p_amount[cut+1:],
                       p_held[cut+1:], p_hold[cut+1:], p_event[cut+1:], p_reference[cut+1:], p_at);
END $$;

-- A batch of chains: rows of one chain are neighbours and share p_chain, the id of its first transfer. An id or a hold
-- that comes up twice raises (jiaozi.ledger.rules.segments cuts batches so that none does).
CREATE OR REPLACE FUNCTION ledger_apply(
  p_chain uuid[], p_id uuid[], p_kind smallint[], p_debit uuid[], p_credit uuid[], p_amount bigint[], p_hold uuid[],
  p_event text[], p_reference uuid[], p_at timestamptz
) RETURNS text[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  n integer := coalesce(cardinality(p_id), 0);
  held bigint[];
  status text[];
  chain_ok boolean[];
  live integer[];
  outcome text[];
  resolving boolean;
BEGIN
  IF n = 0 OR n > 8192 THEN
    RAISE EXCEPTION 'ledger_apply: a batch carries 1 to 8192 transfers, not %', n;
  END IF;
  resolving := (3::smallint = ANY (p_kind) OR 4::smallint = ANY (p_kind));
  IF resolving THEN
    SELECT array_agg(CASE WHEN i.kind > 2 THEN h.debit_id ELSE i.debit END ORDER BY i.ord),
           array_agg(CASE WHEN i.kind > 2 THEN h.credit_id ELSE i.credit END ORDER BY i.ord),
           array_agg(coalesce(h.amount_fen, 0) ORDER BY i.ord)
      INTO p_debit, p_credit, held
      FROM unnest(p_kind, p_debit, p_credit, p_hold) WITH ORDINALITY AS i(kind, debit, credit, hold, ord)
      LEFT JOIN ledger_transfer h ON i.kind > 2 AND h.id = i.hold AND h.kind = 2;
  ELSE
    held := array_fill(0::bigint, ARRAY[n]);
  END IF;

  PERFORM 1 FROM ledger_account WHERE id = ANY (p_debit || p_credit) ORDER BY id FOR NO KEY UPDATE;

  SELECT array_agg(s.status ORDER BY s.ord), array_agg(s.chain_ok ORDER BY s.ord), array_agg(s.ord ORDER BY s.ord) FILTER (WHERE s.chain_ok)
    INTO status, chain_ok, live
    FROM (
      SELECT c.ord, c.status, bool_and(c.status IS NULL) OVER (PARTITION BY c.chain) AS chain_ok
        FROM (
          SELECT i.ord::integer AS ord, i.chain, CASE
              WHEN t.id IS NOT NULL THEN CASE
                WHEN t.chain_id = i.chain AND t.kind = i.kind AND t.event = i.event
                 AND t.reference IS NOT DISTINCT FROM i.reference AND t.hold_id IS NOT DISTINCT FROM i.hold
                 AND (i.kind = 4 OR t.amount_fen = i.amount)
                 AND (i.kind > 2 OR (t.debit_id = i.debit AND t.credit_id = i.credit))
                THEN 'EXISTS' ELSE 'ID_CONFLICT' END
              WHEN i.kind <> 4 AND i.amount <= 0 THEN 'AMOUNT_NOT_POSITIVE'
              WHEN i.kind > 2 AND i.debit IS NULL THEN 'HOLD_NOT_FOUND'
              WHEN i.kind > 2 AND r.id IS NOT NULL THEN 'HOLD_RESOLVED'
              WHEN i.kind = 3 AND i.amount > i.held THEN 'EXCEEDS_HOLD'
              WHEN i.debit = i.credit THEN 'SAME_ACCOUNT'
              WHEN d.id IS NULL THEN 'DEBIT_ACCOUNT_NOT_FOUND'
              WHEN k.id IS NULL THEN 'CREDIT_ACCOUNT_NOT_FOUND'
              WHEN d.book <> k.book THEN 'BOOKS_DIFFER'
            END AS status
            FROM unnest(p_chain, p_id, p_kind, p_debit, p_credit, p_amount, held, p_hold, p_event, p_reference)
                 WITH ORDINALITY AS i(chain, id, kind, debit, credit, amount, held, hold, event, reference, ord)
            LEFT JOIN ledger_transfer t ON t.id = i.id
            LEFT JOIN ledger_transfer r ON resolving AND r.hold_id = i.hold
            LEFT JOIN ledger_account d ON d.id = i.debit
            LEFT JOIN ledger_account k ON k.id = i.credit
        ) c
    ) s;

  IF live IS NULL THEN
    outcome := status;
  ELSIF cardinality(live) = n THEN
    RETURN ledger_settle(p_chain, p_id, p_kind, p_debit, p_credit, p_amount, held, p_hold, p_event, p_reference, p_at);
  ELSE
    SELECT ledger_settle(array_agg(i.chain ORDER BY i.ord), array_agg(i.id ORDER BY i.ord), array_agg(i.kind ORDER BY i.ord),
             array_agg(i.debit ORDER BY i.ord), array_agg(i.credit ORDER BY i.ord), array_agg(i.amount ORDER BY i.ord),
             array_agg(i.held ORDER BY i.ord), array_agg(i.hold ORDER BY i.ord), array_agg(i.event ORDER BY i.ord),
             array_agg(i.reference ORDER BY i.ord), p_at)
      INTO outcome
      FROM unnest(p_chain, p_id, p_kind, p_debit, p_credit, p_amount, held, p_hold, p_event, p_reference)
           WITH ORDINALITY AS i(chain, id, kind, debit, credit, amount, held, hold, event, reference, ord)
     WHERE chain_ok[i.ord];
    FOR position IN 1 .. cardinality(live) LOOP
      status[live[position]] := outcome[position];
    END LOOP;
    outcome := status;
  END IF;
  -- What is fine in itself but has a companion that is not.
  RETURN (SELECT array_agg(coalesce(s, 'CHAIN_FAILED') ORDER BY ord) FROM unnest(outcome) WITH ORDINALITY AS o(s, ord));
END $$;
