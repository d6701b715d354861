"""Why a plan doesn't serve a request: nothing ever could, or others need the room more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from jiaozi.dispatch.rules.board import Board
from jiaozi.dispatch.rules.planning.dual import Ints
from jiaozi.dispatch.rules.planning.scores import Sheet
from jiaozi.dispatch.rules.quote import quote
from jiaozi.dispatch.rules.refusals import Change
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason

EXPLAINED_MAX = 200


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A request without a place: why, and, where nothing could ever serve it, which single change would help."""

    request: str
    reasons: tuple[Reason, ...]
    changes: tuple[Change, ...] = ()


def crowded_out(rows: Sheet, row: int, idle: float, shared: bool) -> Unplaced:
    """Say that the room went to others."""
    worth = int(idle * float(rows.units[row]))
    zh, en = "可行的时段已被占满，", "every window that would do is taken by requests that "
    zh += "其他需求的节省更多或在其份额之内" if shared else "其他需求错失的代价更大"
    en += "gain more there or lie within their holder's share" if shared else "would lose more without it"
    return Unplaced(
        rows.requests[row].id, (Reason("CROWDED_OUT", Label(zh, f"{en} (worth {worth} fen)"), "worth_fen"),)
    )


def never(rows: Sheet, which: Ints, board: Board) -> list[Unplaced]:
    """Explain requests that no option is open to, by a quote for the first ones."""
    found = []
    for turn, row in enumerate(which.tolist()):
        request = rows.requests[row]
        if turn >= EXPLAINED_MAX:
            label = Label("没有可行的资源；单独询价可得原因", "no place can serve it; a quote says why")
            found.append(Unplaced(request.id, (Reason("NO_PLACE", label),)))
            continue
        answer = quote(replace(request, voucher_ratio=Fraction(0)), board)
        reasons = {why.code: why for each in answer.turned for why in each.reasons}
        if answer.reason is not None:
            reasons[answer.reason.code] = answer.reason
        if answer.options:
            label = Label("可用的起始时间不在计划时段内", "it could run, but in no whole block of this plan's time")
            reasons["OUTSIDE_BLOCKS"] = Reason("OUTSIDE_BLOCKS", label, "earliest_s")
        found.append(Unplaced(request.id, tuple(reasons[code] for code in sorted(reasons)), answer.changes))
    return found
