"""An order's data as rows: made at the quote, carried over when the order is placed anew, read for its engine."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from jiaozi.catalogue.models import Centre
from jiaozi.kernel.ids import named_id
from jiaozi.order import queries
from jiaozi.order.models import Order, OrderData
from jiaozi.order.ports import Direction, carries_data, check_file_name
from jiaozi.order.rules import UnableToQuote, staging
from jiaozi.order.rules.wishes import DataFile, Wishes, from_json
from jiaozi.order.services.engines import engine_of, has_engine
from jiaozi.order.services.stager import staging as places


def check_places(wishes: Wishes, holder: UUID) -> None:
    """Let a holder name only places that it may use, all of them where it says that its data lies.

    Raises
    ------
    UnableToQuote, UnableToMove
        Naming the URL.
    """
    for each in (*wishes.inputs, *wishes.outputs):
        check_file_name(each.name, "outputs" if each in wishes.outputs else "inputs")
        at = places().place_of(each.url, holder, write=each in wishes.outputs)
        if at and at != wishes.data_at:
            raise UnableToQuote(
                "DATA_ELSEWHERE",
                f"{each.name}位于{at}，不是{wishes.data_at}",
                f"{each.name} lies at {at}, not at {wishes.data_at}",
                field="data_at",
            )


def takes_data(centre: Centre) -> bool:
    """Say whether data by URL can land at a centre and reach its engine's jobs."""
    landing = places().landing(centre.id, UUID(int=0), Direction.IN, "x")
    return landing is not None and has_engine(centre) and carries_data(engine_of(centre))


def rows_for(row: Order, wishes: Wishes) -> list[OrderData]:
    """Make the rows of an order's data at its centre; nothing is stored."""
    both = ((Direction.IN, wishes.inputs), (Direction.OUT, wishes.outputs))
    return [_row(row, direction, each) for direction, some in both for each in some]


def _row(row: Order, direction: Direction, each: DataFile) -> OrderData:
    return OrderData(
        id=named_id("order.data", row.id, direction.value, each.name, row.centre_id),
        order=row,
        centre_id=row.centre_id,
        direction=direction,
        name=each.name,
        url=each.url,
        size_max=each.size_bytes,
        sha256=each.sha256,
        state=staging.DataState.WAITING,
    )


def wishes_of(row: Order) -> Wishes:
    """Read an order's wishes with the data that it names at its present centre."""
    some: dict[str, list[DataFile]] = {Direction.IN: [], Direction.OUT: []}
    for each in queries.data_of(row.id, row.centre_id):
        asked = DataFile(name=each.name, url=each.url, size_bytes=each.size_max, sha256=each.sha256)
        some[each.direction].append(asked)
    return from_json(row.wishes, tuple(some[Direction.IN]), tuple(some[Direction.OUT]))


def carry_over(row: Order, from_: str, wishes: Wishes) -> bool:
    """Bring a locked order's data to its new centre; says whether any input still has to be moved.

    A file that landed where the new centre reads as well is there already; any other is moved again.
    """
    if not wishes.has_data:
        return False
    old = {(each.direction, each.name): each for each in queries.data_of(row.id, from_)}
    for each in rows_for(row, wishes):
        before = old[each.direction, each.name]
        if _landing(row, from_, each) == _landing(row, row.centre_id, each):
            before.centre_id = row.centre_id
            before.save(update_fields=["centre"])
            continue
        if before.state in staging.OPEN:
            before.state = staging.DataState.STOPPED
            before.save(update_fields=["state"])
        each.save(force_insert=True)
    return queries.inputs_open(row)


def _landing(row: Order, centre: str, each: OrderData) -> object:
    return places().landing(centre, row.id, Direction(each.direction), each.name)


def paths_of(row: Order) -> tuple[dict[str, str], dict[str, str]]:
    """Give the paths of an order's inputs and outputs on its engine's machine, by name."""
    paths: dict[str, dict[str, str]] = {Direction.IN: {}, Direction.OUT: {}}
    for each in queries.data_of(row.id, row.centre_id):
        landing = places().landing(row.centre_id, row.id, Direction(each.direction), each.name)
        if landing is not None:
            paths[each.direction][each.name] = landing.path
    return paths[Direction.IN], paths[Direction.OUT]


def clear(row: Order) -> None:
    """Take away what an order's data left at its centres, but for results that did not reach their place."""
    rows = queries.data_of(row.id)
    if any(each.direction == Direction.OUT and each.state == staging.DataState.FAILED for each in rows):
        return
    for centre in sorted({each.centre_id for each in rows}):
        with suppress(Exception):  # a place that is away keeps it; the order is over all the same
            places().clear(centre, row.id)


def stop(row: Order) -> None:
    """Move nothing more for a locked order; what is under way notices."""
    OrderData.objects.filter(order=row, state__in=staging.OPEN).update(state=staging.DataState.STOPPED)
