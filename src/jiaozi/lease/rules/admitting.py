"""May this job be run under this lease? The agent asks at the centre, the platform asks again when it is told.

Both count alike: every admitted job with the most that it can cost, in the order in which they came, and what a job
leaves comes back to the voucher and not to the lease. So both give the same answer, and a centre that asks nobody can
spend what was granted and no fen more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.refusal import Refused
from jiaozi.lease.rules.letter import Letter, Price
from jiaozi.lease.rules.wish import Wish
from jiaozi.order.rules import Offer, Quote, Request, check_request, check_words, quote


class UnableToAdmit(Refused):
    """The job can't be run under the lease."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a lease's admitted jobs can cost at most, in fen: the voucher's and the holder's shares."""

    voucher_fen: int = 0
    own_fen: int = 0

    def __add__(self, priced: Quote) -> Spent:
        return Spent(self.voucher_fen + priced.voucher_fen, self.own_fen + priced.own_fen)


def admit(letter: Letter, wish: Wish, spent: Spent, at: datetime) -> tuple[Quote, Price]:
    """Give the most that a job can cost, and its price's terms, if the lease covers it.

    Raises
    ------
    UnableToAdmit
        When the lease is over or does not reach; nothing is counted then.
    UnableToQuote, UnableToPrice
        When the job is none that the centre sells under the lease.
    """
    if wish.lease != letter.lease:
        raise UnableToAdmit("LEASE_DIFFERS", "申请写的是另一份额度", "the wish names another lease", field="lease")
    if at >= letter.ends_at:
        raise UnableToAdmit(
            "LEASE_OVER",
            f"额度已于{letter.ends_at.isoformat()}到期，不再受理作业",
            f"the lease ended at {letter.ends_at.isoformat()}; it admits no job any more",
            field="lease",
        )
    priced, price = _priced(letter, wish, at)
    left = Spent(letter.voucher_fen - spent.voucher_fen, letter.own_fen - spent.own_fen)
    if priced.voucher_fen > left.voucher_fen or priced.own_fen > left.own_fen:
        raise UnableToAdmit(
            "LEASE_SHORT",
            f"额度余券{yuan(left.voucher_fen)}元、自付{yuan(left.own_fen)}元；"
            f"本作业最多须{yuan(priced.voucher_fen)}元和{yuan(priced.own_fen)}元，请减少数量或时限",
            f"the lease has {yuan(left.voucher_fen)} of the voucher and {yuan(left.own_fen)} of own money left; the "
            f"job may cost {yuan(priced.voucher_fen)} and {yuan(priced.own_fen)}: ask for fewer units or less time",
            field="lease",
        )
    return priced, price


def _priced(letter: Letter, wish: Wish, at: datetime) -> tuple[Quote, Price]:
    request = Request(
        centre=letter.centre,
        resource_class=wish.resource_class,
        units=wish.units,
        memory_mib=wish.memory_mib,
        time_limit_ms=wish.time_limit_ms,
        command=wish.command,
    )
    check_words(request, wish.title, wish.files)
    price = letter.price(wish.resource_class)
    offer = None if price is None else _offer(letter, price)
    offer = check_request(request, offer, (letter.centre,), letter.holder_class, serves=False)
    if price is None:  # check_request has refused it
        raise AssertionError
    wish.job(price, letter.voucher)  # what no engine could take is refused before it is counted
    return quote(price.as_tariff(letter.centre, at), letter.share, request, offer), price


def _offer(letter: Letter, price: Price) -> Offer:
    return Offer(
        units_max=price.units_max,
        time_limit_max_ms=price.time_limit_max_ms,
        granularity_ms=letter.granularity_ms,
        kill_lag_ms=letter.kill_lag_ms,
    )
