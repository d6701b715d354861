"""From captures to a matched statement: open, close, claim, match, dispute, resolve."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from jiaozi.catalogue import queries as catalogue
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.lifecycle import advance
from jiaozi.kernel.period import Period, local_date, start_of_day
from jiaozi.metering import services as metering
from jiaozi.party.rules import SYSTEM, Actor, check_own_centre, check_own_programme
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import UnableToDecide, reserve_terms
from jiaozi.policy.rules.words import Interval
from jiaozi.settlement import queries
from jiaozi.settlement.models import Statement, StatementLine
from jiaozi.settlement.queries import reading as reads
from jiaozi.settlement.rules import TRANSITIONS, State, check_match, last_period, life
from jiaozi.settlement.rules import claim as claims
from jiaozi.settlement.rules.confirming import ClaimKind
from jiaozi.settlement.services.step import one_at_a_time, require_use_clear, take


def open_statement(*, programme: str, centre: str, period: Period, by: Actor, now: datetime) -> Statement:
    """Open a centre's statement for a period; the one that is there already is given again."""
    life.check_opener(by.role)
    check_own_programme(by, programme)
    life.check_years(period)
    with transaction.atomic():
        one_at_a_time("statement", programme, centre)
        return _open(programme, centre, period, by, now)


def _open(programme: str, centre: str, period: Period, by: Actor, now: datetime) -> Statement:
    found = reads.live_statement(programme=programme, centre=centre, period=period)
    if found is not None:
        return found
    queries.require_programme(programme)
    catalogue.centre(centre)
    row = Statement.objects.create(
        id=new_id(),
        programme=programme,
        centre=catalogue.centre(centre),
        first=period.first,
        end=period.end,
        state=State.OPEN,
        opened_at=now,
    )
    body = {"centre": centre, "period": period.name(), "programme": programme}
    journal.write(Line("settlement", "open", row.id, "", row.state, by.name, now, body))
    return row


def close_statement(*, programme: str, centre: str, period: Period, by: Actor, now: datetime) -> Statement:
    """Close a centre's statement of a period: it takes every capture up to the period's end that is on none yet.

    What was captured before the period began becomes an adjustment line. A statement that is closed already is given
    as it is: what comes later waits for the next one. What each line claims is compared with what was seen of it.

    Raises
    ------
    UnableToClose
        When the period is not there yet, reaches past today, or nothing waits.
    """
    life.check_opener(by.role)
    check_own_programme(by, programme)
    life.check_closing(period, local_date(now), by.role)
    with transaction.atomic():
        one_at_a_time("statement", programme, centre)
        row = _open(programme, centre, period, by, now)
        if row.state != State.OPEN:
            return row
        reads.run("take.sql", **_taking(row, period))
        row.captures, row.total_fen = reads.sums(row.id)
        if not row.captures:
            raise life.nothing_to_close(centre, period)
        row.closed_at = now
        body = {"amount_fen": row.total_fen, "captures": row.captures}
        take(row, "close", by=by, now=now, body=body, changed=("captures", "total_fen", "closed_at"))
        captures = reads.capture_ids(row.id)
        metering.observe(programme=row.programme, captures=captures, by=by, now=now)
        metering.screen_spending(programme=row.programme, captures=captures, by=by, now=now)
    return row


def _taking(row: Statement, period: Period) -> dict[str, Any]:
    return {
        "statement": row.id,
        "programme": row.programme,
        "centre": row.centre_id,
        "first": start_of_day(period.first),
        "end": start_of_day(period.end),
        "most": reads.LINES_MAX,
    }


def close_due(*, now: datetime) -> list[Statement]:
    """Close what the programmes' settlement intervals have made due; gives the statements that were closed."""
    today, closed = local_date(now), []
    for waiting in reads.waiting(now):
        period = last_period(_interval(waiting.programme, now), today)
        if period is None:
            continue
        with suppress(life.UnableToClose):
            row = close_statement(programme=waiting.programme, centre=waiting.centre, period=period, by=SYSTEM, now=now)
            if row.closed_at == now:
                closed.append(row)
    return closed


def _interval(programme: str, now: datetime) -> Interval:
    """Ask the programme how often it settles; where that is not known, only people close."""
    today = local_date(now)
    try:
        version = policy.current(programme, today)
        return reserve_terms(policy.document(version.id), today, allow_demo=version.demo).interval
    except (UnableToDecide, policy.UnableToFindProgramme):
        return Interval.ON_DEMAND


def claim(*, statement_id: UUID, lines: Mapping[str, int], by: Actor, now: datetime) -> Statement:
    """Take a centre's claim: order's, capture's or usage record's id → fen of the voucher's share.

    A later claim replaces an earlier one until the statement is matched; both are kept.

    Raises
    ------
    UnableToClaim
        Naming the entry that is wrong; nothing is stored then.
    """
    checked = claims.check(lines)
    with transaction.atomic():
        row = queries.statement(statement_id, lock=True)
        check_own_centre(by, row.centre_id)
        advance(TRANSITIONS, State(row.state), "claim", by.role)
        row.claim_number += 1
        row.claim_total_fen = sum(checked.values())
        row.claim_kind, row.claimed_at, row.claimed_by = ClaimKind.FILE, now, by.name
        words = {"statement": row.id, "number": row.claim_number}
        reads.run("claim.sql", **words, references=list(checked), amounts=list(checked.values()))
        reads.run("claimed.sql", **words)
        body = {"amount_fen": row.claim_total_fen, "claim": digest(checked).hex(), "number": row.claim_number}
        changed = ("claim_number", "claim_total_fen", "claim_kind", "claimed_at", "claimed_by")
        take(row, "claim", by=by, now=now, body=body, changed=changed)
    return row


def match(*, statement_id: UUID, by: Actor, now: datetime) -> Statement:
    """Match a statement three ways; a difference on any line blocks it, and so does an alert about a line's use.

    Raises
    ------
    UnableToMatch
        Naming the lines; ``queries.differences`` has all of them.
    UnableToProceed
        Naming the alerts, which an officer resolves with a reason; ``queries.blocked`` has their lines.
    """
    with transaction.atomic():
        row = queries.statement(statement_id, lock=True)
        advance(TRANSITIONS, State(row.state), "match", by.role)
        check_match(*queries.differences(row))
        require_use_clear(row.id)
        StatementLine.objects.filter(statement=row).update(ledger_fen=F("amount_fen"))
        row.claim_total_fen = row.claim_total_fen or 0
        row.ledger_total_fen, row.matched_at = row.total_fen, now
        body = {"amount_fen": row.total_fen, "captures": row.captures, "difference_fen": 0}
        take(row, "match", by=by, now=now, body=body, changed=("claim_total_fen", "ledger_total_fen", "matched_at"))
    return row


def dispute(*, statement_id: UUID, reason: str, by: Actor, now: datetime) -> Statement:
    """Stop a statement that is not paid yet, with the reason."""
    with transaction.atomic():
        row = queries.statement(statement_id, lock=True)
        row.reason = life.check_words(reason, "reason", life.REASON_MAX)
        take(row, "dispute", by=by, now=now, body={"reason": digest(row.reason).hex()}, changed=("reason",))
    return row


def resolve(*, statement_id: UUID, resolution: str, by: Actor, now: datetime) -> Statement:
    """End a dispute: the statement gives its captures back, and the next one that is closed takes them.

    That may be another statement of the same period, at once.
    """
    with transaction.atomic():
        row = queries.statement(statement_id, lock=True)
        row.resolution = life.check_words(resolution, "resolution", life.REASON_MAX)
        advance(TRANSITIONS, State(row.state), "resolve", by.role)
        StatementLine.objects.filter(statement=row).update(released=True)
        body = {"resolution": digest(row.resolution).hex()}
        take(row, "resolve", by=by, now=now, body=body, changed=("resolution",))
    return row
