"""Who acts in the demo, and what the acts hand on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from jiaozi.cli.demo.diary import Diary
from jiaozi.cli.demo.names import PROGRAMME
from jiaozi.cli.demo.samples import Samples
from jiaozi.kernel.ids import named_id
from jiaozi.party.models import Organisation
from jiaozi.party.rules import Actor, Role
from jiaozi.party.rules.person import name_of
from jiaozi.policy.models import ProgrammeVersion
from jiaozi.voucher.models import Voucher


def person(key: str) -> UUID:
    """Give the id of the person who plays a part; ``people`` enrols them under it."""
    return named_id("demo.person", key)


def _actor(key: str, role: Role, **place: Any) -> Actor:
    return Actor(name_of(person(key)), role, **place)


OFFICER = _actor("officer", Role.OFFICER, programme=PROGRAMME)
FINANCE = _actor("finance", Role.FINANCE, programme=PROGRAMME)
CASHIER = _actor("cashier", Role.FINANCE, programme=PROGRAMME)
OPERATOR = _actor("operator", Role.OPERATOR)


def centre_clerk(centre: str) -> Actor:
    """Give the clerk of a centre."""
    return _actor(f"centre-{centre}", Role.CENTRE, centre=centre)


def applicant(holder: Organisation) -> Actor:
    """Give the person who acts for a holder."""
    return _actor(str(holder.id), Role.APPLICANT, organisation=holder.id)


@dataclass
class Spender:
    """A voucher whose holder's jobs come in week by week: its account there, and what it means to spend of it."""

    account: int
    centre: str
    voucher: Voucher
    holder_class: str
    left_fen: int


@dataclass
class Stage:
    """What one act leaves for the next; a voucher here is the one that its holder got last."""

    root: Path
    samples: Samples
    version: ProgrammeVersion
    diary: Diary
    holders: dict[str, Organisation] = field(default_factory=dict)
    end_users: dict[str, UUID] = field(default_factory=dict)
    vouchers: dict[str, Voucher] = field(default_factory=dict)
    issued: int = 0
    spenders: list[Spender] = field(default_factory=list)
    sellers: list[UUID] = field(default_factory=list)
    orders: list[tuple[dict[str, Any], UUID]] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)

    @property
    def now(self) -> datetime:
        """When the story is told."""
        return self.diary.now

    @property
    def year(self) -> int:
        """The Shanghai year that the demo plays in."""
        return self.diary.year

    def shown_holders(self) -> list[Organisation]:
        """Give the holders in the order of this year's applicants, whoever applied last year alone at the end."""
        names = dict.fromkeys([*(entry["name"] for entry in self.samples.applicants), *self.holders])
        return [self.holders[name] for name in names if name in self.holders]
