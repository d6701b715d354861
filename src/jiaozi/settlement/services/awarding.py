"""Awards: decided on an application and earmarked at once, paid stage by stage, taken back with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from jiaozi.application import queries as applications
from jiaozi.application import services as application
from jiaozi.application.models import Application
from jiaozi.application.queries import evidence as papers
from jiaozi.application.rules import Approval
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.lifecycle import advance
from jiaozi.kernel.period import local_date
from jiaozi.ledger import services as ledger
from jiaozi.party.rules import Actor, check_own_programme
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import Document, Share, award_stages
from jiaozi.settlement.models import Award, AwardStage
from jiaozi.settlement.queries import grants as reads
from jiaozi.settlement.rules import award as rules
from jiaozi.settlement.rules import books, granting, life
from jiaozi.settlement.rules.award import AWARD_TRANSITIONS, STAGE_TRANSITIONS, UNPAID, AwardState, StageState
from jiaozi.settlement.services.granting import (
    allowed,
    move,
    paid_already,
    payment_row,
    post_payment,
    post_with_caps,
    require_clear,
)
from jiaozi.settlement.services.step import one_at_a_time
from jiaozi.voucher.rules import available_account

_ONCE = ("application_once", "award_once")


def award(*, application_id: UUID, by: Actor, now: datetime, reason: str = "") -> Award:
    """Approve an application after its public notice and earmark its award, in one step; ``reason`` as in ``approve``.

    Raises
    ------
    UnableToDecide
        When the application can't be approved now; where the clause leaves the amount open, a person's recorded
        decision must be there.
    UnableToProceed
        When an alert about the dossier or its holder is not resolved.
    UnableToAward
        When the clause grants none, a one-off was granted before, or budget or a cap does not cover it.
    """
    try:
        return _award(application_id, by, now, reason)
    except IntegrityError as error:
        if any(name in str(error) for name in _ONCE):
            raise rules.already_granted(applications.application(application_id).clause) from error
        raise


def _award(application_id: UUID, by: Actor, now: datetime, reason: str) -> Award:
    today = local_date(now)
    with transaction.atomic():
        one_at_a_time("award", applications.application(application_id).programme)
        dossier, approval = application.approve(application_id=application_id, by=by, now=now, reason=reason)
        rules.check_grants_award(approval.decision)
        require_clear(application=dossier.id, holder=dossier.holder_id)
        document = policy.document(dossier.version_id)
        _require_recorded(dossier, document)
        clause = approval.decision.chosen
        parts = award_stages(document, clause, approval.amount_fen, today, allow_demo=dossier.version.demo)
        row = _store(dossier, approval, by, now)
        stages = _store_stages(row, document, [part for part in parts if part.amount_fen])
        body = {"amount_fen": row.face_fen, "application": str(dossier.id), "clause": clause}
        body |= {"holder": str(row.holder_id), "stages": [stage.amount_fen for stage in stages]}
        body |= {"by_hand": digest(dossier.hand).hex()} if dossier.hand else {}
        journal.write(Line("settlement", "award", row.id, "", row.state, by.name, now, body))
        caps = approval.decision.caps
        pairs = [(stage.id, stage.amount_fen) for stage in stages]
        chain = granting.award_lines(row.id, row.programme, today.year, pairs, caps)
        accounts = available_account(row.programme, today.year), granting.award_account(row.programme, row.id)
        refused = post_with_caps(row.programme, accounts, chain, caps, now)
        if refused is not None:
            raise rules.refused(row.programme, *refused, caps)
    return row


def _require_recorded(dossier: Application, document: Document) -> None:
    """Ask for the papers that a person's recorded decision rests on."""
    recorded = document.clause(dossier.clause).recorded
    if recorded:
        rules.check_report(recorded.needs, papers.papers_given(dossier.id, dossier.id))


def _store(dossier: Application, approval: Approval, by: Actor, now: datetime) -> Award:
    return Award.objects.create(
        id=new_id(),
        programme=dossier.programme,
        application=dossier,
        holder_id=dossier.holder_id,
        clause=approval.decision.chosen,
        once_key=dossier.once_key,
        face_fen=approval.amount_fen,
        state=AwardState.AWARDED,
        cap_keys=granting.pay_keys(approval.decision.caps),
        hand_by=dossier.hand["by"] if dossier.hand else "",
        hand_reason=dossier.hand["reason"][: life.REASON_MAX] if dossier.hand else "",
        awarded_by=by.name,
        awarded_at=now,
    )


def _store_stages(row: Award, document: Document, parts: Sequence[Share]) -> list[AwardStage]:
    needs = {stage.id: list(stage.needs) for stage in document.clause(row.clause).stages}
    return AwardStage.objects.bulk_create(
        AwardStage(
            id=new_id(),
            award=row,
            number=number,
            stage=part.id,
            zh=part.label.zh,
            en=part.label.en,
            needs=needs.get(part.id, []),
            amount_fen=part.amount_fen,
            state=rules.first_state(needs.get(part.id, [])),
        )
        for number, part in enumerate(parts, start=1)
    )


def _at(stage_id: UUID) -> tuple[Award, AwardStage, list[AwardStage]]:
    """Give a stage with its award, locked, and its fellows."""
    row = reads.award(reads.award_id_of(stage_id), lock=True)
    stages = reads.stages(row.id)
    return row, next(each for each in stages if each.id == stage_id), stages


def accept_report(*, stage_id: UUID, by: Actor, now: datetime) -> AwardStage:
    """Accept the papers that a stage waits for (handed in by ``application.attach``, ``about`` the stage).

    Raises
    ------
    UnableToAward
        Naming the papers that are missing.
    """
    with transaction.atomic():
        row, stage, _ = _at(stage_id)
        rules.check_report(stage.needs, papers.papers_given(row.application_id, stage.id))
        stage.accepted_by, stage.accepted_at = by.name, now
        body = {"award": str(row.id), "needs": list(stage.needs)}
        move(stage, STAGE_TRANSITIONS, StageState(stage.state), "accept_report", name="accept_report", by=by, now=now,
             body=body, changed=("accepted_by", "accepted_at"))  # fmt: skip
    return stage


def pay_award(*, stage_id: UUID, bank_reference: str, by: Actor, now: datetime) -> AwardStage:
    """Pay one stage from the reserve; the same with the same reference again answers with the paid stage.

    Raises
    ------
    UnableToAward
        When an earlier stage is not paid, or the payer decided it.
    UnableToPay
        When the reserve is short; nothing is paid then.
    """
    reference = life.check_words(bank_reference, "bank_reference")
    with transaction.atomic():
        one_at_a_time("fund", reads.award(reads.award_id_of(stage_id)).programme)
        row, stage, stages = _at(stage_id)
        if paid_already(getattr(stage, "payment", None), row.programme, reference):
            return stage
        allowed(stage, STAGE_TRANSITIONS, StageState(stage.state), "pay", by=by)
        rules.check_apart((row.awarded_by, row.hand_by, stage.accepted_by), by)
        require_clear(application=row.application_id, holder=row.holder_id)
        rules.check_turn(each.state for each in stages if each.number < stage.number)
        body = {"amount_fen": stage.amount_fen, "award": str(row.id), "bank_reference": reference}
        move(stage, STAGE_TRANSITIONS, StageState(stage.state), "pay", name="pay_award", by=by, now=now, body=body)
        verb = rules.pay_verb([each.state for each in stages if each.id != stage.id])
        row.state = advance(AWARD_TRANSITIONS, AwardState(row.state), verb, by.role)
        row.save(update_fields=["state"])
        paid = payment_row(
            stage, programme=row.programme, reference=reference, decided_by=row.awarded_by, by=by, now=now
        )
        chain = granting.award_pay(
            award_id=row.id,
            stage_id=stage.id,
            payment_id=paid.id,
            programme=row.programme,
            amount_fen=paid.amount_fen,
            cap_keys=row.cap_keys,
        )
        post_payment(row.programme, chain, paid.amount_fen, now)
    return stage


def withdraw_award(*, award_id: UUID, reason: str, by: Actor, now: datetime) -> Award:
    """Take back what is not paid of an award, with the reason; what was paid is clawed back payment by payment."""
    reason = life.check_words(reason, "reason", life.REASON_MAX)
    with transaction.atomic():
        row = reads.award(award_id, lock=True)
        check_own_programme(by, row.programme)
        before = AwardState(row.state)
        row.state, row.reason = advance(AWARD_TRANSITIONS, before, "withdraw", by.role), reason
        row.save(update_fields=["state", "reason"])
        unpaid = [(each.id, each.amount_fen) for each in reads.stages(row.id) if each.state in UNPAID]
        AwardStage.objects.filter(award=row, state__in=UNPAID).update(state=StageState.WITHDRAWN)
        body = {"amount_fen": sum(fen for _, fen in unpaid), "reason": digest(reason).hex()}
        journal.write(Line("settlement", "withdraw_award", row.id, before, row.state, by.name, now, body))
        ledger.open_accounts([*books.accounts(row.programme), granting.revoked_account(row.programme)])
        ledger.require(granting.award_withdraw(row.id, row.programme, unpaid, row.cap_keys), at=now)
    return row
