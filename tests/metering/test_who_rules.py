"""Who may rule on usage: an officer keeps to his programme."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from jiaozi.metering import queries
from jiaozi.metering import services as metering
from jiaozi.metering.models import UsageDispute, UsageRow
from jiaozi.party.rules import Actor, Role, UnableToActForProgramme
from jiaozi.voucher.queries import purse
from tests.world import CENTRE, OFFICER

FAR_OFFICER = Actor("officer:far", Role.OFFICER, programme="beijing")
HOUR_MS = 3_600_000


def words(scene, by):
    return {"reason": "核对后裁定", "by": by, "now": scene.now + timedelta(hours=4)}


@pytest.mark.parametrize("accept", ["old", "new"])
def test_officer_resolves_disputes_of_his_own_programme_only(scene, accept):
    row = scene.ran(units=2, seconds=7200, elapsed_ms=HOUR_MS)
    scene.collect()
    more = scene.record(row, elapsed_ms=2 * HOUR_MS)
    metering.receive(centre=CENTRE, records=[more], source="push", now=scene.now)
    before = purse(scene.voucher.id).used_fen
    dispute = UsageDispute.objects.get()
    with pytest.raises(UnableToActForProgramme):
        metering.resolve_dispute(dispute_id=dispute.id, accept=accept, **words(scene, FAR_OFFICER))
    assert [each.id for each in queries.disputes(CENTRE)] == [dispute.id]
    assert purse(scene.voucher.id).used_fen == before


def test_officer_brings_no_usage_to_an_order_of_another_programme(scene):
    row = scene.end(scene.started(units=2, seconds=7200))
    for order_id in (UUID(int=7), row.id):
        record = scene.record(row, order_id=order_id)
        metering.receive(centre=CENTRE, records=[record], source="push", now=scene.now)
    dispute = UsageDispute.objects.get()
    assert UsageRow.objects.get().order_id is None
    with pytest.raises(UnableToActForProgramme):
        metering.resolve_dispute(dispute_id=dispute.id, accept="new", **words(scene, FAR_OFFICER))
    assert not UsageRow.objects.filter(order=row).exists()
    metering.resolve_dispute(dispute_id=dispute.id, accept="new", **words(scene, OFFICER))
    row.refresh_from_db()
    assert row.state == "CAPTURED"
