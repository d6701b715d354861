"""Runs that are kept: asked for by a programme's people, played by the worker, with their progress and files."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from procrastinate.contrib.django import app as later

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Refused
from jiaozi.kernel.text import storable
from jiaozi.lab import queries, rules
from jiaozi.lab.models import LabFile, LabRun
from jiaozi.lab.rules import keeping
from jiaozi.lab.rules.keeping import IN_FORCE, RunState, UnableToPlay
from jiaozi.lab.services.playing import files_of
from jiaozi.party.rules import Actor, check_own_programme
from jiaozi.policy import queries as policy
from jiaozi.policy.models import ProgrammeVersion

_PLAY = "jiaozi.lab.tasks.play"
_DAY = timedelta(days=1)


def ask(*, programme: str, text: str, by: Actor, now: datetime) -> LabRun:
    """Keep a scenario and have the worker play it.

    A version's ``document`` is ``in-force``, or the beginning of the digest of one that the programme adopted.

    Raises
    ------
    UnableToReadScenario
        With every problem, each with its line and column.
    UnableToPlay
        When it is too large, or too many wait.
    """
    keeping.check_player(by.role)
    check_own_programme(by, programme)
    read = _read(text)
    rules.try_out(read, _sources(read, programme, now))
    with transaction.atomic():
        keeping.check_unfinished(queries.unfinished(programme, now - _DAY))
        row = LabRun.objects.create(
            id=new_id(),
            programme=programme,
            scenario=read.scenario.scenario,
            title_zh=read.scenario.title.label.zh[: keeping.TITLE_MAX],
            title_en=read.scenario.title.label.en[: keeping.TITLE_MAX],
            text=text,
            seeds=read.scenario.seeds.count,
            state=RunState.QUEUED,
            asked_by=by.name,
            asked_at=now,
        )
        body = {"programme": programme, "scenario": digest(text).hex()}
        journal.write(Line("lab", "ask", row.id, "", row.state, by.name, now, body))
        later.configure_task(_PLAY).defer(run_id=str(row.id))
    return row


def play(*, run_id: UUID, clock: Callable[[], datetime]) -> LabRun:
    """Play a run that was asked for; what goes wrong is written beside it. A run that is over stays as it is."""
    row = queries.lab_run(run_id)
    if row.state in {RunState.DONE, RunState.FAILED}:
        return row
    begun = clock()
    LabRun.objects.filter(id=row.id).update(state=RunState.RUNNING, started_at=begun, done=0)

    def told(_what: str, done: int, steps: int) -> None:
        if clock() - begun > keeping.LIMIT:
            raise keeping.too_long()
        LabRun.objects.filter(id=row.id).update(done=done, steps=steps)

    try:
        read = _read(row.text)
        files = files_of(rules.run(read, _sources(read, row.programme, row.asked_at), told), begun)
    except Refused as refused:
        _over(row.id, RunState.FAILED, clock(), refused)
    else:
        _keep(row.id, files, clock())
    return queries.lab_run(run_id)


def _keep(run_id: UUID, files: dict[str, str], now: datetime) -> None:
    with transaction.atomic():
        queries.lab_run(run_id, lock=True)
        LabFile.objects.filter(run_id=run_id).delete()  # of a worker that died between
        for name, text in files.items():
            raw = text.encode()
            LabFile.objects.create(run_id=run_id, name=name, size_bytes=len(raw), content=gzip.compress(raw, mtime=0))
        _over(run_id, RunState.DONE, now, None)


def _over(run_id: UUID, state: RunState, now: datetime, refused: Refused | None) -> None:
    zh, en = (refused.in_language("zh"), refused.in_language("en")) if refused else ("", "")
    words = {"message_zh": storable(zh, most=keeping.MESSAGE_MAX), "message_en": storable(en, most=keeping.MESSAGE_MAX)}
    LabRun.objects.filter(id=run_id).update(state=state, ended_at=now, **words)


def _read(text: str) -> rules.Read:
    if len(text) > keeping.TEXT_MAX:
        raise UnableToPlay(
            "TEXT_TOO_LONG",
            f"方案不超过{keeping.TEXT_MAX}字",
            f"a scenario has at most {keeping.TEXT_MAX} characters",
            field="scenario",
        )
    read = rules.read(text)
    keeping.check_bounds(read)
    return read


def _sources(read: rules.Read, programme: str, now: datetime) -> rules.Sources:
    """Take the documents from the programme's own versions: no scenario of a page names a file."""
    texts, documents = [], []
    for index, version in enumerate(read.scenario.versions):
        try:
            found = _version(programme, version.document, now)
        except policy.UnableToFindProgramme as missing:
            place = ("versions", index, "document")
            raise read.refuse(place, missing.in_language("zh"), missing.in_language("en")) from missing
        texts.append(found.text)
        documents.append(rules.changed_document(read, index, found.text))
    return rules.Sources(texts, documents, None, None)


def _version(programme: str, named: str, now: datetime) -> ProgrammeVersion:
    if named == IN_FORCE:
        return policy.current(programme, local_date(now))
    return policy.by_digest(programme, named)
