"""An engine is not believed beyond the order: what does not look like it waits for an officer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import queries as ledger
from jiaozi.metering import queries
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, Ruling, UsageRow
from jiaozi.voucher.queries import purse
from tests.world import CENTRE, CENTRE_CLERK, OFFICER, OPERATOR

HOUR = timedelta(hours=1)


def doubtful(scene, **said):
    row = scene.started(units=2, seconds=7200)
    scene.engine().records.append(scene.record(row, **said))
    scene.end(row)
    scene.collect(now=scene.now)
    return row


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"units": 3}, "UNITS_EXCEED_ORDER"),
        ({"hours": -2}, "RUN_OUTSIDE_ORDER"),
        ({"hours": 5}, "RUN_OUTSIDE_ORDER"),
    ],
)
def test_run_that_is_not_what_was_ordered_is_held_back(scene, said, code):
    if "hours" in said:
        start = scene.now + said["hours"] * HOUR
        said = {"started_at": start, "ended_at": start + timedelta(seconds=30)}
    row = doubtful(scene, **said)
    (held,) = queries.held_back(CENTRE)
    assert held.reason_code == code
    row.refresh_from_db()
    assert (row.state, Capture.objects.count()) == ("ENDED", 0)
    done = metering.accept_usage(usage_id=held.id, reason="与中心核对过", by=OFFICER, now=scene.now)
    row.refresh_from_db()
    assert (done.state, row.state) == ("CAPTURED", "CAPTURED")
    assert Ruling.objects.get().reason == "与中心核对过"
    assert queries.audit() == ledger.audit() == []


def test_second_record_of_one_job_waits_until_somebody_decides(scene):
    row = scene.started(units=2, seconds=7200)
    scene.engine().records += [scene.record(row), scene.record(row, name="-again")]
    scene.end(row)
    assert scene.collect().captured == ()
    (held,) = queries.held_back(CENTRE)
    assert held.reason_code == "SECOND_RECORD"
    metering.waive_usage(usage_id=held.id, reason="同一次运行", by=OFFICER, now=scene.now)
    row.refresh_from_db()
    assert (row.state, UsageRow.objects.filter(state="CAPTURED").count()) == ("CAPTURED", 1)
    assert queries.audit() == ledger.audit() == []


def test_officer_may_count_both_records_but_never_past_the_hold(scene):
    row = scene.started(units=2, seconds=3600)
    hour = {"elapsed_ms": 3_600_000}
    scene.engine().records += [scene.record(row, **hour), scene.record(row, name="-requeued", **hour)]
    scene.end(row)
    scene.collect()
    (held,) = queries.held_back(CENTRE)
    metering.accept_usage(usage_id=held.id, reason="作业重排", by=OFFICER, now=scene.now + 2 * HOUR)
    row.refresh_from_db()
    assert (row.price_fen, row.price_fen + row.overrun_fen) == (row.most_fen, 60)
    assert queries.audit() == ledger.audit() == []


@pytest.mark.parametrize("by", [CENTRE_CLERK, OPERATOR])
def test_only_an_officer_overrules_a_doubt(scene, by):
    doubtful(scene, units=3)
    (held,) = queries.held_back(CENTRE)
    with pytest.raises(Refused) as refused:
        metering.accept_usage(usage_id=held.id, reason="可以", by=by, now=scene.now)
    assert refused.value.reason.code == "WRONG_ROLE"
    assert purse(scene.voucher.id).used_fen == 0


@pytest.mark.parametrize("said", [{"units": 0}, {"resource_class": "partition-x"}, {"units": 2**40}])
def test_what_can_not_be_charged_is_no_doubt(scene, said):
    doubtful(scene, **said)
    (held,) = queries.held_back(CENTRE)
    with pytest.raises(Refused) as refused:
        metering.accept_usage(usage_id=held.id, reason="可以", by=OFFICER, now=scene.now)
    assert refused.value.reason.code == "NOT_A_DOUBT"
