"""Spending limits on pages: an administrator sets, changes and removes one; the member sees what is left."""

from __future__ import annotations

import html
import re
from importlib import import_module

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jiaozi.journal.models import JournalLine
from jiaozi.order.models import Order, SpendingLimit
from jiaozi.party.models import Membership
from jiaozi.party.rules import Role
from tests.web.people import member, signed_in
from tests.web.test_ordering import JOB, holder, placing, voucher
from tests.web.test_pages import text_of

__all__ = ["holder", "voucher"]
pytestmark = pytest.mark.django_db
STATEMENTS_MAX = 15


@pytest.fixture
def chief(voucher, present):
    return signed_in(member("chief", Role.APPLICANT, present, organisation=voucher.holder_id, administrator=True))


@pytest.fixture
def path(holder) -> str:
    row = Membership.objects.get(person__details__name="spender")
    return f"/members/{row.id}/limit"


def words(client, path="/members") -> str:
    with CaptureQueriesContext(connection) as caught:
        answer = client.get(path)
    assert len(caught) <= STATEMENTS_MAX
    return text_of(answer.content)


def test_a_limit_is_set_shown_changed_and_removed(chief, holder, voucher, path) -> None:
    assert "设置限额" in words(chief, path)
    assert chief.post(path, {"per": "MONTH", "limit_fen": "0.05"}).status_code == 302
    assert "每月 0.05 已用 0.00 · 还剩 0.05" in words(chief)
    assert "每月 0.05" in words(holder)
    assert "我的本月限额 0.05元 我还可用 0.05元" in words(holder, f"/vouchers/{voucher.id}/order")
    sent = placing(holder, voucher, minutes="1")
    placed = holder.post(f"/vouchers/{voucher.id}/order", sent, follow=True)
    assert "下单人 spender" in text_of(placed.content)
    assert Order.objects.get(title="试算").state == "HELD"
    assert "已用 0.01 · 还剩 0.04" in words(chief)
    assert chief.post(path, {"per": "TOTAL", "limit_fen": "1万"}).status_code == 302
    assert "累计 10,000.00" in words(chief)
    assert chief.post(f"{path}/remove").status_code == 302
    assert "不限" in words(holder)
    assert list(SpendingLimit.objects.order_by("id").values_list("limit_fen", flat=True)) == [5, 1_000_000]
    verbs = JournalLine.objects.filter(verb__in=["set_limit", "remove_limit"]).order_by("id")
    assert list(verbs.values_list("verb", flat=True)) == ["set_limit", "set_limit", "remove_limit"]


def test_an_order_past_the_limit_is_marked_before_and_refused_with_what_is_left(chief, holder, voucher, path) -> None:
    chief.post(path, {"per": "MONTH", "limit_fen": "0.10"})
    big = {"units": "4", "minutes": "600"}
    seen = holder.post(f"/vouchers/{voucher.id}/order", JOB | big, headers={"HX-Request": "true"})
    assert "超出您的支出限额，还可用 0.10" in text_of(seen.content)
    answer = holder.post(f"/vouchers/{voucher.id}/order", placing(holder, voucher, **big), follow=True)
    told = text_of(answer.content)
    assert "超出下单成员的本月支出限额0.10元：已冻结和核销0.00元，还剩0.10元" in told
    english = signed_in(Membership.objects.get(person__details__name="spender").person_id, "en")
    row = Order.objects.get(title="试算")
    assert "0.10 is left" in text_of(english.get(f"/orders/{row.id}").content)
    assert row.state == "REFUSED"


def test_only_another_administrator_may(chief, holder, path, voucher, present) -> None:
    own = Membership.objects.get(person__details__name="chief")
    assert chief.get(f"/members/{own.id}/limit").status_code == 403
    assert holder.get(path).status_code == 403
    assert holder.post(path, {"per": "MONTH", "limit_fen": "1"}).status_code == 403
    assert holder.post(f"{path}/remove").status_code == 403
    assert "设置" not in words(holder)
    assert not SpendingLimit.objects.exists()


def test_members_past_the_first_page_have_their_limits_too(chief, holder, path, monkeypatch) -> None:
    monkeypatch.setattr(import_module("jiaozi.web.views.members"), "ROWS", 1)
    chief.post(path, {"per": "TOTAL", "limit_fen": "7"})
    seen = [text_of(chief.get("/members").content)]
    address = "/members"
    while following := re.search(r'rel="next" href="([^"]+)"', chief.get(address).content.decode()):
        address = f"/members{html.unescape(following[1])}"
        seen.append(words(chief, address))
    assert (
        len(seen)
        == Membership.objects.filter(
            organisation=Membership.objects.get(person__details__name="chief").organisation
        ).count()
    )
    assert sum("累计 7.00" in each for each in seen) == 1


@pytest.mark.parametrize("typed", ["", "-1", "viele", "0.001", "1" * 29])
def test_an_amount_that_is_none_is_named(chief, path, typed) -> None:
    answer = chief.post(path, {"per": "MONTH", "limit_fen": typed})
    assert answer.status_code == 422
    assert 'id="id_limit_fen_error"' in answer.content.decode()
    assert not SpendingLimit.objects.exists()
