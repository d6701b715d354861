"""What the holder does: apply under a clause, complete, withdraw, appeal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from jiaozi.application import queries, rules
from jiaozi.application.models import Application
from jiaozi.application.queries import asking
from jiaozi.application.rules import State
from jiaozi.application.services.step import take
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.period import local_date
from jiaozi.party import queries as party
from jiaozi.party.models import Organisation
from jiaozi.party.rules import Actor, check_own_programme
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import Document


def apply(
    *, holder_id: UUID, version_id: UUID, clause: str, claimed: Mapping[str, Any], by: Actor, now: datetime
) -> Application:
    """Submit an application; the programme's version is pinned here.

    ``claimed`` are the facts that the applicant states (``need``, ``project`` …); who it is comes from the register.

    Raises
    ------
    UnableToApply, UnableToReadFacts, UnableToFindProgramme
        When it is another's, the version is not the one in force, or a fact is missing, mistyped or unknown: nothing
        is stored.
    """
    return _begin("apply", State.SUBMITTED, holder_id, version_id, clause, claimed, by, now)


def draft(
    *, holder_id: UUID, version_id: UUID, clause: str, claimed: Mapping[str, Any], by: Actor, now: datetime
) -> Application:
    """Begin an application that the holder completes before it submits; what is stated already is checked like any.

    Raises
    ------
    UnableToApply, UnableToReadFacts
        As for ``apply``; a fact may still be missing.
    """
    return _begin("draft", State.DRAFT, holder_id, version_id, clause, claimed, by, now)


def _begin(  # noqa: PLR0917 - the parts of one row
    verb: str,
    state: State,
    holder_id: UUID,
    version_id: UUID,
    clause: str,
    claimed: Mapping[str, Any],
    by: Actor,
    now: datetime,
) -> Application:
    rules.check_own(by, holder_id)
    holder = party.organisation(holder_id)
    document = policy.document(version_id)
    check_own_programme(by, document.slug)
    _check_version(version_id, by, now)
    facts = _facts(document, clause, holder, claimed, now)
    with transaction.atomic():
        row = Application.objects.create(
            id=new_id(),
            programme=document.slug,
            version_id=version_id,
            clause=clause,
            holder=holder,
            facts=facts,
            state=state,
            applied_by=by.name,
            submitted_at=now,
        )
        body = {"clause": clause, "holder": str(holder.id), "facts": digest(facts).hex(), "version": document.version}
        journal.write(Line("application", verb, row.id, "", row.state, by.name, now, body))
    return row


def _check_version(version_id: UUID, by: Actor, now: datetime) -> None:
    pinned, today = policy.version(version_id), local_date(now)
    current = policy.current(pinned.programme, today)
    lapsed = today < pinned.effective_from or (pinned.effective_to is not None and today > pinned.effective_to)
    rules.check_version(by, pinned=pinned.id, in_force=current.id, digest=current.digest, lapsed=lapsed)


def amend(*, application_id: UUID, claimed: Mapping[str, Any], by: Actor, now: datetime) -> Application:
    """State a draft's facts anew; after it is submitted they stand until an officer returns it.

    The same facts once more are no change, and leave no line.
    """
    with transaction.atomic():
        row = queries.application(application_id, lock=True)
        rules.check_own(by, row.holder_id)
        facts = _facts(policy.document(row.version_id), row.clause, row.holder, claimed, now)
        if row.state == State.DRAFT and facts == row.facts:
            return row
        row.facts = facts
        take(row, "amend", by=by, now=now, body={"facts": digest(row.facts).hex()}, changed=("facts",))
    return row


def submit(*, application_id: UUID, by: Actor, now: datetime) -> Application:
    """Hand a draft in: the version that is in force is pinned, and the register's facts are those of this moment.

    Raises
    ------
    UnableToApply, UnableToReadFacts, UnableToFindProgramme
        When it is another's, a fact no longer fits the version in force, or none is.
    """
    with transaction.atomic():
        row = queries.application(application_id, lock=True)
        rules.check_own(by, row.holder_id)
        row.version = policy.current(row.programme, local_date(now))
        document = policy.document(row.version_id)
        row.facts = _facts(document, row.clause, row.holder, rules.nested(row.facts), now)
        row.applied_by, row.submitted_at = by.name, now
        body = {"facts": digest(row.facts).hex(), "version": document.version}
        take(row, "submit", by=by, now=now, body=body, changed=("version", "facts", "applied_by", "submitted_at"))
    return row


def _facts(
    document: Document, clause: str, holder: Organisation, claimed: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    return asking.read_facts(document, clause, holder, claimed, local_date(now))


def resubmit(*, application_id: UUID, claimed: Mapping[str, Any], by: Actor, now: datetime) -> Application:
    """Hand a returned application in again; ``claimed`` replaces what was claimed before."""
    with transaction.atomic():
        row = queries.application(application_id, lock=True)
        rules.check_own(by, row.holder_id)
        row.facts = _facts(policy.document(row.version_id), row.clause, row.holder, claimed, now)
        take(row, "resubmit", by=by, now=now, body={"facts": digest(row.facts).hex()}, changed=("facts",))
    return row


def withdraw(*, application_id: UUID, by: Actor, now: datetime) -> Application:
    """Take an application back before it is decided."""
    with transaction.atomic():
        row = queries.application(application_id, lock=True)
        rules.check_own(by, row.holder_id)
        take(row, "withdraw", by=by, now=now, body={})
    return row


def appeal(*, application_id: UUID, by: Actor, now: datetime) -> Application:
    """Ask for a rejected application to be reviewed again."""
    with transaction.atomic():
        row = queries.application(application_id, lock=True)
        rules.check_own(by, row.holder_id)
        take(row, "appeal", by=by, now=now, body={})
    return row
