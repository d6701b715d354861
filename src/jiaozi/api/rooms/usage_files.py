"""Usage over all centres: what stands still, which orders wait; and usage and samples brought in by a file."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from ninja import File, Form, Query, Router, UploadedFile

from jiaozi.api.caller import Asked
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Page, page
from jiaozi.api.rooms.usage import DisputeShape, HeldBackShape, UsageFilter, affairs, dispute_shape, held_back_shape
from jiaozi.api.shape import Name, Shape, Wish, Words, one_of
from jiaozi.kernel import clock
from jiaozi.kernel.period import local_date
from jiaozi.metering import queries
from jiaozi.metering import services as metering
from jiaozi.metering.rules.entry import BadLine
from jiaozi.metering.rules.entry import Form as FileForm
from jiaozi.party.rules import Reach, Scope, reach_of

router = Router(tags=["usage"])
BAD_SHOWN_MAX, ORDERS_MAX = 200, 500


class Encoding(StrEnum):
    """In which encoding a table is."""

    UTF_8 = "utf-8"
    GB18030 = "gb18030"


EncodingName = Annotated[Encoding, one_of(Encoding)]
FormName = Annotated[FileForm, one_of(FileForm)]


class StandingFilter(UsageFilter):
    """A page of usage that stands still, of one centre or of all that the caller may see."""

    centre: Name | None = None


class CentreFilter(Wish):
    """One centre, or all that the caller may see."""

    centre: Name | None = None


class UnconfirmedShape(Shape):
    """How much usage nobody has charged yet, and since when the oldest waits."""

    received: int
    held_back: int
    disputes: int
    oldest_at: datetime | None


class WaitingOrderShape(Shape):
    """An ended order that can't be captured yet, and what its hold keeps from being spent."""

    order_id: UUID
    centre: str
    ended_at: datetime | None
    most_fen: int
    held_back: int
    disputed: bool


class Waiting(Shape):
    """The orders that wait, the longest first, at most 500."""

    items: list[WaitingOrderShape]


class UsageFileWish(Wish):
    """How the file is to be read; ``skip_bad`` imports what is right although some lines are not."""

    form: FormName
    encoding: EncodingName = Encoding.UTF_8
    skip_bad: bool = False


class SamplesFileWish(Wish):
    """How the file is to be read."""

    encoding: EncodingName = Encoding.UTF_8
    skip_bad: bool = False


class BadLineShape(Shape):
    """One line that was left out, with why."""

    line: int
    label: Words


class ImportedShape(Shape):
    """What became of a file's records; ``bad`` has the first 200 lines that were left out."""

    read: int
    new: int
    captured_orders: int
    held_back: int
    same: int
    disputes: int
    bad: list[BadLineShape]


class SamplesShape(Shape):
    """What a file of samples brought."""

    samples: int
    new: int
    bad: list[BadLineShape]


def _reached(request: Asked, centre: str | None) -> str | None:
    return reach_of(request.auth, request.auth.programme, Reach(centre=centre), holders=False).centre


def _bad(lines: list[BadLine]) -> list[BadLineShape]:
    return [BadLineShape(line=each.line, label=Words(zh=each.label.zh, en=each.label.en)) for each in lines]


@reads(router, "/usage/unconfirmed", UnconfirmedShape)
def count_unconfirmed_usage(request: Asked, asked: Query[CentreFilter]) -> UnconfirmedShape:
    """How much usage nobody has charged yet."""
    programme, on = request.auth.programme, local_date(request.now)
    found = queries.unconfirmed(_reached(request, asked.centre), programme=programme, on=on)
    return UnconfirmedShape.model_validate(found)


@reads(router, "/usage/held-back", Page[HeldBackShape])
def list_standing_usage(request: Asked, asked: Query[StandingFilter]) -> Page[HeldBackShape]:
    """Usage that is not charged, over all centres that the caller may see, the latest first."""
    rows = queries.held_back(_reached(request, asked.centre), **affairs(request, asked))
    return page(rows, asked.limit, held_back_shape, lambda row: (row.received_at, row.id))


@reads(router, "/usage/disputes", Page[DisputeShape])
def list_standing_disputes(request: Asked, asked: Query[StandingFilter]) -> Page[DisputeShape]:
    """Disputes that nobody has resolved, over all centres that the caller may see, the latest first."""
    rows = queries.disputes(_reached(request, asked.centre), **affairs(request, asked))
    return page(rows, asked.limit, dispute_shape, lambda row: (row.received_at, row.id))


@reads(router, "/usage/waiting-orders", Waiting)
def list_orders_waiting_for_usage(request: Asked, asked: Query[CentreFilter]) -> Waiting:
    """Ended orders whose usage is missing, held back or disputed."""
    centre = _reached(request, asked.centre)
    rows = queries.stuck(centre, programme=request.auth.programme, limit=ORDERS_MAX)
    return Waiting(items=[WaitingOrderShape.model_validate(row) for row in rows])


@writes(router, "/centres/{centre}/usage/files", ImportedShape, scope=Scope.METER)
def import_usage_file(
    request: Asked, centre: Name, given: Form[UsageFileWish], content: File[UploadedFile]
) -> ImportedShape:
    """Bring a file of usage in, at most 8 MiB: orders by their holds; what names none is held back."""
    done = metering.import_upload(
        content=content.read(),
        form=given.form,
        reading=metering.Reading(encoding=given.encoding),
        centre=centre,
        skip_bad=given.skip_bad,
        by=request.auth,
        now=clock.now(),
    )
    return ImportedShape(
        read=done.jobs,
        new=done.orders.new + sum(done.held_back.values()),
        captured_orders=done.orders_captured,
        held_back=done.orders.held_back + sum(done.held_back.values()),
        same=done.same + done.orders.same,
        disputes=done.disputes + done.orders.disputes,
        bad=_bad(done.bad[:BAD_SHOWN_MAX]),
    )


@writes(router, "/centres/{centre}/usage/samples", SamplesShape, scope=Scope.METER)
def import_usage_samples(
    request: Asked, centre: Name, given: Form[SamplesFileWish], content: File[UploadedFile]
) -> SamplesShape:
    """Bring a file of samples in, at most 8 MiB: they are compared with claims, and charge nothing."""
    taken = metering.samples_upload(
        content=content.read(),
        centre=centre,
        encoding=given.encoding,
        skip_bad=given.skip_bad,
        by=request.auth,
        now=clock.now(),
    )
    return SamplesShape(samples=taken.samples, new=taken.new, bad=_bad(taken.bad[:BAD_SHOWN_MAX]))
