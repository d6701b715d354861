"""A text that is too long, or holds a NUL or half a surrogate pair: one line names its field, and nothing is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from jiaozi.application import services as application
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.party import services as party
from jiaozi.party.rules import Actor, Contact, EndUser, HolderClass, Registration, Relation, RelationKind, Role
from jiaozi.policy import services as policy
from jiaozi.policy.rules.words import StepOfLife
from jiaozi.voucher import services as voucher
from tests.world import OFFICER, World, build, uscc

pytestmark = pytest.mark.django_db

WRONG = ("长" * 100_000, "含\x00空字符", "半个\ud83d代理对", "方向\u202e反转")
LINE_MAX = 400
Verb = Callable[[str], object]


def _ended(verb: str) -> Callable[[World], Verb]:
    def ready(world: World) -> Verb:
        row = world.voucher(world.holder("甲"))
        return lambda text: getattr(voucher, verb)(voucher_id=row.id, reason=text, by=OFFICER, now=world.now)

    return ready


def _reviewed(world: World, clause: str = "general", **claimed: object) -> dict[str, object]:
    application_id = world.apply(world.holder("甲"), clause=clause, **claimed)
    application.review(application_id=application_id, by=OFFICER, now=world.now)
    return {"application_id": application_id, "by": OFFICER, "now": world.now}


def _by_hand(world: World) -> Verb:
    centre = {"in_tianfu_start_area": True, "industry_linked": True, "fp16_pflops": 300, "fixed_assets": "30亿"}
    at = _reviewed(world, "large-centre", centre=centre)
    return lambda text: application.record_by_hand(amount_fen=1, reason=text, **at)


def _rejected(world: World) -> Verb:
    at = _reviewed(world)
    return lambda text: application.reject(words=Reason("OWN", Label(text, text)), **at)


def _sent_back(world: World) -> Verb:
    at = _reviewed(world)
    return lambda text: application.send_back(missing=text, **at)


def _applied(field: str) -> Callable[[World], Verb]:
    def ready(world: World) -> Verb:
        holder = world.holder("甲")
        at = {"holder_id": holder.id, "version_id": world.version.id, "now": world.now, "by": world.applicant(holder)}
        if field == "clause":
            return lambda text: application.apply(clause=text, claimed={}, **at)
        return lambda text: application.apply(clause="project-national", claimed={"project": {"id": text}}, **at)

    return ready


def _attached(world: World) -> Verb:
    holder = world.holder("甲")
    at = {"application_id": world.apply(holder), "step": StepOfLife.APPLY, "by": world.applicant(holder)}
    at |= {"name": "a.pdf", "content": b"%PDF-1.7\n%%EOF", "now": world.now}
    return lambda text: application.attach(paper=text, **at)


def _registered(**changes: object) -> Callable[[World], Verb]:
    def ready(world: World) -> Verb:
        def verb(text: str) -> object:
            words = {"name": "蓉城算法", "holder_class": HolderClass.TECH_SME, "uscc": uscc(9)} | changes
            registration = Registration(**{name: text if value is None else value for name, value in words.items()})
            return party.register(registration=registration, by=OFFICER, now=world.now)

        return verb

    return ready


def _reached(field: str) -> Callable[[World], Verb]:
    def ready(world: World) -> Verb:
        registration = Registration(name="蓉城算法", holder_class=HolderClass.TECH_SME, uscc=uscc(9))

        def verb(text: str) -> object:
            contact = Contact(**{"person": "王某"} | {field: text})
            return party.register(registration=registration, contact=contact, by=OFFICER, now=world.now)

        return verb

    return ready


def _end_user(world: World) -> Verb:
    agent = world.holder("中介", HolderClass.INTERMEDIARY)
    return lambda text: party.name_end_user(
        intermediary=agent.id, end_user=EndUser(name=text), by=OFFICER, now=world.now
    )


def _related(field: str) -> Callable[[World], Verb]:
    def ready(world: World) -> Verb:
        one, other = world.holder("甲", serial=1).id, world.holder("乙", serial=2).id

        def verb(text: str) -> object:
            source, detail = (text, "") if field == "source" else ("工商登记", text)
            since = date(2026, 1, 1)
            tie = Relation(kind=RelationKind.SAME_ADDRESS, one=one, other=other, source=source, since=since)
            return party.relate(relation=tie, detail=detail, by=OFFICER, now=world.now)

        return verb

    return ready


def _adopted(world: World) -> Verb:
    return lambda text: policy.adopt(text=world.version.text, by=text, now=world.now, demo=True)


VERBS: dict[str, tuple[Callable[[World], Verb], str]] = {
    **{verb: (_ended(verb), "reason") for verb in ("freeze", "cancel", "revoke")},
    "record_by_hand": (_by_hand, "reason"),
    "reject": (_rejected, "reason"),
    "send_back": (_sent_back, "missing"),
    "apply under a clause": (_applied("clause"), "clause"),
    "apply with a fact": (_applied("fact"), "project.id"),
    "attach": (_attached, "paper"),
    "adopt": (_adopted, "by"),
    "register a name": (_registered(name=None), "name"),
    "register a code": (_registered(uscc=None), "uscc"),
    "register an incubator": (_registered(incubator=None, in_incubator=True), "incubator"),
    **{f"register a contact's {field}": (_reached(field), field) for field in ("person", "phone", "email")},
    "name_end_user": (_end_user, "end_user"),
    **{f"relate by {field}": (_related(field), field) for field in ("source", "detail")},
    "act": (lambda _: lambda text: Actor(text, Role.OFFICER), "by"),
}


@pytest.mark.parametrize("name", VERBS)
def test_a_text_that_cannot_be_kept_is_refused_by_the_name_of_its_field(name):
    ready, field = VERBS[name]
    verb = ready(build())
    before = JournalLine.objects.count()
    for text in WRONG:
        with pytest.raises(Refused) as refused:
            verb(text)
        assert refused.value.reason.field == field
        assert len(refused.value.reason.label.zh) < LINE_MAX
        assert JournalLine.objects.count() == before


@pytest.mark.parametrize("wrong", WRONG[1:])
def test_a_document_with_such_a_text_is_refused_at_its_place(wrong):
    world = build()
    text = world.version.text.replace("title: {zh: ", f"title: {{zh: {wrong}", 1)
    with pytest.raises(Refused):
        policy.adopt(text=f"supersedes: {world.version.digest}\n{text}", by="officer:li", now=world.now, demo=True)
