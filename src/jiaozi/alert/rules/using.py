"""Checks on use: a voucher spent for others, an intermediary without an end user, occupied compute without load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from jiaozi.alert.rules.parameters import Parameters
from jiaozi.alert.rules.suspicion import EVIDENCE_MAX, AlertKind, Level, Subject, Suspicion
from jiaozi.kernel.label import Label
from jiaozi.party.rules import Group

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """For whom one voucher was spent.

    Attributes
    ----------
    end_users
        Each end user once, by organisation where it is registered, else by name.
    unnamed_orders
        Orders that name no end user.
    accounts, own_accounts
        Accounts at the centres that spent it, and those of them that are the holder's own; None where nobody knows.
    """

    subject: Subject
    holder: UUID
    intermediary: bool
    end_users: frozenset[UUID | str] = frozenset()
    unnamed_orders: tuple[str, ...] = ()
    accounts: frozenset[str] = frozenset()
    own_accounts: frozenset[str] | None = None
    asked_by: str = ""


class Mean(NamedTuple):
    """Samples of something in thousandths of its whole: how many, and their sum."""

    number: int = 0
    sum_permille: int = 0


_NONE = Mean()


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one job occupied, and what it did with it.

    ``cpu_ms`` None and no samples mean that nobody measured, which suspects nobody; ``units`` are cores for processor
    time and cards for samples, which are each the cards' use in thousandths at one moment, or all of them added up in
    ``cards``, ``processors`` and ``power``. ``reference`` is the record.
    """

    subject: Subject
    units: int
    elapsed_ms: int
    cpu_ms: int | None = None
    gpu_samples_permille: Sequence[int] = ()
    cards: Mean = _NONE
    processors: Mean = _NONE
    power: Mean = _NONE
    reference: str = ""
    asked_by: str = ""


def resale(spending: Spending, group: Group, parameters: Parameters) -> tuple[Suspicion, ...]:
    """Suspect resale: many end users outside of the holder's group, or accounts that are not the holder's.

    An intermediary serves others by its trade, so the number of its end users suspects nothing.
    """
    found = []
    strangers = sorted(str(each) for each in spending.end_users if each not in group)
    if not spending.intermediary and len(strangers) > parameters.end_users_most:
        number, most = len(strangers), parameters.end_users_most
        reason = Label(
            f"非中介机构的算力券用于{number}个无关联的最终用户（最多{most}个）",
            f"a voucher of no intermediary served {number} unrelated end users ({most} at most)",
        )
        figures: dict[str, int | str] = {"strangers": number}
        limits = {"end_users_most": most}
        found.append(
            _found(AlertKind.RESALE, spending, reason, figures=figures, evidence=tuple(strangers), thresholds=limits)
        )
    foreign = sorted(spending.accounts - spending.own_accounts) if spending.own_accounts is not None else []
    if foreign:
        said = "、".join(foreign[:3])
        reason = Label(
            f"算力券经{len(foreign)}个非本单位账户使用：{said}",
            f"spent by {len(foreign)} accounts that are not the holder's: {said.replace('、', ', ')}",
        )
        found.append(
            _found(
                AlertKind.FOREIGN_ACCOUNT, spending, reason, figures={"accounts": len(foreign)}, evidence=tuple(foreign)
            )
        )
    return tuple(found)


def hidden_end_user(spending: Spending) -> tuple[Suspicion, ...]:
    """Suspect an intermediary that names no end user at all, or an order of its that names none."""
    if not spending.intermediary or (spending.end_users and not spending.unnamed_orders):
        return ()
    number = len(spending.unnamed_orders)
    reason = (
        Label(f"中介机构有{number}笔订单未登记最终用户", f"{number} orders of an intermediary name no end user")
        if number
        else Label("中介机构未登记任何最终用户", "an intermediary named no end user at all")
    )
    figures: dict[str, int | str] = {"end_users": len(spending.end_users), "unnamed_orders": number}
    return (_found(AlertKind.HIDDEN_END_USER, spending, reason, figures=figures, evidence=spending.unnamed_orders),)


def use_without_load(load: Load, parameters: Parameters) -> tuple[Suspicion, ...]:
    """Suspect occupied time with nearly no load, when it ran long enough for the load to say something."""
    if load.elapsed_ms < parameters.load_least_ms or load.units < 1:
        return ()
    measured = _measured(load, parameters)
    if measured is None:
        return ()
    used, whole, least, what = measured
    if used >= least * whole:
        return ()
    permille, minutes = used // whole, load.elapsed_ms // 60_000
    return (
        Suspicion(
            kind=AlertKind.USE_WITHOUT_LOAD,
            subject=load.subject,
            level=Level.MEDIUM,
            reason=Label(
                f"占用{load.units}个单位{minutes}分钟，{what.zh}仅{permille}‰（低于{least}‰）",
                f"{load.units} units occupied for {minutes} minutes, {what.en} only {permille}‰ (under {least}‰)",
            ),
            figures={"elapsed_ms": load.elapsed_ms, "permille": permille, "units": load.units},
            thresholds={"least_permille": least, "load_least_ms": parameters.load_least_ms},
            evidence=(load.reference,) if load.reference else (),
            rule="use_without_load",
            version=VERSION,
            asked_by=load.asked_by,
        ),
    )


def _measured(load: Load, parameters: Parameters) -> tuple[int, int, int, Label] | None:
    """Give what was used, of what whole, the least that it must be, and what it is; cards say more than all else."""
    samples = load.gpu_samples_permille
    cards = Mean(len(samples), sum(samples)) if samples else load.cards
    processors, cpu_least = Label("处理器时间占比", "processor time"), parameters.cpu_least_permille
    for mean, least, what in (
        (cards, parameters.gpu_least_permille, Label("加速卡平均利用率", "the cards' mean use")),
        (load.power, parameters.power_least_permille, Label("平均功率占额定", "mean power of the rated")),
        (load.processors, cpu_least, processors),
    ):
        if mean.number >= parameters.gpu_samples_least:
            return mean.sum_permille, mean.number, least, what
    if load.cpu_ms is None:
        return None
    return load.cpu_ms * 1000, load.units * load.elapsed_ms, cpu_least, processors


def _found(
    kind: AlertKind,
    spending: Spending,
    reason: Label,
    *,
    figures: dict[str, int | str],
    evidence: tuple[str, ...],
    thresholds: dict[str, int] | None = None,
) -> Suspicion:
    return Suspicion(
        kind=kind,
        subject=spending.subject,
        level=Level.HIGH,
        reason=reason,
        figures=figures,
        thresholds=thresholds or {},
        evidence=evidence[:EVIDENCE_MAX],
        rule=kind.lower(),
        version=VERSION,
        asked_by=spending.asked_by,
    )
