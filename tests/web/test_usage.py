"""Usage on pages: what stands still says why, each role decides what is its own, a file is taken in once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jiaozi.kernel import clock
from jiaozi.metering import services as metering
from jiaozi.metering.models import Ruling, UsageDispute, UsageRow, UsageSamples
from jiaozi.metering.rules import RulingVerb
from jiaozi.metering.rules.ruling import offered
from jiaozi.order.models import Order
from jiaozi.order.ports import JobOutcome, UsageRecord
from jiaozi.party.rules import Role
from tests.web.people import member, signed_in
from tests.web.test_pages import text_of
from tests.world import CENTRE, CENTRE_CLERK, OFFICER, OPERATOR

pytestmark = pytest.mark.django_db
HEAD = "record_id,order_id,account,resource_class,units,started_at,ended_at,elapsed_s,outcome"


def record(order: Order, name: str, now, **other) -> UsageRecord:
    said = UsageRecord(
        record_id=name,
        order_id=order.id,
        resource_class=order.resource_class_id,
        units=order.units,
        started_at=order.started_at,
        ended_at=order.started_at + timedelta(seconds=60),
        elapsed_ms=60_000,
        outcome=JobOutcome.SUCCEEDED,
    )
    return replace(said, **other)


@pytest.fixture
def standing(present, sample_year):
    """A late record, one of another resource, and a dispute."""
    done = Order.objects.filter(state="CAPTURED").order_by("id").first()
    runs = Order.objects.filter(state="RUNNING").first()
    first = UsageRow.objects.get(order=done)
    records = [
        record(done, "late-1", present),
        record(runs, "odd-1", present, resource_class="gpu-odd"),
        record(done, first.record_id, present, elapsed_ms=first.elapsed_ms + 1000),
    ]
    metering.receive(centre=CENTRE, records=records, source="push", now=present - timedelta(hours=5))
    return {
        "late": UsageRow.objects.get(record_id="late-1"),
        "odd": UsageRow.objects.get(record_id="odd-1"),
        "dispute": UsageDispute.objects.get(),
        "running": runs,
    }


def person(name: str, role: Role, **place: object):
    return signed_in(member(name, role, clock.now(), **place))


def words(client, path: str) -> str:
    return text_of(client.get(path).content)


def test_a_centre_sees_its_own_with_why_and_since_when(standing) -> None:
    clerk, rival = person("clerk", Role.CENTRE), person("rival", Role.CENTRE, centre="chengdu-aicc")
    page = words(clerk, "/usage")
    assert standing["late"].reason_zh in page
    assert "5小时前" in page
    assert "没有暂扣的用量" in words(rival, "/usage")
    assert "没有待裁定的争议" in words(rival, "/usage?show=disputes")
    for path in (f"/usage/records/{standing['late'].id}", f"/usage/disputes/{standing['dispute'].id}"):
        assert clerk.get(path).status_code == 200
        assert rival.get(path).status_code == 403
    assert rival.get(f"/usage?centre={CENTRE}").status_code == 403
    assert person("officer", Role.OFFICER).get(f"/usage?centre={CENTRE}").status_code == 200


@pytest.mark.parametrize("show", ["held", "disputes", "orders", "seen", "nonsense"])
def test_every_list_of_every_reader(standing, show) -> None:
    for role in (Role.OFFICER, Role.CENTRE, Role.AUDITOR):
        client = person(role.value.lower(), role)
        with CaptureQueriesContext(connection) as caught:
            answer = client.get(f"/usage?show={show}&centre={CENTRE}")
        assert (answer.status_code, len(caught) <= 15) == (200, True)
    assert person("finance", Role.FINANCE).get(f"/usage?show={show}").status_code == 200


def test_one_click_rates_again_and_says_that_it_is_held_back_still(standing) -> None:
    clerk = person("clerk", Role.CENTRE)
    path = f"/usage/records/{standing['odd'].id}/retry"
    answer = clerk.post(path, {"words": "核对无误", "show": "held"}, follow=True)
    assert "已办理，仍暂扣" in text_of(answer.content)
    assert Ruling.objects.get().verb == "RETRY"
    assert answer.redirect_chain[-1][0] == "/usage?show=held"
    refused = clerk.post(f"/usage/records/{standing['late'].id}/charge-late", {"words": "x"}, follow=True)
    assert "须由OFFICER办理" in text_of(refused.content)
    rival = person("rival", Role.CENTRE, centre="chengdu-aicc")
    rival.post(path, {"words": "x", "show": "held"})
    assert Ruling.objects.count() == 1
    assert person("auditor", Role.AUDITOR).post(path, {"words": "x"}).status_code == 403


def test_an_officer_charges_late_and_a_centre_waives(standing) -> None:
    officer, clerk = person("officer", Role.OFFICER), person("clerk", Role.CENTRE)
    assert "补计" in words(officer, f"/usage/records/{standing['late'].id}")
    officer.post(f"/usage/records/{standing['late'].id}/charge-late", {"words": "中心迟报"})
    standing["late"].refresh_from_db()
    assert standing["late"].state != "HELD_BACK"
    empty = clerk.post(f"/usage/records/{standing['odd'].id}/waive", {"words": " "}, follow=True)
    assert "须填写" in text_of(empty.content)
    clerk.post(f"/usage/records/{standing['odd'].id}/waive", {"words": "本中心误报"})
    standing["odd"].refresh_from_db()
    assert standing["odd"].state == "WAIVED"
    assert "本中心误报" in words(clerk, f"/usage/records/{standing['odd'].id}")


def test_a_dispute_shows_both_and_is_an_officers_to_resolve(standing) -> None:
    row = standing["dispute"]
    clerk, officer = person("clerk", Role.CENTRE), person("officer", Role.OFFICER)
    assert "由项目经办裁定" in words(clerk, f"/usage/disputes/{row.id}")
    assert "≠ 运行时长" in words(officer, f"/usage/disputes/{row.id}")
    answer = officer.post(f"/usage/disputes/{row.id}/old", {"words": "以首次为准"}, follow=True)
    row.refresh_from_db()
    assert row.resolved_at is not None
    assert "以首次为准" in text_of(answer.content)
    assert officer.post(f"/usage/disputes/{row.id}/third", {"words": "x"}).status_code == 404


def test_what_is_offered_is_what_the_rules_allow() -> None:
    late = {"centre": CENTRE, "state": "HELD_BACK", "code": "LATE", "by_voucher": False}
    assert offered(CENTRE_CLERK, **late) == (RulingVerb.RETRY, RulingVerb.WAIVE)
    assert offered(OFFICER, **late) == (RulingVerb.RETRY, RulingVerb.CHARGE_LATE, RulingVerb.WAIVE)
    assert offered(OPERATOR, **late) == (RulingVerb.RETRY,)
    assert offered(CENTRE_CLERK, **late | {"by_voucher": True}) == (RulingVerb.WAIVE,)
    assert offered(OFFICER, **late | {"code": "SECOND_RECORD"})[1] is RulingVerb.ACCEPT
    assert offered(OFFICER, **late | {"state": "WAIVED"}) == ()
    assert offered(CENTRE_CLERK, **late | {"centre": "chengdu-aicc"}) == ()


def csv(order: Order, name: str = "file-1", wrong: str = "") -> str:
    start, end = order.started_at, order.started_at + timedelta(seconds=60)
    ran = f"{start.isoformat()},{end.isoformat()},60,SUCCEEDED"
    line = f"{name},{order.id},,{order.resource_class_id},{order.units},{ran}"
    lost = f"file-2,,someone,{order.resource_class_id},1,{ran}"
    return "\n".join([HEAD, line, lost, *([wrong] if wrong else [])]) + "\n"


def handed_in(client, text: str, key: str, **more):
    file = SimpleUploadedFile("usage.csv", text.encode())
    return client.post("/usage/import", {"form": "csv", "encoding": "utf-8", "key": key, "file": file, **more})


def test_a_file_is_taken_in_once_and_each_line_has_its_fate(standing) -> None:
    clerk, key = person("clerk", Role.CENTRE), str(uuid4())
    first = text_of(handed_in(clerk, csv(standing["running"]), key).content)
    assert "已导入" in first
    assert "file-2" in first
    assert UsageRow.objects.filter(record_id__endswith="file-1").count() == 1
    assert text_of(handed_in(clerk, csv(standing["running"]), key).content) == first
    again = text_of(handed_in(clerk, csv(standing["running"]), str(uuid4())).content)
    assert "重复，不再计 2" in " ".join(again.split())
    other = handed_in(clerk, csv(standing["running"], name="file-9"), key)
    assert other.status_code == 422
    assert not UsageRow.objects.filter(record_id__endswith="file-9").exists()


def test_wrong_lines_are_named_and_nothing_is_stored_unless_asked_for(standing) -> None:
    clerk, text = person("clerk", Role.CENTRE), csv(standing["running"], wrong="bad,line")
    before = UsageRow.objects.count()
    refused = handed_in(clerk, text, str(uuid4()))
    assert (refused.status_code, UsageRow.objects.count()) == (422, before)
    assert "第4行" in text_of(refused.content)
    taken = handed_in(clerk, text, str(uuid4()), skip_bad="on")
    assert "第4行" in text_of(taken.content)
    assert UsageRow.objects.count() == before + 2
    assert handed_in(clerk, "", str(uuid4())).status_code == 422
    assert "gpu-a = gpu-a100" in text_of(handed_in(clerk, text, str(uuid4()), classes="gpu-a").content)
    assert handed_in(clerk, text, str(uuid4()), centre="chengdu-aicc").status_code == 403
    assert person("officer", Role.OFFICER).get("/usage/import").status_code == 403


def test_samples_are_taken_in_by_the_same_form(standing) -> None:
    clerk = person("clerk", Role.CENTRE)
    at = (clock.now() - timedelta(hours=1)).isoformat()
    text = f"sampled_at,reference,metric,device,value\n{at},file-1,gpu_percent,0,50\n"
    answer = handed_in(clerk, text, str(uuid4()), form="samples")
    assert answer.status_code == 200, text_of(answer.content)
    assert UsageSamples.objects.count() == 1


def test_lists_are_paged(standing) -> None:
    running, at = standing["running"], clock.now()
    records = [record(running, f"many-{n}", at, resource_class="gpu-odd") for n in range(60)]
    metering.receive(centre=CENTRE, records=records, source="push", now=at)
    clerk = person("clerk", Role.CENTRE)
    first = clerk.get("/usage")
    assert first.content.decode().count("many-") >= 50
    rest = clerk.get(f"/usage?{first.context['next']}").content.decode()
    assert "late-1" in rest
