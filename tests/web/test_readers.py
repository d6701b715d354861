"""Every address of the service, asked for by everybody: who gets in, who is asked to sign in, who is refused.

``EXPECTED`` is the list. An address that is not in it fails the first test, so that nobody adds a page without saying
whose it is.
"""

from __future__ import annotations

import re
from html import unescape
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, resolve

from jiaozi.exchange.models import Session
from jiaozi.metering.models import UsageRow
from jiaozi.order.models import Order
from jiaozi.party.rules import HolderClass, Role
from jiaozi.settlement.models import Statement
from jiaozi.voucher.models import Voucher
from jiaozi.web.pages import addresses, page_of
from tests.growing import FEW, MANY, grow
from tests.web.people import enrol, member, signed_in
from tests.web.sample_market import traded
from tests.world import CENTRE, PROGRAMME

pytestmark = pytest.mark.django_db
SQL_STATEMENTS_MAX = 15
LINK = re.compile(r'<a [^>]*href="(/[^"#]*)')
PAGES_LEAST = (15, 12)

WHO = (
    "anonymous",
    "nobody",
    "stranger",
    "applicant",
    "officer",
    "finance",
    "auditor",
    "operator",
    "centre",
    "elsewhere",
)
"""``nobody`` has no membership; ``stranger`` is another organisation's; ``elsewhere`` is another centre's clerk."""
EVERYBODY = dict.fromkeys(WHO, 200)
SIGNED_IN = EVERYBODY | {"anonymous": 302}
NOBODY = dict.fromkeys(WHO, 403) | {"anonymous": 302}
POSTED = dict.fromkeys(WHO, 405) | {"anonymous": 302}
OVERSEERS = NOBODY | dict.fromkeys(("officer", "finance", "auditor", "operator"), 200)

EXPECTED: dict[str, dict[str, int] | str] = {
    "health": "answers 503 where no worker lives; tests/project/test_up.py",
    "metrics": EVERYBODY,
    "letters": "letters that a centre's agent signed, posted; tests/engines/agent",
    "set_language": "only posted to; test_pages.py",
    "web:year": EVERYBODY,
    **dict.fromkeys(("web:ledger", "web:entries", "web:open-vouchers", "web:open-orders"), EVERYBODY),
    **dict.fromkeys(("web:open-statements", "web:open-data", "web:open-data-file", "web:open-key"), EVERYBODY),
    **dict.fromkeys(("web:verify", "web:centres", "web:notices", "web:programmes", "web:programme"), EVERYBODY),
    **dict.fromkeys(("web:about", "web:accessibility"), EVERYBODY),
    "web:look": dict.fromkeys(WHO, 405),
    "web:live-orders": EVERYBODY,
    "web:applications": OVERSEERS | {"applicant": 200, "stranger": 200},
    "web:batch": NOBODY | {"officer": 200},
    "web:apply": NOBODY | {"applicant": 200, "stranger": 200},
    "web:dossier": OVERSEERS | {"applicant": 200},
    "web:keep-draft": NOBODY | dict.fromkeys(("applicant", "stranger"), 405),
    "web:attach": NOBODY | dict.fromkeys(("applicant", "stranger", "officer"), 405),
    "web:step": NOBODY | dict.fromkeys(("applicant", "stranger", "officer"), 405),
    "web:resolve-alert": NOBODY | {"officer": 405},
    "web:correct-organisation": NOBODY | {"officer": 200},
    "web:search": OVERSEERS,
    "web:chain": OVERSEERS,
    "web:chain-file": OVERSEERS,
    "web:journal": OVERSEERS,
    "web:wallet": NOBODY | {"applicant": 200, "stranger": 200},
    "web:own-money": NOBODY | {"applicant": 200, "stranger": 200},
    "web:new-order": NOBODY | {"applicant": 200, "stranger": 404},
    "web:extend-session": NOBODY | {"applicant": 404, "stranger": 403},
    "web:open-session": NOBODY | {"applicant": 404, "stranger": 403},
    "web:session-files": NOBODY | {"applicant": 404, "stranger": 403},
    "web:cancel-order": NOBODY | dict.fromkeys(("applicant", "stranger", "operator"), 405),
    "web:statements": OVERSEERS | {"centre": 200, "elsewhere": 200},
    "web:close-statement": NOBODY | dict.fromkeys(("officer", "operator"), 405),
    "web:statement": OVERSEERS | {"centre": 200},
    "web:statement-file": OVERSEERS | {"centre": 200},
    "web:statement-step": NOBODY | dict.fromkeys(("officer", "finance", "operator", "centre", "elsewhere"), 405),
    "web:statement-claim": NOBODY | dict.fromkeys(("centre", "elsewhere"), 405),
    "web:statement-usage": OVERSEERS | {"centre": 200},
    "web:statement-answer": NOBODY | dict.fromkeys(("centre", "elsewhere"), 405),
    "web:supply": OVERSEERS | {"centre": 200, "elsewhere": 200},
    "web:new-price": NOBODY | {"centre": 200, "elsewhere": 200, "operator": 302},
    "web:health": OVERSEERS | {"centre": 200, "elsewhere": 200},
    "web:prepaid": OVERSEERS | {"centre": 200, "elsewhere": 200},
    "web:leases": OVERSEERS | {"centre": 200, "elsewhere": 200},
    "web:lease-step": NOBODY | dict.fromkeys(("officer", "operator"), 405),
    "web:usage": OVERSEERS | {"centre": 200, "elsewhere": 200},
    "web:usage-import": NOBODY | dict.fromkeys(("centre", "elsewhere", "operator"), 200),
    "web:usage-record": OVERSEERS | {"centre": 200},
    "web:usage-dispute": "test_usage.py",
    "web:usage-step": NOBODY | dict.fromkeys(("officer", "operator", "centre", "elsewhere"), 405),
    "web:budget": OVERSEERS,
    "web:versions": OVERSEERS,
    "web:version": OVERSEERS,
    "web:lab": OVERSEERS,
    "web:lab-run": "test_lab.py",
    "web:lab-file": "test_lab.py",
    "web:payment-run": OVERSEERS,
    "web:run-step": NOBODY | dict.fromkeys(("officer", "finance", "operator"), 405),
    "web:redemptions": OVERSEERS,
    "web:redemption": "test_finance.py",
    "web:redemption-step": NOBODY | dict.fromkeys(("officer", "finance"), 405),
    "web:awards": OVERSEERS,
    "web:award": "test_finance.py",
    "web:award-step": NOBODY | dict.fromkeys(("officer", "finance"), 405),
    "web:fund": OVERSEERS,
    "web:fund-step": NOBODY | {"finance": 405},
    "web:year-end": OVERSEERS,
    "web:close-year": NOBODY | {"finance": 405},
    "web:paper": "test_dossier.py",
    "web:exchange": EVERYBODY,
    "web:exchange-session": EVERYBODY,
    "web:offers": NOBODY | dict.fromkeys(("applicant", "stranger", "centre"), 200),
    "web:withdraw-offer": NOBODY | dict.fromkeys(("applicant", "stranger", "centre", "elsewhere"), 405),
    "web:market-desk": NOBODY | dict.fromkeys(("officer", "operator", "auditor"), 200),
    "web:exchange-step": NOBODY | dict.fromkeys(("officer", "operator"), 405),
    "web:eligibility": EVERYBODY,
    "web:estimate": EVERYBODY,
    "web:order": OVERSEERS | {"applicant": 200, "centre": 200},
    "web:run-again": "test_watching.py",
    "web:order-log": OVERSEERS | {"applicant": 200, "centre": 200},
    "web:order-output": "test_watching.py",
    "web:order-result": NOBODY | {"applicant": 404},
    "web:voucher": OVERSEERS | {"applicant": 200},
    "web:account": SIGNED_IN,
    "web:acting": SIGNED_IN,
    "web:second-factor": "leads on, or to a second factor; test_second_factor.py",
    "web:stay": POSTED,
    "web:site-map": EVERYBODY,
    "web:found": SIGNED_IN,
    "web:notifications": SIGNED_IN,
    "web:notification": "one's own alone; test_notifications.py",
    "web:notification-choices": SIGNED_IN,
    "web:read-notifications": POSTED,
    "web:tokens": SIGNED_IN | {"nobody": 403},
    "web:end-token": POSTED,
    "web:members": NOBODY | dict.fromkeys(("applicant", "stranger", "operator", "centre", "elsewhere"), 200),
    "web:end-membership": POSTED,
    "web:templates": NOBODY | dict.fromkeys(("applicant", "stranger"), 200),
    "web:start-template": NOBODY | dict.fromkeys(("applicant", "stranger"), 404),
    **dict.fromkeys(
        ("web:keep-order", "web:rename-template", "web:delete-template"),
        NOBODY | dict.fromkeys(("applicant", "stranger"), 405),
    ),
    "web:member-limit": NOBODY | dict.fromkeys(("applicant", "stranger"), 404),
    "web:remove-limit": NOBODY | dict.fromkeys(("applicant", "stranger"), 405),
}
ELSEWHERE = (
    *("account_", "mfa_", "socialaccount_", "usersessions_", "openid_connect", "social/"),
    *("api:", "openapi.json"),
)
"""Walked in test_sign_in.py and in tests/api: what their addresses answer is not a page of the console."""


@pytest.fixture
def people(present, sample_year) -> dict[str, Client]:
    """A browser for each; the applicant is the first voucher's holder."""
    holder = Voucher.objects.order_by("issued_at").first().holder
    other = sample_year.holder("旁人公司", HolderClass.TECH_SME, serial=99)
    traded(sample_year, holder, other)
    at = present
    found = {
        "anonymous": None,
        "nobody": enrol("nobody", at),
        "stranger": member("stranger", Role.APPLICANT, at, organisation=other.id),
        "applicant": member("applicant", Role.APPLICANT, at, organisation=holder.id),
        "elsewhere": member("elsewhere", Role.CENTRE, at, centre="chengdu-aicc"),
    }
    for role in (Role.OFFICER, Role.FINANCE, Role.AUDITOR, Role.OPERATOR, Role.CENTRE):
        found[role.value.lower()] = member(role.value.lower(), role, at)
    return {name: signed_in(person) if person else Client() for name, person in found.items()}


def arguments(pattern: URLPattern) -> dict[str, object]:
    """What an address with arguments is asked for: what belongs to the applicant, done at the centre."""
    voucher = Voucher.objects.order_by("issued_at").first()
    order = Order.objects.filter(voucher=voucher).first()
    known = {"voucher_id": voucher.id, "order_id": order.id, "clause": "general", "verb": "review"}
    known |= {"statement_id": Statement.objects.filter(centre=CENTRE).first().id, "form": "csv"}
    known |= {"application_id": voucher.application_id, "alert_id": uuid4()}
    known |= {"redemption_id": uuid4(), "award_id": uuid4(), "version_id": voucher.version_id}
    known |= {"run_id": uuid4(), "name": "report.html"}
    known["organisation_id"] = voucher.holder_id
    known |= {"session_id": Session.objects.get().id}
    known |= {"slug": PROGRAMME}
    known |= {"usage_id": UsageRow.objects.filter(centre=CENTRE).first().id, "dispute_id": uuid4()}
    known |= {"kind": "records", "thing_id": uuid4()}
    known |= {"token_id": uuid4(), "membership_id": uuid4(), "template_id": uuid4(), "data_id": uuid4()}
    return {name: known[name] for name in pattern.pattern.converters}


def test_every_address_is_listed_here() -> None:
    found = {name for name, _ in addresses() if not name.startswith(ELSEWHERE)}
    assert found == set(EXPECTED)


def test_every_page_of_the_console_says_whose_it_is() -> None:
    assert [name for name, each in addresses() if name.startswith("web:") and page_of(each.callback) is None] == []


def test_everybody_gets_the_answer_that_is_listed(people: dict[str, Client]) -> None:
    from django.urls import reverse

    wrong = []
    for name, pattern in addresses():
        expected = EXPECTED.get(name)
        if not isinstance(expected, dict):
            continue
        path = reverse(name, kwargs=arguments(pattern))
        for who, client in people.items():
            with CaptureQueriesContext(connection) as caught:
                answer = client.get(path)
            if len(caught) > SQL_STATEMENTS_MAX:
                wrong.append(f"{name} as {who}: {len(caught)} SQL statements")
            if answer.status_code != expected[who]:
                wrong.append(f"{name} as {who}: {answer.status_code}, expected {expected[who]}")
            if answer.status_code == 302 and name != "web:new-price":
                assert answer.headers["Location"].startswith("/sign-in/login/?next="), (name, who)
    assert wrong == []


def test_a_page_takes_as_many_statements_at_ten_thousand_rows_as_at_ten(people: dict[str, Client]) -> None:
    from django.urls import reverse

    asked = {}
    for name, pattern in addresses():
        expected = EXPECTED.get(name)
        if name.startswith("web:") and isinstance(expected, dict):
            readers = [who for who in WHO if expected[who] == 200]
            if readers:
                asked[name] = (readers[-1], reverse(name, kwargs=arguments(pattern)))

    def counts() -> dict[str, int]:
        found = {}
        for name, (who, path) in asked.items():
            with CaptureQueriesContext(connection) as caught:
                assert people[who].get(path).status_code == 200, name
            found[name] = len(caught)
        return found

    holder = Voucher.objects.order_by("issued_at").first().holder_id
    grow(holder, FEW)
    few = counts()
    grow(holder, MANY)
    many = counts()
    assert {name: (few[name], count) for name, count in many.items() if count > few[name]} == {}
    assert len(many) > 55


def test_no_page_leads_to_one_that_its_reader_may_not_open(people: dict[str, Client]) -> None:
    wrong = []
    for who, client in people.items():
        known, coming = set(), [("", "/")]
        while coming:
            page, path = coming.pop()
            name = resolve(path.partition("?")[0]).view_name
            if name in known or not name.startswith("web:"):
                continue
            known.add(name)
            answer = client.get(path)
            if answer.status_code in {403, 404}:
                wrong.append(f"{page} as {who} leads to {name}: {answer.status_code}")
            if answer.headers.get("Content-Type", "").startswith("text/html"):
                coming += [(name, unescape(each)) for each in LINK.findall(answer.content.decode())]
        assert len(known) > PAGES_LEAST[who == "anonymous"], known
    assert wrong == []


def test_a_refusal_says_why_and_offers_what_else_one_is(people, present) -> None:
    from jiaozi.party import services as party
    from jiaozi.party.models import Person
    from jiaozi.party.rules import SYSTEM, Grant

    row = Voucher.objects.order_by("issued_at").first()
    answer = people["stranger"].get(f"/vouchers/{row.id}")
    assert "只有持券人" in answer.content.decode()
    clerk = people["centre"]
    person = Person.objects.get(id=clerk.session["_auth_user_id"])
    other = Grant(role=Role.APPLICANT, since_at=present, organisation=row.holder_id)
    party.grant(person=person.id, grant=other, by=SYSTEM, now=present)
    page = clerk.get(f"/vouchers/{row.id}")
    assert page.status_code == 403
    chosen = person.memberships.get(role=Role.APPLICANT)
    assert str(chosen.id) in page.content.decode()
    there = clerk.post("/account/acting", {"membership": chosen.id, "next": f"/vouchers/{row.id}"})
    assert there.headers["Location"] == f"/vouchers/{row.id}"
    assert clerk.get(f"/vouchers/{row.id}").status_code == 200


def test_a_view_that_does_not_say_whose_it_is_opens_to_nobody(people, monkeypatch) -> None:
    view = next(each for name, each in addresses() if name == "web:year").callback
    monkeypatch.delattr(view, "page")
    assert people["officer"].get("/").status_code == 403


def test_a_number_leads_to_its_chain_and_a_spoilt_text_is_said(people) -> None:
    row = Voucher.objects.order_by("issued_at").first()
    answer = people["auditor"].get("/search", {"q": row.number})
    assert answer.headers["Location"] == f"/chains/{row.application_id}"
    page = people["auditor"].get(answer.headers["Location"]).content.decode()
    assert "✗" not in page
    assert page.count("✓") > 10
    assert people["auditor"].get("/search", {"q": "x"}).status_code == 422
    assert people["auditor"].get(f"/chains/{row.application_id}/file").json()["voucher"]["face_fen"] == row.face_fen
    lines = people["auditor"].get("/journal", {"form": "csv", "stage": "voucher"}).content.decode()
    assert lines.startswith("\ufeffid,at,stage,verb")
    assert people["auditor"].get("/journal", {"since": "9999-99-99", "subject": "x"}).status_code == 200
