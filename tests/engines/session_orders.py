"""One session order on a real engine, from its hold to its capture, with the money told to the fen.

The class of the demonstration costs 1 fen a core-second, so that every amount here can be worked out by hand.
"""

import hashlib
import io
import tarfile
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from jiaozi.journal.models import JournalLine
from jiaozi.kernel import clock
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.models import LedgerTransfer
from jiaozi.ledger.rules import TransferKind
from jiaozi.metering import queries as metered
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, UsageRow
from jiaozi.order import queries, rules
from jiaozi.order import services as order
from jiaozi.order.models import OrderSlice
from jiaozi.order.rules import Request, Session, State
from jiaozi.order.rules.session import SliceState, UnableToOpenSession
from jiaozi.voucher.queries import purse
from tests.engines.places import wait_until
from tests.world import CENTRE, PROGRAMME

CORES, LIMIT_S, ADDS_S = 2, 45, 25
_BOUND_S = 240


@dataclass(frozen=True)
class Lived:
    """A session order, and who its people are."""

    world: Any
    by: Any
    stranger: Any
    id: Any

    @property
    def row(self):
        return queries.order(self.id)

    def until(self, condition, what):
        """Let the worker's rounds go on until a condition holds."""

        def looked():
            now = clock.now()
            order.submit_waiting(now=now)
            order.watch_all(now=now)
            order.tend_sessions(now=now)
            metering.collect_all(now=now)
            return condition()

        return wait_until(looked, what, _BOUND_S)

    def access(self):
        """Give the way in, once there is one."""
        assert self.row.state in {State.HELD, State.SUBMITTED, State.QUEUED, State.RUNNING}, self.row.reason_en
        try:
            return order.access(order_id=self.id, by=self.by)
        except UnableToOpenSession:
            return None

    def pending_fen(self):
        """Give what is held of the voucher and of the holder's own money."""
        own = ledger.balance(rules.own_account(PROGRAMME, self.row.holder_id, CENTRE))
        return purse(self.row.voucher_id).held_fen, own.debits_pending


def held(world, key):
    """Hold for a shell of two cores: its whole limit and the engine's lag, half from the voucher."""
    holder, other = world.holder("样例科技"), world.holder("邻家科技", serial=2)
    world.credit(holder)
    voucher = world.voucher(holder)
    request = Request(
        centre=CENTRE, resource_class="demo-core", units=CORES, memory_mib=512, time_limit_ms=LIMIT_S * 1_000,
        command=(), session=Session(opens="SSH", authorized_key=key),
    )  # fmt: skip
    by = world.applicant(holder)
    row = order.quote(voucher_id=voucher.id, request=request, title="shell", by=by, now=clock.now())
    row = order.hold(order_id=row.id, by=by, now=clock.now())
    assert row.state == State.HELD, row.reason_en
    lived = Lived(world, by, world.applicant(other), row.id)
    assert row.most_fen == CORES * (LIMIT_S * 1_000 + row.kill_lag_ms) // 1_000
    assert lived.pending_fen() == (row.voucher_hold_fen, row.own_hold_fen) == (row.most_fen // 2, row.most_fen // 2)
    return lived


def opened(lived):
    """Wait for the way in; it is the holder's own people's alone."""
    found = lived.until(lived.access, "the session to be open")
    with pytest.raises(UnableToOpenSession):
        order.access(order_id=lived.id, by=lived.stranger)
    return found


def extended(lived):
    """Hold for 25 s more, to the fen what they cost, and have the engine raise the limit."""
    before = lived.row.most_fen
    slice_id, adds_ms = uuid4(), ADDS_S * 1_000
    order.extend(order_id=lived.id, slice_id=slice_id, adds_ms=adds_ms, by=lived.by, now=clock.now())
    made = OrderSlice.objects.get(id=slice_id)
    assert made.voucher_fen + made.own_fen == CORES * ADDS_S == lived.row.most_fen - before
    assert sum(lived.pending_fen()) == before + CORES * ADDS_S
    lived.until(lambda: OrderSlice.objects.get(id=slice_id).state == SliceState.GRANTED, "the extension's yes")
    assert lived.row.time_limit_ms == (LIMIT_S + ADDS_S) * 1_000


def ended(lived, *, grace_s):
    """Let it run past its first limit to its own end; what it used is captured over both holds, the rest released."""
    lived.until(lambda: lived.row.state == State.CAPTURED, "the capture")
    row, usage = lived.row, UsageRow.objects.get(order_id=lived.id)
    longest_ms = (LIMIT_S + ADDS_S) * 1_000 + row.kill_lag_ms
    assert (LIMIT_S + ADDS_S - grace_s - 1) * 1_000 <= usage.elapsed_ms <= longest_ms
    assert row.price_fen == (CORES * usage.elapsed_ms + 500) // 1_000  # 1 fen a core-second, rounded half up, once
    first_fen = CORES * (LIMIT_S * 1_000 + row.kill_lag_ms) // 1_000
    assert first_fen < row.price_fen <= row.most_fen == first_fen + CORES * ADDS_S
    charged = Capture.objects.get(order_id=lived.id)
    assert charged.voucher_fen + charged.own_fen == row.price_fen
    assert abs(charged.voucher_fen - charged.own_fen) <= 1  # half and half
    holds = {each.id: each for each in LedgerTransfer.objects.filter(reference=row.id, kind=TransferKind.HOLD)}
    resolved = list(LedgerTransfer.objects.filter(hold_id__in=holds))
    assert sorted(each.hold_id for each in resolved) == sorted(holds)
    assert all(each.amount_fen <= holds[each.hold_id].amount_fen for each in resolved)
    assert sum(each.amount_fen for each in resolved if each.kind == TransferKind.CAPTURE) == row.price_fen
    assert lived.pending_fen() == (0, 0)
    assert purse(row.voucher_id).used_fen == charged.voucher_fen
    verbs = set(JournalLine.objects.filter(subject=row.id).values_list("verb", flat=True))
    assert verbs >= {"extend", "extend_granted", "warn"}
    assert ledger.audit() == queries.audit() == metered.audit() == []


def saved(lived):
    """Give the saved files, checked against what the platform wrote down of them; no stranger gets them."""
    lived.until(lambda: lived.row.session.saved_name, "what was saved")
    with pytest.raises(UnableToOpenSession):
        order.saved_files(order_id=lived.id, by=lived.stranger)
    _, size, pieces = order.saved_files(order_id=lived.id, by=lived.by)
    packed = b"".join(pieces)
    assert (len(packed), hashlib.sha256(packed).hexdigest()) == (size, lived.row.session.saved_sha256)
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return {each.name: tar.extractfile(each).read() for each in tar if each.isreg()}
