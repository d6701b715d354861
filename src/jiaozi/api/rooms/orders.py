"""Orders: quote, hold, watch, cancel; what one used, and the end of its log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import StreamingHttpResponse
from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked, programme_of
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Filter, Page, at_instant, page
from jiaozi.api.shape import Fen, Instant, Json, Name, Shape, Wish, Words, id_of, one_of
from jiaozi.catalogue.rules import Tier
from jiaozi.dispatch.rules.request import RTT_MAX_US
from jiaozi.kernel import clock
from jiaozi.metering import queries as metering
from jiaozi.metering.models import UsageRow
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.ports import COMMAND_WORDS_MAX, FILES_MAX, KEY_MAX, TIME_LIMIT_MS_MAX, Direction
from jiaozi.order.rules import Request, Session, State
from jiaozi.order.rules.session import Opens
from jiaozi.order.rules.spending import knows_who
from jiaozi.order.rules.staging import DataState
from jiaozi.order.rules.template import Asked as Job
from jiaozi.order.rules.wishes import BYTES_MAX, DATA_MAX, NONE, URL_MAX, DataFile, Wishes
from jiaozi.party.rules import Actor, Reach, Scope, check_may_see, reach_of

router = Router(tags=["orders"])
OrderState = Annotated[State, one_of(State)]
DataStateName = Annotated[DataState, one_of(DataState)]
DirectionName = Annotated[Direction, one_of(Direction)]
TierName = Annotated[Tier, one_of(Tier)]
TAIL_BYTES_MAX = 262_144
UNITS_MAX = 1_000_000


class Opened(Shape):
    """What an order opens, where it is a session."""

    opens: Annotated[Opens, one_of(Opens)]


class OrderRow(Shape):
    """One order, as a list shows it; ``*_hold_fen`` is held, ``*_fen`` captured."""

    id: UUID
    programme: str
    holder: UUID = id_of("holder")
    voucher: UUID = id_of("voucher")
    centre: str = id_of("centre")
    resource_class: str = id_of("resource_class")
    tariff: UUID = id_of("tariff")
    title: str
    session: Opened | None = Field(None, description="null for a batch job")
    units: int
    memory_mib: int
    time_limit_ms: int
    state: OrderState
    outcome: str
    most_fen: int
    voucher_hold_fen: int
    own_hold_fen: int
    price_fen: int | None
    voucher_fen: int | None
    own_fen: int | None
    overrun_fen: int
    quoted_at: datetime
    held_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None


class DataShape(Shape):
    """One file by URL and how much of it has arrived; ``sha256`` is what was found once it is DONE."""

    id: UUID
    direction: DirectionName
    name: str
    url: str
    centre: str = id_of("centre")
    state: DataStateName
    there_bytes: int
    size: int | None
    size_max: int
    sha256: str
    attempts: int
    started_at: datetime | None
    ended_at: datetime | None
    reason_code: str
    reason: Words


class OrderShape(OrderRow):
    """One order with its command, its wishes and data and, where it was refused or failed, why.

    ``movement_hold_fen`` is held for moving ``movement_bytes_max``, beside ``most_fen``; ``movement_fen`` was charged.
    """

    end_user: UUID | None = id_of("end_user")
    held_by: str = Field(
        description="who took the hold, `person:<id>` for a member; empty until then, and for a centre"
    )
    command: list[str]
    cancel_asked: bool
    exit_code: int | None
    reason_code: str
    reason: Words
    wishes: Json
    movement_bytes_max: int
    movement_hold_fen: int
    movement_fen: int | None
    data: list[DataShape]


class OrderFilter(Filter):
    """Which orders."""

    voucher: UUID | None = None
    holder: UUID | None = None
    centre: Name | None = None
    state: list[OrderState] = []


class NewSession(Wish):
    """What to open instead of running a command."""

    opens: Annotated[Opens, one_of(Opens)]
    authorized_key: str = Field("", max_length=KEY_MAX, description="for SSH: one OpenSSH public key")


class DataGiven(Wish):
    """One file by URL; ``size_bytes`` is how large it is, or at most is: the hold covers that much."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    url: Annotated[str, Field(min_length=1, max_length=URL_MAX)]
    size_bytes: Annotated[int, Field(ge=1, le=BYTES_MAX)]
    sha256: Annotated[str, Field(max_length=64)] = ""


class Wished(Wish):
    """What dispatch weighs beside the job, and the data that is moved for it."""

    latest_start: Instant | None = None
    deadline: Instant | None = None
    latency_to: Name = ""
    latency_max_us: Annotated[int, Field(ge=1, le=RTT_MAX_US)] | None = None
    residency: TierName | None = None
    tier: TierName | None = None
    data_at: Name = Field("", description="where the inputs lie and the outputs go")
    inputs: Annotated[list[DataGiven], Field(max_length=DATA_MAX)] = []
    outputs: Annotated[list[DataGiven], Field(max_length=DATA_MAX)] = []
    budget_fen: Fen | None = None
    wait_fen_per_hour: Fen = 0


class JobWish(Wish):
    """A job, apart from who pays."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    centre: Name = Field("", description="where it must run; empty leaves the place to dispatch")
    resource_class: Name
    units: Annotated[int, Field(ge=1, le=UNITS_MAX)]
    memory_mib: Annotated[int, Field(ge=1, le=10**9)]
    time_limit_ms: Annotated[int, Field(ge=1, le=TIME_LIMIT_MS_MAX)]
    command: Annotated[list[str], Field(max_length=COMMAND_WORDS_MAX)] = Field(
        [], description="the program and its words; a session needs none"
    )
    session: NewSession | None = None
    files: Annotated[dict[str, str], Field(max_length=FILES_MAX)] = {}
    end_user: UUID | None = None
    wishes: Wished | None = None


class NewOrder(JobWish):
    """A job and the voucher that is to pay its share."""

    voucher: UUID


class Again(Wish):
    """The voucher that is to pay an old order's new run."""

    voucher: UUID | None = Field(None, description="its own where it is left out")


class UsedShape(Shape):
    """One usage record and what became of it."""

    id: UUID
    record_id: str
    resource_class: str
    units: int
    started_at: datetime
    ended_at: datetime
    elapsed_ms: int
    cpu_ms: int | None
    memory_peak_mib: int | None
    outcome: str
    state: str
    reason_code: str
    charge_ufen: int | None


class UsedByOrder(Shape):
    """What an order used."""

    items: list[UsedShape]


class LogTail(Shape):
    """The last bytes of standard output and error, as text; bytes that are no UTF-8 are replaced."""

    text: str
    found: bool = Field(description="false where the engine has, or keeps, no log of it")


def shown(row: Order, by: Actor) -> OrderShape:
    """Show an order with its data, as far as it is the reader's to know."""
    said: Any = row
    said.data = queries.data_of(row.id) if row.movement_bytes_max else []
    said.movement_hold_fen = row.movement_voucher_hold_fen + row.movement_own_hold_fen
    for each in (said, *said.data):
        each.reason = Words(zh=each.reason_zh, en=each.reason_en)
    found = OrderShape.model_validate(row)
    return found if knows_who(by, row.holder_id, row.programme) else found.model_copy(update={"held_by": ""})


def _wishes(given: Wished | None) -> Wishes:
    if given is None:
        return NONE
    files = {
        name: tuple(DataFile(**each.model_dump()) for each in getattr(given, name)) for name in ("inputs", "outputs")
    }
    return Wishes(**{**dict(given), **files})


def job_of(given: JobWish) -> Job:
    """Give the job that is asked for."""
    opened = given.session
    request = Request(
        centre=given.centre,
        resource_class=given.resource_class,
        units=given.units,
        memory_mib=given.memory_mib,
        time_limit_ms=given.time_limit_ms,
        command=tuple(given.command),
        end_user=given.end_user,
        session=Session(opens=opened.opens, authorized_key=opened.authorized_key) if opened else None,
    )
    return Job(given.title, request, _wishes(given.wishes), given.files)


def _of(request: Asked, order_id: UUID, *, lock: bool = False) -> Order:
    row = queries.order(order_id, lock=lock)
    check_may_see(request.auth, holder=row.holder_id, centre=row.centre_id, programme=row.programme)
    return row


def _held_fast(request: Asked, order_id: UUID) -> OrderShape:
    return shown(_of(request, order_id, lock=True), request.auth)


@reads(router, "/orders", Page[OrderRow])
def list_orders(request: Asked, asked: Query[OrderFilter]) -> Page[OrderRow]:
    """Orders, the latest first; a holder sees its own, a centre those that are done there."""
    programme = programme_of(request, asked.programme)
    reach = reach_of(request.auth, programme, Reach(asked.holder, asked.centre))
    rows = queries.orders(
        programme=programme,
        voucher=asked.voucher,
        holder=reach.holder,
        centre=reach.centre,
        states=asked.state,
        after=at_instant(asked.cursor),
        limit=asked.limit + 1,
    )
    return page(rows, asked.limit, OrderRow.model_validate, lambda row: (row.quoted_at, row.id))


@reads(router, "/orders/{order_id}", OrderShape)
def get_order(request: Asked, order_id: UUID) -> OrderShape:
    """One order: where it stands, what is held, what it cost."""
    return shown(_of(request, order_id), request.auth)


@writes(router, "/orders", OrderShape, scope=Scope.SPEND)
def quote_order(request: Asked, given: NewOrder) -> OrderShape:
    """Price a job at a centre and store it as quoted; nothing is held yet."""
    job = job_of(given)
    row = order.quote(
        voucher_id=given.voucher,
        request=job.request,
        title=job.title,
        by=request.auth,
        now=clock.now(),
        files=job.files,
        wishes=job.wishes,
    )
    return shown(row, request.auth)


@writes(router, "/orders/{order_id}/hold", OrderShape, scope=Scope.SPEND, seen=_held_fast)
def hold_order(request: Asked, order_id: UUID) -> OrderShape:
    """Place an order: take the hold; the job is handed over next. Short of money it is REFUSED with its reason."""
    return shown(order.hold(order_id=order_id, by=request.auth, now=clock.now()), request.auth)


@writes(router, "/orders/{order_id}/again", OrderShape, scope=Scope.SPEND)
def quote_order_again(request: Asked, order_id: UUID, given: Again) -> OrderShape:
    """Quote an old order anew at today's price, with its files and wishes but without its times; nothing is held."""
    row = order.again(order_id=order_id, voucher_id=given.voucher, by=request.auth, now=clock.now())
    return shown(row, request.auth)


@writes(router, "/orders/{order_id}/cancel", OrderShape, scope=Scope.SPEND, seen=_held_fast)
def cancel_order(request: Asked, order_id: UUID) -> OrderShape:
    """Cancel an order: before it was handed over the hold is released at once, on an engine the job is stopped."""
    return shown(order.cancel(order_id=order_id, by=request.auth, now=clock.now()), request.auth)


@reads(router, "/orders/{order_id}/usage", UsedByOrder)
def list_order_usage(request: Asked, order_id: UUID) -> UsedByOrder:
    """What an order used, record by record, and what became of each."""
    rows: list[UsageRow] = metering.usage_of(_of(request, order_id).id)
    return UsedByOrder(items=[UsedShape.model_validate(row) for row in rows])


@reads(router, "/orders/{order_id}/log", LogTail)
def get_order_log(
    request: Asked, order_id: UUID, tail_bytes: Annotated[int, Field(ge=1, le=TAIL_BYTES_MAX)] = 16_384
) -> LogTail:
    """The end of a job's log, from the centre's engine; a session's is its holder's alone."""
    tail = order.printed(order_id=order_id, tail_bytes=tail_bytes, by=request.auth)
    return LogTail(text=(tail or b"").decode(errors="replace"), found=tail is not None)


@reads(
    router,
    "/orders/{order_id}/data/{data_id}/content",
    bytes,
    kind="application/octet-stream",
    scope=Scope.SPEND,
)
def get_order_result(request: Asked, order_id: UUID, data_id: UUID) -> Any:
    """One of an order's results as it lies on the platform, for its holder's own people; 2 GiB at most."""
    found = order.result(order_id=order_id, data_id=data_id, by=request.auth, now=clock.now())
    answer = StreamingHttpResponse(found.pieces, content_type="application/octet-stream")
    answer["Content-Length"] = str(found.size)
    answer["Cache-Control"] = "private, no-store"
    return answer
