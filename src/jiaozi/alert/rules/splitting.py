"""Checks on splitting: related holders that ask for more together than one may, and amounts just below a bar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from jiaozi.alert.rules.parameters import Parameters
from jiaozi.alert.rules.suspicion import EVIDENCE_MAX, AlertKind, Level, Subject, Suspicion
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.party.rules import Group
from jiaozi.party.rules.relation import percent

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What one holder asked for, on which date, in fen."""

    subject: Subject
    holder: UUID
    amount_fen: int
    on: date
    asked_by: str = ""


def split_under_cap(
    ask: Ask, others: Iterable[Ask], group: Group, *, cap: Label, cap_fen: int, parameters: Parameters
) -> tuple[Suspicion, ...]:
    """Suspect a split when at least two holders of one group ask within the window for more than one cap in sum.

    The window reaches as many days back as ahead, both ends counted. What one holder asks for alone is measured by the
    cap itself, in the ledger.
    """
    span = timedelta(days=parameters.split_window_days)
    near = [ask]
    for other in others:
        path = group.paths.get(other.holder)
        alike = other.holder == ask.holder or (path is not None and len(path) <= parameters.depth)
        if alike and other.subject != ask.subject and abs(other.on - ask.on) <= span:
            near.append(other)
    holders = {each.holder for each in near}
    total_fen = sum(each.amount_fen for each in near)
    if len(holders) < 2 or total_fen <= cap_fen:  # noqa: PLR2004 - a split takes two
        return ()
    count, days = len(near), parameters.split_window_days
    whole = Label("", "") if group.whole else Label("（关联方未能全部列出）", " (not all related could be listed)")
    return (
        Suspicion(
            kind=AlertKind.SPLIT_UNDER_CAP,
            subject=ask.subject,
            level=Level.HIGH,
            reason=Label(
                f"{len(holders)}家关联主体{days}天内{count}笔申领合计{yuan(total_fen)}元，"
                f"超过“{cap.zh}”{yuan(cap_fen)}元{whole.zh}",
                f"{len(holders)} related holders asked {count} times within {days} days for {yuan(total_fen)} yuan"
                f" in all, over “{cap.en}” of {yuan(cap_fen)} yuan{whole.en}",
            ),
            figures={"cap_fen": cap_fen, "count": count, "holders": len(holders), "total_fen": total_fen},
            thresholds={
                "depth": parameters.depth,
                "share_least_bp": parameters.share_least_bp,
                "split_window_days": days,
            },
            evidence=tuple(sorted(str(each.subject) for each in near if each is not ask)[:50]),
            rule="split_under_cap",
            version=VERSION,
            asked_by=ask.asked_by,
        ),
    )


def stacked(
    ask: Ask, others: Iterable[tuple[Ask, Label]], *, rule: Label, parameters: Parameters
) -> tuple[Suspicion, ...]:
    """Suspect a holder that asks within the window under another clause too, where the programme gives but one of them.

    ``others`` are its other dossiers under clauses that do not add up with this one, with the clause's name; ``rule``
    says what the programme gives instead. Whether both are for the same affair only a person can tell.
    """
    span = timedelta(days=parameters.split_window_days)
    near = [(other, clause) for other, clause in others if other.subject != ask.subject]
    near = [(other, clause) for other, clause in near if abs(other.on - ask.on) <= span]
    if not near:
        return ()
    total_fen = ask.amount_fen + sum(other.amount_fen for other, _ in near)
    highest_fen = max(ask.amount_fen, *(other.amount_fen for other, _ in near))
    said = "、".join(sorted({clause.zh for _, clause in near}))
    told = ", ".join(sorted({clause.en for _, clause in near}))
    return (
        Suspicion(
            kind=AlertKind.STACKED,
            subject=ask.subject,
            level=Level.HIGH,
            reason=Label(
                f"同一主体另以“{said}”申领，合计{yuan(total_fen)}元；本项目{rule.zh}，其中最高为{yuan(highest_fen)}元，"
                "请核对是否为同一事项",
                f"the same holder asks under “{told}” too, {yuan(total_fen)} yuan in all; the programme gives"
                f" {rule.en}, and the highest is {yuan(highest_fen)}: look whether it is one affair",
            ),
            figures={"count": len(near) + 1, "highest_fen": highest_fen, "total_fen": total_fen},
            thresholds={"split_window_days": parameters.split_window_days},
            evidence=tuple(sorted(str(other.subject) for other, _ in near)[:EVIDENCE_MAX]),
            rule="stacked",
            version=VERSION,
            asked_by=ask.asked_by,
        ),
    )


def just_below(
    ask: Ask, others: Iterable[Ask], *, bar: Label, bar_fen: int, parameters: Parameters
) -> tuple[Suspicion, ...]:
    """Suspect a pattern when enough amounts of one holder lie below a bar by no more than the margin.

    ``bar_fen`` is the amount from which something stricter holds: an amount equal to it is not below.
    """
    lowest_fen = bar_fen - bar_fen * parameters.below_margin_bp // 10_000
    if not lowest_fen <= ask.amount_fen < bar_fen:
        return ()
    below = [ask] + [
        other
        for other in others
        if other.holder == ask.holder and other.subject != ask.subject and lowest_fen <= other.amount_fen < bar_fen
    ]
    if len(below) < parameters.below_count_least:
        return ()
    margin = percent(parameters.below_margin_bp)
    return (
        Suspicion(
            kind=AlertKind.JUST_BELOW,
            subject=ask.subject,
            level=Level.MEDIUM,
            reason=Label(
                f"同一主体{len(below)}笔金额低于“{bar.zh}”{yuan(bar_fen)}元不足{margin}%",
                f"{len(below)} amounts of one holder lie within {margin} % below “{bar.en}” of {yuan(bar_fen)} yuan",
            ),
            figures={"bar_fen": bar_fen, "count": len(below), "lowest_fen": lowest_fen},
            thresholds={
                "below_count_least": parameters.below_count_least,
                "below_margin_bp": parameters.below_margin_bp,
            },
            evidence=tuple(sorted(str(each.subject) for each in below if each is not ask)[:50]),
            rule="just_below",
            version=VERSION,
            asked_by=ask.asked_by,
        ),
    )
