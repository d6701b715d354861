"""Finance's desk on pages: the run names what differs, the fund adds up, a year is closed once, grants say why."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jiaozi.kernel import clock
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.period import Period
from jiaozi.party.rules import Role
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import Award, AwardStage, ClosedYear, FundMovement, Redemption, Statement
from jiaozi.voucher.models import Voucher
from tests.web.people import member, signed_in
from tests.web.test_pages import text_of
from tests.world import CENTRE, CENTRE_CLERK, OPERATOR, PROGRAMME

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed(present, sample_year, monkeypatch) -> Statement:
    """May's statement, closed on the ninth of June and claimed one fen too high on each line."""
    later = present + timedelta(days=20)
    monkeypatch.setattr(clock, "now", lambda: later)
    period = Period(date(2024, 5, 1), date(2024, 6, 1))
    return settlement.close_statement(programme=PROGRAMME, centre=CENTRE, period=period, by=OPERATOR, now=later)


def claim(row: Statement, off_fen: int) -> None:
    lines = {str(line.capture.order_id): line.amount_fen + off_fen for line in queries.lines(row.id)}
    settlement.claim(statement_id=row.id, lines=lines, by=CENTRE_CLERK, now=clock.now())


def person(name: str, role: Role):
    return signed_in(member(name, role, clock.now()))


def test_the_run_names_the_lines_that_differ_as_the_statement_does(closed) -> None:
    claim(closed, 1)
    (standing,) = queries.payment_run(PROGRAMME).to_match
    found, count = queries.differences(Statement.objects.get(id=closed.id))
    assert (standing.differing, list(standing.lines)) == (count, found[:5])
    assert standing.off_fen == count
    words = text_of(person("officer", Role.OFFICER).get("/payment-run").content)
    assert f"{count} 行不平" in words
    assert found[0].reference in words


def test_matched_approved_and_paid_from_the_run_by_three(closed) -> None:
    claim(closed, 0)
    officer, approver, payer = (
        person("officer", Role.OFFICER), person("approver", Role.FINANCE), person("payer", Role.FINANCE),
    )  # fmt: skip
    assert "差额 0.00" in text_of(officer.get("/payment-run").content)
    for client, verb, words in ((officer, "match", {}), (approver, "approve", {}), (approver, "pay", {"words": "B1"})):
        client.post(f"/payment-run/{closed.id}/{verb}", words)
    closed.refresh_from_db()
    assert closed.state == "APPROVED"
    assert yuan(closed.total_fen) in text_of(payer.get("/payment-run").content)
    answer = payer.post(f"/payment-run/{closed.id}/pay", {"words": "B1"})
    assert answer.headers["Location"] == "/payment-run"
    closed.refresh_from_db()
    assert closed.state == "PAID"


def test_the_fund_adds_up_and_a_reference_moves_it_once(closed) -> None:
    finance = person("finance", Role.FINANCE)
    form = {"amount": "10万", "year": "2024", "reference": "YB-9"}
    for _ in range(2):
        finance.post("/reserve/prefund", form)
    assert FundMovement.objects.filter(reference="YB-9").count() == 1
    words = text_of(finance.get("/reserve").content)
    assert "差额 0.00元" in words
    assert "YB-9" in words
    refused = text_of(finance.post("/reserve/replenish", {"amount": "x", "reference": "Z"}, follow=True).content)
    assert "金额须以元写" in refused
    assert person("officer", Role.OFFICER).post("/reserve/prefund", form).status_code == 403


def test_a_budget_is_approved_within_the_cap_once_by_its_number(closed) -> None:
    finance = person("finance", Role.FINANCE)
    form = {"amount": "500万", "year": "2025", "reference": "成财〔2024〕9号"}
    first = text_of(finance.post("/reserve/budget", form, follow=True).content)
    assert "已办理" in first
    finance.post("/reserve/budget", form)
    too_much = form | {"amount": "501万", "reference": "成财〔2024〕10号"}
    assert "尚可批准5,000,000.00元" in text_of(finance.post("/reserve/budget", too_much, follow=True).content)


def test_a_year_is_closed_once_with_its_checks(closed, monkeypatch) -> None:
    finance = person("finance", Role.FINANCE)
    assert "还不能结账" in text_of(finance.get("/year-end?year=2024").content)
    monkeypatch.setattr(clock, "now", lambda: datetime(2025, 1, 6, 2, tzinfo=UTC))
    finance = person("closer", Role.FINANCE)
    words = text_of(finance.get("/year-end").content)
    unissued = queries.year_at_a_glance(PROGRAMME, 2024).unissued_fen
    assert "账目相符，差额 0.00" in words
    assert yuan(unissued) in words
    for _ in range(2):
        done = text_of(finance.post("/year-end/close", {"year": "2024"}, follow=True).content)
    assert ClosedYear.objects.get(year=2024).lapsed_fen == unissued
    assert "已结账" in done
    assert finance.get("/year-end?year=3000").status_code == 404


def redemption(state: str = "SUBMITTED") -> Redemption:
    voucher = Voucher.objects.order_by("issued_at").first()
    decided = {"accepted_fen": 100, "amount_fen": 50, "decided_by": "person:x"} if state == "ACCEPTED" else {}
    return Redemption.objects.create(
        id=uuid4(), programme=PROGRAMME, voucher=voucher, pay_model="pay_then_redeem", state=state, claimed_fen=100,
        held_fen=50, bounds=[{"name": "hold", "zh": "冻结", "en": "held", "fen": 50}], submitted_by="person:nobody",
        submitted_at=clock.now(), **decided,
    )  # fmt: skip


def test_a_redemption_shows_its_why_to_those_whom_it_concerns(closed) -> None:
    row = redemption("ACCEPTED")
    words = text_of(person("finance", Role.FINANCE).get(f"/redemptions/{row.id}").content)
    assert "金额由来" in words
    assert "由备用金支付" in words
    officer = person("officer", Role.OFFICER)
    assert "撤销认定" in text_of(officer.get(f"/redemptions/{row.id}").content)
    assert str(row.id) in officer.get("/redemptions?state=ACCEPTED").content.decode()
    assert "没有此状态" in text_of(officer.get("/redemptions?state=PAID").content)
    assert person("clerk", Role.CENTRE).get(f"/redemptions/{row.id}").status_code == 403
    refused = text_of(officer.post(f"/redemptions/{row.id}/steps/cancel", {"words": " "}, follow=True).content)
    assert "请填写" in refused
    assert officer.get(f"/redemptions/{uuid4()}").status_code == 404


def test_an_award_is_shown_by_stages_and_withdrawn_with_a_reason(closed) -> None:
    voucher = Voucher.objects.order_by("issued_at").first()
    row = Award.objects.create(
        id=uuid4(), programme=PROGRAMME, application=voucher.application, holder_id=voucher.holder_id,
        clause="dispatch-platform", face_fen=300, state="AWARDED", awarded_by="person:nobody", awarded_at=clock.now(),
    )  # fmt: skip
    AwardStage.objects.create(
        id=uuid4(), award=row, number=1, stage="s", zh="首期", en="first", amount_fen=300, state="READY"
    )
    words = text_of(person("finance", Role.FINANCE).get(f"/awards/{row.id}").content)
    assert "首期" in words
    assert "由备用金支付" in words
    assert "撤销未付部分" in text_of(person("officer", Role.OFFICER).get(f"/awards/{row.id}").content)
    assert "3.00" in text_of(person("auditor", Role.AUDITOR).get("/awards").content)
    assert person("clerk", Role.CENTRE).get(f"/awards/{row.id}").status_code == 403


@pytest.mark.parametrize("path", ["/redemptions", "/awards", "/reserve", "/payment-run"])
def test_given_out_as_a_file(closed, path) -> None:
    redemption()
    auditor = person("auditor", Role.AUDITOR)
    assert auditor.get(f"{path}?form=csv").content.startswith("\ufeff".encode())
    assert auditor.get(f"{path}?form=xlsx").content.startswith(b"PK")
    assert auditor.get(f"{path}?form=exe").status_code == 404


def test_the_run_costs_the_same_for_one_and_for_many(closed) -> None:
    claim(closed, 1)
    officer = person("officer", Role.OFFICER)
    counts = []
    officer.get("/payment-run")
    for more in (6, 0):
        with CaptureQueriesContext(connection) as caught:
            officer.get("/payment-run")
        counts.append(len(caught))
        for number in range(1, more + 1):
            Statement.objects.create(
                id=uuid4(), programme=PROGRAMME, centre_id=CENTRE, first=date(2023, number, 1),
                end=date(2023, number + 1, 1), state="CLOSED", opened_at=clock.now(),
            )  # fmt: skip
    assert counts[0] == counts[1] <= 15
