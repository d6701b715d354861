"""Usage that stands still has a way on: rate it again, waive it, resolve its dispute, charge it late."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from jiaozi.journal.models import JournalLine
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import AccountKind
from jiaozi.metering import queries
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, Ruling, UsageDispute, UsageRow
from jiaozi.order.models import Order
from jiaozi.party.rules import UnableToActForCentre
from jiaozi.voucher import services as voucher
from jiaozi.voucher.queries import purse
from tests.metering.test_import import line, load
from tests.world import CENTRE, CENTRE_CLERK, FINANCE, OFFICER, OPERATOR, OTHER_CENTRES_CLERK, PROGRAMME

HOUR_MS = 3_600_000


@pytest.fixture(autouse=True)
def _books_stay_true(request, db):
    yield
    assert queries.audit() == ledger.audit() == []


def later(scene):
    return scene.now + timedelta(hours=4)


def words(scene, by=OFFICER):
    return {"reason": "核对后裁定", "by": by, "now": later(scene)}


def only_held():
    (held,) = queries.held_back(CENTRE)
    return held


# retry


def test_usage_from_the_future_is_rated_again_when_its_time_has_come(scene):
    row = scene.ran(units=2, seconds=7200, elapsed_ms=HOUR_MS)
    scene.collect(now=scene.now)
    assert only_held().reason_code == "RUN_OUTSIDE_ORDER"
    done = metering.retry_usage(usage_id=only_held().id, **words(scene, CENTRE_CLERK))
    row.refresh_from_db()
    assert (done.state, row.state, row.price_fen) == ("CAPTURED", "CAPTURED", 30)


def test_what_still_does_not_hold_is_held_back_with_the_reason_that_does(scene):
    row = scene.started()
    scene.engine().records.append(scene.record(row, units=0))
    scene.end(row)
    scene.collect()
    done = metering.retry_usage(usage_id=only_held().id, **words(scene, OPERATOR))
    assert (done.state, done.reason_code) == ("HELD_BACK", "UNITS_NOT_POSITIVE")
    assert Ruling.objects.get().verb == "RETRY"


def test_imported_usage_of_an_unknown_class_is_charged_once_the_catalogue_has_it(scene):
    from jiaozi.catalogue.models import ResourceClass, TariffVersion

    load(scene, [line(1)], resource_class="cpu-new")
    assert only_held().reason_code == "RESOURCE_UNKNOWN"
    with pytest.raises(Refused) as refused:
        metering.retry_usage(usage_id=only_held().id, **words(scene, OPERATOR))
    assert refused.value.reason.code == "VOUCHER_MISSING"
    core = ResourceClass.objects.get(code="cpu-core")
    core.code = "cpu-new"
    core.save(force_insert=True)
    price = TariffVersion.objects.filter(centre_id=CENTRE, resource_class="cpu-core", customer_class="").first()
    price.id, price.resource_class_id = UUID(int=99), "cpu-new"
    price.save(force_insert=True)
    done = metering.retry_usage(usage_id=only_held().id, voucher_id=scene.voucher.id, **words(scene, OPERATOR))
    assert (done.state, done.capture.price_fen, done.capture.kind) == ("CAPTURED", 30, "IMPORT")
    assert purse(scene.voucher.id).used_fen == 15
    assert load(scene, [line(1)], resource_class="cpu-new").same == 1


def test_imported_usage_that_is_short_still_is_held_back_whole(scene):
    small = scene.another("0.2")
    load(scene, [line(1, user=5)], accounts={"5": small.id})
    assert only_held().reason_code == "VOUCHER_SHORT"
    done = metering.retry_usage(usage_id=only_held().id, voucher_id=small.id, **words(scene, OPERATOR))
    assert (done.state, done.reason_code, purse(small.id).used_fen) == ("HELD_BACK", "VOUCHER_SHORT", 0)
    done = metering.retry_usage(usage_id=done.id, voucher_id=scene.voucher.id, **words(scene, OPERATOR))
    assert (done.state, done.capture.voucher_id) == ("CAPTURED", scene.voucher.id)


# waive


def test_hold_of_an_order_whose_usage_never_came_can_be_released(scene):
    row = scene.end(scene.started(units=2, seconds=7200))
    scene.collect()
    assert purse(scene.voucher.id).held_fen > 0
    metering.waive_usage(order_id=row.id, **words(scene, CENTRE_CLERK))
    row.refresh_from_db()
    assert (row.state, purse(scene.voucher.id).held_fen) == ("FAILED", 0)
    assert Ruling.objects.get().order_id == row.id
    told = JournalLine.objects.get(stage="metering", verb="waive")
    assert told.body["released_fen"] == row.most_fen
    assert "核对后裁定" not in str(told.body)


def test_waiving_the_only_record_releases_the_hold(scene):
    row = scene.started(units=2, seconds=7200)
    scene.engine().records.append(scene.record(row, units=0))
    scene.end(row)
    scene.collect()
    assert purse(scene.voucher.id).held_fen > 0
    metering.waive_usage(usage_id=only_held().id, **words(scene))
    row.refresh_from_db()
    assert (row.state, purse(scene.voucher.id).held_fen, UsageRow.objects.get().state) == ("FAILED", 0, "WAIVED")


@pytest.mark.parametrize(("state", "code"), [("running", "NOT_ENDED"), ("payable", "CAN_BE_CHARGED")])
def test_only_what_stands_still_is_waived(scene, state, code):
    row = scene.started(units=2, seconds=7200)
    if state == "payable":
        metering.receive(centre=CENTRE, records=[scene.record(row)], source="push", now=scene.now)
        scene.end(row)
    with pytest.raises(Refused) as refused:
        metering.waive_usage(order_id=row.id, **words(scene))
    assert refused.value.reason.code == code
    assert purse(scene.voucher.id).held_fen > 0


# disputes


@pytest.fixture
def disputed(scene):
    """An order of two cores for two hours, metered for an hour; ``say`` disputes that with another payload."""

    def build(*, captured, **said):
        row = scene.ran(units=2, seconds=7200, elapsed_ms=HOUR_MS)
        if captured:
            scene.collect()
        else:
            metering.receive(centre=CENTRE, records=scene.engine().records, source="push", now=later(scene))
        other = scene.record(row, **said)
        metering.receive(centre=CENTRE, records=[other], source="push", now=later(scene))
        return row, UsageDispute.objects.get()

    return build


@pytest.mark.parametrize("captured", [True, False])
def test_dispute_for_the_old_payload_changes_nothing(scene, disputed, captured):
    row, dispute = disputed(captured=captured, elapsed_ms=2 * HOUR_MS)
    metering.resolve_dispute(dispute_id=dispute.id, accept="old", **words(scene))
    assert queries.disputes(CENTRE) == []
    scene.collect(now=later(scene))
    assert Order.objects.get(id=row.id).price_fen == 30
    with pytest.raises(Refused) as refused:
        metering.resolve_dispute(dispute_id=dispute.id, accept="new", **words(scene))
    assert refused.value.reason.code == "RESOLVED"


def test_new_payload_counts_where_nothing_is_captured(scene, disputed):
    row, dispute = disputed(captured=False, elapsed_ms=HOUR_MS // 2)
    metering.resolve_dispute(dispute_id=dispute.id, accept="new", **words(scene))
    row.refresh_from_db()
    assert (row.state, row.price_fen) == ("CAPTURED", 15)
    first, new = UsageRow.objects.order_by("received_at", "id")
    assert (first.state, first.reason_code, new.state) == ("WAIVED", "SUPERSEDED", "CAPTURED")
    assert (first.elapsed_ms, new.supersedes_id) == (HOUR_MS, first.id)
    assert scene.collect(now=later(scene)).received.new == 0


def test_new_payload_of_a_captured_order_becomes_a_correction(scene, disputed):
    row, dispute = disputed(captured=True, elapsed_ms=2 * HOUR_MS)
    metering.resolve_dispute(dispute_id=dispute.id, accept="new", **words(scene))
    row.refresh_from_db()
    assert row.price_fen == 30, "the first capture stays"
    (correction,) = queries.corrections(row.id)
    assert (correction.kind, correction.price_fen, correction.voucher_fen, correction.own_fen) == (
        "CORRECTION",
        30,
        15,
        15,
    )
    assert purse(scene.voucher.id).used_fen == 30


def test_new_payload_that_costs_less_is_not_taken_back_here(scene, disputed):
    _, dispute = disputed(captured=True, elapsed_ms=HOUR_MS // 2)
    with pytest.raises(Refused) as refused:
        metering.resolve_dispute(dispute_id=dispute.id, accept="new", **words(scene))
    assert refused.value.reason.code == "COSTS_LESS"
    assert [each.id for each in queries.disputes(CENTRE)] == [dispute.id]


def test_new_payload_that_is_not_what_was_ordered_waits_too(scene, disputed):
    row, dispute = disputed(captured=False, units=7)
    metering.resolve_dispute(dispute_id=dispute.id, accept="new", **words(scene))
    assert only_held().reason_code == "UNITS_EXCEED_ORDER"
    metering.accept_usage(usage_id=only_held().id, **words(scene))
    row.refresh_from_db()
    assert row.state == "CAPTURED"


def test_dispute_of_an_imported_job_that_was_held_back(scene):
    load(scene, [line(1, processors=0, requested=-1)])
    load(scene, [line(1)])
    metering.resolve_dispute(dispute_id=UsageDispute.objects.get().id, accept="new", **words(scene))
    assert only_held().reason_code == "TO_BE_RATED"
    done = metering.retry_usage(usage_id=only_held().id, voucher_id=scene.voucher.id, **words(scene, OPERATOR))
    assert (done.state, done.capture.price_fen) == ("CAPTURED", 30)


def test_dispute_of_an_imported_job_that_was_charged(scene):
    load(scene, [line(1)])
    load(scene, [line(1, run=9000)])
    dispute = UsageDispute.objects.get()
    with pytest.raises(Refused) as refused:
        metering.resolve_dispute(dispute_id=dispute.id, accept="new", **words(scene))
    assert refused.value.reason.code == "IMPORTED_AND_CHARGED"
    metering.resolve_dispute(dispute_id=dispute.id, accept="old", **words(scene))


# late


def late(scene, *, first_ms=HOUR_MS, late_ms=HOUR_MS, **asked):
    row = scene.ran(**{"units": 2, "seconds": 7200} | asked, elapsed_ms=first_ms)
    scene.collect()
    record = scene.record(row, name="-late", elapsed_ms=late_ms)
    metering.receive(centre=CENTRE, records=[record], source="push", now=later(scene))
    assert only_held().reason_code == "LATE"
    return row, only_held()


def test_late_usage_is_charged_from_what_the_hold_released(scene):
    row, held = late(scene)
    before = ledger.total(PROGRAMME, AccountKind.PAYABLE).credits_posted
    metering.charge_late(usage_id=held.id, **words(scene))
    (correction,) = queries.corrections(row.id)
    assert (correction.voucher_fen, correction.own_fen, correction.overrun_fen) == (15, 15, 0)
    assert ledger.total(PROGRAMME, AccountKind.PAYABLE).credits_posted - before == 15
    assert Order.objects.get(id=row.id).price_fen == 30
    told = JournalLine.objects.get(stage="metering", verb="correct")
    assert told.by == OFFICER.name


def test_late_usage_is_charged_within_the_hold_and_the_rest_is_the_centres(scene):
    row, held = late(scene, late_ms=3 * HOUR_MS)
    metering.charge_late(usage_id=held.id, **words(scene))
    (correction,) = queries.corrections(row.id)
    assert 30 + correction.price_fen == row.most_fen
    assert 30 + correction.price_fen + correction.overrun_fen == 120


def test_late_usage_is_charged_as_far_as_the_voucher_still_reaches(scene):
    row, held = late(scene)
    left = purse(scene.voucher.id).spendable_fen
    taken = scene.world.quote(scene.voucher, units=1, seconds=60)
    Order.objects.filter(id=taken.id).update(voucher_hold_fen=left - 5, own_hold_fen=0, most_fen=left - 5)
    from jiaozi.order import services as order

    assert order.hold(order_id=taken.id, by=scene.world.applicant(scene.holder), now=scene.now).state == "HELD"
    metering.charge_late(usage_id=held.id, **words(scene))
    (correction,) = queries.corrections(row.id)
    assert (correction.voucher_fen, correction.own_fen, correction.overrun_fen) == (5, 15, 10)


def test_ended_voucher_pays_nothing_late_and_a_frozen_one_is_waited_for(scene):
    row, held = late(scene)
    voucher.freeze(voucher_id=scene.voucher.id, reason="核查", by=OFFICER, now=scene.now)
    with pytest.raises(Refused) as refused:
        metering.charge_late(usage_id=held.id, **words(scene))
    assert refused.value.reason.code == "VOUCHER_NOT_ACTIVE"
    voucher.revoke(voucher_id=scene.voucher.id, reason="测试", by=OFFICER, now=scene.now)
    metering.charge_late(usage_id=held.id, **words(scene))
    (correction,) = queries.corrections(row.id)
    assert (correction.voucher_fen, correction.own_fen, correction.overrun_fen) == (0, 15, 15)


def test_usage_of_an_order_that_was_released_is_charged_late(scene):
    row = scene.end(scene.started(units=2, seconds=7200), ran=False)
    scene.collect()
    metering.receive(centre=CENTRE, records=[scene.record(row, elapsed_ms=HOUR_MS)], source="push", now=later(scene))
    metering.charge_late(usage_id=only_held().id, **words(scene))
    row.refresh_from_db()
    assert (row.state, Capture.objects.get().price_fen, purse(scene.voucher.id).used_fen) == ("FAILED", 30, 15)


def test_charging_late_twice_charges_once(scene):
    row, held = late(scene)
    metering.charge_late(usage_id=held.id, **words(scene))
    with pytest.raises(Refused) as refused:
        metering.charge_late(usage_id=held.id, **words(scene))
    assert refused.value.reason.code == "NOT_HELD_BACK"
    assert len(queries.corrections(row.id)) == 1


# who may, and what they write


@pytest.mark.parametrize("by", [CENTRE_CLERK, OPERATOR, FINANCE])
def test_only_an_officer_charges_late(scene, by):
    _, held = late(scene)
    with pytest.raises(Refused) as refused:
        metering.charge_late(usage_id=held.id, **words(scene, by))
    assert refused.value.reason.code == "WRONG_ROLE"


def test_a_centre_decides_on_its_own_usage_only(scene):
    _, held = late(scene)
    for verb in (metering.retry_usage, metering.waive_usage):
        with pytest.raises(UnableToActForCentre):
            verb(usage_id=held.id, **words(scene, OTHER_CENTRES_CLERK))


@pytest.mark.parametrize("reason", ["", "   ", "x" * 401, "a\0b", "\ud800"])
def test_a_reason_is_text_that_can_be_kept(scene, disputed, reason):
    row, dispute = disputed(captured=True, elapsed_ms=2 * HOUR_MS)
    said = {"reason": reason, "by": OFFICER, "now": later(scene)}
    for verb, what in (
        (metering.resolve_dispute, {"dispute_id": dispute.id, "accept": "old"}),
        (metering.retry_usage, {"usage_id": UUID(int=1)}),
        (metering.accept_usage, {"usage_id": UUID(int=1)}),
        (metering.charge_late, {"usage_id": UUID(int=1)}),
        (metering.waive_usage, {"order_id": row.id}),
    ):
        with pytest.raises(Refused) as refused:
            verb(**what, **said)
        assert (refused.value.reason.code, refused.value.reason.field) == ("TEXT_WRONG", "reason")
