"""What a batch of dossiers would do to the pools, in a constant number of statements however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jiaozi.alert import queries as alerts
from jiaozi.alert.rules import Standing, Subject, SubjectKind
from jiaozi.application import queries as applications
from jiaozi.application.models import Application
from jiaozi.application.queries import evidence as papers
from jiaozi.application.rules import State
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.ledger import queries as ledger
from jiaozi.party.rules import Actor
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import CapUse, Decision, Grant, Measure, Paper, papers_due, papers_missing
from jiaozi.policy.rules import Subject as CapSubject
from jiaozi.policy.rules.words import StepOfLife
from jiaozi.settlement.rules import batch as rules
from jiaozi.settlement.rules.batch import BATCH_MAX, Effect, Headroom, Waiting
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher.rules import available_account, counted, left_fen, limited

_STEPS = (StepOfLife.APPLY, StepOfLife.ISSUE)


@dataclass(frozen=True, slots=True)
class BatchAhead:
    """A batch before it is done: its dossiers in the order asked for, and the effect that they would have."""

    rows: tuple[Application, ...]
    effect: Effect


def batch_ahead(programme: str, ids: Sequence[UUID], *, by: Actor, now: datetime) -> BatchAhead:
    """Say what approving these dossiers of a programme would do now; those that are none of its are left out.

    Cost: eight statements; documents are kept by the process.
    """
    found = applications.chosen(programme, list(dict.fromkeys(ids))[:BATCH_MAX])
    rows = [found[id_] for id_ in dict.fromkeys(ids) if id_ in found]
    caps = {row.id: _caps(row) for row in rows}
    own = applications.written_by(found, by.name)
    given = papers.papers_given_to(found)
    standing, _ = alerts.standing(_subjects(rows), most=alerts.ROWS_MAX)
    by_subject: dict[tuple[SubjectKind, str], list[Standing]] = {}
    for each in standing:
        by_subject.setdefault((each.subject.kind, each.subject.id), []).append(each)
    dossiers = [
        Waiting(
            application=row.id,
            state=State(row.state),
            notice_until=row.notice_until,
            amount_fen=row.amount_fen or 0,
            pools=rules.takes_from(caps[row.id]),
            missing=_missing(row, given.get(row.id, frozenset()), now),
            alerts=tuple(
                alert for subject in _subjects([row]) for alert in by_subject.get((subject.kind, subject.id), [])
            ),
            own=row.id in own or row.applied_by == by.name,
        )
        for row in rows
    ]
    pools = _pools(programme, [use for uses in caps.values() for use in uses], now)
    return BatchAhead(tuple(rows), rules.effect(dossiers, pools, now))


def _subjects(rows: Iterable[Application]) -> list[Subject]:
    return [
        subject
        for row in rows
        for subject in (
            Subject(SubjectKind.APPLICATION, str(row.id)),
            Subject(SubjectKind.HOLDER, str(row.holder_id)),
        )
    ]


def _caps(row: Application) -> tuple[CapUse, ...]:
    """Give the caps that a dossier's grant counts for at once: on issue, and for an award on what comes later too."""
    if row.decision is None:
        return ()
    decision = Decision.from_json(row.decision)
    if decision.grants is Grant.AWARD:
        return tuple(counted(decision.caps, *Measure))
    return tuple(counted(decision.caps, Measure.ISSUED))


def _missing(row: Application, given: frozenset[str], now: datetime) -> tuple[Paper, ...]:
    document, on = policy.document(row.version_id), local_date(now)
    due = [
        paper
        for step in _STEPS
        for paper in papers_due(document, row.clause, step, row.facts, on, allow_demo=row.version.demo)
    ]
    return tuple(papers_missing(due, given))


def _pools(programme: str, uses: Sequence[CapUse], now: datetime) -> Mapping[str, Headroom]:
    year = local_date(now).year
    budget_fen = ledger.balance(available_account(programme, year)).spendable
    label = Label(f"{year}年度预算", f"the budget of {year}")
    pools = {rules.BUDGET: Headroom(rules.BUDGET, label, budget_fen, budget_fen)}
    if not uses:
        return pools
    _, limits = vouchers.limits(programme, uses, now)
    standing = vouchers.standing(programme, uses)
    for use in limited(uses, limits):
        shared = use.subject is CapSubject.PROGRAMME
        pools[use.key] = Headroom(use.key, use.label, use.limit_fen, left_fen(use, standing[use.key]), shared)
    return pools
