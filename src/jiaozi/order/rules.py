"""An order is one job under one hold: quoted, held for, run, metered, captured. Money first, then work.

The hold covers the most that the job can cost by its tariff: its time limit rounded up to the engine's step, plus the
engine's measured kill lag. The voucher pays its programme's share of every price, the holder the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from jiaozi.catalogue.rules import Tariff, most
from jiaozi.kernel.fen import Rounding, share, yuan
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import Table
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.ledger.rules import PAYABLE_SHARDS, Account, AccountKind, Transfer, TransferStatus, hold, resolve
from jiaozi.party.rules import HolderClass, Role
from jiaozi.policy.rules import CapUse, Measure
from jiaozi.voucher.rules import cap_accounts, counted, voucher_account


class State(StrEnum):
    """Where an order stands."""

    QUOTED = "QUOTED"
    HELD = "HELD"
    SUBMITTED = "SUBMITTED"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    ENDED = "ENDED"
    METERED = "METERED"
    CAPTURED = "CAPTURED"
    SETTLED = "SETTLED"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]


_LABELS = {
    State.QUOTED: Label("已报价", "quoted"),
    State.HELD: Label("已冻结", "held"),
    State.SUBMITTED: Label("已提交", "submitted"),
    State.QUEUED: Label("排队中", "queued"),
    State.RUNNING: Label("运行中", "running"),
    State.ENDED: Label("已结束", "ended"),
    State.METERED: Label("已计量", "metered"),
    State.CAPTURED: Label("已核销", "captured"),
    State.SETTLED: Label("已结算", "settled"),
    State.REFUSED: Label("已拒绝", "refused"),
    State.CANCELLED: Label("已取消", "cancelled"),
    State.FAILED: Label("失败", "failed"),
}

ON_ENGINE = (State.SUBMITTED, State.QUEUED, State.RUNNING)
"""States in which the engine may know the job."""

_HOLDER = frozenset({Role.APPLICANT, Role.OPERATOR})
_HOUSE = frozenset({Role.SYSTEM})
TRANSITIONS: Table[State] = {
    (State.QUOTED, "hold"): (_HOLDER, State.HELD),
    (State.QUOTED, "refuse"): (_HOLDER, State.REFUSED),
    (State.QUOTED, "cancel"): (_HOLDER, State.CANCELLED),
    (State.HELD, "cancel"): (_HOLDER | _HOUSE, State.CANCELLED),
    (State.HELD, "submit"): (_HOUSE, State.SUBMITTED),
    (State.SUBMITTED, "fail"): (_HOUSE, State.FAILED),
    (State.SUBMITTED, "queue"): (_HOUSE, State.QUEUED),
    (State.SUBMITTED, "run"): (_HOUSE, State.RUNNING),
    (State.QUEUED, "run"): (_HOUSE, State.RUNNING),
    (State.SUBMITTED, "end"): (_HOUSE, State.ENDED),
    (State.QUEUED, "end"): (_HOUSE, State.ENDED),
    (State.RUNNING, "end"): (_HOUSE, State.ENDED),
    (State.SUBMITTED, "ask_cancel"): (_HOLDER, State.SUBMITTED),
    (State.QUEUED, "ask_cancel"): (_HOLDER, State.QUEUED),
    (State.RUNNING, "ask_cancel"): (_HOLDER, State.RUNNING),
    (State.ENDED, "meter"): (_HOUSE, State.METERED),
    (State.ENDED, "cancel"): (_HOUSE, State.CANCELLED),
    (State.ENDED, "fail"): (_HOUSE, State.FAILED),
    (State.METERED, "capture"): (_HOUSE, State.CAPTURED),
    (State.CAPTURED, "settle"): (_HOUSE, State.SETTLED),
}


class UnableToQuote(Refused):
    """The job can't be offered so; the reason names the field and what would be possible."""


class UnableToHold(Refused):
    """The order can't be funded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a holder asks for.

    Attributes
    ----------
    units
        Cores or cards, as the resource class counts.
    memory_mib, time_limit_ms
        Limits; the price is for units times time, the hold for the time limit.
    end_user
        For an intermediary: whom the job is for.
    """

    centre: str
    resource_class: str
    units: int
    memory_mib: int
    time_limit_ms: int
    command: tuple[str, ...]
    end_user: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the centre's offer and engine allow."""

    units_max: int
    time_limit_max_ms: int
    granularity_ms: int
    kill_lag_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The most that the order can cost, in fen: voucher's and holder's share add up to it."""

    most_fen: int
    voucher_fen: int
    own_fen: int


def _between(field: str, value: int, most_allowed: int, zh: str, en: str) -> None:
    if not 1 <= value <= most_allowed:
        raise UnableToQuote(
            "OUT_OF_RANGE",
            f"{zh}须在1到{most_allowed}之间，当前为{value}",
            f"{en} must be 1 to {most_allowed}, not {value}",
            field=field,
        )


def check_request(
    request: Request, offer: Offer | None, suppliers: Collection[str], holder_class: str, serves: bool
) -> Offer:
    """Give the offer that a request fits.

    Parameters
    ----------
    suppliers
        Centres where the programme lets the voucher be spent.
    serves
        Whether the named end user is one of the intermediary's.

    Raises
    ------
    UnableToQuote
        Naming the field and what would be right.
    """
    if request.centre not in suppliers:
        raise UnableToQuote(
            "NOT_A_SUPPLIER",
            f"算力券不能在{request.centre}使用，可用于：{'、'.join(sorted(suppliers))}",
            f"the voucher can't be spent at {request.centre}; it can at {', '.join(sorted(suppliers))}",
            field="centre",
        )
    if offer is None:
        raise UnableToQuote(
            "NOT_OFFERED",
            f"{request.centre}没有提供{request.resource_class}",
            f"{request.centre} offers no {request.resource_class}",
            field="resource_class",
        )
    _between("units", request.units, offer.units_max, "数量", "units")
    _between("time_limit_ms", request.time_limit_ms, offer.time_limit_max_ms, "运行时限（毫秒）", "the time limit (ms)")
    _between("memory_mib", request.memory_mib, _MEMORY_MAX_MIB, "内存（MiB）", "memory (MiB)")
    if not request.command or not request.command[0]:
        raise UnableToQuote("COMMAND_MISSING", "请填写要运行的程序", "name the program to run", field="command")
    if holder_class == HolderClass.INTERMEDIARY and not serves:
        raise UnableToQuote(
            "END_USER_MISSING",
            "算力中介服务机构下单须写明已登记的最终用户",
            "an intermediary's order names one of its registered end users",
            field="end_user",
        )
    return offer


_MEMORY_MAX_MIB = 4 * 1024 * 1024


def quote(tariff: Tariff, ratio: Fraction, request: Request, offer: Offer) -> Quote:
    """Price the most that a request can cost, and split it.

    Raises
    ------
    UnableToPrice
        When it is past what the ledger can hold.
    """
    most_fen = most(
        tariff,
        units=request.units,
        time_limit_ms=request.time_limit_ms,
        engine_granularity_ms=offer.granularity_ms,
        kill_lag_ms=offer.kill_lag_ms,
    )
    voucher_fen = voucher_share(most_fen, ratio)
    return Quote(most_fen=most_fen, voucher_fen=voucher_fen, own_fen=most_fen - voucher_fen)


def voucher_share(price_fen: int, ratio: Fraction) -> int:
    """Give the voucher's part of a price: rounded down, so that the public never pays the odd fen.

    Both parts never fall when the price grows, so parts of a smaller price always fit into the parts held.

    >>> voucher_share(101, Fraction(1, 2))
    50
    """
    return share(price_fen, ratio, Rounding.DOWN)


def payable_account(programme: str, centre: str, order_id: UUID) -> Account:
    """Give the shard of a centre's payable that an order uses."""
    return Account(AccountKind.PAYABLE, programme, f"{centre}/{order_id.int % PAYABLE_SHARDS}")


def payable_accounts(programme: str, centre: str) -> tuple[Account, ...]:
    """Give all shards of a centre's payable."""
    return tuple(Account(AccountKind.PAYABLE, programme, f"{centre}/{shard}") for shard in range(PAYABLE_SHARDS))


def own_account(programme: str, holder: UUID, centre: str) -> Account:
    """Give what a holder has prepaid, or was granted as credit, at a centre."""
    return Account(AccountKind.OWN, programme, f"{holder}/{centre}")


def own_payable_account(programme: str, centre: str) -> Account:
    """Give what holders owe a centre for their own shares."""
    return Account(AccountKind.OWN_PAYABLE, programme, centre)


def hold_id(order_id: UUID, part: str) -> UUID:
    """Name an order's hold: ``voucher``, ``own`` or a cap's key."""
    return named_id("order.hold", order_id, part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is held for an order, as its resolution must know it."""

    order_id: UUID
    voucher_fen: int
    own_fen: int
    cap_keys: tuple[str, ...] = ()


def hold_lines(
    *,
    order_id: UUID,
    programme: str,
    voucher_id: UUID,
    holder: UUID,
    centre: str,
    priced: Quote,
    caps: Sequence[CapUse],
) -> tuple[tuple[Account, ...], tuple[Transfer, ...]]:
    """Give the accounts and the one chain that funds an order: voucher's share, own share, caps measured on holds."""
    account, payable = voucher_account(programme, voucher_id), payable_account(programme, centre, order_id)
    accounts = [account, payable]
    chain = []
    if priced.voucher_fen:
        chain.append(hold(hold_id(order_id, "voucher"), account, payable, priced.voucher_fen, "order.hold", order_id))
    if priced.own_fen:
        own, own_payable = own_account(programme, holder, centre), own_payable_account(programme, centre)
        accounts += [own, own_payable]
        chain.append(hold(hold_id(order_id, "own"), own, own_payable, priced.own_fen, "order.hold.own", order_id))
    for use in counted(caps, Measure.HELD, Measure.USED) if priced.voucher_fen else ():
        _, cap, counter = cap_accounts(programme, use.key)
        chain.append(hold(hold_id(order_id, use.key), cap, counter, priced.voucher_fen, "order.hold.cap", order_id))
    return tuple(accounts), tuple(chain)


def resolve_lines(held: Held, voucher_fen: int, own_fen: int) -> tuple[Transfer, ...]:
    """Give the chain that captures what is due and releases the rest; zero due is a void."""
    parts = [("voucher", held.voucher_fen, voucher_fen), ("own", held.own_fen, own_fen)]
    parts += [(key, held.voucher_fen, voucher_fen) for key in held.cap_keys]
    event = "order.capture" if voucher_fen or own_fen else "order.release"
    return tuple(
        resolve(named_id("order.resolve", held.order_id, part), hold_id(held.order_id, part), due, event, held.order_id)
        for part, amount_held, due in parts
        if amount_held
    )


def refusal(
    chain: Iterable[Transfer], statuses: Iterable[TransferStatus], priced: Quote, spendable_fen: int
) -> Reason | None:
    """Say why the ledger did not hold, or None when it did."""
    for line, status in zip(chain, statuses, strict=True):
        if status.stands or status is TransferStatus.CHAIN_FAILED:
            continue
        if line.event == "order.hold":
            return Reason(
                "VOUCHER_SHORT",
                Label(
                    f"算力券可用{yuan(spendable_fen)}元，本单须冻结{yuan(priced.voucher_fen)}元；请减少数量或时限",
                    f"the voucher has {yuan(spendable_fen)} left, the order needs {yuan(priced.voucher_fen)}; "
                    "ask for fewer units or less time",
                ),
                field="voucher",
            )
        if line.event == "order.hold.own":
            return Reason(
                "OWN_SHARE_SHORT",
                Label(
                    f"自付部分须冻结{yuan(priced.own_fen)}元，预存余额或授信不足；请先充值",
                    f"the own share needs a hold of {yuan(priced.own_fen)}, past what is prepaid or granted as credit",
                ),
                field="own",
            )
        return Reason("CAP_REACHED", Label("已达使用上限", "a cap on use is reached"), field="voucher")
    return None


def check_own(role: Role, organisation: UUID | None, holder: UUID) -> None:
    """Let a holder order and cancel for itself, the operator for anybody.

    Raises
    ------
    UnableToHold
        When the order is another's.
    """
    if role is Role.APPLICANT and organisation != holder:
        raise UnableToHold(
            "NOT_YOURS", "只能使用本单位的算力券", "a holder spends its own vouchers only", field="holder"
        )


def check_credit(role: Role, amount_fen: int) -> None:
    """Let a centre or the operator record a holder's prepayment or credit.

    Raises
    ------
    UnableToHold
        Otherwise.
    """
    if role not in {Role.CENTRE, Role.OPERATOR}:
        raise UnableToHold(
            "WRONG_ROLE", "预存或授信须由算力中心登记", "the centre records prepayment and credit", field="role"
        )
    if amount_fen <= 0:
        raise UnableToHold("AMOUNT_MISSING", "金额须大于零", "the amount must be more than zero", field="amount_fen")
