"""Usage without a hold: whom it is charged to, what it costs, whether voucher and own balance cover it.

A record is charged in full or held back with its reason, never in part. Records are decided in order, each against what
the ones before it left; the ledger has the last word.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import partial
from typing import NamedTuple
from uuid import UUID

from jiaozi.catalogue.rules import Tariff, UnableToPrice, tariff_for
from jiaozi.kernel.fen import UFEN_PER_FEN, Rounding, yuan
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Reason
from jiaozi.ledger.rules import AMOUNT_MAX_FEN, Account, Transfer, TransferStatus, post
from jiaozi.metering.rules import reasons
from jiaozi.metering.rules.entry import EPOCH, MS, Entry
from jiaozi.order.rules import own_account, own_payable_account
from jiaozi.order.rules.single_use import SINGLE_USE
from jiaozi.policy.rules import CapUse
from jiaozi.voucher.rules import cap_accounts, voucher_account

EVENT = "usage.import"
_MS_PER_HOUR = 3_600_000
_DIVISOR = _MS_PER_HOUR * UFEN_PER_FEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """A voucher that imported usage is charged to, as the import sees it.

    ``refusal`` says why it can't be spent now, None when it can; the share is the voucher's part of a price; ``caps``
    are those on its use by the Shanghai day of the use, for the days that are asked about.
    """

    voucher: UUID
    holder: UUID
    holder_class: str
    share_numerator: int
    share_denominator: int
    refusal: Reason | None
    voucher_account: Account
    own_account: Account
    own_payable: Account
    caps: Mapping[date, tuple[CapUse, ...]] = field(default_factory=dict)


def day_of(job: Entry) -> date:
    """Give the Shanghai day on which a job began: its use counts there, as an order's does on the day of its hold."""
    return local_date(EPOCH + job.started_ms * MS)


class Decided(NamedTuple):
    """One record's fate: captured from ``payer`` in these parts, or held back for ``reason``."""

    job: Entry
    payer: Payer | None
    tariff: Tariff | None
    charge_ufen: int
    voucher_fen: int
    own_fen: int
    reason: Reason | None

    @property
    def price_fen(self) -> int:
        """What is charged in all."""
        return self.voucher_fen + self.own_fen

    @property
    def caps(self) -> tuple[CapUse, ...]:
        """The caps on use that it counts for."""
        return self.payer.caps.get(day_of(self.job), ()) if self.payer and self.payer.caps else ()


def payer(
    *,
    programme: str,
    centre: str,
    voucher: UUID,
    holder: UUID,
    holder_class: str,
    ratio: Fraction,
    refusal: Reason | None,
) -> Payer:
    """Make a payer with its accounts."""
    return Payer(
        voucher=voucher,
        holder=holder,
        holder_class=holder_class,
        share_numerator=ratio.numerator,
        share_denominator=ratio.denominator,
        refusal=refusal,
        voucher_account=voucher_account(programme, voucher),
        own_account=own_account(programme, holder, centre),
        own_payable=own_payable_account(programme, centre),
    )


class PriceList:
    """A centre's prices, found once per resource class, holder class and stretch of time without a change."""

    def __init__(self, tariffs: Sequence[Tariff], *, centre: str) -> None:
        known = [each for each in tariffs if each.centre == centre]
        self._find = partial(tariff_for, known, centre=centre)
        turns = {each.valid_from for each in known} | {each.valid_until for each in known if each.valid_until}
        self._turns_ms = [-((EPOCH - turn) // MS) for turn in sorted(turns)]
        self._found: dict[tuple[str, str, int], Tariff | Reason] = {}

    def at(self, resource_class: str, started_ms: int, holder_class: str) -> Tariff | Reason:
        """Give the tariff that held when a job started, or why there is none."""
        key = resource_class, holder_class, bisect_right(self._turns_ms, started_ms)
        found = self._found.get(key)
        if found is None:
            words = {"resource_class": resource_class, "customer_class": holder_class}
            try:
                found = self._find(**words, at=EPOCH + started_ms * MS)
            except UnableToPrice as refused:
                found = refused.reason
            self._found[key] = found
        return found


def decide(
    jobs: Iterable[Entry],
    payers: Mapping[str, Payer],
    prices: PriceList,
    left_fen: MutableMapping[UUID, int],
) -> list[Decided]:
    """Decide on records in order; ``left_fen`` is what accounts have left, and is counted down.

    Parameters
    ----------
    payers
        By the account that a record names.
    """
    return [_decide(job, payers.get(job.account), prices, left_fen) for job in jobs]


def _decide(job: Entry, payer: Payer | None, prices: PriceList, left_fen: MutableMapping[UUID, int]) -> Decided:
    reason = _unchargeable(job, payer)
    if reason is not None or payer is None:
        return Decided(job, payer, None, 0, 0, 0, reason)
    tariff = prices.at(job.resource_class, job.started_ms, payer.holder_class)
    if isinstance(tariff, Reason):
        return Decided(job, payer, None, 0, 0, 0, tariff)
    step = tariff.granularity_ms
    charge = job.units * (-(-job.elapsed_ms // step) * step) * tariff.rate_ufen
    price = _rounded(charge, tariff)
    if price > AMOUNT_MAX_FEN or charge // _MS_PER_HOUR >= 2**63:
        return Decided(job, payer, None, 0, 0, 0, reasons.price_too_large())
    voucher_fen = price * payer.share_numerator // payer.share_denominator
    own_fen = price - voucher_fen
    reason = _short(payer, voucher_fen, own_fen, left_fen)
    if reason is not None:
        return Decided(job, payer, None, 0, 0, 0, reason)
    left_fen[payer.voucher_account.id] -= voucher_fen
    left_fen[payer.own_account.id] -= own_fen
    return Decided(job, payer, tariff, charge // _MS_PER_HOUR, voucher_fen, own_fen, None)


def _rounded(charge: int, tariff: Tariff) -> int:
    """Round micro-fen times milliseconds to fen; whole numbers only, and the same as ``catalogue.price_fen``."""
    if tariff.rounding is Rounding.DOWN:
        price = charge // _DIVISOR
    elif tariff.rounding is Rounding.UP:
        price = -(-charge // _DIVISOR)
    else:
        price = (2 * charge + _DIVISOR) // (2 * _DIVISOR)
    return max(price, tariff.minimum_fen)


def _unchargeable(job: Entry, payer: Payer | None) -> Reason | None:
    if job.wrong is not None:
        return job.wrong
    if job.units < 1:
        return reasons.units_not_positive(job.units)
    if job.elapsed_ms < 1:
        return reasons.elapsed_not_positive(job.elapsed_ms)
    if job.ended_ms is not None and job.elapsed_ms > job.ended_ms - job.started_ms + reasons.TOLERANCE_MS:
        return reasons.times_disagree()
    return reasons.account_unknown(job.account) if payer is None else payer.refusal


def _short(payer: Payer, voucher_fen: int, own_fen: int, left_fen: Mapping[UUID, int]) -> Reason | None:
    left = left_fen.get(payer.voucher_account.id, 0)
    if voucher_fen > left:
        return voucher_short(left, voucher_fen)
    left = left_fen.get(payer.own_account.id, 0)
    return own_short(left, own_fen) if own_fen > left else None


def voucher_short(left_fen: int, needed_fen: int) -> Reason:
    """The voucher has too little left."""
    left, needed = yuan(left_fen), yuan(needed_fen)
    return _reason(
        "VOUCHER_SHORT",
        f"算力券可用{left}元，须{needed}元",
        f"the voucher has {left} left, needs {needed} yuan",
        "voucher",
    )


def own_short(left_fen: int, needed_fen: int) -> Reason:
    """The holder's prepayment or credit at the centre is too small."""
    left, needed = yuan(left_fen), yuan(needed_fen)
    return _reason(
        "OWN_SHARE_SHORT",
        f"自付可用{left}元，须{needed}元；请先充值",
        f"the own balance is {left}, needs {needed} yuan",
        "own",
    )


def _reason(code: str, zh: str, en: str, field: str) -> Reason:
    return Reason(code, Label(zh, en), field=field)


def end_user_missing() -> Reason:
    """An intermediary's use names whom it was for; a trace does not."""
    return _reason(
        "END_USER_MISSING",
        "算力中介服务机构的用量须写明最终用户，请按订单提交",
        "an intermediary's use names its end user: place it as an order",
        "account",
    )


def order_missing() -> Reason:
    """A voucher that pays one order only pays no jobs that belong to none."""
    return _reason(
        SINGLE_USE,
        "该项目的算力券不得分次使用，只能用于一个订单；导入的作业没有订单，请按订单提交",
        "this programme's voucher pays one order only, and imported jobs belong to none: place it as an order",
        "account",
    )


def post_lines(programme: str, usage_id: UUID, decided: Decided, payable: Account) -> tuple[Transfer, ...]:
    """Give the chain that charges one record at once: voucher's share, own share, caps measured on use."""
    payer, voucher_fen, own_fen = decided.payer, decided.voucher_fen, decided.own_fen
    if payer is None:
        return ()
    lines = []
    if voucher_fen:
        lines.append(post(usage_id, payer.voucher_account, payable, voucher_fen, EVENT, usage_id))
        for use in decided.caps:
            _, cap, counter = cap_accounts(programme, use.key)
            lines.append(
                post(named_id("import", usage_id, use.key), cap, counter, voucher_fen, f"{EVENT}.cap", usage_id)
            )
    if own_fen:
        own_id = own_transfer_id(usage_id)
        lines.append(post(own_id, payer.own_account, payer.own_payable, own_fen, f"{EVENT}.own", usage_id))
    return tuple(lines)


def own_transfer_id(usage_id: UUID) -> UUID:
    """Give the id of the own share's transfer: the voucher's is the record's own id, this one is beside it."""
    return UUID(int=usage_id.int ^ 1)


def refusal(decided: Decided, chain: Sequence[Transfer], statuses: Sequence[TransferStatus]) -> Reason | None:
    """Say why the ledger did not take a record's chain, or None when it did."""
    for line, status in zip(chain, statuses, strict=True):
        if status.stands or status is TransferStatus.CHAIN_FAILED:
            continue
        if line.event == EVENT:
            return voucher_short(0, decided.voucher_fen)
        if line.event == f"{EVENT}.own":
            return own_short(0, decided.own_fen)
        return _reason("CAP_REACHED", "已达使用上限", "a cap on use is reached", "voucher")
    return None
