"""Files of every format become books by one code: orders by their holds, all else to vouchers, each record once."""

from __future__ import annotations

import gzip
import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import AccountKind
from jiaozi.metering import queries
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, UsageDispute, UsageRow
from jiaozi.metering.rules.entry import Form
from jiaozi.metering.services import Reading, files
from jiaozi.voucher.queries import purse
from tests.metering.test_formats import FOCUS, HEADER, slurm
from tests.metering.test_import import fates, line
from tests.world import CENTRE, OFFICER, OPERATOR, PROGRAMME

CLASSES = {"work": ("cpu-core",)}
_serial = count(1)
FOCUS_HEADER = (
    "ChargeCategory,ChargeClass,ChargePeriodStart,ChargePeriodEnd,"
    "ConsumedQuantity,ConsumedUnit,ResourceId,SkuId,SubAccountId"
)


def stamp(ms):
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).isoformat()


def as_text(form, rows):
    """Write jobs ``(number, account, units, hours, start in ms)`` in a format."""
    if form is Form.SWF:
        return "\n".join(
            line(n, hours * 3600, units, user, wait=0, submit=at // 1000) for n, user, units, hours, at in rows
        )
    if form is Form.CSV:
        lines = [
            f"r-{n},{user},cpu-core,{units},{stamp(at)},{stamp(at + hours * 3_600_000)},{hours * 3600}"
            for n, user, units, hours, at in rows
        ]
        return "\r\n".join([HEADER, *lines])
    if form is Form.SLURM_JSON:
        return json.dumps({"meta": {}, "errors": [], "jobs": [_slurm(*row) for row in rows]})
    lines = [
        f"Usage,,{stamp(at)},{stamp(at + hours * 3_600_000)},{units * hours},Core-Hours,vm-{n},cpu-core,{user}"
        for n, user, units, hours, at in rows
    ]
    return "\n".join([FOCUS_HEADER, *lines])


def _slurm(n, user, units, hours, at, **said):
    cores = [{"type": "cpu", "name": "", "count": units}]
    start = at // 1000
    times = {
        "submission": start - 9,
        "start": start,
        "end": start + hours * 3600,
        "elapsed": hours * 3600,
        "limit": 9999,
    }
    words = {"job_id": n, "account": str(user), "time": times, "tres": {"allocated": cores, "requested": cores}}
    return slurm(**{**words, **said})


@pytest.fixture
def bring(scene, tmp_path):
    """Import a text as a file, whose accounts 1 and 2 stand for the scene's voucher."""

    def bring(text, form=Form.CSV, *, packed=False, now=None, **said):
        path = tmp_path / f"{next(_serial)}.{form}"
        content = text if isinstance(text, bytes) else text.encode()
        path.write_bytes(gzip.compress(content) if packed else content)
        words = {"centre": CENTRE, "programme": PROGRAMME, "by": OPERATOR, "now": now or scene.now}
        words |= {"accounts": {"1": scene.voucher.id, "2": scene.voucher.id}, "reading": Reading(classes=CLASSES)}
        return metering.import_file(path=path, form=form, **{**words, **said})

    return bring


@pytest.fixture(autouse=True)
def _books_stay_true(db):
    yield
    assert queries.audit() == ledger.audit() == []


AT = 1_684_000_000_000


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("packed", [False, True])
def test_each_format_ends_in_the_same_money(scene, bring, form, packed):
    text = as_text(form, [(1, 1, 2, 1, AT), (2, 2, 4, 3, AT), (3, 9, 1, 1, AT)])
    found = bring(text, form, packed=packed)
    # (2 × 1 + 4 × 3) core-hours × 0.15 yuan
    assert (found.jobs, found.captured, found.price_fen, found.voucher_fen) == (3, 2, 210, 105)
    assert dict(found.held_back) == {"ACCOUNT_UNKNOWN": 1}
    assert set(UsageRow.objects.values_list("source", flat=True)) == {form}
    again = bring(text, form)
    assert (again.captured, again.same, again.disputes) == (0, 3, 0)
    assert purse(scene.voucher.id).used_fen == 105


@pytest.mark.parametrize("form", list(Form))
def test_the_same_key_with_other_figures_is_a_dispute_in_each(bring, form):
    bring(as_text(form, [(1, 1, 2, 1, AT)]), form)
    found = bring(as_text(form, [(1, 1, 3, 1, AT)]), form)
    assert (found.captured, found.same, found.disputes) == (0, 0, 1)
    (dispute,) = queries.disputes(CENTRE)
    assert (dispute.payload["units"], dispute.payload["source"]) == (3, form)


def test_a_dispute_of_held_back_use_is_resolved_for_the_new_record(scene, bring):
    bring(as_text(Form.CSV, [(1, 9, 0, 1, AT)]))
    bring(as_text(Form.CSV, [(1, 1, 2, 1, AT)]))
    (dispute,) = queries.disputes(CENTRE)
    now = scene.now + timedelta(hours=1)
    metering.resolve_dispute(dispute_id=dispute.id, accept="new", reason="更正", by=OFFICER, now=now)
    (held,) = queries.held_back(CENTRE)
    assert (held.reason_code, held.source, held.account) == ("TO_BE_RATED", "csv", "1")
    done = metering.retry_usage(usage_id=held.id, voucher_id=scene.voucher.id, reason="补", by=OPERATOR, now=now)
    assert (done.state, done.capture.price_fen) == ("CAPTURED", 30)


def test_slurms_orders_go_the_orders_way_and_the_rest_the_vouchers(scene, bring):
    order = scene.end(scene.started(units=2, seconds=7200), seconds=3600)
    at = int(scene.now.timestamp() * 1000)
    bodies = [
        _slurm(1, 1, 2, 1, at, comment={"job": f"jiaozi order={order.id} class=cpu-core"}),
        _slurm(2, 1, 2, 1, AT),
    ]
    later = scene.now + timedelta(hours=2)
    found = bring(json.dumps({"jobs": bodies}), Form.SLURM_JSON, now=later)
    order.refresh_from_db()
    assert (order.state, order.price_fen, found.orders_captured, found.captured) == ("CAPTURED", 30, 1, 1)
    assert set(Capture.objects.values_list("kind", "price_fen")) == {("ORDER", 30), ("IMPORT", 30)}
    assert bring(json.dumps({"jobs": bodies[::-1]}), Form.SLURM_JSON, now=later).orders.same == 1


def test_an_order_of_another_record_is_no_way_around_a_doubt(scene, bring):
    order = scene.ran(units=2, seconds=7200, elapsed_ms=3_600_000)
    scene.collect()
    at = int(scene.now.timestamp() * 1000)
    text = json.dumps({"jobs": [_slurm(1, 1, 2, 1, at, comment={"job": str(order.id)})]})
    found = bring(text, Form.SLURM_JSON, now=scene.now + timedelta(hours=2))
    assert (found.orders.held_back, found.orders_captured) == (1, 0)
    assert fates()[f"slurm:scc:1:{at // 1000 - 9}"] == "LATE"


def test_unknown_partition_and_class_are_held_back_and_shown(bring):
    text = json.dumps({"jobs": [_slurm(1, 1, 2, 1, AT, partition="secret")]})
    bring(text, Form.SLURM_JSON)
    bring(as_text(Form.FOCUS, [(2, 1, 2, 1, AT)]).replace("cpu-core", "mystery"), Form.FOCUS)
    assert [row.reason_code for row in queries.held_back(CENTRE)] == ["RESOURCE_UNKNOWN"] * 2


def test_without_a_map_nothing_is_charged_and_nothing_lost(bring):
    found = bring(as_text(Form.CSV, [(1, 1, 2, 1, AT)]), accounts={}, programme="")
    assert (found.captured, dict(found.held_back)) == (0, {"ACCOUNT_UNKNOWN": 1})


def test_waiting_counted_as_running_is_held_back(bring):
    text = as_text(Form.CSV, [(1, 1, 2, 1, AT)]).replace(",3600", ",7200")
    assert dict(bring(text).held_back) == {"TIMES_DISAGREE": 1}


def test_a_correction_upwards_is_charged_and_one_downwards_waits(scene, bring):
    plain = as_text(Form.FOCUS, [(1, 1, 2, 1, AT)])
    bring(plain, Form.FOCUS)
    head, row = plain.split("\n")
    up, down = (row.replace("Usage,,", "Usage,Correction,").replace(",2,Core", f",{by},Core") for by in ("1", "-1"))
    found = bring(f"{head}\n{up}\n{down}", Form.FOCUS)
    assert (found.captured, found.price_fen, dict(found.held_back)) == (1, 15, {"CORRECTION_NEGATIVE": 1})
    (held,) = queries.held_back(CENTRE)
    words = {"usage_id": held.id, "reason": "查", "by": OPERATOR, "now": scene.now}
    assert metering.retry_usage(voucher_id=scene.voucher.id, **words).reason_code == "CORRECTION_NEGATIVE"


NOTHING = [
    (Form.SLURM_JSON, b'{"jobs": [{"job_id": 1', "NO_JSON"),
    (Form.SLURM_JSON, b"", "NO_JSON"),
    (Form.SLURM_JSON, b'{"jobs": [5]}', "BAD_LINES"),
    (Form.CSV, b"", "HEADER_WRONG"),
    (Form.CSV, HEADER.encode() + b"\n\xff\xff\n", "NO_TEXT"),
    (Form.CSV, "账户\n单位".encode("gb18030"), "ENCODING_WRONG"),
    (Form.CSV, HEADER.encode() + b"\n1,2,3", "BAD_LINES"),
    (Form.FOCUS, ",".join(FOCUS).encode() + b"\n" + b"," * (len(FOCUS) - 1), None),
]


@pytest.mark.parametrize(("form", "content", "code"), NOTHING)
def test_a_broken_file_leaves_nothing(bring, form, content, code):
    if code is None:
        assert bring(content, form).passed.total() == 1
    else:
        with pytest.raises(Refused) as refused:
            bring(content, form)
        assert refused.value.reason.code == code
        assert len(str(refused.value)) < 300
    assert not UsageRow.objects.exists()


@pytest.mark.parametrize("form", [Form.CSV, Form.SLURM_JSON, Form.SWF])
def test_a_bomb_is_stopped_at_its_bound(bring, form):
    with pytest.raises(Refused) as refused:
        bring(gzip.compress(b" " * (files.TEXT_BYTES_MAX + 1), 1), form)
    assert refused.value.reason.code in {"FILE_TOO_LARGE", "ITEM_TOO_LARGE"}


def test_one_endless_job_is_stopped_at_its_bound(bring):
    text = b'{"jobs": [{"name": "' + b"x" * (files.ITEM_BYTES_MAX + 100_000)
    with pytest.raises(Refused) as refused:
        bring(text, Form.SLURM_JSON)
    assert refused.value.reason.code == "ITEM_TOO_LARGE"


def test_a_name_with_a_tab_and_a_backslash_is_kept_as_it_is(bring):
    odd = 'a\\b\tc"d'
    text = HEADER + '\r\n"' + odd.replace('"', '""') + f'","1",cpu-core,2,{stamp(AT)},{stamp(AT + 3_600_000)},'
    assert bring(text).captured == 1
    assert UsageRow.objects.get().record_id == odd


# a stream of records in any order, split and repeated in any way, ends in the same books

jobs = st.tuples(
    st.integers(1, 6),
    st.sampled_from([1, 2, 9]),
    st.integers(0, 3),
    st.integers(1, 2),
    st.just(AT) | st.just(AT + 86_400_000),
)
LEAN = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@contextmanager
def undone():
    with transaction.atomic():
        yield
        assert queries.audit() == []
        transaction.set_rollback(True)


def split(stream, size):
    return [stream[start : start + size] for start in range(0, len(stream), size)]


@LEAN
@given(st.lists(jobs, max_size=6, unique_by=lambda job: job[0]), st.sampled_from(list(Form)), st.data())
def test_any_order_split_and_repetition_ends_in_the_same_books(scene, bring, rows, form, data):
    again = data.draw(st.lists(st.sampled_from(rows), max_size=6)) if rows else []
    stream = data.draw(st.permutations(rows + again))
    ends = []
    for parts in ([rows], split(stream, data.draw(st.integers(1, 5)))):
        with undone():
            for part in parts:
                bring(as_text(form, part), form)
            kept = UsageRow.objects.values_list(
                "record_id", "state", "reason_code", "charge_ufen", "capture__price_fen"
            )
            payable = ledger.total(PROGRAMME, AccountKind.PAYABLE).credits_posted
            ends.append((sorted(kept, key=str), payable, purse(scene.voucher.id).used_fen))
    assert ends[0] == ends[1]


@LEAN
@given(st.lists(jobs, max_size=6), st.sampled_from(list(Form)), st.data())
def test_conflicting_records_are_all_kept_in_any_order(bring, rows, form, data):
    """Whichever comes first stands; which figures were told under a key is the same whatever the order."""
    told = []
    for parts in ([rows], split(data.draw(st.permutations(rows)), 2)):
        with undone():
            for part in parts:
                bring(as_text(form, part), form)
            kept = UsageRow.objects.values_list("record_id", "payload_digest")
            disputed = UsageDispute.objects.values_list("record_id", "payload_digest")
            told.append({(name, bytes(content)) for name, content in (*kept, *disputed)})
    assert told[0] == told[1]
