"""Traders' seats, money and capacity: admit, deposit, pay out, declare. Money and capacity are once by reference."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.catalogue import queries as catalogue
from jiaozi.exchange.models import CapacityDeclaration, Seat, TraderMovement
from jiaozi.exchange.queries.own import seat_of
from jiaozi.exchange.rules.life import REFERENCE_MAX, UnableToTrade, check_role, check_units, check_words
from jiaozi.exchange.rules.lines import Block, capacity_line, movement_line
from jiaozi.exchange.services.step import one_at_a_time
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.period import SHANGHAI
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import AMOUNT_MAX_FEN
from jiaozi.party import queries as parties
from jiaozi.party.rules import Actor, Role, check_own_programme


def admit_centre(*, programme: str, centre: str, party_id: UUID, by: Actor, now: datetime) -> Seat:
    """Say as which organisation a centre trades; admitted again under another, its old orders stay the old one's.

    Raises
    ------
    UnableToTrade, UnableToFindCentre, UnableToFindOrganisation
        When the role is wrong; when there is no such centre or organisation.
    """
    check_role(by, Role.OPERATOR)
    check_own_programme(by, programme)
    place, party = catalogue.centre(centre), parties.organisation(party_id)
    with transaction.atomic():
        one_at_a_time("seat", programme, place.id)
        found = seat_of(programme, place.id)
        if found is not None and found.party_id == party.id:
            return found
        row = Seat.objects.create(id=new_id(), programme=programme, centre=place, party=party, by=by.name, at=now)
        body = {"centre": place.id, "party": str(party.id), "programme": programme}
        journal.write(Line("exchange", "admit_centre", row.id, "", "", by.name, now, body))
    return row


def deposit(
    *, programme: str, party_id: UUID, amount_fen: int, reference: str, by: Actor, now: datetime
) -> TraderMovement:
    """Record money that a trader deposited.

    Raises
    ------
    UnableToTrade
        When the role, the amount or the reference is wrong.
    """
    return _move(programme, party_id, amount_fen, reference, by, now)


def pay_out(
    *, programme: str, party_id: UUID, amount_fen: int, reference: str, by: Actor, now: datetime
) -> TraderMovement:
    """Record money that went back to a trader; what is held can't go.

    Raises
    ------
    UnableToTrade, UnableToTransfer
        As above; when it is more than what is free.
    """
    return _move(programme, party_id, amount_fen, reference, by, now, paid_out=True)


def _move(  # noqa: PLR0917 - the parts of one row
    programme: str, party_id: UUID, amount_fen: int, reference: str, by: Actor, now: datetime, *, paid_out: bool = False
) -> TraderMovement:
    check_role(by, Role.FINANCE, Role.OPERATOR)
    check_own_programme(by, programme)
    check_units(amount_fen, AMOUNT_MAX_FEN)
    reference = check_words(reference, "reference", REFERENCE_MAX)
    parties.organisation(party_id)
    with transaction.atomic():
        one_at_a_time("movement", programme, reference)
        found = TraderMovement.objects.filter(programme=programme, reference=reference).first()
        if found is not None:
            if (found.party_id, found.amount_fen, found.paid_out) != (party_id, amount_fen, paid_out):
                raise _reference_used(reference)
            return found
        row = TraderMovement.objects.create(
            id=new_id(),
            programme=programme,
            party_id=party_id,
            paid_out=paid_out,
            amount_fen=amount_fen,
            reference=reference,
            by=by.name,
            at=now,
        )
        body = {"amount_fen": amount_fen, "party": str(party_id), "programme": programme, "reference": reference}
        journal.write(Line("exchange", "pay_out" if paid_out else "deposit", row.id, "", "", by.name, now, body))
        accounts, chain = movement_line(programme, party_id, row.id, amount_fen, paid_out=paid_out)
        ledger.open_accounts(accounts)
        ledger.require(chain, at=now)
    return row


def declare_capacity(
    *, programme: str, block: Block, units: int, reference: str, by: Actor, now: datetime
) -> CapacityDeclaration:
    """Record units that a party may sell at a hub in a block of time; declared again, they add up.

    Raises
    ------
    UnableToTrade
        When the role or a figure is wrong, or the block cuts across one that is declared: an hour would be sold twice.
    """
    check_role(by, Role.OPERATOR)
    check_own_programme(by, programme)
    check_units(units, AMOUNT_MAX_FEN)
    reference = check_words(reference, "reference", REFERENCE_MAX)
    parties.organisation(block.party)
    if block.end <= block.start:
        raise UnableToTrade("PERIOD_ENDS_EARLY", "时段须先始后终", "a block ends after its start", field="end")
    with transaction.atomic():
        one_at_a_time("capacity", programme, str(block.party), block.hub, block.resource_class)
        found = CapacityDeclaration.objects.filter(programme=programme, reference=reference).first()
        if found is not None:
            if (_block(found), found.units) != (block, units):
                raise _reference_used(reference)
            return found
        _check_apart(programme, block)
        row = CapacityDeclaration.objects.create(
            id=new_id(),
            programme=programme,
            party_id=block.party,
            hub=block.hub,
            resource_class=block.resource_class,
            start=block.start,
            end=block.end,
            units=units,
            reference=reference,
            by=by.name,
            at=now,
        )
        body = {"block": block.subject, "programme": programme, "reference": reference, "units": units}
        journal.write(Line("exchange", "declare_capacity", row.id, "", "", by.name, now, body))
        accounts, chain = capacity_line(programme, block, row.id, units)
        ledger.open_accounts(accounts)
        ledger.require(chain, at=now)
    return row


def _block(row: CapacityDeclaration) -> Block:
    return Block(party=row.party_id, hub=row.hub, resource_class=row.resource_class, start=row.start, end=row.end)


def _check_apart(programme: str, block: Block) -> None:
    """Refuse a block that shares time with another one of the same party, hub and class."""
    same = {"programme": programme, "party_id": block.party, "hub": block.hub, "resource_class": block.resource_class}
    rows = CapacityDeclaration.objects.filter(**same, start__lt=block.end, end__gt=block.start)
    other = rows.exclude(start=block.start, end=block.end).first()
    if other is not None:
        raise UnableToTrade(
            "BLOCKS_OVERLAP",
            f"与已登记的时段{_shanghai(other.start)}至{_shanghai(other.end)}重叠，同一小时会卖两次",
            f"overlaps with what is declared for {other.start:%Y-%m-%d %H:%M} to {other.end:%Y-%m-%d %H:%M} UTC: "
            "an hour would be sold twice",
            field="start",
        )


def _shanghai(instant: datetime) -> str:
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _reference_used(reference: str) -> UnableToTrade:
    return UnableToTrade(
        "REFERENCE_USED",
        f"编号{reference}已用于另一笔",
        f"the reference {reference} stands for something else",
        field="reference",
    )
