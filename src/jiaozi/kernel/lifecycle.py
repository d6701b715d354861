"""A life cycle is a small explicit table: (state, verb) → who may do it, and the state after. All else is refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from jiaozi.kernel.refusal import Refused

StateT = TypeVar("StateT", bound=StrEnum)
Table = Mapping[tuple[StateT, str], tuple[frozenset[str], StateT]]


class UnableToStep(Refused):
    """The verb is not allowed in this state, or not for this role."""


def advance(table: Table[StateT], state: StateT, verb: str, role: str) -> StateT:
    """Give the state that a verb leads to.

    Raises
    ------
    UnableToStep
        Naming the states in which the verb is allowed, or the roles that may take it.
    """
    step = table.get((state, verb))
    if step is None:
        right = "、".join(sorted({str(from_state) for from_state, name in table if name == verb})) or "-"
        raise UnableToStep(
            "WRONG_STATE",
            f"当前状态为{state}，不能执行“{verb}”；可执行的状态：{right}",
            f"{verb} is not possible in state {state}; it is in {right.replace('、', ', ')}",
            field="state",
        )
    roles, after = step
    if role not in roles:
        right = "、".join(sorted(roles))
        raise UnableToStep(
            "WRONG_ROLE",
            f"{role}无权执行“{verb}”，须由{right}办理",
            f"{role} may not {verb}; {right.replace('、', ' or ')} may",
            field="role",
        )
    return after
