"""Many dossiers approved in one act: what the batch may be, and what it would do to the pools before it is done.

Each dossier stands or falls by itself. The effect is reckoned in the officer's own order, as the ledger would take it:
a dossier that does not fit leaves its money to those after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from jiaozi.alert.rules import Standing, check_clear
from jiaozi.application.rules import State
from jiaozi.application.rules.deciding import check_not_own, check_notice_over
from jiaozi.application.rules.evidence import check_papers
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.party.rules import Role
from jiaozi.policy.rules import CapUse, Paper

BATCH_MAX = 50
BUDGET = "budget"
"""The key of the year's budget among the pools."""


class UnableToApproveBatch(Refused):
    """The batch as a whole can't be taken up; nothing of it was done."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One dossier of a batch, with the officer's reason for approving it."""

    application: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class BatchLine:
    """What became of one dossier: ``made`` is the voucher or award, ``reason`` why there is none."""

    application: UUID
    made: UUID | None
    amount_fen: int
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class BatchDone:
    """What became of a batch, line by line in the order asked for."""

    id: UUID
    lines: tuple[BatchLine, ...]

    @property
    def amount_fen(self) -> int:
        """What was approved in all."""
        return sum(line.amount_fen for line in self.lines if line.made)

    @property
    def approved(self) -> int:
        """How many were approved."""
        return sum(line.made is not None for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A dossier as it stands before the batch: ``pools`` names the counters that its grant takes from."""

    application: UUID
    state: State
    notice_until: datetime | None
    amount_fen: int
    pools: tuple[str, ...]
    missing: tuple[Paper, ...] = ()
    alerts: tuple[Standing, ...] = ()
    own: bool = False


@dataclass(frozen=True, slots=True)
class Headroom:
    """What is left of a pool, a cap or the year's budget; ``shared`` by all of the programme, or one holder's own."""

    key: str
    label: Label
    limit_fen: int
    left_fen: int
    shared: bool = True


@dataclass(frozen=True, slots=True)
class PoolEffect:
    """What a batch takes from a pool, and leaves in it."""

    pool: Headroom
    takes_fen: int

    @property
    def after_fen(self) -> int:
        """What is left afterwards."""
        return self.pool.left_fen - self.takes_fen


@dataclass(frozen=True, slots=True)
class Effect:
    """What a batch would do: reasons by dossier (none: it would pass), and every pool touched."""

    reasons: Mapping[UUID, tuple[Reason, ...]]
    pools: tuple[PoolEffect, ...]
    asked_fen: int
    sum_fen: int

    @property
    def passing(self) -> tuple[UUID, ...]:
        """The dossiers that would be approved."""
        return tuple(id_ for id_, why in self.reasons.items() if not why)


def check_batch(choices: Sequence[Choice], role: Role) -> None:
    """Let an officer approve a bounded number of dossiers, each once and each with a reason.

    Raises
    ------
    UnableToApproveBatch
        Naming what is wrong; nothing was done then.
    """
    if role is not Role.OFFICER:
        raise UnableToApproveBatch("WRONG_ROLE", "申领由经办人员批准", "an officer approves applications", field="role")
    if not 1 <= len(choices) <= BATCH_MAX:
        raise UnableToApproveBatch(
            "BATCH_SIZE",
            f"一次须选1至{BATCH_MAX}件申领，现为{len(choices)}件",
            f"choose 1 to {BATCH_MAX} applications at a time, not {len(choices)}",
            field="applications",
        )
    if len({choice.application for choice in choices}) < len(choices):
        raise UnableToApproveBatch(
            "TWICE", "同一件申领选了两次", "an application is chosen twice", field="applications"
        )
    bare = next((number for number, choice in enumerate(choices, 1) if not choice.reason.strip()), None)
    if bare:
        raise UnableToApproveBatch(
            "REASON_MISSING",
            f"第{bare}件须写明批准理由",
            f"application {bare} of the batch needs a reason for its approval",
            field="reason",
        )


def not_there() -> Reason:
    """Say that a chosen dossier is none of the programme's."""
    label = Label("本项目没有这件申领", "the programme has no such application")
    return Reason("NO_SUCH_APPLICATION", label, field="application")


def effect(dossiers: Iterable[Waiting], pools: Mapping[str, Headroom], now: datetime) -> Effect:
    """Say what approving dossiers in this order would do now; the verb decides again when it is done."""
    left = {key: pool.left_fen for key, pool in pools.items()}
    reasons: dict[UUID, tuple[Reason, ...]] = {}
    asked_fen = sum_fen = 0
    for each in dossiers:
        asked_fen += each.amount_fen
        why = [*_standing_in_the_way(each, now), *_short(each, pools, left)]
        reasons[each.application] = tuple(why)
        if why:
            continue
        sum_fen += each.amount_fen
        for key in each.pools:
            left[key] -= each.amount_fen
    touched = [PoolEffect(pool, pool.left_fen - left[key]) for key, pool in pools.items()]
    return Effect(reasons, tuple(touched), asked_fen, sum_fen)


def _standing_in_the_way(each: Waiting, now: datetime) -> list[Reason]:
    if each.state is not State.PUBLIC_NOTICE:
        label = Label(
            f"现为“{each.state.label.zh}”，公示中的方可批准", f"it is {each.state.label.en}, not on public notice"
        )
        return [Reason("STATE", label, field="state")]
    found: list[Reason] = []
    checks = (
        partial(check_notice_over, each.notice_until, now),
        partial(check_not_own, own=each.own),
        partial(check_papers, each.missing),
        partial(check_clear, each.alerts),
    )
    for check in checks:
        try:
            check()
        except Refused as refused:
            found.append(refused.reason)
    return found


def _short(each: Waiting, pools: Mapping[str, Headroom], left: Mapping[str, int]) -> list[Reason]:
    found = []
    for key in each.pools:
        if each.amount_fen <= left[key]:
            continue
        name, rest_fen = pools[key].label, max(0, left[key])
        label = Label(
            f"超过“{name.zh}”：轮到本件时余{yuan(rest_fen)}元，本件{yuan(each.amount_fen)}元",
            f"past {name.en}: {yuan(rest_fen)} yuan left when its turn comes, it takes {yuan(each.amount_fen)}",
        )
        found.append(Reason("BUDGET_SHORT" if key == BUDGET else "CAP_REACHED", label, field="amount_fen"))
    return found


def takes_from(caps: Iterable[CapUse]) -> tuple[str, ...]:
    """Name the pools that a grant takes from: the year's budget and each cap's counter."""
    return (BUDGET, *dict.fromkeys(use.key for use in caps))
