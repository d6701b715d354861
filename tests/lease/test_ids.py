"""An order's id is nobody's choice: what is signed or told for one lease never stands for another's job."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from jiaozi.journal.models import JournalLine
from jiaozi.kernel.ids import new_id
from jiaozi.lease.models import LeaseJob
from jiaozi.lease.ports import Admitted
from jiaozi.lease.rules import UnableToAdmit, UnableToBelieve, lease_of, seal
from jiaozi.lease.services.hearing import admit
from jiaozi.order.models import Order
from jiaozi.settlement.queries import audit_all
from tests.lease.city import CLASS, OTHER
from tests.lease.test_leases import opened
from tests.world import CENTRE

INVARIANT = "no centre tells an order id that is another's"


def told(centres, lease, wish, order):
    return Admitted(lease=lease.id, serial=lease.serial, order=order, wish=wish, at=centres.at)


def losses(centre):
    rows = LeaseJob.objects.filter(centre_id=centre, order=None)
    lines = JournalLine.objects.filter(stage="lease", verb="lose").values_list("subject", flat=True)
    assert set(rows.values_list("id", flat=True)) <= set(lines)
    return list(rows.order_by("told_at", "id").values_list("reason_code", flat=True))


def found():
    return {each.invariant for each in audit_all().findings}


def test_one_nonce_signed_for_two_centres_is_two_orders_and_both_are_paid(centres):
    lease, other = opened(centres, CENTRE, OTHER)
    centres.cut = {CENTRE, OTHER}
    nonce = new_id()
    first = centres.submit(centres.wish(lease.id, nonce=nonce))
    second = centres.submit(centres.wish(other.id, nonce=nonce), OTHER)
    assert first[0] != second[0]
    centres.cut = set()
    centres.settle(6)
    assert dict(Order.objects.values_list("id", "centre_id")) == {first[0]: CENTRE, second[0]: OTHER}
    for row, priced in ((lease, first[1]), (other, second[1])):
        row.refresh_from_db()
        assert row.spent_voucher_fen == priced.voucher_fen > 0
    assert audit_all().findings == ()


def test_a_wish_for_one_centre_is_refused_at_another_and_its_order_can_not_be_chosen(centres):
    lease, other = opened(centres, CENTRE, OTHER)
    wish = centres.wish(lease.id)
    with pytest.raises(UnableToAdmit) as refused:
        centres.submit(wish, OTHER)
    assert refused.value.reason.code == "LEASE_UNKNOWN"
    world = replace(centres.world, now=centres.at)
    held = world.held(centres.voucher, units=1, seconds=30, resource_class=CLASS)
    body = json.loads(wish.partition("\n")[2])
    chosen = centres.submit(seal({**body, "order": str(held.id)}, centres.key))[0]
    assert chosen != held.id, "an order that is named beside the nonce has no effect"
    del body["nonce"]
    with pytest.raises(UnableToBelieve):
        centres.submit(seal({**body, "v": 1, "order": str(held.id)}, centres.key))
    assert lease_of(wish) == lease.id != other.id


@pytest.mark.parametrize("names_own_lease", [True, False])
def test_a_centre_that_tells_anothers_id_first_hides_nothing_and_bears_it(centres, names_own_lease):
    lease, other = opened(centres, CENTRE, OTHER)
    centres.cut = {CENTRE}
    wish = centres.wish(lease.id)
    order_id, priced = centres.submit(wish)
    forged = told(centres, other if names_own_lease else lease, wish, order_id)
    for _ in range(2):
        job = admit(centre=OTHER, told=forged, now=centres.at)
    assert (job.order_id, job.lease_id) == (None, other.id if names_own_lease else None)
    centres.cut = set()
    centres.settle(4)
    row = Order.objects.get()
    assert (row.id, row.centre_id, row.voucher_hold_fen) == (order_id, CENTRE, priced.voucher_fen)
    lease.refresh_from_db()
    assert lease.spent_voucher_fen == priced.voucher_fen
    assert losses(OTHER) == ["LEASE_DIFFERS" if names_own_lease else "LEASE_UNKNOWN"]
    assert losses(CENTRE) == []
    assert found() == {INVARIANT}


def test_a_centre_that_tells_anothers_id_later_bears_it_too(centres):
    lease, other = opened(centres, CENTRE, OTHER)
    wish = centres.wish(lease.id)
    order_id, _ = centres.submit(wish)
    centres.settle(3)
    admit(centre=OTHER, told=told(centres, other, centres.wish(other.id), order_id), now=centres.at)
    admit(centre=OTHER, told=told(centres, lease, wish, order_id), now=centres.at)
    assert sorted(losses(OTHER)) == ["LEASE_UNKNOWN", "ORDER_ID_TAKEN"]
    assert Order.objects.get().lease_job.centre_id == CENTRE
    assert found() == {INVARIANT}


def test_a_centre_that_tells_the_id_of_an_order_by_way_of_the_platform_bears_it(centres):
    (lease,) = opened(centres)
    world = replace(centres.world, now=centres.at)
    held = world.held(centres.voucher, units=1, seconds=30, resource_class=CLASS)
    for order_id, code in ((held.id, "ORDER_ID_TAKEN"), (new_id(), "ORDER_ID_WRONG")):
        word = told(centres, lease, centres.wish(lease.id), order_id)
        job = admit(centre=CENTRE, told=word, now=centres.at)
        assert (job.order_id, job.lease_id, job.reason_code) == (None, lease.id, code)
    lease.refresh_from_db()
    assert lease.spent_voucher_fen == 0
    assert len(losses(CENTRE)) == 2
    assert found() == {INVARIANT}
