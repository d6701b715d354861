"""What a late or corrected record adds to an order that is charged already: a new posting, never a change of the first.

The order is priced again from all that counts, once rounded; what that is more than before is charged as far as the
original hold, the voucher, the own balance and every cap measured on use still reach. The rest is the centre's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from jiaozi.catalogue.rules import Tariff, billable_ms, charge_ufen, price_fen
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.refusal import Reason
from jiaozi.ledger.rules import Account, Transfer, post
from jiaozi.metering.rules import reasons, ruling
from jiaozi.metering.rules.pricing import CHARGE_MAX_UFEN, Priced, Quantity
from jiaozi.order.rules import voucher_share
from jiaozi.voucher.rules import cap_accounts

EVENT = "usage.correct"


@dataclass(frozen=True, slots=True)
class Room:
    """The most that may still be charged, in fen: what the hold released and its owner still has."""

    voucher_fen: int
    own_fen: int


def correct(
    tariff: Tariff, ratio: Fraction, before: Sequence[Quantity], after: Sequence[Quantity], room: Room
) -> Priced | Reason:
    """Price what a record adds to an order; a reason when the whole is past what can be recorded.

    Parameters
    ----------
    before, after
        All records that counted for the order, and all that count now; the last of ``after`` is the new one.

    Raises
    ------
    UnableToRule
        When the order would cost less than before.
    """
    if charge_ufen(tariff, _unit_ms(tariff, after)) > CHARGE_MAX_UFEN:
        return reasons.price_too_large()
    full_before, full_after = _full_fen(tariff, before), _full_fen(tariff, after)
    if full_after < full_before:
        raise ruling.costs_less(full_before - full_after)
    share = voucher_share(full_after, ratio) - voucher_share(full_before, ratio)
    own = full_after - full_before - share
    voucher_fen, own_fen = min(share, max(room.voucher_fen, 0)), min(own, max(room.own_fen, 0))
    price = voucher_fen + own_fen
    return Priced(
        price_fen=price,
        voucher_fen=voucher_fen,
        own_fen=own_fen,
        overrun_fen=full_after - full_before - price,
        charges_ufen=(charge_ufen(tariff, _unit_ms(tariff, after[-1:])),),
    )


def _unit_ms(tariff: Tariff, records: Sequence[Quantity]) -> int:
    return sum(record.units * billable_ms(record.elapsed_ms, tariff.granularity_ms) for record in records)


def _full_fen(tariff: Tariff, records: Sequence[Quantity]) -> int:
    return price_fen(tariff, _unit_ms(tariff, records)) if records else 0


@dataclass(frozen=True, slots=True)
class Purses:
    """The accounts that a correction moves money between."""

    voucher: Account
    payable: Account
    own: Account
    own_payable: Account


def correction_lines(
    capture_id: UUID, programme: str, purses: Purses, priced: Priced, cap_keys: Sequence[str]
) -> tuple[Transfer, ...]:
    """Give the chain of a correction: voucher's share, every cap that its hold was measured on, own share."""
    lines = []
    if priced.voucher_fen:
        id_ = named_id(EVENT, capture_id, "voucher")
        lines.append(post(id_, purses.voucher, purses.payable, priced.voucher_fen, EVENT, capture_id))
        for key in cap_keys:
            _, cap, counter = cap_accounts(programme, key)
            id_ = named_id(EVENT, capture_id, key)
            lines.append(post(id_, cap, counter, priced.voucher_fen, f"{EVENT}.cap", capture_id))
    if priced.own_fen:
        id_ = named_id(EVENT, capture_id, "own")
        lines.append(post(id_, purses.own, purses.own_payable, priced.own_fen, f"{EVENT}.own", capture_id))
    return tuple(lines)
