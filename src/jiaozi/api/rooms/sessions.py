"""Sessions: what is left of one, extending it, the way in for its holder alone, and what it saved."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Router
from pydantic import Field

from jiaozi.api.caller import Asked
from jiaozi.api.operation import reads, writes
from jiaozi.api.shape import Shape, Wish, Words, one_of
from jiaozi.kernel import clock
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.models import OrderSlice
from jiaozi.order.ports import TIME_LIMIT_MS_MAX
from jiaozi.order.rules.session import Opens, SliceState
from jiaozi.party.rules import Scope, check_may_see

router = Router(tags=["orders"])
AddsMs = Annotated[int, Field(ge=1, le=TIME_LIMIT_MS_MAX)]


class SliceShape(Shape):
    """One extension: held for first, then asked of the engine, which grants or refuses it."""

    id: UUID
    number: int
    from_limit_ms: int
    limit_ms: int
    voucher_fen: int
    own_fen: int
    state: Annotated[SliceState, one_of(SliceState)]
    reason_code: str
    reason: Words
    asked_at: datetime
    decided_at: datetime | None


class SessionShape(Shape):
    """A session: until when it runs, what is left of its time and of what is held for it, what it saved."""

    opens: Annotated[Opens, one_of(Opens)]
    ends_at: datetime | None = Field(description="null unless it runs")
    left_ms: int | None
    spent_fen: int | None
    left_fen: int | None
    extensions: list[SliceShape]
    saved_name: str
    saved_size: int | None
    saved_sha256: str


class ExtensionPrice(Shape):
    """What more time would cost at most, and until when it can be asked for."""

    limit_ms: int
    most_fen: int
    voucher_fen: int
    own_fen: int
    latest_at: datetime


class NewExtension(Wish):
    """More time; ``id`` makes it once, whatever is sent again."""

    id: UUID
    adds_ms: AddsMs


class AccessShape(Shape):
    """The way into a running session: where it listens, and what only its holder's people may know."""

    opens: Annotated[Opens, one_of(Opens)]
    node: str
    host: str
    port: int
    token: str = Field(description="for JupyterLab; empty for SSH")
    user: str
    host_key: str = Field(description="for SSH: the public key that the server must show")


def _slice(row: OrderSlice) -> SliceShape:
    row.reason = Words(zh=row.reason_zh, en=row.reason_en)  # type: ignore[attr-defined]
    return SliceShape.model_validate(row)


@reads(router, "/orders/{order_id}/session", SessionShape)
def get_session(request: Asked, order_id: UUID) -> SessionShape:
    """What is left of a session: time, and money by the tariff; its extensions, and what it saved."""
    row = queries.order(order_id)
    check_may_see(request.auth, holder=row.holder_id, centre=row.centre_id, programme=row.programme)
    found = queries.sitting(row, clock.now())
    left: Any = found.left
    return SessionShape(
        opens=Opens(found.session.opens),
        ends_at=left and left.ends_at,
        left_ms=left and left.left_ms,
        spent_fen=left and left.spent_fen,
        left_fen=left and left.left_fen,
        extensions=[_slice(each) for each in found.slices],
        saved_name=found.session.saved_name,
        saved_size=found.session.saved_size,
        saved_sha256=found.session.saved_sha256,
    )


@reads(router, "/orders/{order_id}/extension-price", ExtensionPrice)
def price_extension(request: Asked, order_id: UUID, adds_ms: AddsMs) -> ExtensionPrice:
    """Price more time of a running session; nothing is held."""
    found = order.extension_price(order_id=order_id, adds_ms=adds_ms, by=request.auth, now=clock.now())
    return ExtensionPrice(
        limit_ms=found.limit_ms,
        most_fen=found.priced.most_fen,
        voucher_fen=found.priced.voucher_fen,
        own_fen=found.priced.own_fen,
        latest_at=found.latest_at,
    )


@writes(router, "/orders/{order_id}/extensions", SliceShape, scope=Scope.SPEND)
def extend_order(request: Asked, order_id: UUID, given: NewExtension) -> SliceShape:
    """Hold for more time of a running session; its engine raises the limit next, ``get_session`` has its answer."""
    row = order.extend(order_id=order_id, slice_id=given.id, adds_ms=given.adds_ms, by=request.auth, now=clock.now())
    return _slice(row)


@reads(router, "/orders/{order_id}/access", AccessShape, scope=Scope.SPEND)
def get_access(request: Asked, order_id: UUID) -> AccessShape:
    """The way into a running session, for its holder's own people alone: asked for anew, never kept in clear."""
    return AccessShape.model_validate(order.access(order_id=order_id, by=request.auth))
