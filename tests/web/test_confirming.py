"""A centre's person confirms usage on a page: lines with filters, all at once or one, objections with a reason."""

from __future__ import annotations

import pytest

from jiaozi.kernel import clock
from jiaozi.party.rules import Role
from jiaozi.settlement import queries
from tests.web.people import member, signed_in
from tests.web.test_pages import text_of
from tests.web.test_statements import closed, person

__all__ = ["closed"]
pytestmark = pytest.mark.django_db


def test_all_is_confirmed_but_what_is_objected_to(closed) -> None:
    clerk, there = person("clerk", Role.CENTRE), f"/statements/{closed.id}/usage"
    page = text_of(clerk.get(there).content)
    assert "确认即申报" in page
    assert f"确认全部 {closed.captures} 行" in page
    line = queries.lines(closed.id)[0]
    given = {"capture": line.capture_id, "amount": "0.01", "words": "本中心账册为0.01元", "show": "none"}
    answer = clerk.post(f"{there}/object", given, follow=True)
    assert answer.redirect_chain[0][0].endswith("/usage?show=none")
    assert "异议已记入" in text_of(answer.content)
    assert "已确认" in text_of(clerk.post(f"{there}/confirm", follow=True).content)
    closed.refresh_from_db()
    assert closed.claim_total_fen == closed.total_fen - line.amount_fen + 1
    objected = text_of(clerk.get(f"{there}?show=objected").content)
    assert "本中心账册为0.01元" in objected
    assert line.capture.order.number in objected
    confirmed = text_of(clerk.get(f"{there}?show=confirmed").content)
    assert line.capture.order.number not in confirmed
    found = text_of(clerk.get(f"{there}?q={line.capture.order.number}").content)
    assert line.capture.order.number in found
    officer = text_of(person("officer", Role.OFFICER).get(f"/statements/{closed.id}").content)
    assert "逐行确认平台计量" in officer
    clerk.post(f"{there}/confirm-line", {"capture": line.capture_id})
    closed.refresh_from_db()
    assert closed.claim_total_fen == closed.total_fen


def test_what_is_wrong_is_said_and_keeps_nothing(closed) -> None:
    clerk, there = person("clerk", Role.CENTRE), f"/statements/{closed.id}/usage"
    line = queries.lines(closed.id)[0]
    for given, said in (
        ({"capture": "x"}, "请指明哪一行"),
        ({"capture": line.capture_id, "amount": "many", "words": "少计"}, "金额须以元写"),
        ({"capture": line.capture_id, "amount": "0.01", "words": ""}, "请填写"),
    ):
        assert said in text_of(clerk.post(f"{there}/object", given, follow=True).content)
    closed.refresh_from_db()
    assert closed.claim_number == 0
    assert clerk.post(f"{there}/fly").status_code == 404


def test_others_read_and_do_not_answer(closed) -> None:
    there = f"/statements/{closed.id}/usage"
    auditor = signed_in(member("auditor", Role.AUDITOR, clock.now()), "en")
    page = text_of(auditor.get(there).content)
    assert "Not confirmed" in page
    assert "Confirm all" not in page
    assert person("officer", Role.OFFICER).post(f"{there}/confirm").status_code == 403
    rival = person("rival", Role.CENTRE, centre="chengdu-aicc")
    assert rival.get(there).status_code == 403
    rival.post(f"{there}/confirm")
    closed.refresh_from_db()
    assert closed.claim_number == 0
