"""Orders with data by URL: inputs before the job, outputs after it, money for both, and one reason when it fails."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from jiaozi.catalogue.models import Centre, Link
from jiaozi.catalogue.rules import Tier
from jiaozi.engines import staging as mover
from jiaozi.journal.models import JournalLine
from jiaozi.ledger import queries as ledger
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, MovementRow
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.models import OrderData
from jiaozi.order.ports import JobOutcome, JobState, UnableToMove, UnableToReachPlace, UnableToSubmit, UsageRecord
from jiaozi.order.rules import PATIENCE, Request, State, UnableToQuote, own_account
from jiaozi.order.rules.staging import ATTEMPTS_MAX, DataState
from jiaozi.order.rules.wishes import DataFile, Wishes
from jiaozi.order.services import engines, stager
from jiaozi.order.services import staging as moving_data
from jiaozi.settlement import queries as settlement
from jiaozi.voucher import queries as vouchers
from tests import fake_engine
from tests.world import CENTRE, PROGRAMME


class Died(BaseException):
    """A worker's death: nothing may catch it."""


OTHER, HOME = "chengdu-aicc", "deyang"
MB = 10**6


@pytest.fixture
def places(tmp_path, settings):
    """Two centres' landings, and a folder of each holder's own at Deyang."""
    for name in ("home", "landing", "other"):
        (tmp_path / name).mkdir()
    path = tmp_path / "staging.json"
    given = {
        "roots": [f"file://{tmp_path}/home/{{holder}}", f"file://{tmp_path}/shared"],
        "spool": str(tmp_path / "spool"),
        "landings": {CENTRE: f"file://{tmp_path}/landing", OTHER: f"file://{tmp_path}/other"},
        "places": {f"file://{tmp_path}/home/{{holder}}": HOME},
        "piece_bytes": 65_536,
    }
    path.write_text(json.dumps(given))
    settings.JIAOZI_STAGING = str(path)
    stager._staging.cache_clear()
    yield tmp_path
    stager._staging.cache_clear()


@pytest.fixture
def two(engine, monkeypatch, settings):
    own = {CENTRE: fake_engine.FakeEngine(), OTHER: fake_engine.FakeEngine()}
    for each in own.values():
        each.carries_data = True
    monkeypatch.setattr(fake_engine, "BY_CENTRE", own)
    settings.JIAOZI_ENGINE_OPTIONS = {"tests.fake_engine": {"centre": "{centre}"}}
    engines._engine.cache_clear()
    return own[CENTRE], own[OTHER]


@pytest.fixture
def voucher(world, holder, places):
    world.credit(holder, centre=OTHER)
    Link.objects.filter(start_id__in=[CENTRE, OTHER], end_id=HOME).update(price_per_gb_ufen=5_000_000_000)  # 50 yuan
    Link.objects.filter(end_id__in=[CENTRE, OTHER], start_id=HOME).update(price_per_gb_ufen=5_000_000_000)
    (places / "home" / str(holder.id)).mkdir()
    return world.voucher(holder)


def home(places, voucher, name):
    return places / "home" / str(voucher.holder_id) / name


def wishes(places, voucher, **more):
    home(places, voucher, "in.bin").write_bytes(b"x" * 2 * MB)
    files = {
        "inputs": (DataFile(name="in.bin", url=f"file://{home(places, voucher, 'in.bin')}", size_bytes=2 * MB),),
        "outputs": (DataFile(name="out.bin", url=f"file://{home(places, voucher, 'out.bin')}", size_bytes=MB),),
    }
    return Wishes(data_at=HOME, **(files | more))


def quoted(world, voucher, wished, centre=""):
    request = Request(
        centre=centre, resource_class="cpu-core", units=4, memory_mib=256, time_limit_ms=36_000_000, command=("true",)
    )
    by = world.applicant(voucher.holder)
    return order.quote(voucher_id=voucher.id, request=request, title="t", by=by, now=world.now, wishes=wished)


def held(world, voucher, wished, centre=""):
    row = quoted(world, voucher, wished, centre)
    return order.hold(order_id=row.id, by=world.applicant(voucher.holder), now=world.now)


def again(row):
    return queries.order(row.id)


def data(row):
    return {(each.direction, each.centre_id): each for each in queries.data_of(row.id)}


def own_held(voucher, centre=CENTRE):
    return ledger.balance(own_account(PROGRAMME, voucher.holder_id, centre)).debits_pending


def run(world, engine, row, places, result=b"r" * 1234):
    """Have the job run and write its result, then take in what it used."""
    order.submit(order_id=row.id, now=world.now)
    spec = engine.submitted[-1]
    if result is not None:
        out = places / "landing" / "out" / str(row.id) / "out.bin"
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(result)
    ended = world.now + timedelta(hours=1)
    engine.put(row.id, JobState.RUNNING, world.now)
    engine.end(row.id, ended, started_at=world.now)
    order.watch(centre=CENTRE, now=ended)
    engine.records.append(
        UsageRecord(
            record_id="r1",
            order_id=row.id,
            resource_class="cpu-core",
            units=4,
            started_at=world.now,
            ended_at=ended,
            elapsed_ms=3_600_000,
            outcome=JobOutcome.SUCCEEDED,
        )
    )
    return spec, ended


def test_data_goes_there_and_back_and_is_paid_to_the_fen(
    *, world, two, voucher, places, django_capture_on_commit_callbacks
):
    row = held(world, voucher, wishes(places, voucher))
    assert (row.state, row.centre_id, row.pinned) == (State.STAGING, CENTRE, False)
    assert (row.movement_bytes_max, row.movement_own_hold_fen, row.movement_voucher_hold_fen) == (3 * MB, 15, 0)
    assert own_held(voucher) == row.own_hold_fen + 15, "the hold covers the way back as well"
    order.submit(order_id=row.id, now=world.now)
    assert (again(row).state, two[0].submitted) == (State.STAGING, []), "no job before its data"
    assert order.move_data(order_id=row.id, now=world.now)
    moved = data(row)["IN", CENTRE]
    assert (moved.state, moved.size, moved.there_bytes) == (DataState.DONE, 2 * MB, 2 * MB)
    assert moved.sha256 == hashlib.sha256(b"x" * 2 * MB).hexdigest()
    assert again(row).state == State.HELD
    spec, ended = run(world, two[0], row, places)
    assert open(spec.inputs["in.bin"], "rb").read() == b"x" * 2 * MB  # noqa: SIM115, PTH123
    metering.collect_all(now=ended)
    row = again(row)
    assert (row.state, row.movement_fen) == (State.CAPTURED, None), "the centre is paid for what ran; the rest is open"
    assert own_held(voucher) == 15
    assert settlement.audit_all().findings == ()
    assert order.move_data(order_id=row.id, now=ended)
    assert home(places, voucher, "out.bin").read_bytes() == b"r" * 1234
    with django_capture_on_commit_callbacks(execute=True):
        metering.collect_all(now=ended)
    row = again(row)
    assert (row.movement_fen, row.movement_voucher_fen) == (11, 0), "2,001,234 bytes at 50 yuan a GB, rounded up"
    assert own_held(voucher) == 0
    captured = Capture.objects.get(moved_for=row)
    assert (captured.kind, captured.price_fen, captured.own_fen, captured.voucher_fen) == ("MOVEMENT", 11, 11, 0)
    sizes = dict(MovementRow.objects.values_list("direction", "size"))
    assert sizes == {"IN": 2 * MB, "OUT": 1234}
    left = [places / "landing" / side / str(row.id) for side in ("in", "out")]
    assert not any(each.exists() for each in left), "nothing is left at the centre"
    assert settlement.audit_all().findings == ()
    lines = JournalLine.objects.all()
    assert not any("file://" in json.dumps(each.body) for each in lines)


def test_what_was_moved_of_a_cancelled_order_is_charged_and_the_rest_given_back(world, two, voucher, places):
    row = held(world, voucher, wishes(places, voucher))
    order.move_data(order_id=row.id, now=world.now)
    order.cancel(order_id=row.id, by=world.applicant(voucher.holder), now=world.now)
    metering.collect_all(now=world.now)
    row = again(row)
    assert (row.state, row.movement_fen, own_held(voucher)) == (State.CANCELLED, 10, 0)
    assert data(row)["OUT", CENTRE].state == DataState.STOPPED
    assert settlement.audit_all().findings == ()


def test_a_cancelled_order_stops_the_file_under_way(world, two, voucher, places, monkeypatch):
    row = held(world, voucher, wishes(places, voucher))
    carry = mover.moving._Run._carry

    def cancelled_meanwhile(self, size):
        order.cancel(order_id=row.id, by=world.applicant(voucher.holder), now=world.now)
        carry(self, size)

    monkeypatch.setattr(mover.moving._Run, "_carry", cancelled_meanwhile)
    assert not order.move_data(order_id=row.id, now=world.now)
    metering.collect_all(now=world.now)
    row = again(row)
    assert (row.state, row.movement_fen, own_held(voucher)) == (State.CANCELLED, 0, 0)
    assert settlement.audit_all().findings == ()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda file: file.unlink(), "DATA_NOT_FOUND"),
        (lambda file: file.write_bytes(b"y" * (2 * MB + 1)), "DATA_MORE_THAN_HELD"),
    ],
)
def test_an_input_that_cannot_be_moved_fails_the_order_with_one_reason(*, world, two, voucher, places, spoil, code):
    row = held(world, voucher, wishes(places, voucher))
    spoil(home(places, voucher, "in.bin"))
    assert not order.move_data(order_id=row.id, now=world.now)
    metering.collect_all(now=world.now)
    row = again(row)
    assert (row.state, row.reason_code, row.movement_fen, own_held(voucher)) == (State.FAILED, code, 0, 0)
    assert "in.bin" in row.reason_zh
    assert "in.bin" in row.reason_en
    assert vouchers.purse(voucher.id).held_fen == 0
    assert settlement.audit_all().findings == ()


def test_wrong_content_is_found(world, two, voucher, places):
    wished = wishes(places, voucher)
    wished = replace(wished, inputs=(replace(wished.inputs[0], sha256="0" * 64),))
    row = held(world, voucher, wished)
    order.move_data(order_id=row.id, now=world.now)
    assert (again(row).state, again(row).reason_code) == (State.FAILED, "DATA_CHECKSUM_WRONG")


def test_a_result_that_is_not_there_keeps_its_reason_and_the_job_is_paid(world, two, voucher, places):
    row = held(world, voucher, wishes(places, voucher))
    order.move_data(order_id=row.id, now=world.now)
    _, ended = run(world, two[0], row, places, result=None)
    assert not order.move_data(order_id=row.id, now=ended)
    metering.collect_all(now=ended)
    row = again(row)
    assert (row.state, row.movement_fen) == (State.CAPTURED, 10)
    lost = data(row)["OUT", CENTRE]
    assert (lost.state, lost.reason_code) == (DataState.FAILED, "NOT_FOUND")
    assert settlement.audit_all().findings == ()


def broken(monkeypatch, at):
    def away(self, size):
        if at in self.target.url or at in self.source.url:
            raise UnableToReachPlace("BROKE_OFF", "中断", "broke off", field=self.target.url)
        return carry(self, size)

    carry = mover.moving._Run._carry
    monkeypatch.setattr(mover.moving._Run, "_carry", away)


def test_a_break_is_tried_again_so_often_and_no_oftener(world, two, voucher, places, monkeypatch):
    row = held(world, voucher, wishes(places, voucher), centre=CENTRE)
    broken(monkeypatch, "landing")
    now = world.now
    for attempt in range(1, ATTEMPTS_MAX + 1):
        order.move_data(order_id=row.id, now=now)
        waiting = data(row)["IN", CENTRE]
        assert waiting.attempts == attempt
        assert not order.move_data(order_id=row.id, now=now), "not before its time"
        now = waiting.next_at or now
    assert (again(row).state, again(row).reason_code) == (State.FAILED, "DATA_BROKE_OFF")
    assert order.move_waiting(now=now) == 0
    metering.collect_all(now=now)
    assert settlement.audit_all().findings == ()


def test_an_input_and_its_order_fail_in_one_transaction(world, two, voucher, places, monkeypatch):
    row = held(world, voucher, wishes(places, voucher), centre=CENTRE)
    home(places, voucher, "in.bin").unlink()

    def dies(*_, **__):
        raise Died

    with monkeypatch.context() as dying:
        dying.setattr(moving_data, "release", dies)
        with pytest.raises(Died):
            order.move_data(order_id=row.id, now=world.now)
    assert (again(row).state, data(row)["IN", CENTRE].state) == (State.STAGING, DataState.MOVING)
    assert queries.orders_with_due_data(world.now) == [row.id]
    order.move_data(order_id=row.id, now=world.now)
    assert (again(row).state, again(row).reason_code) == (State.FAILED, "DATA_NOT_FOUND")


@pytest.mark.parametrize("pinned", [True, False])
def test_a_worker_that_dies_over_a_failed_input_leaves_an_order_that_the_next_one_brings_on(
    *, world, two, voucher, places, monkeypatch, pinned
):
    row = held(world, voucher, wishes(places, voucher), centre=CENTRE if pinned else "")
    broken(monkeypatch, "landing")
    OrderData.objects.filter(order=row, direction="IN").update(attempts=ATTEMPTS_MAX - 1)

    def dies(**_):
        raise Died

    with monkeypatch.context() as dying:
        dying.setattr(moving_data, "re_place", dies)
        with pytest.raises(Died):
            order.move_data(order_id=row.id, now=world.now)
    assert (again(row).state, data(row)["IN", CENTRE].state) == (State.STAGING, DataState.FAILED)
    assert order.move_waiting(now=world.now) == 1
    for _ in range(2):
        order.move_data(order_id=row.id, now=world.now)
    row = again(row)
    if pinned:
        assert (row.state, row.reason_code, vouchers.purse(voucher.id).held_fen) == (
            State.FAILED, "DATA_BROKE_OFF", 0,
        )  # fmt: skip
        assert order.move_waiting(now=world.now) == 0
    else:
        assert (row.state, row.centre_id, data(row)["IN", OTHER].state) == (State.HELD, OTHER, DataState.DONE)
    metering.collect_all(now=world.now)
    assert (own_held(voucher), settlement.audit_all().findings) == (0, ())


def test_an_unpinned_order_is_placed_anew_with_its_wishes_and_its_data(world, two, voucher, places, monkeypatch):
    wished = wishes(places, voucher, residency=Tier.CITY, wait_fen_per_hour=7)
    row = held(world, voucher, wished)
    order.move_data(order_id=row.id, now=world.now)
    Centre.objects.filter(id=CENTRE).update(connected=False, engine="")
    later = world.now + PATIENCE + timedelta(seconds=1)
    assert order.re_place_waiting(now=later) == 1
    row = again(row)
    assert (row.state, row.centre_id, row.moves) == (State.STAGING, OTHER, 1)
    assert row.wishes == {"data_at": HOME, "residency": "CITY", "wait_fen_per_hour": 7}
    assert (own_held(voucher), own_held(voucher, OTHER)) == (0, row.own_hold_fen + 15)
    order.move_data(order_id=row.id, now=later)
    assert again(row).state == State.HELD
    order.submit(order_id=row.id, now=later)
    spec = two[1].submitted[-1]
    assert str(places / "other") in spec.inputs["in.bin"]
    order.cancel(order_id=row.id, by=world.applicant(voucher.holder), now=later)
    two[1].end(row.id, later, JobOutcome.CANCELLED, started_at=None)
    order.watch(centre=OTHER, now=later)
    metering.collect_all(now=later)
    assert again(row).movement_fen == 10, "the way to the centre that failed is that centre's own"
    states = {each.centre_id: (each.state, each.reason_code) for each in MovementRow.objects.all()}
    assert states == {CENTRE: ("WAIVED", "JOB_NOT_TAKEN"), OTHER: ("CAPTURED", "")}
    assert settlement.audit_all().findings == ()


def test_data_that_landed_where_both_centres_read_is_not_moved_again(world, two, voucher, places, settings):
    given = json.loads(open(settings.JIAOZI_STAGING).read())  # noqa: SIM115, PTH123
    given["landings"][OTHER] = given["landings"][CENTRE]
    (places / "staging.json").write_text(json.dumps(given))
    stager._staging.cache_clear()
    row = held(world, voucher, wishes(places, voucher))
    order.move_data(order_id=row.id, now=world.now)
    Centre.objects.filter(id=CENTRE).update(connected=False, engine="")
    assert order.re_place_waiting(now=world.now + PATIENCE + timedelta(seconds=1)) == 1
    assert (again(row).state, again(row).centre_id) == (State.HELD, OTHER)
    assert [each.state for each in OrderData.objects.filter(order=row, direction="IN")] == [DataState.DONE]


def test_a_centre_that_takes_no_data_is_set_aside_and_a_pinned_order_refused(world, two, voucher, places):
    two[0].carries_data = False
    row = quoted(world, voucher, wishes(places, voucher))
    assert row.centre_id == OTHER
    reasons = {each["centre"]: each["reason"] and each["reason"]["code"] for each in row.placement["options"]}
    assert reasons == {CENTRE: "NO_LANDING", OTHER: None}
    with pytest.raises(UnableToQuote) as refused:
        quoted(world, voucher, wishes(places, voucher), centre=CENTRE)
    assert refused.value.reason.code == "NO_LANDING"


def test_wishes_turn_places_down_each_with_its_reason(world, two, voucher, places):
    late = Wishes(latest_start=world.now + timedelta(days=1), deadline=world.now + timedelta(hours=10, seconds=1))
    assert quoted(world, voucher, late).centre_id == CENTRE
    with pytest.raises(UnableToQuote) as refused:
        quoted(world, voucher, Wishes(latency_to="qingyang-site", latency_max_us=1_000), centre=CENTRE)
    assert (refused.value.reason.code, refused.value.reason.field) == ("LATENCY", "latency_max_us")
    with pytest.raises(UnableToQuote) as refused:
        quoted(world, voucher, Wishes(budget_fen=1))
    assert refused.value.reason.field == "budget_fen"
    near = quoted(world, voucher, Wishes(budget_fen=600, tier=Tier.CITY))
    assert [each["reasons"][0]["code"] for each in near.placement["turned"]] == ["BUDGET"]


@pytest.mark.parametrize(
    ("changed", "refusal", "code"),
    [
        ({"url": "file:///etc/passwd"}, UnableToMove, "NOT_ALLOWED"),
        ({"url": "http://169.254.169.254/latest"}, UnableToMove, "URL_WRONG"),
        ({"url": "s3://key:secret@bucket/x"}, UnableToMove, "PASSWORD_IN_URL"),
        ({"name": "../x"}, UnableToSubmit, "file_name_not_plain"),
        ({"name": "x\x00"}, UnableToSubmit, "file_name_not_plain"),
        ({"size_bytes": -1}, UnableToQuote, "OUT_OF_RANGE"),
        ({"sha256": "abc"}, UnableToQuote, "CHECKSUM_UNREADABLE"),
    ],
    ids=str,
)
def test_bad_data_is_named_and_nothing_is_stored(*, world, two, voucher, places, changed, refusal, code):
    wished = wishes(places, voucher)
    wished = replace(wished, inputs=(replace(wished.inputs[0], **changed),))
    with pytest.raises(refusal) as refused:
        quoted(world, voucher, wished)
    assert refused.value.reason.code == code
    assert not OrderData.objects.exists()


def test_nobody_reads_anothers_folder_or_writes_to_a_shared_one(world, two, voucher, places):
    stranger = DataFile(name="a", url=f"file://{places}/home/{'0' * 36}/a", size_bytes=1)
    shared = DataFile(name="a", url=f"file://{places}/shared/a", size_bytes=1)
    for wished in (Wishes(data_at=HOME, inputs=(stranger,)), Wishes(data_at=HOME, outputs=(shared,))):
        with pytest.raises(UnableToMove) as refused:
            quoted(world, voucher, wished)
        assert refused.value.reason.code == "NOT_ALLOWED"
    assert quoted(world, voucher, Wishes(data_at=HOME, inputs=(shared,))).state == State.QUOTED


def test_data_lies_where_the_operator_says(world, two, voucher, places):
    with pytest.raises(UnableToQuote) as refused:
        quoted(world, voucher, replace(wishes(places, voucher), data_at="meishan"))
    assert refused.value.reason.code == "DATA_ELSEWHERE"
    with pytest.raises(UnableToQuote) as refused:
        quoted(world, voucher, replace(wishes(places, voucher), data_at=""))
    assert refused.value.reason.field == "data_at"
