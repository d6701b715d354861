"""Who may rule on usage: nobody names a voucher for his own claim, and an officer keeps to his programme."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from jiaozi.kernel.refusal import Refused
from jiaozi.metering import queries
from jiaozi.metering import services as metering
from jiaozi.metering.models import UsageDispute, UsageRow
from jiaozi.party.rules import Actor, Role, UnableToActForProgramme
from jiaozi.voucher.queries import purse
from tests.metering.test_import import line, load
from tests.world import CENTRE, CENTRE_CLERK, OFFICER, OPERATOR

FAR_OFFICER = Actor("officer:far", Role.OFFICER, programme="beijing")
FAR_OPERATOR = Actor("operator:far", Role.OPERATOR, programme="beijing")
HOUR_MS = 3_600_000


def words(scene, by):
    return {"reason": "核对后裁定", "by": by, "now": scene.now + timedelta(hours=4)}


def imported(scene):
    load(scene, [line(1, user=5)], accounts={})
    (held,) = queries.held_back(CENTRE)
    assert held.reason_code == "ACCOUNT_UNKNOWN"
    return held


@pytest.mark.parametrize("named", [True, False])
def test_a_centre_never_names_the_voucher_that_pays_it(scene, named):
    held = imported(scene)
    said = {"voucher_id": scene.voucher.id} if named else {}
    with pytest.raises(Refused) as refused:
        metering.retry_usage(usage_id=held.id, **said, **words(scene, CENTRE_CLERK))
    assert (refused.value.reason.code, refused.value.reason.field) == ("WRONG_ROLE", "role")
    assert purse(scene.voucher.id).used_fen == 0


@pytest.mark.parametrize("by", [FAR_OFFICER, FAR_OPERATOR])
def test_voucher_of_another_programme_is_named_by_nobody(scene, by):
    held = imported(scene)
    with pytest.raises(UnableToActForProgramme):
        metering.retry_usage(usage_id=held.id, voucher_id=scene.voucher.id, **words(scene, by))
    assert purse(scene.voucher.id).used_fen == 0


@pytest.mark.parametrize("by", [OFFICER, OPERATOR])
def test_officer_and_operator_name_the_voucher_that_pays(scene, by):
    held = imported(scene)
    done = metering.retry_usage(usage_id=held.id, voucher_id=scene.voucher.id, **words(scene, by))
    assert (done.state, done.capture.voucher_id) == ("CAPTURED", scene.voucher.id)
    assert purse(scene.voucher.id).used_fen == 15


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


@pytest.mark.parametrize("verb", [metering.retry_usage, metering.accept_usage, metering.waive_usage])
def test_usage_without_an_order_is_no_affair_of_a_programme_that_the_centre_does_not_supply(scene, verb):
    held = imported(scene)
    with pytest.raises(UnableToActForProgramme) as refused:
        verb(usage_id=held.id, **words(scene, FAR_OFFICER))
    assert CENTRE in refused.value.in_language("zh")
    assert [each.id for each in queries.held_back(CENTRE)] == [held.id]


@pytest.mark.parametrize("accounts", [True, False])
def test_a_dispute_over_imported_usage_is_resolved_by_its_own_programme(scene, accounts):
    """Paid by a voucher it is that programme's; waiting, it is that of the programmes which the centre supplies."""
    load(scene, [line(1)], accounts=None if accounts else {})
    load(scene, [line(1, run=7200)], accounts=None if accounts else {})
    dispute = UsageDispute.objects.get()
    with pytest.raises(UnableToActForProgramme):
        metering.resolve_dispute(dispute_id=dispute.id, accept="old", **words(scene, FAR_OFFICER))
    assert UsageDispute.objects.get().resolved_at is None
    metering.resolve_dispute(dispute_id=dispute.id, accept="old", **words(scene, OFFICER))
    assert UsageDispute.objects.get().resolved_at is not None
