"""What the officer does: review with the policy's decision, give public notice, approve or reject with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from jiaozi.application import queries, rules
from jiaozi.application.models import Application, KeptDecision
from jiaozi.application.queries.asking import read_facts
from jiaozi.application.rules import Approval, HandDecision
from jiaozi.application.services.evidence import require_papers
from jiaozi.application.services.screening import screen_row
from jiaozi.application.services.step import take
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Reason
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import Account, AccountKind
from jiaozi.party.rules import Actor, check_own_programme
from jiaozi.policy import queries as policy
from jiaozi.policy import rules as policy_rules
from jiaozi.policy.rules import CapUse, Decision, OnceUse
from jiaozi.policy.rules.words import StepOfLife


def _assess(row: Application, now: datetime) -> Decision:
    """Decide on the pinned version with the counters of this moment."""
    document = policy.document(row.version_id)
    on, allow_demo, applied_on = local_date(now), row.version.demo, local_date(row.submitted_at)
    uses = policy_rules.measured(document, clause_id=row.clause, facts=row.facts, on=on, allow_demo=allow_demo)
    return policy_rules.decide(
        document,
        clause_id=row.clause,
        facts=row.facts,
        counters=_counters(row.programme, uses),
        on=on,
        allow_demo=allow_demo,
        applied_on=applied_on,
    )


def _keep(row: Application, step: str, now: datetime) -> str:
    """Keep a decision as it was made, for good; gives its digest."""
    sum_ = digest(row.decision).hex()
    KeptDecision.objects.create(
        id=new_id(), application=row, version_id=row.version_id, step=step, decision=row.decision, digest=sum_, at=now
    )
    return sum_


def _counters(programme: str, uses: Iterable[CapUse | OnceUse]) -> dict[str, int]:
    """Read how much of each cap is used, and how often a one-off clause was granted."""
    caps = {use.key: Account(AccountKind.COUNTED, programme, use.key) for use in uses if isinstance(use, CapUse)}
    balances = ledger.balances(caps.values())
    used = {key: balances[counter.id].credit + balances[counter.id].credits_pending for key, counter in caps.items()}
    once = {use.key: queries.times_granted(programme, use.key) for use in uses if isinstance(use, OnceUse)}
    return used | once


def _reasons(reasons: tuple[Reason, ...]) -> list[dict[str, object]]:
    return [asdict(reason) for reason in reasons]


def _to_decide(application_id: UUID, by: Actor) -> Application:
    """Lock a dossier for a step that only who had no hand in its facts may take."""
    row = queries.application(application_id, lock=True)
    check_own_programme(by, row.programme)
    rules.check_apart(by, row.applied_by, wrote=queries.wrote(row.id, by.name))
    return row


def _read_register(row: Application, now: datetime) -> bool:
    """Take what the register says by now into a dossier's facts; says whether anything changed.

    What was corrected since it was handed in is decided on; what the applicant claimed stays.
    """
    document, claimed = policy.document(row.version_id), rules.nested(row.facts)
    before, row.facts = row.facts, read_facts(document, row.clause, row.holder, claimed, local_date(now))
    return digest(before) != digest(row.facts)


def review(*, application_id: UUID, by: Actor, now: datetime) -> Application:
    """Take an application up: the policy decides with reasons, and the officer sees both."""
    with transaction.atomic():
        row = _to_decide(application_id, by)
        corrected = _read_register(row, now)
        decision = _assess(row, now)
        row.decision, row.reasons, row.amount_fen = decision.to_json(), _reasons(decision.reasons), decision.amount_fen
        row.hand = None  # a person decided on the facts of then; those of now are decided anew
        body = {"outcome": decision.outcome, "decision": _keep(row, "review", now), "amount_fen": row.amount_fen}
        body |= {"facts": digest(row.facts).hex()} if corrected else {}
        take(row, "review", by=by, now=now, body=body, changed=("facts", "decision", "reasons", "amount_fen", "hand"))
        screen_row(row, by=by, now=now)
    return row


def record_by_hand(*, application_id: UUID, amount_fen: int, reason: str, by: Actor, now: datetime) -> Application:
    """Record a person's decision on a clause that leaves the amount open; it counts from the public notice on.

    Raises
    ------
    UnableToDecide
        When the clause is decided by rule, the amount is not positive, or the reason is missing.
    """
    with transaction.atomic():
        row = _to_decide(application_id, by)
        hand = rules.hand_decision(_stored(row), amount_fen, reason, by.name)
        row.hand = asdict(hand)
        body = {"amount_fen": amount_fen, "reason": digest(reason).hex()}
        take(row, "record_by_hand", by=by, now=now, body=body, changed=("hand",))
    return row


def send_back(*, application_id: UUID, missing: str, by: Actor, now: datetime) -> Application:
    """Return an application for completion, saying what is missing."""
    with transaction.atomic():
        row = _to_decide(application_id, by)
        row.reasons = _reasons((rules.missing_reason(missing),))
        take(row, "send_back", by=by, now=now, body={"missing": digest(missing).hex()}, changed=("reasons",))
    return row


def notify_public(*, application_id: UUID, until: datetime, by: Actor, now: datetime) -> Application:
    """Put the amount on public notice until an instant, for as long as the programme asks at least.

    Raises
    ------
    UnableToDecide
        When the officer is who applied, the policy refuses, or the notice would be too short.
    """
    with transaction.atomic():
        row = _to_decide(application_id, by)
        least_days = policy_rules.notice_days(
            policy.document(row.version_id), local_date(now), allow_demo=row.version.demo
        )
        row.amount_fen = rules.check_notice(_stored(row), _hand(row), until, now, least_days)
        row.notice_until = until
        body = {"amount_fen": row.amount_fen, "until": until.isoformat()}
        take(row, "notify_public", by=by, now=now, body=body, changed=("amount_fen", "notice_until"))
        screen_row(row, by=by, now=now)
    return row


def end_demo_notice(*, application_id: UUID, by: Actor, now: datetime) -> Application:
    """End a public notice at once, in a demonstration alone: nobody waits days to see how a voucher is spent.

    Raises
    ------
    UnableToDecide
        When the version that decided is no demonstration's, or the notice is over.
    """
    with transaction.atomic():
        row = _to_decide(application_id, by)
        rules.check_demo_notice(demo=row.version.demo, until=row.notice_until, now=now)
        row.notice_until = now
        take(row, "end_demo_notice", by=by, now=now, body={"until": now.isoformat()}, changed=("notice_until",))
    return row


def reject(*, application_id: UUID, by: Actor, now: datetime, words: Reason | None = None) -> Application:
    """Reject with the policy's reasons, or with the officer's own."""
    with transaction.atomic():
        row = _to_decide(application_id, by)
        row.reasons = _reasons(rules.rejection(_stored(row) if row.decision else None, words))
        row.decided_at = now
        body = {"reasons": [str(reason["code"]) for reason in row.reasons]}
        take(row, "reject", by=by, now=now, body=body, changed=("reasons", "decided_at"))
    return row


def approve(*, application_id: UUID, by: Actor, now: datetime, reason: str = "") -> tuple[Application, Approval]:
    """Approve after the notice, on the counters of this moment; ``voucher.issue`` calls this in its transaction.

    ``reason`` is the officer's own words, kept with the dossier beside the policy's decision; empty where none.

    Raises
    ------
    UnableToDecide
        When the notice is open, or the caps now leave another amount than the one on notice.
    UnableToKeepEvidence
        When a paper that the clause asks for is missing.
    """
    with transaction.atomic():
        row = _to_decide(application_id, by)
        require_papers(application=row, steps=(StepOfLife.APPLY, StepOfLife.ISSUE), about=row.id, now=now)
        rules.check_register(corrected=_read_register(row, now))
        decision = _assess(row, now)
        approval = rules.check_approval(decision, _hand(row), row.notice_until, row.amount_fen or 0, now)
        own = rules.approval_words(reason)
        row.decision, row.reasons, row.decided_at = decision.to_json(), _reasons(decision.reasons + own), now
        row.amount_fen = approval.amount_fen
        row.once_key = decision.once.slot if decision.once else None
        body = {"amount_fen": row.amount_fen, "decision": _keep(row, "approve", now), "clause": decision.chosen}
        body |= {"reason": digest(reason).hex()} if own else {}
        _approve(row, by, now, body)
    return row, approval


def _approve(row: Application, by: Actor, now: datetime, body: Mapping[str, Any]) -> None:
    """Take the step; of two that ask for the one slot of a one-off clause at once, the later is told so."""
    changed = ("decision", "reasons", "decided_at", "amount_fen", "once_key")
    try:
        with transaction.atomic():
            take(row, "approve", by=by, now=now, body=body, changed=changed)
    except IntegrityError as clash:
        if "application_once" not in str(clash):
            raise
        raise rules.granted_meanwhile(row.clause) from None


def _stored(row: Application) -> Decision:
    if row.decision is None:
        raise rules.UnableToDecide("NOT_REVIEWED", "尚未审核", "review it first", field="decision")
    return Decision.from_json(row.decision)


def _hand(row: Application) -> HandDecision | None:
    return HandDecision(**row.hand) if row.hand else None
