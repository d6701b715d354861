"""Reading organisations and end users: bounded lists, a constant number of statements."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from jiaozi.kernel.refusal import Refused
from jiaozi.party.models import NamedEndUser, Organisation
from jiaozi.party.rules import HolderClass

PAGE_MAX = 500
IDS_MAX = 10_000


class UnableToFindOrganisation(Refused):
    """Nobody is registered under this id or code."""


def organisation(id: UUID) -> Organisation:  # noqa: A002 - the column's own name
    """Give one organisation.

    Raises
    ------
    UnableToFindOrganisation
        When there is none.
    """
    found = Organisation.objects.filter(id=id).first()
    if found is None:
        raise UnableToFindOrganisation(
            "NO_SUCH_ORGANISATION",
            f"没有编号为{id}的主体，请先登记",
            f"no organisation has the id {id}; register it first",
            field="organisation",
        )
    return found


def by_uscc(uscc: str) -> Organisation | None:
    """Give the organisation with this code, if there is one."""
    return Organisation.objects.filter(uscc=uscc).first()


def by_ids(ids: Iterable[UUID]) -> dict[UUID, Organisation]:
    """Give many by id in one statement; at most ``IDS_MAX``."""
    wanted = list(ids)
    if len(wanted) > IDS_MAX:
        raise ValueError(f"at most {IDS_MAX} organisations at once, not {len(wanted)}")
    return Organisation.objects.in_bulk(wanted)


def organisations(
    *, holder_class: HolderClass | None = None, after: UUID | None = None, limit: int = 100
) -> list[Organisation]:
    """Give a page in the order of registration, from after an id."""
    rows = Organisation.objects.all()
    if holder_class is not None:
        rows = rows.filter(holder_class=holder_class)
    if after is not None:
        rows = rows.filter(id__gt=after)
    return list(rows[: bounded(limit)])


def end_users_of(intermediary: UUID, *, limit: int = 100) -> list[NamedEndUser]:
    """Give the end users that an intermediary named, their organisations loaded, in one statement."""
    rows = NamedEndUser.objects.filter(intermediary_id=intermediary).select_related("organisation")
    return list(rows[: bounded(limit)])


def end_user_count(intermediary: UUID) -> int:
    """Say how many end users an intermediary named."""
    return NamedEndUser.objects.filter(intermediary_id=intermediary).count()


def serves(intermediary: UUID, end_user: UUID) -> bool:
    """Say whether the intermediary named the end user with this id (the row's id, not the organisation's)."""
    return NamedEndUser.objects.filter(id=end_user, intermediary_id=intermediary).exists()


def bounded(limit: int) -> int:
    """Keep a page's length within ``PAGE_MAX``."""
    if not 1 <= limit <= PAGE_MAX:
        raise ValueError(f"a page holds 1 to {PAGE_MAX} rows, not {limit}")
    return limit
