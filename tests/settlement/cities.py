"""Any city's programme in a small world: adopted in its demo form, with a holder whose dossier its own sample makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from jiaozi.application import services as application
from jiaozi.catalogue import services as catalogue
from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.period import start_of_day
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture
from jiaozi.order import services as orders
from jiaozi.order.models import Order
from jiaozi.order.ports import JobOutcome, UsageRecord
from jiaozi.order.rules import Request
from jiaozi.party import services as party
from jiaozi.party.models import Organisation
from jiaozi.party.rules import Actor, HolderClass, Registration, Role
from jiaozi.policy import queries as policy
from jiaozi.policy import services as policies
from jiaozi.policy.models import ProgrammeVersion
from jiaozi.policy.rules.words import StepOfLife
from jiaozi.settlement import services as settlement
from jiaozi.settlement.rules.redeem_proof import Invoice
from jiaozi.voucher import services as vouchers
from jiaozi.voucher.models import Voucher
from tests.application.papers import pdf
from tests.world import CENTRE, CENTRE_CLERK, FINANCE, OFFICER, ROOT, uscc

CASHIER = Actor("finance:sun", Role.FINANCE)
SELLER = uscc(990_001)
_SERIAL = count(1)


def text_of(slug: str) -> str:
    return (ROOT / "programmes" / f"{slug}.yaml").read_text(encoding="utf-8")


@dataclass
class City:
    """One programme on one day; ``sample`` names facts of the document's own."""

    text: str
    on: date
    budget: str = "3亿"
    version: ProgrammeVersion = field(init=False)
    now: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.now = start_of_day(self.on) + timedelta(hours=10)
        self.version = policies.adopt(text=self.text, by="officer:li", now=self.now - timedelta(days=40), demo=True)
        catalogue.load(folder=Path(ROOT / "catalogue"), by="operator:chen", now=self.now, demo=True)
        vouchers.approve_budget(
            programme=self.slug,
            year=self.on.year,
            amount_fen=parse_yuan(self.budget),
            by=FINANCE,
            now=self.now,
            reference=uuid4(),
            for_awards=True,  # these tests spend it on both, and some on more than the yearly cap on issue
        )

    @property
    def slug(self) -> str:
        return self.version.programme

    def sample(self, name: str) -> dict[str, Any]:
        return dict(policy.document(self.version.id).programme.samples[name])

    def holder(self, name: str = "蓉城算法科技有限公司") -> Organisation:
        registration = Registration(
            name=name,
            holder_class=HolderClass.TECH_SME,
            uscc=uscc(next(_SERIAL)),
            in_incubator=False,
            incubator="",
            registered_in_city=True,
            dishonest=False,
        )
        return party.register(registration=registration, by=OFFICER, now=self.now)

    def by(self, holder: Organisation) -> Actor:
        return Actor(f"applicant:{holder.id}", Role.APPLICANT, holder.id)

    def dossier(self, holder: Organisation, clause: str, claimed: Mapping[str, Any], *, papers: bool = True) -> UUID:
        """An application that only waits for its approval."""
        row = application.apply(
            holder_id=holder.id,
            version_id=self.version.id,
            clause=clause,
            claimed=claimed,
            by=self.by(holder),
            now=self.now - timedelta(hours=9),
        )
        if papers:
            self.papers(row.id, holder, StepOfLife.APPLY)
        application.review(application_id=row.id, by=OFFICER, now=self.now - timedelta(hours=8))
        return row.id

    def noticed(self, application_id: UUID) -> UUID:
        until = self.now - timedelta(hours=1)
        application.notify_public(application_id=application_id, until=until, by=OFFICER, now=until - timedelta(days=7))
        return application_id

    def voucher(self, holder: Organisation, clause: str, claimed: Mapping[str, Any]) -> Voucher:
        application_id = self.noticed(self.dossier(holder, clause, claimed))
        return vouchers.issue(application_id=application_id, by=OFFICER, now=self.now)

    def papers(self, application_id: UUID, holder: Organisation, step: StepOfLife, about: UUID | None = None) -> None:
        """Hand in every paper that the document names for a step."""
        document = policy.document(self.version.id)
        for paper in (*document.programme.evidence, *(each for c in document.programme.clauses for each in c.evidence)):
            if paper.at is step:
                self.paper(application_id, holder, step, paper.id, about)

    def paper(
        self, application_id: UUID, holder: Organisation, step: StepOfLife, paper: str, about: UUID | None = None
    ) -> None:
        application.attach(
            application_id=application_id,
            step=step,
            paper=paper,
            name=f"{paper}.pdf",
            content=pdf(f"{paper} {next(_SERIAL)}"),
            by=self.by(holder),
            now=self.now,
            about=about,
        )

    def invoice(self, amount: str, number: str = "", **changes: Any) -> Invoice:
        words = {"seller": SELLER, "issued_on": self.on, "amount_fen": parse_yuan(amount)}
        return Invoice(**words | {"number": number or f"{next(_SERIAL):020d}"} | changes)

    def submitted(self, voucher: Voucher, amount: str = "", *, papers: bool = True, **changes: Any) -> UUID:
        proof = changes or {"invoice": self.invoice(amount)}
        row = settlement.submit_redemption(voucher_id=voucher.id, by=self.by(voucher.holder), now=self.now, **proof)
        if papers:
            self.papers(voucher.application_id, voucher.holder, StepOfLife.REDEEM, row.id)
        return row.id

    def accepted(self, redemption_id: UUID, amount: str, reason: str = ""):
        return settlement.accept_redemption(
            redemption_id=redemption_id, accepted_fen=parse_yuan(amount), reason=reason, by=OFFICER, now=self.now
        )

    def paid(self, redemption_id: UUID, reference: str = ""):
        return settlement.pay_redemption(
            redemption_id=redemption_id, bank_reference=reference or f"流水{redemption_id}", by=CASHIER, now=self.now
        )

    def redeemed(self, voucher: Voucher, amount: str) -> int:
        """Submit, accept all of it, pay; gives the fen that were paid."""
        redemption_id = self.submitted(voucher, amount)
        self.accepted(redemption_id, amount)
        return self.paid(redemption_id).amount_fen

    def prefund(self, amount: str = "1亿") -> None:
        settlement.prefund_reserve(
            programme=self.slug, amount_fen=parse_yuan(amount), reference=f"库款{uuid4()}", by=FINANCE, now=self.now
        )

    def job(self, voucher: Voucher, *, units: int = 4, seconds: int = 3600, cpu_ms: int | None = None) -> Capture:
        """Order, run and capture one job at the first centre; the holder's own share is prepaid."""
        orders.credit_own(
            programme=self.slug,
            holder_id=voucher.holder_id,
            centre=CENTRE,
            amount_fen=parse_yuan("1万"),
            reference=uuid4(),
            by=CENTRE_CLERK,
            now=self.now,
        )
        request = Request(
            centre=CENTRE,
            resource_class="cpu-core",
            units=units,
            memory_mib=256,
            time_limit_ms=seconds * 1000,
            command=("true",),
        )
        by = self.by(voucher.holder)
        quoted = orders.quote(voucher_id=voucher.id, request=request, title="test", by=by, now=self.now)
        order = orders.hold(order_id=quoted.id, by=by, now=self.now)
        ended = self.now + timedelta(seconds=seconds)
        Order.objects.filter(id=order.id).update(state="ENDED", started_at=self.now, ended_at=ended)
        record = UsageRecord(
            record_id=f"job-{next(_SERIAL)}",
            order_id=order.id,
            resource_class="cpu-core",
            units=units,
            started_at=self.now,
            ended_at=ended,
            elapsed_ms=seconds * 1000,
            outcome=JobOutcome.SUCCEEDED,
            cpu_ms=cpu_ms,
        )
        metering.receive(centre=CENTRE, records=[record], source="push", now=ended)
        assert metering.capture(order_id=order.id, now=ended).state == "CAPTURED"
        return Capture.objects.get(order_id=order.id)
