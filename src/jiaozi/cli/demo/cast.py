"""Who acts in the demo, and what the acts hand on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from jiaozi.cli.demo.samples import Samples
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.period import SHANGHAI, local_date
from jiaozi.party.models import Organisation
from jiaozi.party.rules import Actor, Role
from jiaozi.party.rules.person import name_of
from jiaozi.policy.models import ProgrammeVersion
from jiaozi.voucher.models import Voucher

PROGRAMME = "chengdu-2023"
CENTRES = ("nscc-chengdu", "chengdu-aicc")


def person(key: str) -> UUID:
    """Give the id of the person who plays a part; ``people`` enrols them under it."""
    return named_id("demo.person", key)


def _actor(key: str, role: Role, **place: Any) -> Actor:
    return Actor(name_of(person(key)), role, **place)


OFFICER = _actor("officer", Role.OFFICER, programme=PROGRAMME)
FINANCE = _actor("finance", Role.FINANCE, programme=PROGRAMME)
CASHIER = _actor("cashier", Role.FINANCE, programme=PROGRAMME)
OPERATOR = _actor("operator", Role.OPERATOR)
_EARLY_DAYS = 40


def centre_clerk(centre: str) -> Actor:
    """Give the clerk of a centre."""
    return _actor(f"centre-{centre}", Role.CENTRE, centre=centre)


def applicant(holder: Organisation) -> Actor:
    """Give the person who acts for a holder."""
    return _actor(str(holder.id), Role.APPLICANT, organisation=holder.id)


@dataclass
class Stage:
    """What one act leaves for the next."""

    root: Path
    samples: Samples
    now: datetime
    version: ProgrammeVersion
    holders: dict[str, Organisation] = field(default_factory=dict)
    end_users: dict[str, UUID] = field(default_factory=dict)
    vouchers: dict[str, Voucher] = field(default_factory=dict)
    orders: list[tuple[dict[str, Any], UUID]] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)

    def ago(self, days: int) -> datetime:
        """Give an instant so many days ago; early in a year minutes stand for days, so that the year stays one."""
        early = local_date(self.now).timetuple().tm_yday <= _EARLY_DAYS
        return self.now - (timedelta(minutes=days) if early else timedelta(days=days))

    @property
    def year(self) -> int:
        """The Shanghai year that the demo plays in."""
        return self.now.astimezone(SHANGHAI).year
