"""Screening a claim on a voucher: who sold, whether the invoice serves another programme, for whom the use was."""

from __future__ import annotations

from datetime import datetime

from jiaozi.alert import services as alert
from jiaozi.alert.rules import (
    PaperFacts,
    Parameters,
    Purchase,
    Subject,
    SubjectKind,
    Suspicion,
    copies,
    related_supplier,
)
from jiaozi.application.queries import screening as thresholds
from jiaozi.kernel.period import local_date
from jiaozi.metering import services as metering
from jiaozi.party import queries as party
from jiaozi.party.rules import Actor
from jiaozi.settlement.models import Redemption
from jiaozi.settlement.queries import grants as reads

_INVOICE = "invoice"


def screen_redemption(row: Redemption, *, by: Actor, now: datetime) -> None:
    """Run the checks that a claim has the facts for, about its voucher; acceptance and payment ask what they found."""
    parameters = thresholds.thresholds(row.voucher.version_id, local_date(now))
    if row.invoice_number:
        found = [*_seller(row, parameters, now), *_elsewhere(row, parameters)]
        alert.raise_all(programme=row.programme, suspicions=found, by=by, now=now)
    else:
        metering.screen(programme=row.programme, captures=reads.uses_claimed(row.id), by=by, now=now)


def _subject(row: Redemption) -> Subject:
    return Subject(SubjectKind.VOUCHER, str(row.voucher_id))


def _seller(row: Redemption, parameters: Parameters, now: datetime) -> tuple[Suspicion, ...]:
    seller, holder = thresholds.organisation_named(row.seller), row.voucher.holder_id
    if seller is None:
        return ()
    group = party.group_of(holder, on=local_date(now), depth=parameters.depth, share_least_bp=parameters.share_least_bp)
    purchase = Purchase(subject=_subject(row), holder=holder, supplier=seller, asked_by=row.submitted_by)
    return related_supplier(purchase, group, party.names_of({*group.members, seller}), parameters)


def _elsewhere(row: Redemption, parameters: Parameters) -> tuple[Suspicion, ...]:
    own = _paper(row, _subject(row), row.submitted_by)
    others = [_paper(each, _subject(each)) for each in reads.invoiced_elsewhere(row.programme, row.invoice_number)]
    return copies(own, others, parameters)


def _paper(row: Redemption, subject: Subject, asked_by: str = "") -> PaperFacts:
    return PaperFacts(
        reference=str(row.id),
        subject=subject,
        kind=_INVOICE,
        number=row.invoice_number,
        seller=row.seller,
        asked_by=asked_by,
    )
