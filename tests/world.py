"""A small world for integration tests: Chengdu 2023 in its demo form, the catalogue, a few holders, and shortcuts.

Everything is made through the services, as a person would; nothing is written past them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from jiaozi.application import services as application
from jiaozi.catalogue import services as catalogue
from jiaozi.kernel.clock import now as present
from jiaozi.kernel.fen import parse_yuan
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.rules import Request
from jiaozi.party import services as party
from jiaozi.party.models import Organisation
from jiaozi.party.rules import Actor, HolderClass, Registration, Role
from jiaozi.policy import services as policy
from jiaozi.policy.models import ProgrammeVersion
from jiaozi.voucher import services as voucher
from jiaozi.voucher.models import Voucher

ROOT = Path(__file__).resolve().parent.parent
PROGRAMME = "chengdu-2023"
CENTRE = "nscc-chengdu"

OFFICER = Actor("officer:li", Role.OFFICER)
FINANCE = Actor("finance:zhao", Role.FINANCE)
OPERATOR = Actor("operator:chen", Role.OPERATOR)
OTHER_CENTRES_CLERK = Actor("centre:zhou", Role.CENTRE, centre="chengdu-aicc")
CENTRE_CLERK = Actor("centre:wu", Role.CENTRE, centre=CENTRE)

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def uscc(serial: int) -> str:
    """Make a code with a right check character; 91510100 is a firm in Chengdu."""
    body = f"91510100{serial:09d}"
    total = sum(USCC_ALPHABET.index(character) * 3**index % 31 for index, character in enumerate(body))
    return body + USCC_ALPHABET[(31 - total % 31) % 31]


@dataclass(frozen=True)
class World:
    """What a test starts with."""

    version: ProgrammeVersion
    now: datetime

    def applicant(self, holder: Organisation) -> Actor:
        return Actor(f"applicant:{holder.id}", Role.APPLICANT, holder.id)

    def holder(
        self, name: str, holder_class: HolderClass = HolderClass.TECH_SME, *, serial: int = 1, **facts: bool | str
    ) -> Organisation:
        maker = holder_class is HolderClass.MAKER
        registration = Registration(
            name=name,
            holder_class=holder_class,
            uscc="" if maker else uscc(serial),
            in_incubator=bool(facts.get("in_incubator", maker)),
            incubator=str(facts.get("incubator", "演示孵化器" if maker else "")),
            registered_in_city=bool(facts.get("registered_in_city", True)),
            dishonest=bool(facts.get("dishonest", False)),
        )
        return party.register(registration=registration, by=OFFICER, now=self.now)

    def apply(self, holder: Organisation, cost: str = "30万", clause: str = "general", **claimed: object) -> UUID:
        facts = claimed or {"need": {"compute_cost": cost}}
        row = application.apply(
            holder_id=holder.id,
            version_id=self.version.id,
            clause=clause,
            claimed=facts,
            by=self.applicant(holder),
            now=self.now - timedelta(days=20),
        )
        return row.id

    def to_notice(self, application_id: UUID) -> UUID:
        application.review(application_id=application_id, by=OFFICER, now=self.now - timedelta(days=19))
        until = self.now - timedelta(days=1)
        application.notify_public(
            application_id=application_id, until=until, by=OFFICER, now=self.now - timedelta(days=8)
        )
        return application_id

    def voucher(self, holder: Organisation, cost: str = "30万") -> Voucher:
        application_id = self.to_notice(self.apply(holder, cost))
        return voucher.issue(application_id=application_id, by=OFFICER, now=self.now)

    def credit(self, holder: Organisation, amount: str = "20万", centre: str = CENTRE) -> None:
        order.credit_own(
            programme=PROGRAMME,
            holder_id=holder.id,
            centre=centre,
            amount_fen=parse_yuan(amount),
            reference=uuid4(),
            by=Actor(CENTRE_CLERK.name, Role.CENTRE, centre=centre),
            now=self.now,
        )

    def quote(self, row: Voucher, *, units: int = 2, seconds: int = 60, centre: str = CENTRE, **asked: object) -> Order:
        request = Request(
            centre=centre,
            resource_class=str(asked.get("resource_class", "cpu-core")),
            units=units,
            memory_mib=256,
            time_limit_ms=seconds * 1000,
            command=("true",),
            end_user=asked.get("end_user"),
        )
        return order.quote(
            voucher_id=row.id, request=request, title="test", by=self.applicant(row.holder), now=self.now
        )

    def held(self, row: Voucher, **asked: object) -> Order:
        quoted = self.quote(row, **asked)
        return order.hold(order_id=quoted.id, by=self.applicant(row.holder), now=self.now)


def build(now: datetime | None = None, *, budget: str = "1000万") -> World:
    """Adopt the programme, load the catalogue, approve the year's budget."""
    now = now or present()
    text = (ROOT / "programmes" / "chengdu-2023.yaml").read_text(encoding="utf-8")
    version = policy.adopt(text=text, by="officer:li", now=now - timedelta(days=30), demo=True)
    catalogue.load(folder=ROOT / "catalogue", by="operator:chen", now=now, demo=True)
    voucher.approve_budget(
        programme=PROGRAMME,
        year=(now + timedelta(hours=8)).year,
        amount_fen=parse_yuan(budget),
        by=FINANCE,
        now=now,
        reference=uuid4(),
    )
    return World(version, now)
