"""Spending a voucher on pages: quotes beside the job, the hold with one button, refusals in a sentence."""

from __future__ import annotations

import pytest

from jiaozi.order.models import Order
from jiaozi.party.rules import Role
from jiaozi.voucher.models import Voucher
from jiaozi.voucher.queries import purse
from tests.web.people import member, signed_in
from tests.web.sample_year import fill
from tests.web.test_pages import text_of

pytestmark = pytest.mark.django_db
JOB = {
    "title": "试算",
    "resource_class": "cpu-core",
    "units": "2",
    "memory_mib": "256",
    "minutes": "60",
    "script": "true",
}


@pytest.fixture
def voucher(present) -> Voucher:
    fill(present)
    rows = Voucher.objects.filter(state="ACTIVE").exclude(holder__holder_class="INTERMEDIARY").order_by("issued_at")
    return rows.first()


@pytest.fixture
def holder(voucher, present):
    return signed_in(member("spender", Role.APPLICANT, present, organisation=voucher.holder_id))


def test_quotes_stand_beside_the_job_and_hold_nothing(holder, voucher) -> None:
    before = purse(voucher.id).held_fen
    words = text_of(holder.post(f"/vouchers/{voucher.id}/order", JOB, headers={"HX-Request": "true"}).content)
    assert "最高费用 = 券抵扣 + 自付" in words
    assert "国家超算成都中心" in words
    assert (purse(voucher.id).held_fen, Order.objects.filter(title="试算").count()) == (before, 0)


def test_one_button_holds_and_leads_to_the_order(holder, voucher) -> None:
    before = purse(voucher.id).held_fen
    answer = holder.post(f"/vouchers/{voucher.id}/order", JOB | {"centre": "nscc-chengdu"}, follow=True)
    row = Order.objects.get(title="试算")
    assert (row.state, row.centre_id, row.files["job.sh"]) == ("HELD", "nscc-chengdu", "true")
    assert purse(voucher.id).held_fen == before + row.voucher_hold_fen
    words = text_of(answer.content)
    assert "取消订单" in words
    holder.post(f"/orders/{row.id}/cancel")
    row.refresh_from_db()
    assert (row.state, purse(voucher.id).held_fen) == ("CANCELLED", before)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"units": "很多"}, "数量（核或卡）须为大于零的整数"),
        ({"minutes": "0"}, "时限（分钟）须为大于零的整数"),
        ({"units": "999999999"}, "须在1到"),
        ({"title": " "}, "title"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_held(holder, voucher, typed, told) -> None:
    before = purse(voucher.id).held_fen
    answer = holder.post(f"/vouchers/{voucher.id}/order", JOB | {"centre": "nscc-chengdu"} | typed)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert purse(voucher.id).held_fen == before


def test_the_wallet_adds_up(holder, voucher) -> None:
    words = text_of(holder.get("/wallet").content)
    assert voucher.number in words
    assert "用券提交作业" in words
