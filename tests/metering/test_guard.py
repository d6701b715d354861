"""A capture stays as it was written and a usage record as it was measured, whoever asks."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connections, transaction

from jiaozi.metering import queries
from jiaozi.metering import services as metering
from jiaozi.metering.models import UsageRow
from tests.world import CENTRE, OFFICER

TABLES = ["metering_capture", "metering_usage", "metering_dispute", "metering_ruling"]
MEASURED = [
    "units = 9",
    "elapsed_ms = 9",
    "cpu_ms = 9",
    "memory_peak_mib = 9",
    "started_at = now()",
    "ended_at = now()",
    "record_id = 'other'",
    "centre_id = 'chengdu-aicc'",
    "resource_class = 'gpu-910b'",
    "payload_digest = '\\x00'",
    "outcome = 'FAILED'",
    "order_id = NULL",
    "source = 'swf'",
    "account = '9'",
    "received_at = now()",
]


@pytest.fixture
def rows(scene):
    """One captured record, one that is held back, one that is waived with its ruling, and a dispute."""
    row = scene.ran(units=2, seconds=7200, elapsed_ms=3_600_000)
    scene.collect()
    metering.receive(centre=CENTRE, records=[scene.record(row)], source="push", now=scene.now)
    late = [scene.record(row, name=name) for name in ("-late", "-later")]
    metering.receive(centre=CENTRE, records=late, source="push", now=scene.now)
    waived = UsageRow.objects.get(record_id=late[1].record_id)
    metering.waive_usage(usage_id=waived.id, reason="重复", by=OFFICER, now=scene.now)
    states = UsageRow.objects.order_by("state").values_list("state", flat=True)
    assert (list(states), len(queries.disputes(CENTRE))) == (["CAPTURED", "HELD_BACK", "WAIVED"], 1)
    return scene


def refused(alias: str, statement: str) -> None:
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        with pytest.raises(DatabaseError):
            cursor.execute(statement)
        transaction.set_rollback(True, using=alias)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("alias", ["default", "owner"])
def test_nothing_is_emptied(alias, rows):
    for table in TABLES:
        refused(alias, f"TRUNCATE {table} CASCADE")
        refused(alias, f"DELETE FROM {table}")


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("alias", ["default", "owner"])
def test_what_was_measured_is_never_edited(alias, rows):
    for change in MEASURED:
        refused(alias, f"UPDATE metering_usage SET {change} WHERE state = 'HELD_BACK'")


@pytest.mark.parametrize("state", ["CAPTURED", "WAIVED"])
def test_what_is_charged_or_waived_stays_so(rows, state):
    words = "state = 'HELD_BACK', capture_id = NULL, reason_code = 'X'"
    refused("default", f"UPDATE metering_usage SET {words} WHERE state = '{state}'")
    refused("default", f"UPDATE metering_usage SET charge_ufen = 0 WHERE state = '{state}'")


def test_a_dispute_keeps_what_came_and_is_resolved_once(rows):
    refused("default", "UPDATE metering_dispute SET payload = '{}'")
    (dispute,) = queries.disputes(CENTRE)
    metering.resolve_dispute(dispute_id=dispute.id, accept="old", reason="以原记录为准", by=OFFICER, now=rows.now)
    refused("default", "UPDATE metering_dispute SET resolution = 'other'")
    refused("default", "UPDATE metering_ruling SET reason = 'other'")
