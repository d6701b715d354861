"""Things of every kind in one house, so that every address of the API has something behind it."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from jiaozi.alert import services as alert
from jiaozi.alert.rules import AlertKind, Level, Subject, SubjectKind, Suspicion
from jiaozi.application import services as application
from jiaozi.application.models import Application
from jiaozi.application.rules.evidence import OTHER
from jiaozi.exchange import services as exchange
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.label import Label
from jiaozi.lab.models import LabFile, LabRun
from jiaozi.lease.models import Lease, LeaseJob
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, UsageDispute, UsageRow
from jiaozi.metering.rules import CaptureKind
from jiaozi.notice import services as notice
from jiaozi.order import services as order_services
from jiaozi.order.models import Order
from jiaozi.order.ports import JobOutcome, UsageRecord
from jiaozi.party import services as party
from jiaozi.party.models import Membership, Token
from jiaozi.party.rules import SYSTEM, Details, Grant, Role
from jiaozi.policy.rules.words import StepOfLife
from jiaozi.settlement.models import Award, AwardStage, Clawback, Disallowance, GrantPayment, Redemption, Statement
from jiaozi.voucher import services as voucher_services
from tests.application.papers import PDF
from tests.world import CENTRE, OFFICER, OPERATOR, PROGRAMME

STATEMENTS = ("CLOSED", "MATCHED", "APPROVED", "DISPUTED")
MARKET_CLASS = "gpu-910b"
DOSSIERS = ("DRAFT", "RETURNED", "UNDER_REVIEW", "PUBLIC_NOTICE", "REJECTED")


def furnish(house: Any) -> dict[str, str]:
    """Make one of each; give their ids by name, and by name and state where a step needs one in that state."""
    world, now = house.world, house.world.now
    voucher, frozen = world.voucher(house.firm), world.voucher(house.firm)
    voucher_services.freeze(voucher_id=frozen.id, reason="test", by=OFFICER, now=now)
    world.credit(house.firm)
    dossier = world.apply(house.firm)
    paper = application.attach(
        application_id=dossier,
        step=StepOfLife.APPLY,
        paper=OTHER,
        name="合同.pdf",
        content=PDF,
        by=world.applicant(house.firm),
        now=now,
    )
    order, ended = world.quote(voucher), world.quote(voucher)
    Order.objects.filter(id=ended.id).update(state="ENDED")
    ids = {"voucher": voucher.id, "voucher:FROZEN": frozen.id, "application": dossier, "evidence": paper.id}
    ids |= {"order": order.id, "order:ENDED": ended.id, "organisation": house.firm.id}
    for state in DOSSIERS:
        ids[f"application:{state}"] = world.apply(house.firm)
        Application.objects.filter(id=ids[f"application:{state}"]).update(state=state)
    ids |= {"programme": PROGRAMME, "centre": CENTRE, "year": now.year, "alert": _alert(voucher, now)}
    ids |= _usage(now) | _statements(order, now) | _grants(voucher, now)
    chief = replace(world.applicant(house.firm), administrator=True)
    ids |= {"run": _run(now), "name": "result.json"}
    ids |= {"lease": _lease(voucher, now)}
    ids |= {"loss": _loss(ids["lease"], now)}
    hook = notice.add_webhook(url="https://hooks.example.cn/", events=[], by=chief, now=now)
    ids |= {"webhook": hook.id}
    ids |= _sessions(house, now)
    member = Membership.objects.get(organisation=house.firm)
    ids |= {"membership": member.id, "token": Token.objects.get(membership=member).id}
    ids |= {"data": uuid4()}  # no order of the furniture moves data: who may not is told so first
    ids |= {"membership:OTHER": _colleague(house, now)}
    by = world.applicant(house.firm)
    ids |= {"template": order_services.keep_order(order_id=order.id, name="试算", by=by, now=now).id}
    return {name: str(value) for name, value in ids.items()}


def _colleague(house: Any, now: Any) -> Any:
    """Let somebody else in, whom the holder's administrator may limit."""
    person = party.enrol(details=Details("同事", f"{uuid4().hex[:12]}@example.cn"), by=SYSTEM, now=now)
    colleague = Grant(role=Role.APPLICANT, since_at=now, organisation=house.firm.id)
    return party.grant(person=person.id, grant=colleague, by=SYSTEM, now=now).id


def _lease(voucher: Any, now: Any) -> Any:
    over = now - timedelta(hours=1)
    made = {"memory": "m", "share_numerator": 1, "share_denominator": 2, "opened_at": over, "ends_at": over}
    return Lease.objects.create(id=new_id(), voucher=voucher, centre_id=CENTRE, state="OPEN", due_at=over, **made).id


def _loss(lease: Any, now: Any) -> Any:
    told = {"lease_told": lease, "order_told": new_id(), "lease_id": lease, "serial": 1, "wish": "", "told_at": now}
    reason = {"reason_code": "LEASE_DIFFERS", "reason_zh": "由中心承担", "reason_en": "the centre bears it"}
    return LeaseJob.objects.create(id=new_id(), centre_id=CENTRE, admitted_at=now, **told, **reason).id


def _usage(now: Any) -> dict[str, Any]:
    def record(units: int) -> UsageRecord:
        return UsageRecord(
            record_id="stray:1",
            order_id=None,
            resource_class="cpu-core",
            units=units,
            started_at=now - timedelta(hours=1),
            ended_at=now,
            elapsed_ms=3_600_000,
            outcome=JobOutcome.SUCCEEDED,
        )

    for units in (1, 2):
        metering.receive(centre=CENTRE, records=[record(units)], source="push", now=now)
    return {"usage": UsageRow.objects.get().id, "dispute": UsageDispute.objects.get().id}


def _run(now: Any) -> Any:
    made = LabRun.objects.create(
        id=uuid4(),
        programme=PROGRAMME,
        scenario="s",
        title_zh="推演",
        title_en="a run",
        text="scenario: s",
        seeds=1,
        state="DONE",
        asked_by="person:nobody",
        asked_at=now,
    )
    LabFile.objects.create(run=made, name="result.json", size_bytes=2, content=gzip.compress(b"{}"))
    return made.id


def _alert(voucher: Any, now: Any) -> Any:
    suspicion = Suspicion(
        kind=AlertKind.RELATED_SUPPLIER,
        subject=Subject(SubjectKind.APPLICATION, str(voucher.application_id)),
        level=Level.HIGH,
        reason=Label("疑似关联", "may be related"),
        rule="test",
    )
    (raised,) = alert.raise_all(programme=PROGRAMME, suspicions=[suspicion], now=now, by=OFFICER)
    return raised.id


def _statements(order: Any, now: Any) -> dict[str, Any]:
    ids = {}
    for number, state in enumerate(STATEMENTS, start=1):
        made = Statement.objects.create(
            id=uuid4(),
            programme=PROGRAMME,
            centre_id=CENTRE,
            first=date(2025, number, 1),
            end=date(2025, number + 1, 1),
            state=state,
            captures=0,
            total_fen=0,
            claim_number=0,
            claim_total_fen=0,
            ledger_total_fen=0,
            opened_at=now,
            approved_by="person:nobody" if state == "APPROVED" else "",
            approved_at=now if state == "APPROVED" else None,
        )
        ids[f"statement:{state}"] = made.id
    capture = Capture.objects.create(
        id=uuid4(),
        programme=PROGRAMME,
        kind=CaptureKind.ORDER,
        centre_id=CENTRE,
        order=order,
        voucher_id=order.voucher_id,
        holder_id=order.holder_id,
        tariff_id=order.tariff_id,
        payable_shard=0,
        price_fen=10,
        voucher_fen=5,
        own_fen=5,
        overrun_fen=0,
        captured_at=now,
    )
    owed = Disallowance.objects.create(
        id=uuid4(),
        programme=PROGRAMME,
        statement_id=ids["statement:CLOSED"],
        capture=capture,
        amount_fen=1,
        from_unreplenished_fen=1,
        due_fen=0,
        reference="D1",
        reason="test",
        by="person:nobody",
        at=now,
    )
    return ids | {"statement": ids["statement:CLOSED"], "disallowance": owed.id}


def _grants(voucher: Any, now: Any) -> dict[str, Any]:
    ids = {}
    for state in ("SUBMITTED", "ACCEPTED"):
        made = Redemption.objects.create(
            id=uuid4(),
            programme=PROGRAMME,
            voucher=voucher,
            pay_model="pay_then_redeem",
            state=state,
            claimed_fen=100,
            held_fen=50,
            accepted_fen=100 if state == "ACCEPTED" else None,
            amount_fen=50 if state == "ACCEPTED" else None,
            bounds=[],
            submitted_by="person:nobody",
            submitted_at=now,
            decided_by="person:nobody" if state == "ACCEPTED" else "",
        )
        ids[f"redemption:{state}"] = made.id
    award = Award.objects.create(
        id=uuid4(),
        programme=PROGRAMME,
        application=voucher.application,
        holder_id=voucher.holder_id,
        clause="general",
        face_fen=300,
        state="AWARDED",
        awarded_by="person:nobody",
        awarded_at=now,
    )
    for number, state in enumerate(("WAITING", "READY"), start=1):
        stage = AwardStage.objects.create(
            id=uuid4(), award=award, number=number, stage="s", zh="阶段", en="stage", amount_fen=100, state=state
        )
        ids[f"stage:{state}"] = stage.id
    paid = GrantPayment.objects.create(
        id=uuid4(),
        programme=PROGRAMME,
        stage=stage,
        amount_fen=100,
        bank_reference="B1",
        decided_by="person:one",
        by="person:two",
        at=now,
    )
    owed = Clawback.objects.create(
        id=uuid4(),
        programme=PROGRAMME,
        payment=paid,
        amount_fen=1,
        from_unreplenished_fen=1,
        due_fen=0,
        reference="C1",
        reason="test",
        by="person:nobody",
        at=now,
    )
    ids |= {"redemption": ids["redemption:SUBMITTED"], "award": award.id, "stage": ids["stage:WAITING"]}
    return ids | {"payment": paid.id, "clawback": owed.id}


def market_frame(now: Any) -> dict[str, Any]:
    """Give a session of two hubs and one hour, as the file has it."""
    start = now + timedelta(days=1)
    hour = {"id": "h0", "start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat()}
    link = {"start": "guizhou", "end": "chengyu", "capacity": 10, "charge": "0.10"}
    return {
        "session": "furnished",
        "hubs": ["chengyu", "guizhou"],
        "periods": [hour],
        "classes": [{"resource_class": MARKET_CLASS, "lot_units": 8}],
        "links": [link],
    }


def _sessions(house: Any, now: Any) -> dict[str, Any]:
    """Open one session, and have one each closed and cleared; the centre trades as the second firm."""
    exchange.admit_centre(programme=PROGRAMME, centre=CENTRE, party_id=house.other_firm.id, by=OPERATOR, now=now)
    ids = {}
    for state, steps in (("OPEN", ()), ("CLOSED", ("close",)), ("CLEARED", ("close", "clear"))):
        closes = now + timedelta(hours=1)
        row = exchange.open_session(
            programme=PROGRAMME, frame=market_frame(now), closes_at=closes, by=OPERATOR, now=now
        )
        for step in steps:
            getattr(exchange, f"{step}_session")(session_id=row.id, by=OPERATOR, now=closes)
        ids[f"session:{state}"] = row.id
    return ids | {"session": ids["session:OPEN"]}
