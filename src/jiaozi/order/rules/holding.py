"""Money first: the one chain that funds an order, and the one that resolves it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.ledger.rules import (
    Account,
    Transfer,
    TransferStatus,
    hold,
    resolve,
    void,
)
from jiaozi.order.rules.accounts import own_account, own_payable_account, payable_account
from jiaozi.order.rules.quoting import Quote
from jiaozi.order.rules.staging import movement_id
from jiaozi.party.rules import Actor, Role, check_own_programme
from jiaozi.policy.rules import CapUse, Measure
from jiaozi.voucher.rules import cap_accounts, counted, voucher_account

PROGRAMME_MAX = 60
MOVEMENT = "move."
"""Before the names of the parts that are held for data movement."""
NOTHING_MOVED = Quote(most_fen=0, voucher_fen=0, own_fen=0)


class UnableToHold(Refused):
    """The order can't be funded."""


def hold_id(order_id: UUID, part: str, moves: int = 0, number: int = 0) -> UUID:
    """Name an order's hold: ``voucher``, ``own`` or a cap's key, how often it was placed anew before, which slice."""
    return named_id("order.hold", order_id, part, *_turn(moves), *_slice(number))


def _turn(moves: int) -> tuple[int, ...]:
    return (moves,) if moves else ()


def _slice(number: int) -> tuple[str | int, ...]:
    return ("slice", number) if number else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One of an order's successive holds: 0 is the first, each extension of a session adds one."""

    number: int
    voucher_fen: int
    own_fen: int
    cap_keys: tuple[str, ...] = ()
    movement: bool = False

    @property
    def parts(self) -> list[tuple[str, int]]:
        """What is held, part by part, in fen."""
        before = MOVEMENT if self.movement else ""
        parts = [("voucher", self.voucher_fen), ("own", self.own_fen)]
        every = [*parts, *((key, self.voucher_fen) for key in self.cap_keys)]
        return [(before + part, fen) for part, fen in every if fen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is held for an order in all its slices, as its resolution must know it.

    ``more`` are the slices after the first.
    """

    order_id: UUID
    voucher_fen: int
    own_fen: int
    cap_keys: tuple[str, ...] = ()
    moves: int = 0
    more: tuple[Slice, ...] = ()
    movement: bool = False

    @property
    def reference(self) -> UUID:
        """What captures and releases name: the order, or its data movement, which has a capture of its own."""
        return movement_id(self.order_id) if self.movement else self.order_id

    @property
    def slices(self) -> tuple[Slice, ...]:
        """All holds in their order; together they are the whole."""
        first = Slice(
            number=0,
            voucher_fen=self.voucher_fen - sum(each.voucher_fen for each in self.more),
            own_fen=self.own_fen - sum(each.own_fen for each in self.more),
            cap_keys=self.cap_keys,
            movement=self.movement,
        )
        return (first, *self.more)


def hold_lines(
    *,
    order_id: UUID,
    programme: str,
    voucher_id: UUID,
    holder: UUID,
    centre: str,
    priced: Quote,
    caps: Sequence[CapUse],
    moving: Quote = NOTHING_MOVED,
    moves: int = 0,
    number: int = 0,
) -> tuple[tuple[Account, ...], tuple[Transfer, ...]]:
    """Give the accounts and the one chain that funds an order: voucher's share, own share, caps measured on holds.

    ``moving`` is what the data movement may cost: parts of its own in the same chain.
    """
    return fund_lines(
        order_id=order_id,
        programme=programme,
        voucher_id=voucher_id,
        holder=holder,
        centre=centre,
        priced=priced,
        cap_keys=[use.key for use in counted(caps, Measure.HELD, Measure.USED)],
        moving=moving,
        moves=moves,
        number=number,
    )


def fund_lines(
    *,
    order_id: UUID,
    programme: str,
    voucher_id: UUID,
    holder: UUID,
    centre: str,
    priced: Quote,
    cap_keys: Iterable[str],
    moving: Quote = NOTHING_MOVED,
    moves: int = 0,
    number: int = 0,
) -> tuple[tuple[Account, ...], tuple[Transfer, ...]]:
    """Give the accounts and the chain that funds an order under caps that are named by their keys."""
    account, payable = voucher_account(programme, voucher_id), payable_account(programme, centre, order_id)
    own, own_payable = own_account(programme, holder, centre), own_payable_account(programme, centre)
    keys = tuple(cap_keys)
    accounts = [account, payable, *((own, own_payable) if priced.own_fen or moving.own_fen else ())]

    def lines(quote: Quote, before: str, event: str) -> list[Transfer]:
        parts = [
            ("voucher", account, payable, quote.voucher_fen, event),
            ("own", own, own_payable, quote.own_fen, f"{event}.own"),
        ]
        for key in keys:
            _, cap, counter = cap_accounts(programme, key)
            parts.append((key, cap, counter, quote.voucher_fen, "order.hold.cap"))
        return [
            hold(hold_id(order_id, before + part, moves, number), from_, to, fen, told, order_id)
            for part, from_, to, fen, told in parts
            if fen
        ]

    chain = lines(priced, "", "order.hold")
    chain += lines(moving, MOVEMENT, "order.hold.move")
    return tuple(accounts), tuple(chain)


def resolve_lines(held: Held, voucher_fen: int, own_fen: int) -> tuple[Transfer, ...]:
    """Give the chain that captures what is due and releases the rest; zero due is a void.

    What is due fills the slices in their order. More than all of them hold stays on the first, where the ledger refuses
    it: nothing is dropped on the way.
    """
    event = "order.capture" if voucher_fen or own_fen else "order.release"
    own_part = f"{MOVEMENT}own" if held.movement else "own"
    vouchers = _spread(voucher_fen, [each.voucher_fen for each in held.slices])
    owns = _spread(own_fen, [each.own_fen for each in held.slices])
    return tuple(
        resolve(
            named_id("order.resolve", held.order_id, part, *_slice(each.number)),
            hold_id(held.order_id, part, held.moves, each.number),
            own if part == own_part else voucher,
            event,
            held.reference,
        )
        for each, voucher, own in zip(held.slices, vouchers, owns, strict=True)
        for part, _ in each.parts
    )


def _spread(due_fen: int, holds_fen: Sequence[int]) -> list[int]:
    taken = []
    for each in holds_fen:
        taken.append(min(due_fen, each))
        due_fen -= taken[-1]
    taken[0] += due_fen
    return taken


def slice_void_lines(held: Held, number: int) -> tuple[Transfer, ...]:
    """Give the voids of one slice whose extension the engine refused."""
    return tuple(
        void(
            named_id("order.resolve", held.order_id, part, *_slice(number)),
            hold_id(held.order_id, part, held.moves, number),
            "order.release",
            held.order_id,
        )
        for each in held.more
        if each.number == number
        for part, _ in each.parts
    )


def move_lines(held: Held) -> tuple[Transfer, ...]:
    """Give the voids of an order's holds, which stand in one chain with the holds at its next place."""
    return tuple(
        void(
            named_id("order.move", held.order_id, part, held.moves),
            hold_id(held.order_id, part, held.moves),
            "order.move",
            held.reference,
        )
        for part, _ in held.slices[0].parts
    )


def expired(expires_at: datetime, now: datetime) -> Reason | None:
    """Say that a quote is too old to be held for: prices, offers and the voucher may have changed since."""
    if now <= expires_at:
        return None
    return Reason(
        "QUOTE_EXPIRED",
        Label("报价已失效，请重新询价", "the quote has expired; ask for a new one"),
        field="order",
    )


def refusal(
    chain: Iterable[Transfer], statuses: Iterable[TransferStatus], priced: Quote, spendable_fen: int
) -> Reason | None:
    """Say why the ledger did not hold, or None when it did."""
    for line, status in zip(chain, statuses, strict=True):
        if status.stands or status is TransferStatus.CHAIN_FAILED:
            continue
        if line.event in {"order.hold", "order.hold.move"}:
            return Reason(
                "VOUCHER_SHORT",
                Label(
                    f"算力券可用{yuan(spendable_fen)}元，本单须冻结{yuan(priced.voucher_fen)}元；请减少数量或时限",
                    f"the voucher has {yuan(spendable_fen)} left, the order needs {yuan(priced.voucher_fen)}; "
                    "ask for fewer units or less time",
                ),
                field="voucher",
            )
        if line.event in {"order.hold.own", "order.hold.move.own"}:
            return Reason(
                "OWN_SHARE_SHORT",
                Label(
                    f"自付部分须冻结{yuan(priced.own_fen)}元，预存余额或授信不足；请先充值",
                    f"the own share needs a hold of {yuan(priced.own_fen)}, past what is prepaid or granted as credit",
                ),
                field="own",
            )
        if line.event == "quota.hold":
            return Reason(
                "QUOTA_SHORT",
                Label(
                    f"卡时配额不足：本单须冻结{line.amount_fen}卡秒；请减少数量或时限",
                    f"the quota does not cover {line.amount_fen} card-seconds; ask for fewer units or less time",
                ),
                field="voucher",
            )
        return Reason("CAP_REACHED", Label("已达使用上限", "a cap on use is reached"), field="voucher")
    return None


def check_own(by: Actor, holder: UUID, programme: str) -> None:
    """Let a holder order and cancel for itself, the operator of the programme for anybody.

    Raises
    ------
    UnableToHold
        When the order is another's.
    UnableToActForProgramme
        When the membership names another programme.
    """
    check_own_programme(by, programme)
    own = by.role is Role.APPLICANT and by.organisation == holder
    if not own and by.role not in {Role.OPERATOR, Role.SYSTEM}:
        raise UnableToHold(
            "NOT_YOURS", "只能使用本单位的算力券", "a holder spends its own vouchers only", field="holder"
        )
