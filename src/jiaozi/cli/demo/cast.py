"""Who acts in the demo, and what the acts hand on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from jiaozi.cli.demo.samples import Samples
from jiaozi.kernel.period import SHANGHAI, local_date
from jiaozi.party.models import Organisation
from jiaozi.party.rules import Actor, Role
from jiaozi.policy.models import ProgrammeVersion
from jiaozi.voucher.models import Voucher

PROGRAMME = "chengdu-2023"
OFFICER = Actor("officer:demo-1", Role.OFFICER)
FINANCE = Actor("finance:demo-approves", Role.FINANCE)
CASHIER = Actor("finance:demo-pays", Role.FINANCE)
OPERATOR = Actor("operator:demo", Role.OPERATOR)
_EARLY_DAYS = 40


def centre_clerk(centre: str) -> Actor:
    """Give the clerk of a centre."""
    return Actor(f"centre:{centre}", Role.CENTRE, centre=centre)


def applicant(holder: Organisation) -> Actor:
    """Give the person who acts for a holder."""
    return Actor(f"applicant:{holder.id}", Role.APPLICANT, holder.id)


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
