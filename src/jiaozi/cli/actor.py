"""Who acts at the command line: a role and a name, which goes into the journal; a centre's clerk names the centre."""

from __future__ import annotations

from typing import Annotated

import typer

from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import Actor, Role

_ROLES = {role.lower(): role for role in (Role.OFFICER, Role.FINANCE, Role.CENTRE, Role.OPERATOR, Role.AUDITOR)}
_NAME_MAX = 60

As = Annotated[str, typer.Option("--as", help="who decides: officer:NAME, operator:NAME or centre:NAME@CENTRE")]


class UnableToAct(Refused):
    """The words after ``--as`` name nobody."""


def actor(said: str) -> Actor:
    """Read ``role:name``, and ``centre:name@centre``.

    >>> actor("officer:li")
    Actor(name='officer:li', role=<Role.OFFICER: 'OFFICER'>, organisation=None, centre=None)

    Raises
    ------
    UnableToAct
        Naming the roles.
    """
    word, _, rest = said.partition(":")
    name, _, centre = rest.partition("@")
    role = _ROLES.get(word)
    wrong = role is None or not name or not name.isprintable() or len(name) > _NAME_MAX
    if role is None or wrong or (role is Role.CENTRE) != bool(centre):
        there = ", ".join(_ROLES)
        raise UnableToAct(
            "NOBODY",
            f"须为 角色:姓名（角色：{there}），算力中心为 centre:姓名@中心编号，当前为{said!r}",
            f"must be role:name (roles: {there}), and centre:name@centre for a centre, not {said!r}",
            field="--as",
        )
    return Actor(f"{word}:{name}", role, centre=centre or None)
