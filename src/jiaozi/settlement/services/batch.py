"""Approving many dossiers in one act: each stands whole or not at all, with its own reason and one clear line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.application import queries as applications
from jiaozi.application.models import Application
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import Actor, check_own_programme
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import Grant
from jiaozi.settlement.rules import batch as rules
from jiaozi.settlement.rules.batch import BatchDone, BatchLine, Choice
from jiaozi.settlement.services.awarding import award
from jiaozi.settlement.services.step import one_at_a_time
from jiaozi.voucher import services as voucher


def approve_batch(*, programme: str, choices: Sequence[Choice], by: Actor, now: datetime) -> BatchDone:
    """Approve dossiers after their public notice, in the order given, and issue their vouchers or earmark their awards.

    What is refused for one dossier is its own line, and leaves the others as they are. All dossiers are locked first,
    in the order of their ids, so that a batch and a single step never wait for each other.

    Raises
    ------
    UnableToApproveBatch
        When there are none or too many, one is named twice, or a reason is missing; nothing was done then.
    """
    rules.check_batch(choices, by.role)
    check_own_programme(by, programme)
    with transaction.atomic():
        one_at_a_time("award", programme)
        rows = applications.chosen(programme, (choice.application for choice in choices), lock=True)
        done = BatchDone(new_id(), tuple(_line(choice, rows, by, now) for choice in choices))
        body = {"programme": programme, "dossiers": len(done.lines), "approved": done.approved}
        body |= {"amount_fen": done.amount_fen}
        journal.write(Line("settlement", "approve_batch", done.id, "", "", by.name, now, body))
    return done


def _line(choice: Choice, rows: Mapping[UUID, Application], by: Actor, now: datetime) -> BatchLine:
    row = rows.get(choice.application)
    if row is None:
        return BatchLine(choice.application, None, 0, rules.not_there())
    try:
        with transaction.atomic():
            made, amount_fen = _grant(row, choice.reason, by, now)
    except Refused as refused:
        return BatchLine(row.id, None, 0, refused.reason)
    return BatchLine(row.id, made, amount_fen)


def _grant(row: Application, reason: str, by: Actor, now: datetime) -> tuple[UUID, int]:
    if policy.document(row.version_id).clause(row.clause).grants is Grant.AWARD:
        earmarked = award(application_id=row.id, by=by, now=now, reason=reason)
        return earmarked.id, earmarked.face_fen
    issued = voucher.issue(application_id=row.id, by=by, now=now, reason=reason)
    return issued.id, issued.face_fen
