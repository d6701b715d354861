"""What a holder prepaid at a centre, or was granted as credit there: recorded once, beside the ledger's transfer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from jiaozi.catalogue import queries as catalogue
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.text import kept_text
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Account, AccountKind, post
from jiaozi.order import queries, rules
from jiaozi.order.models import OwnCredit
from jiaozi.party import queries as party
from jiaozi.party.rules import Actor, check_own_programme
from jiaozi.policy import queries as policy


def credit_own(
    *, programme: str, holder_id: UUID, centre: str, amount_fen: int, reference: UUID, by: Actor, now: datetime
) -> None:
    """Record what a holder prepaid, or what credit a centre granted it; ``reference`` makes it once.

    Raises
    ------
    UnableToHold
        When it is not the centre's or the operator's to record, not positive, the programme's name can be none, or the
        reference stands for another one.
    UnableToFindProgramme, UnableToFindCentre, UnableToFindOrganisation
        When there is no such programme, centre or holder.
    UnableToActForProgramme
        When the programme is another's.
    """
    rules.check_credit(by, centre, amount_fen)
    programme = kept_text(programme, "programme", most=rules.PROGRAMME_MAX, refusal=rules.UnableToHold)
    check_own_programme(by, programme)
    policy.require_programme(programme)
    catalogue.centre(centre)
    party.organisation(holder_id)
    source, own = Account(AccountKind.OWN_SOURCE, programme), rules.own_account(programme, holder_id, centre)
    with transaction.atomic():
        _one_at_a_time(reference)
        if rules.same_credit(queries.own_credit(reference), (own.id, amount_fen), reference):
            return
        body = {"amount_fen": amount_fen, "centre": centre, "holder": str(holder_id), "programme": programme}
        journal.write(Line("order", "credit_own", reference, "", "", by.name, now, body))
        OwnCredit.objects.create(
            id=reference,
            programme=programme,
            holder_id=holder_id,
            centre_id=centre,
            amount_fen=amount_fen,
            recorded_by=by.name,
            at=now,
        )
        ledger.open_accounts([source, own])
        ledger.require([post(named_id("own", reference), source, own, amount_fen, "own.credit", reference)], at=now)


def _one_at_a_time(reference: UUID) -> None:
    """Let records under one reference queue, so that each sees the other's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('order.credit/' || %s, 0))", [str(reference)])
