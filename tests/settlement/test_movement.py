"""Data movement is a line of its own on the statement: claimed, metered and in the ledger, difference 0.00."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from fractions import Fraction

import pytest

from jiaozi.catalogue.models import Link
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture
from jiaozi.order import services as order
from jiaozi.order.models import Order, OrderData
from jiaozi.order.ports import JobOutcome, Landing, UsageRecord
from jiaozi.order.rules import Request
from jiaozi.order.rules.wishes import DataFile, Wishes
from jiaozi.order.services import data
from jiaozi.party.rules import Role
from jiaozi.policy.rules import OrderTerms
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.queries.exporting import ExportForm, export
from tests.web.people import member, signed_in
from tests.world import CENTRE, CENTRE_CLERK, FINANCE, OPERATOR

from .conftest import LATER, NOW

pytestmark = pytest.mark.django_db
SIZE = 3_000_000_000


class Places:
    """Places that take everything; nothing is moved here."""

    def place_of(self, url, holder, *, write=False):
        return ""

    def landing(self, centre, order_id, direction, name):
        return Landing(f"file:///landing/{name}", f"/landing/{name}")

    def clear(self, centre, order_id):
        """Nothing lies there."""


@pytest.fixture
def moved(house, monkeypatch) -> Order:
    """An order that ran and whose input of 3 GB was moved at 0.05 yuan a GB, half of it the voucher's."""
    monkeypatch.setattr(data, "places", Places)
    monkeypatch.setattr(data, "takes_data", lambda _: True)
    monkeypatch.setattr(OrderTerms, "movement_deducted", property(lambda _: Fraction(1, 2)))
    Link.objects.filter(start_id=CENTRE, end_id="deyang").update(price_per_gb_ufen=5_000_000)
    Link.objects.filter(start_id="deyang", end_id=CENTRE).update(price_per_gb_ufen=5_000_000)
    by = house.world.applicant(house.voucher.holder)
    asked = Request(
        centre=CENTRE, resource_class="cpu-core", units=4, memory_mib=256, time_limit_ms=3_600_000, command=("true",)
    )
    file = DataFile(name="a", url="s3://b/a", size_bytes=SIZE)
    wished = Wishes(data_at="deyang", inputs=(file,))
    row = order.quote(voucher_id=house.voucher.id, request=asked, title="t", by=by, now=NOW, wishes=wished)
    order.hold(order_id=row.id, by=by, now=NOW)
    at = NOW + timedelta(hours=1)
    OrderData.objects.update(state="DONE", size=SIZE, sent=SIZE, sha256="0" * 64, started_at=NOW, ended_at=at)
    Order.objects.filter(id=row.id).update(state="ENDED", started_at=NOW, ended_at=at)
    used = UsageRecord(
        record_id="job-data",
        order_id=row.id,
        resource_class="cpu-core",
        units=4,
        started_at=NOW,
        ended_at=at,
        elapsed_ms=3_600_000,
        outcome=JobOutcome.SUCCEEDED,
    )
    metering.receive(centre=CENTRE, records=[used], source="push", now=at)
    metering.capture(order_id=row.id, now=at)
    assert metering.capture_movement(order_id=row.id, now=at)
    assert not metering.capture_movement(order_id=row.id, now=at), "once"
    return Order.objects.get(id=row.id)


def test_a_movement_is_a_line_of_its_own_and_agrees_three_ways(house, moved):
    assert (moved.movement_fen, moved.movement_voucher_fen) == (15, 7), "3 GB; the public never pays the odd fen"
    house.prefund()
    row = house.closed()
    computed, carried = Capture.objects.get(order=moved), Capture.objects.get(moved_for=moved)
    assert row.total_fen == computed.voucher_fen + 7
    reference = f"staging-{OrderData.objects.get().id}"
    claimed = {str(moved.id): computed.voucher_fen, reference: 7}
    row = settlement.claim(statement_id=row.id, lines=claimed, by=CENTRE_CLERK, now=LATER)
    assert queries.differences(row) == ([], 0)
    settlement.match(statement_id=row.id, by=OPERATOR, now=LATER)
    settlement.approve(statement_id=row.id, by=FINANCE, now=LATER)
    row = house.pay(row)
    assert row.state == "PAID"
    assert {line.capture_id for line in queries.lines(row.id)} == {computed.id, carried.id}
    lines = list(csv.reader(io.StringIO(export(row.id, ExportForm.CSV).decode("utf-8-sig"))))
    own = next(line for line in lines if line[0] == reference)
    assert (own[3], own[6], own[7], own[10]) == ("0.07", "0.15", "0.08", "data-movement")
    focus = list(csv.DictReader(io.StringIO(export(row.id, ExportForm.FOCUS).decode())))
    use = next(each for each in focus if each["ResourceId"] == reference and each["ChargeCategory"] == "Usage")
    assert (use["ConsumedQuantity"], use["ConsumedUnit"], use["BilledCost"]) == ("3", "GB", "0.15")
    page = (
        signed_in(member("auditor", Role.AUDITOR, NOW - timedelta(days=3_650)))
        .get(f"/statements/{row.id}")
        .content.decode()
    )
    assert f'<a href="/orders/{moved.id}">数据传输</a>' in page
    assert "人民币人民币" not in re.sub(r"<[^>]+>", "", page)
    assert queries.audit_all().findings == ()
