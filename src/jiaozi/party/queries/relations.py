"""Who is related to whom: the ties around one organisation in one recursive statement, bounded in every way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, Sum

from jiaozi.kernel.refusal import Refused
from jiaozi.party.models import Organisation, OrganisationRelation
from jiaozi.party.rules import Group, Relation, RelationKind, connected

SQL = Path(__file__).resolve().parent.parent / "sql"
DEPTH_MAX = 6
"""Steps that anybody may ask for; beyond, nearly everybody in a city is related to everybody."""
WALK_MAX = 5_000
TIES_MAX = 20_000
ROWS_MAX = 500


class UnableToFindRelation(Refused):
    """No relation has this id."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The ties around an organisation, nearest first; ``whole`` is False where a bound cut it off."""

    centre: UUID
    ties: tuple[Relation, ...]
    whole: bool


def relation(id: UUID, *, lock: bool = False) -> OrganisationRelation:  # noqa: A002 - the column's own name
    """Give one recorded relation, locked for its end where asked.

    Raises
    ------
    UnableToFindRelation
        When there is none.
    """
    rows = OrganisationRelation.objects.all()
    found = (rows.select_for_update(no_key=True) if lock else rows).filter(id=id).first()
    if found is None:
        raise UnableToFindRelation("NO_SUCH_RELATION", f"没有关联记录{id}", f"no relation {id}", field="relation")
    return found


def relations_of(organisation: UUID, *, limit: int = 100) -> list[OrganisationRelation]:
    """Give what is recorded of one organisation, ended ties too, both ends and details loaded."""
    rows = OrganisationRelation.objects.filter(Q(one_id=organisation) | Q(other_id=organisation))
    return list(rows.select_related("one", "other", "detail").order_by("-id")[: max(1, min(limit, ROWS_MAX))])


def related(organisation: UUID, *, on: date, depth: int, share_least_bp: int = 1) -> Neighbourhood:
    """Give the ties among everybody within ``depth`` steps on a date; smaller shareholdings don't count as ties.

    Raises
    ------
    ValueError
        When more steps are asked for than ``DEPTH_MAX``.
    """
    if not 0 <= depth <= DEPTH_MAX:
        raise ValueError(f"depth: 0 to {DEPTH_MAX} steps, not {depth}")
    words: dict[str, UUID | date | int] = {
        "centre": organisation,
        "day": on,
        "depth": depth,
        "share_least_bp": share_least_bp,
        "walk_most": WALK_MAX + 1,
        "ties_most": TIES_MAX + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute((SQL / "neighbourhood.sql").read_text(encoding="utf-8"), words)
        rows = cursor.fetchall()
    whole = len(rows) <= TIES_MAX and (not rows or rows[0][7] <= WALK_MAX)
    return Neighbourhood(organisation, tuple(_tie(row) for row in rows[:TIES_MAX]), whole)


def group_of(organisation: UUID, *, on: date, depth: int, share_least_bp: int = 1) -> Group:
    """Give everybody related to an organisation within ``depth`` steps, each with a shortest path as the reason."""
    found = related(organisation, on=on, depth=depth, share_least_bp=share_least_bp)
    return connected(organisation, found.ties, depth=depth, whole=found.whole)


def names_of(organisations: Iterable[UUID]) -> dict[UUID, str]:
    """Give names by id, in one statement."""
    wanted = list(organisations)[: 2 * WALK_MAX]
    return dict(Organisation.objects.filter(id__in=wanted).order_by().values_list("id", "name"))


def share_held(organisation: UUID, on: date) -> int:
    """Say how much of an organisation is recorded as held on a date, in basis points."""
    held = OrganisationRelation.objects.filter(
        Q(until__isnull=True) | Q(until__gt=on), other_id=organisation, kind=RelationKind.SHAREHOLDING
    )
    return int(held.aggregate(held=Sum("share_bp"))["held"] or 0)


def _tie(row: tuple[Any, ...]) -> Relation:
    kind, one, other, share_bp, since, until, source, _ = row
    return Relation(
        kind=RelationKind(kind), one=one, other=other, share_bp=share_bp, since=since, until=until, source=source
    )
