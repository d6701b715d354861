"""Reading members' spending limits and what counts for them. Bounded, one statement each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Case, F, Q, Sum, When
from django.db.models.fields import BigIntegerField
from django.db.models.functions import Coalesce

from jiaozi.order.models import Order, SpendingLimit
from jiaozi.order.queries.reading import ROWS_MAX
from jiaozi.order.rules import UNFINISHED
from jiaozi.order.rules.spending import UNFUNDED, Per, Spending, person_in, whose, window
from jiaozi.party.rules import Actor
from jiaozi.party.rules.person import name_of

_COMPUTE = Case(
    When(price_fen__isnull=False, then=F("price_fen")),
    When(state__in=UNFINISHED, then=F("most_fen")),
    default=0,
    output_field=BigIntegerField(),
)
_MOVEMENT = Case(
    When(movement_fen__isnull=False, then=F("movement_fen")),
    When(~Q(state__in=UNFUNDED), then=F("movement_voucher_hold_fen") + F("movement_own_hold_fen")),
    default=0,
    output_field=BigIntegerField(),
)
_COUNTED = Coalesce(Sum(_COMPUTE + _MOVEMENT), 0, output_field=BigIntegerField())


@dataclass(frozen=True, slots=True)
class Limited:
    """A limit in force with what counts for it."""

    row: SpendingLimit
    spending: Spending


def limit_of(organisation: UUID, person: UUID) -> SpendingLimit | None:
    """Give a member's limit in force, None where there is none."""
    return SpendingLimit.objects.filter(organisation_id=organisation, person_id=person, ended_at=None).first()


def has_limit(organisation: UUID, actor: str) -> bool:
    """Say whether whoever acts under a name has a limit in an organisation; only people have."""
    person = person_in(actor)
    return person is not None and limit_of(organisation, person) is not None


def spending_of(organisation: UUID | None, actor: str, at: datetime) -> Spending | None:
    """Give the limit and what counts for it of whoever acts under a name; None where there is none. Two statements.

    ``at`` is when the hold is or was taken: in a month's limit it counts beside the others of that month.
    """
    person = person_in(actor)
    row = limit_of(organisation, person) if organisation and person else None
    return limited(row, at).spending if row else None


def limits(
    by: Actor,
    organisation: UUID,
    at: datetime,
    *,
    people: Collection[UUID] | None = None,
    after: UUID | None = None,
    limit: int = 100,
) -> list[Limited]:
    """Give an organisation's limits in force, of some people where asked, with what counts for each; two statements.

    A plain member is given its own alone.

    Raises
    ------
    UnableToLimit
        When the actor may not see them.
    """
    rows = SpendingLimit.objects.filter(organisation_id=organisation, ended_at=None)
    person = whose(by, organisation)
    if person is not None:
        rows = rows.filter(person_id=person)
    if people is not None:
        rows = rows.filter(person_id__in=people)
    if after is not None:
        rows = rows.filter(id__gt=after)
    return _with_spent(list(rows.order_by("id")[: min(limit, ROWS_MAX)]), at)


def limited(row: SpendingLimit, at: datetime) -> Limited:
    """Give a limit with what counts for it."""
    return _with_spent([row], at)[0]


def _with_spent(rows: Sequence[SpendingLimit], at: datetime) -> list[Limited]:
    spent = _spent_fen(rows, at) if rows else {}
    return [Limited(row, Spending(Per(row.per), row.limit_fen, spent.get(name_of(row.person_id), 0))) for row in rows]


def _spent_fen(rows: Sequence[SpendingLimit], at: datetime) -> dict[str, int]:
    """Give what the orders of limited members of one organisation count, by who took their holds."""
    counts = Q(pk__in=[])
    for per in Per:
        names = [name_of(row.person_id) for row in rows if row.per == per]
        span = window(per, at)
        within = Q(held_at__gte=span[0], held_at__lt=span[1]) if span else Q()
        counts |= Q(held_by__in=names) & within
    found = Order.objects.filter(counts, holder_id=rows[0].organisation_id).values_list("held_by")
    return dict(found.annotate(fen=_COUNTED).order_by())
