"""A record that can't be stored as it came is held back with its reason; it stops neither its page nor others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.catalogue.models import Centre
from jiaozi.ledger import queries as ledger
from jiaozi.metering import queries, rules
from jiaozi.metering import services as metering
from jiaozi.metering.models import UsageDispute, UsageRow
from jiaozi.metering.rules.bounds import QUANTITY_MAX, RECORD_ID_MAX, UNITS_MAX
from jiaozi.order.ports import JobOutcome, UsageRecord
from tests.world import CENTRE

ELSEWHERE = "chengdu-aicc"
NAIVE = datetime(2023, 6, 1, 2)
NEVER = datetime.max.replace(tzinfo=UTC)

POISON = [
    ({"units": 2**40}, "UNREADABLE"),
    ({"units": "4"}, "UNREADABLE"),
    ({"elapsed_ms": 2**64}, "UNREADABLE"),
    ({"cpu_ms": 2**64}, "UNREADABLE"),
    ({"cpu_ms": 10**5000}, "UNREADABLE"),
    ({"memory_peak_mib": -1}, "UNREADABLE"),
    ({"record_id": "x" * 201}, "UNREADABLE"),
    ({"record_id": "a\0b"}, "UNREADABLE"),
    ({"record_id": "\ud800"}, "UNREADABLE"),
    ({"record_id": ""}, "UNREADABLE"),
    ({"resource_class": "r" * 41}, "UNREADABLE"),
    ({"resource_class": "cpu\0core"}, "UNREADABLE"),
    ({"started_at": NAIVE}, "UNREADABLE"),
    ({"ended_at": NAIVE}, "UNREADABLE"),
    ({"ended_at": datetime.min.replace(tzinfo=UTC)}, "UNREADABLE"),
    ({"outcome": "EXPLODED"}, "UNREADABLE"),
    ({"order_id": "no id"}, "UNREADABLE"),
    ({"ended_at": datetime(2023, 5, 1, tzinfo=UTC)}, "TIMES_DISAGREE"),
    ({"ended_at": NEVER}, "RUN_OUTSIDE_ORDER"),
]


@pytest.mark.parametrize(("wrong", "code"), POISON)
def test_poison_is_kept_with_its_reason_and_its_neighbours_go_on(scene, wrong, code):
    bad, good = scene.started(), scene.started()
    engine = scene.engine()
    engine.records += [replace(scene.record(bad), **wrong), scene.record(good)]
    scene.end(bad), scene.end(good)
    assert scene.collect(now=scene.now).captured == (good.id,)
    (held,) = queries.held_back(CENTRE)
    assert held.reason_code == code
    assert held.reason_zh
    assert held.reason_en
    assert queries.cursor_of(CENTRE).endswith(".2"), "the cursor has moved past it"
    bad.refresh_from_db()
    assert bad.state == "ENDED"
    again = metering.receive(centre=CENTRE, records=engine.records, source="push", now=scene.now)
    assert (again.new, again.same, again.disputes) == (0, 2, 0), "the same poison again is the same record"
    assert queries.audit() == ledger.audit() == []


def test_poison_under_a_known_key_is_a_dispute_that_can_be_kept(scene):
    row = scene.started()
    record = scene.record(row)
    metering.receive(centre=CENTRE, records=[record], source="push", now=scene.now)
    found = metering.receive(centre=CENTRE, records=[replace(record, units=2**40)], source="push", now=scene.now)
    assert found.disputes == 1
    assert UsageDispute.objects.get().payload["unreadable"] == "units"


def test_one_centres_failure_is_its_own(scene):
    """A centre whose engine fails in an unforeseen way is logged by name; the ones after it are read."""
    Centre.objects.filter(id__in=[CENTRE, ELSEWHERE]).update(engine="process")
    first, second = sorted([CENTRE, ELSEWHERE])
    for broken in (first, second):
        scene.engine(first).before_usage = scene.engine(second).before_usage = lambda: None

        def explode():
            raise RuntimeError("boom")

        scene.engine(broken).before_usage = explode
        well = second if broken == first else first
        record = replace(nothing(), record_id=f"{broken} is broken")
        scene.engine(well).records.append(record)
        metering.collect_all(now=scene.now)
        assert UsageRow.objects.filter(centre_id=well, record_id=record.record_id).exists()


def test_order_that_can_not_be_closed_stops_no_other(scene, monkeypatch):
    from jiaozi.kernel.refusal import Refused
    from jiaozi.metering.services import collecting

    bad, good = sorted([scene.ran(), scene.ran()], key=lambda row: row.id)
    capture = collecting.capture

    def fails(*, order_id, now):
        if order_id == bad.id:
            raise Refused("NO", "不", "no")
        return capture(order_id=order_id, now=now)

    monkeypatch.setattr(collecting, "capture", fails)
    assert scene.collect().captured == (good.id,)
    monkeypatch.undo()
    assert scene.collect().captured == (bad.id,)


def test_page_longer_than_one_call_takes_is_taken(scene, monkeypatch):
    from jiaozi.metering.services import collecting

    monkeypatch.setattr(collecting, "RECORDS_MAX", 2)
    scene.engine().records += [replace(nothing(), record_id=f"r{number}") for number in range(5)]
    assert scene.collect().received.new == 5


def nothing() -> UsageRecord:
    """A record without an order."""
    now = datetime(2023, 6, 1, 2, tzinfo=UTC)
    return UsageRecord(
        record_id="r",
        order_id=None,
        resource_class="cpu-core",
        units=1,
        started_at=now,
        ended_at=now + timedelta(seconds=1),
        elapsed_ms=1000,
        outcome=JobOutcome.SUCCEEDED,
    )


ANY = st.none() | st.integers() | st.text(max_size=300) | st.datetimes() | st.datetimes(timezones=st.just(UTC))


@given(st.dictionaries(st.sampled_from(sorted(UsageRecord.__dataclass_fields__)), ANY))
def test_whatever_comes_can_be_stored(wrong):
    read = rules.read(replace(nothing(), **wrong))
    record = read.record
    assert 0 < len(record.record_id) <= RECORD_ID_MAX
    assert "\0" not in record.record_id + record.resource_class
    assert abs(record.units) <= UNITS_MAX
    assert abs(record.elapsed_ms) <= QUANTITY_MAX
    assert record.started_at.tzinfo is not None is not record.ended_at.tzinfo
    assert record.order_id is None or isinstance(record.order_id, UUID)
    assert rules.read(replace(nothing(), **wrong)).digest == read.digest
    assert (read.wrong is None) == (record == replace(nothing(), **wrong))
