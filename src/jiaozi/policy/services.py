"""Taking a programme version into use: the only write of this stage."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.text import kept_text
from jiaozi.party.rules import Actor, check_own_programme
from jiaozi.policy import queries, rules
from jiaozi.policy.models import LOADED_BY_MAX, ProgrammeVersion


def publish(*, text: str, by: Actor, now: datetime, demo: bool) -> ProgrammeVersion:
    """Take a document into use as a person asks for it; its own first day says from when it is in force.

    Raises
    ------
    UnableToAdopt, UnableToActForProgramme
        When the actor is neither an officer of that programme nor the operator; else as ``adopt`` does.
    """
    rules.check_publisher(by.role)
    check_own_programme(by, rules.load(text).slug)
    return adopt(text=text, by=by.name, now=now, demo=demo)


def adopt(*, text: str, by: str, now: datetime, demo: bool) -> ProgrammeVersion:
    """Take a programme document into use; the same text again gives the version that it already is.

    Parameters
    ----------
    demo
        Whether demo values may stand in for unpublished figures in every decision under this version.

    Raises
    ------
    UnableToReadProgramme, UnableToAdopt, UnableToDecide
        When the document is wrong, one of its own cases fails, it does not name the version that it supersedes, or a
        date that must be known is not published.
    """
    kept_text(by, "by", most=LOADED_BY_MAX, refusal=rules.UnableToAdopt)
    document = rules.load(text)
    rules.check_cases(document)
    first, last = rules.effective_dates(document, allow_demo=demo)
    with transaction.atomic():
        _one_at_a_time(document.slug)
        same = queries.known(document, demo=demo)
        if same is not None:
            return same
        latest = queries.latest(document.slug, demo=demo)
        rules.check_succession(document, latest.digest if latest else None)
        row = ProgrammeVersion.objects.create(
            id=new_id(),
            programme=document.slug,
            digest=document.version,
            text=text,
            effective_from=first,
            effective_to=last,
            supersedes=latest,
            demo=demo,
            loaded_at=now,
            loaded_by=by,
        )
        body = {
            "programme": row.programme,
            "digest": row.digest,
            "demo": demo,
            "supersedes": latest.digest if latest else None,
        }
        journal.write(Line("policy", "adopt", row.id, "", "ADOPTED", by, now, body))
    return row


def _one_at_a_time(programme: str) -> None:
    """Let two adoptions of one programme queue, so that each sees the other's version."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('policy.adopt/' || %s, 0))", [programme])
