"""Watching a job on pages: the end of its output, escaped and bounded; all of it as a file; its cost by the clock."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from jiaozi.kernel import clock
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.ports import JobState, UnableToFindJob, UnableToReachEngine
from jiaozi.order.rules.printed import TAIL_BYTES
from jiaozi.order.services import engines
from jiaozi.party.rules import Actor, Role
from jiaozi.voucher.models import Voucher
from tests import fake_engine
from tests.fake_engine import Sitting
from tests.web.people import member, signed_in
from tests.web.test_ordering import fields, holder, placing, voucher
from tests.web.test_pages import text_of

__all__ = ["holder", "voucher"]
pytestmark = pytest.mark.django_db
PART = {"HX-Request": "true"}


class Printing(Sitting):
    """An engine whose jobs have printed something, or that does not answer."""

    def __init__(self) -> None:
        super().__init__()
        self.printed: bytes | Exception = b""
        self.asked: list[int] = []

    def logs(self, order_id: UUID, tail_bytes: int) -> bytes:
        self.asked.append(tail_bytes)
        if isinstance(self.printed, Exception):
            raise self.printed
        return self.printed[-tail_bytes:]


@pytest.fixture
def engine(monkeypatch, settings):
    made = Printing()
    monkeypatch.setattr(fake_engine, "ENGINE", made)
    settings.JIAOZI_ENGINES = {"process": "tests.fake_engine"}
    engines._engine.cache_clear()
    yield made
    engines._engine.cache_clear()


def running(holder, voucher, engine, **more: str) -> Order:
    """An order of one hour that has run for twenty minutes."""
    holder.post(f"/vouchers/{voucher.id}/order", placing(holder, voucher, **more))
    row = Order.objects.get(title="试算")
    started = clock.now() - timedelta(minutes=20)
    order.submit(order_id=row.id, now=started)
    engine.put(row.id, JobState.RUNNING, started)
    order.watch_all(now=clock.now())
    row.refresh_from_db()
    return row


def test_the_end_of_the_output_is_shown_escaped_and_bounded(holder, voucher, engine) -> None:
    row = running(holder, voucher, engine)
    engine.printed = b"x" * 100_000 + b"\n<script>alert(1)</script>\x1b[31m\xe5\xa5\xbd\xff\n"
    answer = holder.get(f"/orders/{row.id}/log", headers=PART)
    page = answer.content.decode()
    assert engine.asked == [TAIL_BYTES]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;好\ufffd" in page
    assert "xxx" not in page
    assert ("every 3s" in page, answer["Cache-Control"]) == (True, "no-store")
    Order.objects.filter(id=row.id).update(state="CAPTURED")
    assert "every 3s" not in holder.get(f"/orders/{row.id}/log", headers=PART).content.decode()


def test_the_cost_so_far_stands_against_the_hold_as_an_estimate(holder, voucher, engine) -> None:
    row = running(holder, voucher, engine)
    answer = holder.get(f"/orders/{row.id}")
    meter = answer.context["meter"]
    assert meter.spent_fen + meter.left_fen == row.most_fen
    assert 0 < meter.spent_fen < row.most_fen
    words = text_of(answer.content)
    assert "估算" in words
    assert "以计量为准" in words
    holder.cookies["django_language"] = "en"
    assert "until it is metered" in text_of(holder.get(f"/orders/{row.id}").content)


def test_all_of_the_output_is_a_file_and_never_a_page(holder, voucher, engine) -> None:
    row = running(holder, voucher, engine)
    engine.printed = b"<html>\x00\xff"
    answer = holder.get(f"/orders/{row.id}/output")
    assert (answer.content, answer["Content-Type"]) == (b"<html>\x00\xff", "application/octet-stream")
    assert answer["Content-Disposition"] == f'attachment; filename="{row.number}-output.txt"'
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (UnableToFindJob("UNKNOWN", "没有该作业", "no such job"), "没有保留"),
        (UnableToReachEngine("DOWN", "算力中心没有应答", "no answer"), "没有应答"),
    ],
)
def test_an_engine_that_gives_nothing_is_said_in_a_sentence(holder, voucher, engine, fault, told) -> None:
    row = running(holder, voucher, engine)
    engine.printed = fault
    assert told in text_of(holder.get(f"/orders/{row.id}/log", headers=PART).content)
    assert told in text_of(holder.get(f"/orders/{row.id}/output", follow=True).content)


def test_others_read_no_output_and_a_sessions_is_its_holders_alone(holder, voucher, engine, present) -> None:
    row = running(holder, voucher, engine, kind="JUPYTERLAB")
    engine.printed = b"secret"
    assert "secret" in holder.get(f"/orders/{row.id}/log").content.decode()
    operator = signed_in(member("runner", Role.OPERATOR, present))
    elsewhere = signed_in(member("elsewhere", Role.CENTRE, present, centre="chengdu-aicc"))
    for who in (operator, elsewhere):
        for name in ("log", "output"):
            answer = who.get(f"/orders/{row.id}/{name}", follow=True)
            assert b"secret" not in answer.content
    assert elsewhere.get(f"/orders/{row.id}/output").status_code == 302
    assert "下载全部输出" not in text_of(operator.get(f"/orders/{row.id}").content)


def test_an_old_order_runs_again_from_a_form_that_is_filled_in(holder, voucher, engine) -> None:
    old = running(holder, voucher, engine, script="echo $HOME\ntrue", tier="CITY", budget="5000", deadline="2099-01-01")
    assert "再次提交" in text_of(holder.get(f"/orders/{old.id}").content)
    answer = holder.get(f"/orders/{old.id}/again", follow=True)
    words = answer.context["job"]
    assert (words["title"], words["units"], words["minutes"], words["memory_mib"]) == ("试算", "2", "60", "256")
    assert (words["script"], words["tier"], words["deadline"]) == ("echo $HOME\ntrue", "CITY", "")
    shown = fields(answer.content)
    sent = {name: value for name, value in words.items() if value} | shown
    assert holder.post(f"/vouchers/{voucher.id}/order", sent).status_code == 302
    new = Order.objects.filter(title="试算").exclude(id=old.id).get()
    assert (new.state, new.files, new.most_fen, new.centre_id) == ("HELD", old.files, old.most_fen, old.centre_id)
    assert new.wishes == {name: value for name, value in old.wishes.items() if name != "deadline"}


def test_another_holders_order_is_not_run_again(holder, voucher, engine, present) -> None:
    row = running(holder, voucher, engine)
    other = Voucher.objects.exclude(holder_id=voucher.holder_id).filter(state="ACTIVE").first()
    stranger = signed_in(member("stranger", Role.APPLICANT, present, organisation=other.holder_id))
    assert stranger.get(f"/orders/{row.id}/again").status_code == 403
    assert stranger.get(f"/vouchers/{other.id}/order?again={row.id}").status_code == 403


def test_an_order_is_quoted_again_with_all_that_it_had(holder, voucher, engine) -> None:
    row = running(holder, voucher, engine)
    Order.objects.filter(id=row.id).update(command=["python3", "train.py", "a b"], files={"train.py": "true"})
    by = Actor("person:tester", Role.APPLICANT, organisation=voucher.holder_id)
    new = order.again(order_id=row.id, by=by, now=clock.now())
    assert (new.state, new.command, new.files) == ("QUOTED", ["python3", "train.py", "a b"], {"train.py": "true"})
    page = holder.get(f"/orders/{row.id}/again", follow=True)
    assert page.context["job"]["script"] == "python3 train.py 'a b'"
    assert "须通过接口提交" in text_of(page.content)
