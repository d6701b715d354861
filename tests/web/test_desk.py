"""The review desk on pages: filters stay in the address, a batch's effect is seen first, a double click is one act."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jiaozi.application.models import Application
from jiaozi.party.rules import Role
from jiaozi.voucher.models import Voucher
from tests.web.people import member, signed_in
from tests.web.test_pages import text_of
from tests.world import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(present):
    return build(present, budget="20万")


@pytest.fixture
def officer(world, present):
    return signed_in(member("officer", Role.OFFICER, present))


def noticed(world, number, cost="30万"):
    return world.to_notice(world.apply(world.holder(f"第{number}家", serial=number), cost))


def ask(ids):
    return "&".join(f"id={id_}" for id_ in ids)


def send(client, ids, key, **more):
    return client.post("/applications/batch", {"id": [str(id_) for id_ in ids], "key": key} | more)


def test_the_effect_stands_before_the_button(world, officer) -> None:
    ids = [noticed(world, number) for number in (1, 2, 3)]
    fen = Application.objects.get(id=ids[0]).amount_fen
    words = text_of(officer.get(f"/applications/batch?{ask(ids)}").content)
    most = 20_000_000 // fen
    assert f"批准 {min(3, most)} 件" in words
    assert "年度预算" in words
    assert not Voucher.objects.exists()


def test_approved_in_one_act_and_a_second_click_changes_nothing(world, officer) -> None:
    ids = [noticed(world, 1), noticed(world, 2, "2万")]
    page = officer.get(f"/applications/batch?{ask(ids)}").content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page)[1]
    first = send(officer, ids, key, reason="公示无异议", **{f"reason-{ids[1]}": "单独"})
    again = send(officer, ids, key, reason="公示无异议", **{f"reason-{ids[1]}": "单独"})
    assert (first.status_code, again.status_code) == (200, 200)
    number = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}</span>")
    assert number.search(first.content.decode())[0] == number.search(again.content.decode())[0]
    assert Voucher.objects.count() == 2
    assert {row.reasons[-1]["label"]["zh"] for row in Application.objects.all()} == {"公示无异议", "单独"}


def test_without_a_reason_nothing_is_done_and_the_page_says_so(world, officer) -> None:
    answer = send(officer, [noticed(world, 1)], "k1", reason=" ")
    assert answer.status_code == 422
    assert "须写明批准理由" in text_of(answer.content)
    assert not Voucher.objects.exists()


def test_filters_stay_in_the_address(world, officer) -> None:
    noticed(world, 1)
    world.apply(world.holder("未公示", serial=9))
    over = text_of(officer.get("/applications?state=PUBLIC_NOTICE&notice=over&clause=general").content)
    assert "第1家" in over
    assert "未公示" not in over
    none = text_of(officer.get("/applications?clause=maker&state=REJECTED").content)
    assert "没有符合筛选条件的申领" in none
    assert officer.get("/applications?after=nonsense").status_code == 404


def test_pages_follow_one_another_without_loss(world, officer, monkeypatch) -> None:
    monkeypatch.setattr("jiaozi.web.views.desk.ROWS", 2)
    for number in range(1, 6):
        world.apply(world.holder(f"甲{number}", serial=number))
    seen, path = [], "/applications?state=SUBMITTED"
    while path:
        page = officer.get(path).content.decode()
        seen += re.findall(r"甲\d", page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = "/applications" + found[1].replace("&amp;", "&") if found else ""
    assert sorted(set(seen)) == [f"甲{number}" for number in range(1, 6)]


def test_the_batch_page_costs_the_same_for_one_and_for_many(world, officer) -> None:
    ids = [noticed(world, number) for number in range(1, 9)]
    officer.get(f"/applications/batch?{ask(ids)}")
    counts = []
    for some in (ids[:1], ids):
        with CaptureQueriesContext(connection) as caught:
            officer.get(f"/applications/batch?{ask(some)}")
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 15


def test_the_way_back_keeps_the_filters(world, officer) -> None:
    id_ = noticed(world, 1)
    page = officer.get(f"/applications/batch?id={id_}&state=PUBLIC_NOTICE&clause=general").content.decode()
    assert "/applications?state=PUBLIC_NOTICE&amp;clause=general" in page


def test_an_empty_batch_says_what_to_do(world, officer) -> None:
    assert "还没有选择申领" in text_of(officer.get("/applications/batch").content)
