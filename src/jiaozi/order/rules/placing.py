"""Where an order runs: dispatch's best place that the holder can pay at, and what is remembered of all the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from jiaozi.dispatch.rules import Answer, Option
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.order.rules.life import State
from jiaozi.order.rules.quoting import UnableToQuote
from jiaozi.order.rules.staging import no_landing

MOVES_MAX = 3
"""How often an order may be placed anew before a person has to look at it."""
PATIENCE = timedelta(minutes=2)
"""How long a funded order waits for its centre to take it before another is tried: a stated value of ours."""
MOVABLE = (State.HELD, State.STAGING, State.SUBMITTED, State.QUEUED)
"""States in which a job has not begun."""
_OPTIONS_KEPT, _TURNED_KEPT = 20, 50


def may_move(state: State, *, pinned: bool, cancel_asked: bool, moves: int) -> bool:
    """Say whether an order may be placed anew: not begun, not pinned, not being cancelled, and not too often."""
    return state in MOVABLE and not pinned and not cancel_asked and moves < MOVES_MAX


def tried_already() -> Reason:
    """The order was there before."""
    return Reason("TRIED_ALREADY", Label("该中心此前未能接收本单", "it failed to take this order before"))


def no_engine() -> Reason:
    """Nobody runs jobs there now."""
    return Reason("NO_ENGINE", Label("该中心的引擎未接入", "no engine runs its jobs"))


def own_short(own_fen: int, left_fen: int) -> Reason:
    """The holder's own money there does not cover its share."""
    return Reason(
        "OWN_SHARE_SHORT",
        Label(
            f"自付部分须{yuan(own_fen)}元，在该中心的预存或授信仅余{yuan(left_fen)}元",
            f"the own share is {yuan(own_fen)}, what is prepaid or granted there {yuan(left_fen)} yuan",
        ),
        field="own",
    )


def take_best(answer: Answer, aside: Mapping[str, Reason], *, first: bool) -> Option | None:
    """Give the best place that is not set aside; ``first`` takes one short of own money rather than none.

    That is so at the quote: a holder learns the price, and tops up before the hold.
    """
    for option in answer.options:
        if option.centre not in aside:
            return option
    short = (each for each in answer.options if aside[each.centre].code == "OWN_SHARE_SHORT")
    return next(short, None) if first else None


def check_there(centre: str, answer: Answer, aside: Mapping[str, Reason]) -> None:
    """Let a pinned order have its wishes at its centre; what its hold or its engine decides is left to them.

    Raises
    ------
    UnableToQuote
        With the reasons; a centre that dispatch does not know of is judged by what it offers.
    """
    turned = next((each for each in answer.turned if each.offer.centre == centre), None)
    reasons = list(turned.reasons) if turned else [each for each in (aside.get(centre),) if each == no_landing()]
    if reasons:
        zh, en = "；".join(each.label.zh for each in reasons), "; ".join(each.label.en for each in reasons)
        raise UnableToQuote(reasons[0].code, zh, en, field=reasons[0].field)


def no_place(answer: Answer, aside: Mapping[str, Reason] = MappingProxyType({})) -> UnableToQuote:
    """Say why nobody can run a job, with the one change that would help where there is one."""
    reasons = [answer.reason] if answer.reason else [each for turned in answer.turned for each in turned.reasons]
    reasons = [*reasons, *aside.values()]
    if answer.changes:
        change = answer.changes[0]
        return UnableToQuote("NO_PLACE", change.label.zh, change.label.en, field=change.field)
    if reasons:
        return UnableToQuote("NO_PLACE", reasons[0].label.zh, reasons[0].label.en, field=reasons[0].field)
    return UnableToQuote(
        "NO_PLACE", "目前没有可用的算力中心", "there is no centre that can run it now", field="resource_class"
    )


def record(answer: Answer, taken: Option, aside: Mapping[str, Reason]) -> dict[str, Any]:
    """Give what an order remembers of its quote: every place's figures, and why each other one was not taken."""
    options = [
        {
            "centre": each.centre,
            "movement_fen": each.movement_fen,
            "own_fen": each.own_fen,
            "price_fen": each.price_fen,
            "rank": rank,
            "reason": None if each is taken else _shown(aside.get(each.centre) or _ranked(each, taken)),
            "score_fen": each.score_fen,
            "start_s": each.start_s,
            "tariff": str(each.offer.tariff.id),
            "tier": each.offer.tier.value,
            "voucher_fen": each.voucher_fen,
            "waiting_fen": each.waiting_fen,
        }
        for rank, each in enumerate(answer.options[:_OPTIONS_KEPT], start=1)
    ]
    turned = [
        {"centre": each.offer.centre, "reasons": [_shown(reason) for reason in each.reasons]}
        for each in answer.turned[:_TURNED_KEPT]
    ]
    return {"most_fen": max(each.price_fen for each in answer.options), "options": options, "turned": turned}


def check_agreed(placement: Mapping[str, Any], most_fen: int) -> None:
    """Let an order move only to a place no dearer than the dearest that its holder was shown.

    Raises
    ------
    UnableToQuote
        When it is.
    """
    agreed_fen = placement["most_fen"]
    if most_fen > agreed_fen:
        raise UnableToQuote(
            "DEARER_THAN_AGREED",
            f"他处价格{yuan(most_fen)}元，高于询价时所列最高价{yuan(agreed_fen)}元",
            f"{yuan(most_fen)} elsewhere, more than the dearest place of the quote, {yuan(agreed_fen)}",
            field="centre",
        )


def tried(placement: Mapping[str, Any], centre: str) -> list[str]:
    """Give the centres that an order was placed at, the present one last."""
    return [*placement.get("tried", ()), centre]


def _ranked(option: Option, taken: Option) -> Reason:
    if option.score_fen < taken.score_fen:
        return Reason(
            "TIER_RULE",
            Label("按项目的层级规则，近者优先", "the programme's tier rule prefers the nearer place"),
        )
    more_fen = option.score_fen - taken.score_fen
    return Reason(
        "RANKED_LOWER",
        Label(f"综合成本比所选高{yuan(more_fen)}元", f"its cost in all is {yuan(more_fen)} yuan above the taken one"),
    )


def _shown(reason: Reason) -> dict[str, str]:
    return {"code": reason.code, "en": reason.label.en, "field": reason.field, "zh": reason.label.zh}


def set_aside(
    answer: Answer,
    *,
    tried: Collection[str],
    engines: Collection[str],
    own_left_fen: Mapping[str, int],
    unable: Mapping[str, Reason],
) -> dict[str, Reason]:
    """Say which places are out of question now, by centre: tried before, without an engine, or short of own money.

    ``unable`` are those that can't do what is asked, with the reason.
    """
    aside = {}
    for option in answer.options:
        if option.centre in tried:
            aside[option.centre] = tried_already()
        elif option.centre not in engines:
            aside[option.centre] = no_engine()
        elif option.centre in unable:
            aside[option.centre] = unable[option.centre]
        elif option.own_fen > own_left_fen.get(option.centre, 0):
            aside[option.centre] = own_short(option.own_fen, own_left_fen.get(option.centre, 0))
    return aside
