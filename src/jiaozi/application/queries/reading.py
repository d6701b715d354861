"""Reading applications: the officer's queue, one dossier, how often a one-off clause was granted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q

from jiaozi.application.models import Application
from jiaozi.application.rules import State
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.refusal import Refused

ROWS_MAX = 500


_WRITING = ("apply", "draft", "amend", "submit", "resubmit")


class UnableToFindApplication(Refused):
    """No application has this id."""


def application(id: UUID, *, lock: bool = False) -> Application:  # noqa: A002 - the column's own name
    """Give one application with its holder and version, locked for a change where asked.

    Raises
    ------
    UnableToFindApplication
        When there is none.
    """
    rows = Application.objects.select_related("holder", "version")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    found = rows.filter(id=id).first()
    if found is None:
        raise UnableToFindApplication(
            "NO_SUCH_APPLICATION", f"没有申领{id}", f"no application {id}", field="application"
        )
    return found


def applications(
    *,
    programme: str,
    holder: UUID | None = None,
    states: Iterable[State] = (),
    clause: str = "",
    notice_over: datetime | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[Application]:
    """Give the latest applications of a programme, holders loaded, in one statement; a draft only where asked for.

    ``after`` is the instant and id of the last one that the caller has; ``notice_over`` asks for those whose public
    notice was over by an instant.
    """
    rows = Application.objects.filter(programme=programme).select_related("holder").order_by("-submitted_at", "-id")
    wanted = list(states) or [state for state in State if state is not State.DRAFT]
    rows = rows.filter(state__in=wanted)
    if holder is not None:
        rows = rows.filter(holder_id=holder)
    if clause:
        rows = rows.filter(clause=clause)
    if notice_over is not None:
        rows = rows.filter(notice_until__lte=notice_over)
    if after is not None:
        rows = rows.filter(submitted_at__lte=after[0]).exclude(submitted_at=after[0], id__gte=after[1])
    return list(rows[: min(limit, ROWS_MAX)])


def chosen(programme: str, ids: Iterable[UUID], *, lock: bool = False) -> dict[UUID, Application]:
    """Give some applications of a programme by id, holders and versions loaded, in one statement.

    Locked, they are taken in the order of their ids, so that two who choose the same ones never wait for each other.
    """
    wanted = list(ids)[:ROWS_MAX]
    rows = Application.objects.filter(programme=programme, id__in=wanted).select_related("holder", "version")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    return {row.id: row for row in rows.order_by("id")}


def written_by(ids: Iterable[UUID], name: str) -> frozenset[UUID]:
    """Say which of some dossiers somebody had a hand in the facts of, as ``wrote`` does for one; one statement."""
    wanted = list(ids)[:ROWS_MAX]
    own = JournalLine.objects.filter(subject=OuterRef("id"), stage="application", verb__in=_WRITING, by=name)
    corrected = JournalLine.objects.filter(subject=OuterRef("holder_id"), stage="party", verb="correct", by=name)
    rows = Application.objects.filter(Exists(own) | Exists(corrected), id__in=wanted)
    return frozenset(rows.values_list("id", flat=True))


def notices(
    programme: str,
    *,
    now: datetime,
    past: bool = False,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[Application]:
    """Give the public notices that run, the first to end first; or those that are over, the latest dossier first.

    One statement; ``after`` is the instant and id of the last one that the caller has: when it ends, or was submitted.
    """
    rows = Application.objects.filter(programme=programme, notice_until__isnull=False).select_related(
        "holder", "version"
    )
    if not past:
        rows = rows.filter(state=State.PUBLIC_NOTICE, notice_until__gt=now).order_by("notice_until", "id")
        if after is not None:
            rows = rows.filter(notice_until__gte=after[0]).exclude(notice_until=after[0], id__lte=after[1])
        return list(rows[: min(limit, ROWS_MAX)])
    rows = rows.exclude(state=State.PUBLIC_NOTICE, notice_until__gt=now).order_by("-submitted_at", "-id")
    if after is not None:
        rows = rows.filter(submitted_at__lte=after[0]).exclude(submitted_at=after[0], id__gte=after[1])
    return list(rows[: min(limit, ROWS_MAX)])


def counts(programme: str) -> dict[State, int]:
    """Say how many applications stand in each state, in one statement."""
    rows = Application.objects.filter(programme=programme).values_list("state").annotate(Count("id"))
    return {State(state): number for state, number in rows}


def times_granted(programme: str, once_key: str) -> int:
    """Say how often a clause with a bounded number of grants was granted to its subject (``OnceUse.slot``)."""
    slots = Q(once_key=once_key) | Q(once_key__startswith=f"{once_key}#")
    return Application.objects.filter(slots, programme=programme, state=State.APPROVED).count()


def wrote(application_id: UUID, name: str) -> bool:
    """Say whether somebody had a hand in a dossier's facts, as the journal has it.

    Whoever stated or handed them in at any time did, and whoever corrected the holder's registration.
    """
    return bool(written_by([application_id], name))
