"""Statements on pages: three ways side by side, what differs named, and two people to pay."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from jiaozi.catalogue import queries as catalogue
from jiaozi.kernel import clock
from jiaozi.kernel.fen import in_words, yuan
from jiaozi.kernel.period import Period
from jiaozi.order.rules import State as OrderState
from jiaozi.party.rules import Role
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import Statement
from jiaozi.voucher.models import Voucher
from tests.web.people import member, signed_in
from tests.web.sample_year import Job, run
from tests.web.test_pages import text_of
from tests.world import CENTRE, CENTRE_CLERK, OPERATOR, PROGRAMME

pytestmark = pytest.mark.django_db


def test_what_no_statement_has_yet_stands_by_its_centre_s_name(sample_year) -> None:
    words = text_of(person("auditor", Role.AUDITOR).get("/statements").content)
    (waiting,) = queries.waiting(programme=PROGRAMME)
    name = catalogue.centre(waiting.centre).name_zh
    assert f"{name} {waiting.captures} 笔" in words
    assert waiting.centre not in words


@pytest.fixture
def closed(present, sample_year, monkeypatch) -> Statement:
    """May's statement, closed on the first of June."""
    later = present + timedelta(days=20)
    monkeypatch.setattr(clock, "now", lambda: later)
    period = Period(date(2024, 5, 1), date(2024, 6, 1))
    return settlement.close_statement(programme=PROGRAMME, centre=CENTRE, period=period, by=OPERATOR, now=later)


def claimed(row: Statement, off_fen: int = 0) -> None:
    lines = {str(line.capture.order_id): line.amount_fen + off_fen for line in queries.lines(row.id)}
    settlement.claim(statement_id=row.id, lines=lines, by=CENTRE_CLERK, now=clock.now())


def person(name: str, role: Role, **place: object):
    return signed_in(member(name, role, clock.now(), **place))


def step(client, row: Statement, verb: str, **words: str) -> str:
    answer = client.post(f"/statements/{row.id}/steps/{verb}", words, follow=True)
    row.refresh_from_db()
    return text_of(answer.content)


def test_a_fen_too_much_is_named_and_blocks(closed) -> None:
    claimed(closed, off_fen=1)
    words = step(person("operator", Role.OPERATOR), closed, "match")
    assert closed.state == "CLOSED"
    assert f"{closed.captures} 行不平，不能支付" in words


def test_matched_approved_and_paid_by_two(closed) -> None:
    claimed(closed)
    approver, payer = person("approver", Role.FINANCE), person("payer", Role.FINANCE)
    words = step(person("operator", Role.OPERATOR), closed, "match")
    assert closed.state == "MATCHED"
    assert in_words(closed.total_fen) in words
    step(approver, closed, "approve")
    refused = step(approver, closed, "pay", words="银行流水7")
    assert closed.state == "APPROVED"
    assert "已办理" not in refused
    words = step(payer, closed, "pay", words="银行流水7")
    assert (closed.state, closed.bank_reference) == ("PAID", "银行流水7")
    assert yuan(closed.total_fen) in words


def test_a_centre_sees_its_own_and_no_reserve(closed) -> None:
    own, other = person("clerk", Role.CENTRE), person("rival", Role.CENTRE, centre="chengdu-aicc")
    assert str(closed.id) in own.get("/statements").content.decode()
    assert "备用金" not in text_of(own.get("/statements").content)
    assert str(closed.id) not in other.get("/statements").content.decode()
    assert other.get(f"/statements/{closed.id}").status_code == 403


def test_a_centre_sees_what_is_paid_next_and_claims_by_a_file_once(closed) -> None:
    own, other = person("clerk", Role.CENTRE), person("rival", Role.CENTRE, centre="chengdu-aicc")
    words = text_of(own.get("/statements").content)
    assert "下一笔应付" in words
    assert yuan(closed.total_fen) in words
    assert "未公布" in words
    rows = [f"{line.capture.order_id},{line.amount_fen}" for line in queries.lines(closed.id)]

    def claim(client, text: str, key: str) -> str:
        file = SimpleUploadedFile("claim.csv", text.encode())
        path = f"/statements/{closed.id}/claim"
        return text_of(client.post(path, {"key": key, "file": file}, follow=True).content)

    good, key = "reference,amount_fen\n" + "\n".join(rows), str(uuid4())
    assert "第2行" in claim(own, "reference,amount_fen\nx,1.5\n", str(uuid4()))
    claim(other, good, str(uuid4()))
    closed.refresh_from_db()
    assert closed.claim_number == 0
    for _ in range(2):
        assert "差额 0.00" in claim(own, good, key)
    closed.refresh_from_db()
    assert (closed.claim_number, closed.claim_total_fen) == (1, closed.total_fen)


@pytest.mark.parametrize(("form", "begins"), [("csv", "\ufeff".encode()), ("xlsx", b"PK"), ("nothing", None)])
def test_given_out_as_a_file(closed, form, begins) -> None:
    answer = person("auditor", Role.AUDITOR).get(f"/statements/{closed.id}/files/{form}")
    assert answer.status_code == (200 if begins else 404)
    if begins:
        assert answer.content
        assert answer.headers["Content-Disposition"].startswith("attachment")


def test_an_officer_closes_early_and_the_next_one_begins_today(present, sample_year) -> None:
    officer = person("officer", Role.OFFICER)
    page = officer.get("/statements").content.decode()
    assert 'name="first" type="date" required value="2024-05-06"' in page  # where April's ended
    given = {"centre": CENTRE, "first": "2024-05-06", "last": "2024-05-20"}
    for wrong in ({"first": "昨天"}, {"last": "2024-04-30"}, {"last": "9999-12-31"}):
        assert "起止日期须为日期" in text_of(officer.post("/statements/close", given | wrong, follow=True).content)
    assert "没有算力中心" in text_of(officer.post("/statements/close", given | {"centre": "x"}, follow=True).content)
    assert "已关账" in text_of(officer.post("/statements/close", given, follow=True).content)
    row = Statement.objects.get(centre=CENTRE, first=date(2024, 5, 6))
    assert (row.state, row.end) == ("CLOSED", date(2024, 5, 21))
    assert person("finance", Role.FINANCE).post("/statements/close", given).status_code == 403


def test_days_that_are_closed_are_neither_said_closed_again_nor_proposed(present, sample_year, monkeypatch) -> None:
    officer = person("officer", Role.OFFICER)
    given = {"centre": CENTRE, "first": "2024-05-06", "last": "2024-05-20"}
    officer.post("/statements/close", given, follow=True)
    row = Statement.objects.get(centre=CENTRE, first=date(2024, 5, 6))
    monkeypatch.setattr(clock, "now", lambda: present + timedelta(minutes=1))
    again = text_of(officer.post("/statements/close", given, follow=True).content)
    assert "2024-05-06至2024-05-20已经关账，本次未关账" in again
    assert "已关账，待算力中心确认或申报" not in again
    row.refresh_from_db()
    assert row.closed_at == present
    waits(sample_year, present)
    page = officer.get("/statements").content  # today isn't over: it is proposed once more, by itself
    assert b'name="first" type="date" required value="2024-05-20"' in page
    given = given | {"first": "2024-05-20"}
    assert "已关账，待算力中心确认或申报" in text_of(officer.post("/statements/close", given, follow=True).content)
    waits(sample_year, present)
    page = officer.get("/statements").content
    assert b'name="first"' not in page
    assert "今天已关账，明天起可再关账" in text_of(page)
    monkeypatch.setattr(clock, "now", lambda: present + timedelta(days=1))
    assert b'required value="2024-05-21"' in person("next", Role.OFFICER).get("/statements").content


def waits(world, present) -> None:
    """Let something be captured today that no statement has yet."""
    row = Voucher.objects.filter(state="ACTIVE").first()
    run(replace(world, now=present - timedelta(hours=2)), row, Job(0, "再算一次", 1, 600, OrderState.CAPTURED))
    assert queries.waiting(programme=PROGRAMME)


def test_days_to_come_and_days_out_of_any_calendar_are_refused(present, sample_year) -> None:
    officer = person("officer", Role.OFFICER)
    given = {"centre": CENTRE, "first": "2024-05-06", "last": "2024-05-20"}
    for wrong, words in (
        ({"last": "2024-05-21"}, "提前关账的止日最晚为今天（2024-05-20）"),
        ({"last": "2204-05-20"}, "提前关账的止日最晚为今天（2024-05-20）"),
        ({"first": "0001-01-01"}, "起止日期须在1900年至2999年之间"),
        ({"first": "0001-01-01", "last": "0001-01-01"}, "起止日期须在1900年至2999年之间"),
    ):
        assert words in text_of(officer.post("/statements/close", given | wrong, follow=True).content)
    assert not Statement.objects.filter(centre=CENTRE, end__gte=present.date()).exists()
