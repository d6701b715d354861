"""What redemptions and awards share: one step with its journal line, and one payment from the reserve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from jiaozi.alert import services as alert
from jiaozi.alert.rules import Subject, SubjectKind
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.lifecycle import StateT, Table, advance
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Account, Transfer, TransferStatus, UnableToTransfer
from jiaozi.party.rules import Actor, check_own_programme
from jiaozi.policy.rules import CapUse
from jiaozi.settlement import queries
from jiaozi.settlement.models import AwardStage, GrantPayment, Redemption
from jiaozi.settlement.queries import grants as reads
from jiaozi.settlement.rules import books, life
from jiaozi.voucher import services as voucher


def move(
    row: Redemption | AwardStage,
    table: Table[StateT],
    before: StateT,
    verb: str,
    *,
    name: str,
    by: Actor,
    now: datetime,
    body: Mapping[str, Any],
    changed: tuple[str, ...] = (),
) -> None:
    """Move a locked row by a verb, with its journal line under the verb's whole name."""
    row.state = allowed(row, table, before, verb, by=by)
    row.save(update_fields=["state", *changed])
    journal.write(Line("settlement", name, row.id, before, row.state, by.name, now, body))


def allowed(row: Redemption | AwardStage, table: Table[StateT], before: StateT, verb: str, *, by: Actor) -> StateT:
    """Give the state that a verb leads to, for an actor who may take it; asked before anything is told of the row.

    Raises
    ------
    UnableToStep, UnableToActForProgramme
        When the state, the role or the programme is another.
    """
    check_own_programme(by, row.programme if isinstance(row, Redemption) else row.award.programme)
    return advance(table, before, verb, by.role)


def paid_already(found: GrantPayment | None, programme: str, reference: str) -> bool:
    """Say whether this very payment was made before.

    Raises
    ------
    UnableToWrite
        When the bank's reference stands for another one.
    """
    if found is not None and found.bank_reference == reference:
        return True
    if reads.reference_taken(programme, reference):
        raise life.reference_used(reference)
    return False


def payment_row(
    row: Redemption | AwardStage, *, programme: str, reference: str, decided_by: str, by: Actor, now: datetime
) -> GrantPayment:
    """Write the row of a payment."""
    return GrantPayment.objects.create(
        id=new_id(),
        programme=programme,
        redemption=row if isinstance(row, Redemption) else None,
        stage=row if isinstance(row, AwardStage) else None,
        amount_fen=row.amount_fen or 0,
        bank_reference=reference,
        decided_by=decided_by,
        by=by.name,
        at=now,
    )


def post_payment(programme: str, chain: Sequence[Transfer], amount_fen: int, now: datetime) -> None:
    """Pay from the reserve, the last act of a transaction.

    Raises
    ------
    UnableToPay
        When the reserve is short.
    """
    ledger.open_accounts(books.accounts(programme))
    (statuses,) = ledger.apply([chain], at=now)
    for line, status in zip(chain, statuses, strict=True):
        if status is TransferStatus.EXCEEDS_DEBITS:
            raise life.reserve_short(amount_fen, queries.reserve_position(programme).reserve_fen)
        if not status.stands and status is not TransferStatus.CHAIN_FAILED:
            raise UnableToTransfer(status, line)


def post_with_caps(
    programme: str, accounts: Iterable[Account], chain: Sequence[Transfer], caps: Sequence[CapUse], now: datetime
) -> tuple[Transfer, TransferStatus] | None:
    """Post a chain that counts for caps; gives the first line that the ledger refused, or None when all stands."""
    ledger.open_accounts(accounts)
    (statuses,) = voucher.apply_under_caps(programme=programme, caps=caps, chains=[chain], now=now)
    refused = zip(chain, statuses, strict=True)
    return next(
        ((line, status) for line, status in refused if not status.stands and status is not TransferStatus.CHAIN_FAILED),
        None,
    )


def require_clear(*, application: UUID, holder: UUID, voucher: UUID | None = None, uses: Iterable[UUID] = ()) -> None:
    """Ask whether an alert stands in the way, before anything is granted, accepted or paid.

    Raises
    ------
    UnableToProceed
        Naming the alerts that an officer must resolve first.
    """
    subjects = [Subject(SubjectKind.APPLICATION, str(application)), Subject(SubjectKind.HOLDER, str(holder))]
    subjects += [Subject(SubjectKind.VOUCHER, str(voucher))] if voucher else []
    subjects += [Subject(SubjectKind.USAGE, str(capture)) for capture in uses]
    alert.require_clear(subjects=subjects)


def locks(voucher_id: UUID) -> tuple[str, str]:
    """Name the queue of everybody who claims on one voucher."""
    return "redeem", str(voucher_id)
