"""Reading orders: one, a list, those that an engine works on; never with their files, which may be megabytes each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Sum
from django.db.models.fields import DateTimeField

from jiaozi.catalogue.queries import tariff_of
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger.models import LedgerTransfer
from jiaozi.ledger.queries import Finding
from jiaozi.order.models import Order, OrderData, OrderSession, OrderSlice
from jiaozi.order.ports import Direction, longest_run_ms
from jiaozi.order.rules import ON_ENGINE, TAKING, State
from jiaozi.order.rules.quota import ENDED
from jiaozi.order.rules.session import WAITS_FOR_USAGE, Left, Opens, SliceState, left
from jiaozi.order.rules.staging import CLOSABLE, OPEN, OVER, DataState
from jiaozi.order.rules.standing import LET_GO_FOR, LOST, STUCK_AFTER, Standing, Why, stuck

ROWS_MAX = 500
WATCHED_MAX = 5_000
SUBMITTED_MAX = 1_000
LET_GO_MAX = 1_000
_TO_SUBMIT = (State.HELD, State.SUBMITTED)
_STANDING = (State.HELD, State.STAGING, *ON_ENGINE, State.ENDED)
_MS = timedelta(milliseconds=1)
FINDINGS_MAX = 100
_QUOTAS_TO_END = (Path(__file__).parent / "sql" / "quotas_to_end.sql").read_text(encoding="utf-8")
_AUDIT = (Path(__file__).parent / "sql" / "audit.sql").read_text(encoding="utf-8")


class UnableToFindOrder(Refused):
    """No order has this id."""


def order(id: UUID, *, lock: bool = False) -> Order:  # noqa: A002 - the column's own name
    """Give one order with holder, voucher, centre and tariff, locked for a change where asked.

    Raises
    ------
    UnableToFindOrder
        When there is none.
    """
    rows = Order.objects.select_related("holder", "voucher", "centre", "tariff", "resource_class", "session").defer(
        "files"
    )
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    found = rows.filter(id=id).first()
    if found is None:
        raise UnableToFindOrder("NO_SUCH_ORDER", f"没有订单{id}", f"no order {id}", field="order")
    return found


def orders(
    *,
    programme: str,
    voucher: UUID | None = None,
    holder: UUID | None = None,
    centre: str | None = None,
    states: Iterable[State] = (),
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[Order]:
    """Give the latest orders, from after an instant and id, with holder, centre and class, in one statement."""
    rows = Order.objects.filter(programme=programme).defer("files")
    rows = rows.select_related("holder", "centre", "resource_class", "voucher", "session")
    if voucher is not None:
        rows = rows.filter(voucher_id=voucher)
    if holder is not None:
        rows = rows.filter(holder_id=holder)
    if centre is not None:
        rows = rows.filter(centre_id=centre)
    wanted = list(states)
    if wanted:
        rows = rows.filter(state__in=wanted)
    if after is not None:
        rows = rows.filter(quoted_at__lte=after[0]).exclude(quoted_at=after[0], id__gte=after[1])
    return list(rows.order_by("-quoted_at", "-id")[: min(limit, ROWS_MAX)])


def taking(voucher_id: UUID, *, besides: UUID | None = None) -> Order | None:
    """Give an order that has taken something of a voucher, besides one; None where there is none."""
    rows = Order.objects.filter(voucher_id=voucher_id, state__in=TAKING).defer("files")
    if besides is not None:
        rows = rows.exclude(id=besides)
    return rows.order_by("id").first()


def quotas_to_end(*, limit: int = 1_000) -> list[UUID]:
    """Give the vouchers that have ended and whose quota in kind has units left; oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_QUOTAS_TO_END, {"ended": [str(state) for state in ENDED], "limit": limit})
        return [id_ for (id_,) in cursor.fetchall()]


def session_of(row: Order) -> OrderSession | None:
    """Give what an order opens, None for a batch job; no statement where the order was read with it."""
    try:
        return row.session
    except OrderSession.DoesNotExist:
        return None


def standing_slices(row: Order) -> list[OrderSlice]:
    """Give a session's extensions whose holds stand beside its first, in their order; nothing asked for a batch job."""
    if session_of(row) is None:
        return []
    return list(row.slices.exclude(state=SliceState.REFUSED).order_by("number"))


@dataclass(frozen=True, slots=True)
class Sitting:
    """A session as it is shown: ``left`` only while it runs, its extensions the latest first."""

    session: OrderSession
    left: Left | None
    slices: list[OrderSlice]

    @property
    def opens(self) -> Opens:
        """What it opens."""
        return Opens(self.session.opens)


def sitting(row: Order, now: datetime) -> Sitting:
    """Give a session's time, money and extensions; one statement beside the order's.

    Raises
    ------
    UnableToFindOrder
        When the order is a batch job.
    """
    session = session_of(row)
    if session is None:
        raise UnableToFindOrder("NOT_A_SESSION", "这不是交互会话", "this order is no session", field="order")
    return Sitting(session, remains(row, now), list(row.slices.order_by("-number")[:ROWS_MAX]))


def remains(row: Order, now: datetime) -> Left | None:
    """Give what is left of a running job by the clock, an estimate until it is metered; None when it does not run."""
    if row.state != State.RUNNING or row.started_at is None:
        return None
    return left(
        tariff=tariff_of(row.tariff),
        units=row.units,
        started_at=row.started_at,
        time_limit_ms=row.time_limit_ms,
        most_fen=row.most_fen,
        now=now,
    )


def slice_of(id: UUID) -> OrderSlice | None:  # noqa: A002 - the column's own name
    """Give one extension, None where there is none."""
    return OrderSlice.objects.filter(id=id).first()


def slice_states(order_id: UUID) -> list[str]:
    """Give the states of a session's extensions."""
    return list(OrderSlice.objects.filter(order_id=order_id).order_by("number").values_list("state", flat=True))


def slices_under_way(asked_before: datetime, limit: int = SUBMITTED_MAX) -> list[UUID]:
    """Give the extensions that nothing has decided, oldest first; not those that wait for an ended order's usage."""
    rows = OrderSlice.objects.filter(state=SliceState.HELD, asked_at__lte=asked_before).order_by("asked_at")
    rows = rows.exclude(order__state__in=WAITS_FOR_USAGE)
    return list(rows.values_list("id", flat=True)[:limit])


def sessions_ending(before: datetime, limit: int = WATCHED_MAX) -> list[Order]:
    """Give the running sessions that reach their limit before an instant."""
    ends = ExpressionWrapper(F("started_at") + F("time_limit_ms") * _MS, output_field=DateTimeField())
    rows = Order.objects.select_related("session").defer("files")
    rows = rows.filter(state=State.RUNNING, session__isnull=False).annotate(ends_at=ends)
    return list(rows.filter(ends_at__lte=before).order_by("id")[:limit])


def sessions_to_keep(limit: int = SUBMITTED_MAX) -> list[UUID]:
    """Give the ended sessions whose saved files nobody has looked at yet."""
    over = [state for state in State if state not in {State.QUOTED, State.HELD, *ON_ENGINE}]
    rows = OrderSession.objects.filter(saved_at=None, order__state__in=over).order_by("order_id")
    return list(rows.values_list("order_id", flat=True)[:limit])


def own_credit(reference: UUID) -> tuple[UUID, int] | None:
    """Give what was recorded as a holder's own money under a reference: its account and the amount in fen."""
    rows = LedgerTransfer.objects.filter(id=named_id("own", reference))
    return rows.values_list("credit_id", "amount_fen").first()


class Followed(NamedTuple):
    """An order on an engine, with what a watcher must know to see whether anything changed."""

    id: UUID
    state: State
    engine_job: str
    cancel_asked: bool
    missing_since: datetime | None
    longest: timedelta


def on_engine(centre: str, after: UUID | None = None) -> list[Followed]:
    """Give the orders that a centre's engine may know, oldest first, at most ``WATCHED_MAX`` after an id."""
    rows = Order.objects.filter(centre_id=centre, state__in=ON_ENGINE)
    if after is not None:
        rows = rows.filter(id__gt=after)
    terms = ("time_limit_ms", "engine_granularity_ms", "kill_lag_ms")
    found = rows.order_by("id").values_list("id", "state", "engine_job", "cancel_asked", "missing_since", *terms)
    return [
        Followed(id_, State(state), job, asked, missing, longest_run_ms(limit, step, lag) * _MS)
        for id_, state, job, asked, missing, limit, step, lag in found[:WATCHED_MAX]
    ]


def units_at_work() -> dict[tuple[str, str], int]:
    """Give how many units of each class orders have or wait for at each centre, in one statement."""
    rows = Order.objects.filter(state__in=[State.HELD, State.STAGING, *ON_ENGINE]).values_list(
        "centre_id", "resource_class_id"
    )
    return {(centre, class_): units for centre, class_, units in rows.annotate(units=Sum("units")).order_by()}


def let_go(now: datetime) -> dict[str, list[UUID]]:
    """Give, by centre, the latest orders that their engines should not have any more, in one statement.

    Those that failed, whose jobs were called lost, or that were placed elsewhere, within ``LET_GO_FOR``.
    """
    rows = Order.objects.filter(Q(state=State.FAILED) | Q(reason_code=LOST) | Q(moves__gt=0))
    rows = rows.filter(moved_at__gte=now - LET_GO_FOR).order_by("-moved_at")
    found: dict[str, list[UUID]] = {}
    for id_, centre, state, code, placement in rows.values_list("id", "centre_id", "state", "reason_code", "placement")[
        :LET_GO_MAX
    ]:
        places = [*placement.get("tried", ())]
        if state == State.FAILED or code == LOST:
            places.append(centre)
        for place in places:
            found.setdefault(place, []).append(id_)
    return found


def data_of(order_id: UUID, centre: str | None = None) -> list[OrderData]:
    """Give an order's files by URL, those of one centre where asked: inputs, then outputs, by name."""
    rows = OrderData.objects.filter(order_id=order_id)
    if centre is not None:
        rows = rows.filter(centre_id=centre)
    return list(rows.order_by("direction", "name", "centre_id")[:ROWS_MAX])


def inputs_open(row: Order) -> bool:
    """Say whether any input is not there and verified yet at the order's centre."""
    rows = OrderData.objects.filter(order=row, centre_id=row.centre_id, direction=Direction.IN)
    return rows.exclude(state=DataState.DONE).exists()


def due_data(order_id: UUID | None, now: datetime) -> QuerySet[OrderData]:
    """Give the files that have to be moved now, of one order or of all: inputs before the job, outputs after it.

    One that is under way is among them: whoever moves it may have died.
    """
    before = Q(direction=Direction.IN, order__state=State.STAGING)
    after = Q(direction=Direction.OUT, order__state__in=OVER, order__started_at__isnull=False)
    rows = OrderData.objects.filter(before | after, state__in=OPEN, centre_id=F("order__centre_id"))
    rows = rows.filter(Q(next_at=None) | Q(next_at__lte=now))
    return rows if order_id is None else rows.filter(order_id=order_id)


def orders_with_due_data(now: datetime) -> list[UUID]:
    """Give the orders that have a file to be moved now, or wait for an input that was given up, oldest first."""
    due = Order.objects.filter(id__in=due_data(None, now).values("order_id"))
    left = Order.objects.filter(id__in=_given_up().values("order_id"))
    return list((due | left).order_by("id").values_list("id", flat=True)[:SUBMITTED_MAX])


def given_up(order_id: UUID) -> OrderData | None:
    """Give a failed input that an order still waits for: whoever gave it up died before the order went on."""
    return _given_up().filter(order_id=order_id).order_by("name").first()


def _given_up() -> QuerySet[OrderData]:
    rows = OrderData.objects.filter(order__state=State.STAGING, state=DataState.FAILED, direction=Direction.IN)
    return rows.filter(centre_id=F("order__centre_id"))


def movement_to_close() -> list[UUID]:
    """Give the orders whose data movement can be charged: nothing is under way, and nothing will be."""
    open_ = Exists(OrderData.objects.filter(order_id=OuterRef("id"), state__in=OPEN))
    rows = Order.objects.filter(movement_bytes_max__gt=0, movement_fen=None, state__in=CLOSABLE).exclude(open_)
    return list(rows.order_by("id").values_list("id", flat=True)[:SUBMITTED_MAX])


def waiting_for_submit(centre: str, limit: int = SUBMITTED_MAX) -> list[UUID]:
    """Give a centre's funded orders that no engine has taken yet, oldest first."""
    rows = Order.objects.filter(centre_id=centre, state__in=_TO_SUBMIT, engine_job="").order_by("id")
    return list(rows.values_list("id", flat=True)[:limit])


def not_taken(since: datetime, limit: int = SUBMITTED_MAX) -> list[UUID]:
    """Give the funded orders that dispatch placed and that their centres did not take, oldest first."""
    rows = Order.objects.filter(state=State.HELD, pinned=False, moved_at__lte=since).order_by("moved_at", "id")
    return list(rows.values_list("id", flat=True)[:limit])


def is_doubtful(centre: str, without: UUID, since: datetime) -> bool:
    """Say whether a centre has left an order unanswered: it is asked whether it is there before it gets another one."""
    rows = Order.objects.filter(centre_id=centre, state=State.SUBMITTED, engine_job="", moved_at__lte=since)
    return rows.exclude(id=without).exists()


def centres_to_submit_to() -> list[str]:
    """Give the centres for which funded orders wait to be handed over."""
    rows = Order.objects.filter(state__in=_TO_SUBMIT, engine_job="").order_by("centre_id")
    return list(rows.values_list("centre_id", flat=True).distinct()[:ROWS_MAX])


def centres_at_work() -> list[str]:
    """Give the centres that have orders on their engine."""
    rows = Order.objects.filter(state__in=ON_ENGINE).order_by("centre_id").values_list("centre_id", flat=True)
    return list(rows.distinct()[:ROWS_MAX])


def locked(order_ids: Iterable[UUID]) -> list[Order]:
    """Give those of some orders that an engine may know, locked for a change, in id order."""
    rows = (
        Order.objects.defer("files").select_for_update(no_key=True).filter(id__in=list(order_ids), state__in=ON_ENGINE)
    )
    return list(rows.order_by("id"))


def captured(order_ids: Iterable[UUID]) -> list[Order]:
    """Give those of some orders that are captured and not settled, locked for a change, in id order."""
    rows = (
        Order.objects.defer("files").select_for_update(no_key=True).filter(id__in=list(order_ids), state=State.CAPTURED)
    )
    return list(rows.order_by("id"))


@dataclass(frozen=True, slots=True)
class Stuck:
    """An order that stands still, why, and since when."""

    order: Order
    why: Why
    since: datetime


def standing_of(row: Order, *, has_engine: bool) -> Standing:
    """Give what is known of where an order stands; ``has_engine`` says whether its centre has one to ask."""
    return Standing(
        state=State(row.state),
        moved_at=row.moved_at,
        missing_since=row.missing_since,
        started_at=row.started_at,
        longest_ms=longest_run_ms(row.time_limit_ms, row.engine_granularity_ms, row.kill_lag_ms),
        handed_over=bool(row.engine_job),
        has_engine=has_engine,
    )


def stuck_orders(
    now: datetime, *, engines: Collection[str], programme: str | None = None, limit: int = 100
) -> list[Stuck]:
    """Give the orders that stand still, longest first, with why and since when, in one statement.

    ``engines`` are the names that the settings know.
    """
    longest = F("time_limit_ms") + F("engine_granularity_ms") + F("kill_lag_ms")
    due = ExpressionWrapper(F("started_at") + longest * _MS, output_field=DateTimeField())
    there = Q(centre__connected=True, centre__engine__in=list(engines))
    waits = Q(state__in=[State.HELD, State.ENDED]) | Q(state=State.SUBMITTED, engine_job="")
    rows = (
        Order.objects.defer("files")
        .select_related("holder", "centre", "voucher", "resource_class")
        .filter(state__in=_STANDING, moved_at__lte=now - STUCK_AFTER)
        .annotate(due_at=due)
        .filter(waits | ~there | Q(missing_since__lte=now - STUCK_AFTER) | Q(state=State.RUNNING, due_at__lt=now))
    )
    if programme is not None:
        rows = rows.filter(programme=programme)
    found = []
    for row in rows.order_by("moved_at", "id")[: min(limit, ROWS_MAX)]:
        sign = stuck(standing_of(row, has_engine=row.centre.connected and row.centre.engine in engines), now)
        if sign is not None:
            found.append(Stuck(row, *sign))
    return found


def audit() -> list[Finding]:
    """Check that the ledger holds for every order what it says while it is under way, and nothing afterwards.

    Cost: one pass over orders and one over the ledger's holds.
    """
    with connection.cursor() as cursor:
        cursor.execute(_AUDIT, {"limit": FINDINGS_MAX})
        return [Finding(*row) for row in cursor.fetchall()]
