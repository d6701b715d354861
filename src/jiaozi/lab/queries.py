"""Reading kept runs: a programme's latest, one with its files."""

from __future__ import annotations

import gzip
from datetime import datetime
from uuid import UUID

from jiaozi.kernel.refusal import Refused
from jiaozi.lab.models import LabFile, LabRun
from jiaozi.lab.rules.keeping import RunState

ROWS_MAX, FILES_MAX = 500, 50


class UnableToFindRun(Refused):
    """No run, or no file of it, has this name."""


def lab_run(id: UUID, *, lock: bool = False) -> LabRun:  # noqa: A002 - the column's own name
    """Give one run, locked for a change where asked.

    Raises
    ------
    UnableToFindRun
        When there is none.
    """
    rows = LabRun.objects.select_for_update(no_key=True) if lock else LabRun.objects.all()
    found = rows.filter(id=id).first()
    if found is None:
        raise UnableToFindRun("NO_SUCH_RUN", f"没有推演{id}", f"no run {id}", field="run")
    return found


def lab_runs(programme: str, *, after: tuple[datetime, UUID] | None = None, limit: int = 100) -> list[LabRun]:
    """Give the latest runs of a programme, without their texts, from after an instant and id."""
    rows = LabRun.objects.filter(programme=programme).defer("text").order_by("-asked_at", "-id")
    if after is not None:
        rows = rows.filter(asked_at__lte=after[0]).exclude(asked_at=after[0], id__gte=after[1])
    return list(rows[: max(1, min(limit, ROWS_MAX))])


def unfinished(programme: str, since: datetime) -> int:
    """Say how many runs that were asked for since an instant wait or are under way."""
    rows = LabRun.objects.filter(programme=programme, asked_at__gte=since)
    return rows.filter(state__in=[RunState.QUEUED, RunState.RUNNING]).count()


def files_of(run_id: UUID) -> list[tuple[str, int]]:
    """Give a run's files: name and size in bytes."""
    rows = LabFile.objects.filter(run_id=run_id).order_by("name")
    return list(rows.values_list("name", "size_bytes")[:FILES_MAX])


def content(run_id: UUID, name: str) -> bytes:
    """Give one file of a run.

    Raises
    ------
    UnableToFindRun
        When there is none.
    """
    row = LabFile.objects.filter(run_id=run_id, name=name).first()
    if row is None:
        raise UnableToFindRun("NO_SUCH_FILE", f"没有文件{name[:80]}", f"no file {name[:80]}", field="name")
    return gzip.decompress(bytes(row.content))
