"""Why an offer can't serve a request: each reason names the field of the request, and the value that would do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import SHANGHAI
from jiaozi.kernel.refusal import Reason


class Miss(NamedTuple):
    """One check that failed: its code, the request's field, the value that would pass at this centre."""

    code: str
    field: str
    centre: str
    needed: int | str | None


@dataclass(frozen=True, slots=True)
class Change:
    """The one change that would make a request feasible: this field to this value; None means leave it out."""

    field: str
    value: int | str | None
    centre: str
    label: Label


def shown(instant_s: int) -> str:
    """Show an instant as a Shanghai time."""
    return datetime.fromtimestamp(instant_s, UTC).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


_ZH_EN: dict[str, Callable[[Miss], tuple[str, str]]] = {
    "RESOURCE_UNKNOWN": lambda miss: (
        f"没有提供该资源类；目录中有：{miss.needed}",
        f"nobody offers this resource class; there are: {miss.needed}",
    ),
    "NOT_A_SUPPLIER": lambda miss: (
        f"算力券不能在{miss.centre}使用",
        f"the voucher can't be spent at {miss.centre}",
    ),
    "RESIDENCY": lambda miss: (
        f"数据不得出所限层级，{miss.centre}属于{miss.needed}",
        f"the data must stay within its tier; {miss.centre} is in {miss.needed}",
    ),
    "LATENCY": lambda miss: (
        f"到{miss.centre}的往返时延为{miss.needed}微秒，超过上限",
        f"the round trip to {miss.centre} takes {miss.needed} µs, over the bound",
    ),
    "LATENCY_UNKNOWN": lambda miss: (
        f"到{miss.centre}的时延未公布也未测得，不能保证上限",
        f"the round trip to {miss.centre} is neither published nor measured, so no bound can be promised",
    ),
    "NO_ROUTE": lambda miss: (
        f"数据所在地到{miss.centre}没有带价格的链路；没有价格的不视为免费",
        f"no link with a price leads from the data to {miss.centre}; what has no price is never free",
    ),
    "TOO_MANY_UNITS": lambda miss: (
        f"{miss.centre}每单最多{miss.needed}个单位",
        f"{miss.centre} gives at most {miss.needed} units to an order",
    ),
    "TOO_LONG": lambda miss: (
        f"{miss.centre}的运行时限最长{miss.needed}秒",
        f"{miss.centre} runs at most {miss.needed} s",
    ),
    "NO_CAPACITY": lambda miss: (
        f"{miss.centre}没有任何时段能连续空出这么多单位",
        f"{miss.centre} has no window with so many units free throughout",
    ),
    "LATEST_START": lambda miss: (
        f"在{miss.centre}最早于{shown(int(miss.needed or 0))}开始，晚于最晚开始时间",
        f"{miss.centre} could start at {shown(int(miss.needed or 0))} (Shanghai), after the latest start",
    ),
    "DEADLINE": lambda miss: (
        f"在{miss.centre}最早于{shown(int(miss.needed or 0))}完成，晚于截止时间",
        f"{miss.centre} would be done at {shown(int(miss.needed or 0))} (Shanghai), after the deadline",
    ),
    "BUDGET": lambda miss: (
        f"在{miss.centre}须{yuan(int(miss.needed or 0))}元，超出预算",
        f"{miss.centre} costs {yuan(int(miss.needed or 0))} yuan, over the budget",
    ),
}

CODES = tuple(_ZH_EN)


def reason(miss: Miss) -> Reason:
    """Say a failed check in both languages."""
    zh, en = _ZH_EN[miss.code](miss)
    return Reason(miss.code, Label(zh, en), field=miss.field)


_CHANGES: dict[str, Callable[[Miss], tuple[str, str]]] = {
    "suppliers": lambda miss: (f"若算力券可用于{miss.needed}", f"let the voucher be spent at {miss.needed}"),
    "residency": lambda miss: (f"将数据可达层级放宽到{miss.needed}", f"let the data go as far as {miss.needed}"),
    "latency_max_us": lambda miss: (
        ("不设时延上限", "set no latency bound")
        if miss.needed is None
        else (f"将时延上限放宽到{miss.needed}微秒", f"allow a round trip of {miss.needed} µs")
    ),
    "data_at": lambda miss: (f"将数据放到{miss.needed}", f"keep the data at {miss.needed}"),
    "units": lambda miss: (f"将数量减到{miss.needed}", f"ask for {miss.needed} units"),
    "duration_s": lambda miss: (f"将时限缩短到{miss.needed}秒", f"shorten the job to {miss.needed} s"),
    "latest_start_s": lambda miss: (
        f"将最晚开始时间延到{shown(int(miss.needed or 0))}",
        f"move the latest start to {shown(int(miss.needed or 0))} (Shanghai)",
    ),
    "deadline_s": lambda miss: (
        f"将截止时间延到{shown(int(miss.needed or 0))}",
        f"move the deadline to {shown(int(miss.needed or 0))} (Shanghai)",
    ),
    "budget_fen": lambda miss: (
        f"将预算提高到{yuan(int(miss.needed or 0))}元",
        f"raise the budget to {yuan(int(miss.needed or 0))} yuan",
    ),
}
ASKED_FIRST = tuple(_CHANGES)
_LARGEST_IS_LEAST = frozenset({"units", "duration_s"})


def change(miss: Miss) -> Change:
    """Say what would have to change."""
    zh, en = _CHANGES[miss.field](miss)
    return Change(
        miss.field, miss.needed, miss.centre, Label(f"{zh}，{miss.centre}即可承接", f"{en}: {miss.centre} can serve it")
    )


def least(field: str, misses: list[Miss]) -> Miss:
    """Give the smallest change of one field; equal ones by the centre's name."""
    if field in {"units", "duration_s", "latest_start_s", "deadline_s", "budget_fen", "latency_max_us"}:
        sign = -1 if field in _LARGEST_IS_LEAST else 1
        return min(misses, key=lambda miss: (miss.needed is None, sign * int(miss.needed or 0), miss.centre))
    return min(misses, key=lambda miss: miss.centre)
