"""The ledger's words: books, accounts, transfers, chains, and what each account may never do.

A transfer moves an amount from one account's debit side to another's credit side of the same book. It is a post, a
hold (pending), or the one resolution of a hold: a capture (all or part; the rest is released) or a void. Transfers that
must stand together form a chain. The model is TigerBeetle's; docs/reference/ledger.md has the events of every book.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from uuid import UUID

from jiaozi.kernel.ids import named_id
from jiaozi.kernel.refusal import Refused

BATCH_MAX = 8_192
"""Transfers that one call may carry."""

AMOUNT_MAX_FEN = 10**15
"""Ten trillion yuan: past any budget, and a full batch of such amounts still fits into 64 bits."""

PAYABLE_SHARDS = 16
"""A centre's payable is split into so many accounts, so that concurrent holds don't queue on one row."""


class Book(StrEnum):
    """One self-balancing set of accounts."""

    FACE = "FACE"
    CASH = "CASH"
    LIMITS = "LIMITS"
    OWN = "OWN"
    UNITS = "UNITS"
    TRADE = "TRADE"
    CAPACITY = "CAPACITY"


class Bound(StrEnum):
    """Which side of an account must not outgrow the other, pending amounts included."""

    DEBITS_WITHIN_CREDITS = "DEBITS_WITHIN_CREDITS"
    CREDITS_WITHIN_DEBITS = "CREDITS_WITHIN_DEBITS"
    NONE = "NONE"


class AccountKind(StrEnum):
    """What an account stands for; its book and bound follow from it."""

    AUTHORITY = "AUTHORITY"
    AVAILABLE = "AVAILABLE"
    VOUCHER = "VOUCHER"
    PAYABLE = "PAYABLE"
    SETTLED = "SETTLED"
    DISALLOWED = "DISALLOWED"
    LAPSED = "LAPSED"
    REVOKED = "REVOKED"
    AWARD = "AWARD"

    RESERVE = "RESERVE"
    TREASURY_ADVANCE = "TREASURY_ADVANCE"
    APPROPRIATION = "APPROPRIATION"
    SPENT = "SPENT"
    UNREPLENISHED = "UNREPLENISHED"
    RECEIVABLE = "RECEIVABLE"
    DUE_TO_TREASURY = "DUE_TO_TREASURY"

    CAP_SOURCE = "CAP_SOURCE"
    CAP = "CAP"
    COUNTED = "COUNTED"

    OWN_SOURCE = "OWN_SOURCE"
    OWN = "OWN"
    OWN_PAYABLE = "OWN_PAYABLE"
    OWN_SETTLED = "OWN_SETTLED"

    QUOTA_SOURCE = "QUOTA_SOURCE"
    QUOTA = "QUOTA"
    QUOTA_USED = "QUOTA_USED"
    QUOTA_ENDED = "QUOTA_ENDED"

    TRADE_SOURCE = "TRADE_SOURCE"
    TRADER = "TRADER"
    TRADE_CLEARING = "TRADE_CLEARING"
    TRADE_RENT = "TRADE_RENT"

    CAPACITY_SOURCE = "CAPACITY_SOURCE"
    CAPACITY = "CAPACITY"
    CAPACITY_POOL = "CAPACITY_POOL"


_D, _C, _N = Bound.DEBITS_WITHIN_CREDITS, Bound.CREDITS_WITHIN_DEBITS, Bound.NONE
KINDS: dict[AccountKind, tuple[Book, Bound]] = {
    AccountKind.AUTHORITY: (Book.FACE, _N),
    AccountKind.AVAILABLE: (Book.FACE, _D),
    AccountKind.VOUCHER: (Book.FACE, _D),
    AccountKind.PAYABLE: (Book.FACE, _D),
    AccountKind.SETTLED: (Book.FACE, _D),
    AccountKind.DISALLOWED: (Book.FACE, _N),
    AccountKind.LAPSED: (Book.FACE, _N),
    AccountKind.REVOKED: (Book.FACE, _N),
    AccountKind.AWARD: (Book.FACE, _D),
    AccountKind.RESERVE: (Book.CASH, _C),
    AccountKind.TREASURY_ADVANCE: (Book.CASH, _D),
    AccountKind.APPROPRIATION: (Book.CASH, _N),
    AccountKind.SPENT: (Book.CASH, _N),
    AccountKind.UNREPLENISHED: (Book.CASH, _C),
    AccountKind.RECEIVABLE: (Book.CASH, _C),
    AccountKind.DUE_TO_TREASURY: (Book.CASH, _D),
    AccountKind.CAP_SOURCE: (Book.LIMITS, _N),
    AccountKind.CAP: (Book.LIMITS, _D),
    AccountKind.COUNTED: (Book.LIMITS, _N),
    AccountKind.OWN_SOURCE: (Book.OWN, _N),
    AccountKind.OWN: (Book.OWN, _D),
    AccountKind.OWN_PAYABLE: (Book.OWN, _D),
    AccountKind.OWN_SETTLED: (Book.OWN, _D),
    AccountKind.QUOTA_SOURCE: (Book.UNITS, _N),
    AccountKind.QUOTA: (Book.UNITS, _D),
    AccountKind.QUOTA_USED: (Book.UNITS, _N),
    AccountKind.QUOTA_ENDED: (Book.UNITS, _N),
    AccountKind.TRADE_SOURCE: (Book.TRADE, _N),
    AccountKind.TRADER: (Book.TRADE, _D),
    AccountKind.TRADE_CLEARING: (Book.TRADE, _D),
    AccountKind.TRADE_RENT: (Book.TRADE, _D),
    AccountKind.CAPACITY_SOURCE: (Book.CAPACITY, _N),
    AccountKind.CAPACITY: (Book.CAPACITY, _D),
    AccountKind.CAPACITY_POOL: (Book.CAPACITY, _D),
}


@dataclass(frozen=True, slots=True)
class Account:
    """One account, named by what it stands for; the name fixes its id, so that nothing has to be looked up.

    Attributes
    ----------
    kind
        What it stands for.
    programme
        The programme's slug.
    subject
        Whose or which: a voucher's id, ``centre/shard``, ``cap/subject/period``; empty where there is one a programme.
    """

    kind: AccountKind
    programme: str
    subject: str = ""
    id: UUID = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", named_id("account", self.kind, self.programme, self.subject))

    @property
    def book(self) -> Book:
        """The book that it belongs to."""
        return KINDS[self.kind][0]

    @property
    def bound(self) -> Bound:
        """The side that must not outgrow the other."""
        return KINDS[self.kind][1]


class TransferKind(IntEnum):
    """The four things a transfer can be; the numbers are stored."""

    POST = 1
    HOLD = 2
    CAPTURE = 3
    VOID = 4


class TransferStatus(StrEnum):
    """The ledger's answer for one transfer; the first two mean that it stands."""

    APPLIED = "APPLIED"
    EXISTS = "EXISTS"
    ID_CONFLICT = "ID_CONFLICT"
    AMOUNT_NOT_POSITIVE = "AMOUNT_NOT_POSITIVE"
    SAME_ACCOUNT = "SAME_ACCOUNT"
    DEBIT_ACCOUNT_NOT_FOUND = "DEBIT_ACCOUNT_NOT_FOUND"
    CREDIT_ACCOUNT_NOT_FOUND = "CREDIT_ACCOUNT_NOT_FOUND"
    BOOKS_DIFFER = "BOOKS_DIFFER"
    HOLD_NOT_FOUND = "HOLD_NOT_FOUND"
    HOLD_RESOLVED = "HOLD_RESOLVED"
    EXCEEDS_HOLD = "EXCEEDS_HOLD"
    EXCEEDS_CREDITS = "EXCEEDS_CREDITS"
    EXCEEDS_DEBITS = "EXCEEDS_DEBITS"
    CHAIN_FAILED = "CHAIN_FAILED"

    @property
    def stands(self) -> bool:
        """Whether the transfer is in the ledger."""
        return self in {TransferStatus.APPLIED, TransferStatus.EXISTS}


@dataclass(frozen=True, slots=True)
class Transfer:
    """One movement, immutable once applied; ``id`` is its idempotency key.

    Attributes
    ----------
    debit, credit
        Account ids; None for a capture or a void, which take their hold's.
    amount_fen
        Positive; for a capture at most the hold's amount; for a void ignored (the whole hold is released).
    hold_id
        The hold that a capture or void resolves, else None.
    event
        Row of the books' table, such as ``order.hold``.
    reference
        The voucher, order or statement that it is about.
    """

    id: UUID
    kind: TransferKind
    debit: UUID | None
    credit: UUID | None
    amount_fen: int
    hold_id: UUID | None
    event: str
    reference: UUID | None

    def __post_init__(self) -> None:
        """Refuse what is no transfer at all; what the books say about it is the ledger's own answer."""
        missing = [self.debit, self.credit].count(None)
        if (missing, self.hold_id is None) != ((2, False) if self.kind > TransferKind.HOLD else (0, True)):
            raise ValueError("transfer: a post or hold names two accounts; a capture or void names its hold alone")
        if not -AMOUNT_MAX_FEN <= self.amount_fen <= AMOUNT_MAX_FEN:
            raise ValueError(f"amount_fen: at most {AMOUNT_MAX_FEN}, not {self.amount_fen}")


Chain = Sequence[Transfer]


def post(  # noqa: PLR0917 - a transfer reads like a line in a book
    id_: UUID, debit: Account, credit: Account, amount_fen: int, event: str, reference: UUID | None = None
) -> Transfer:
    """Make a transfer that counts at once."""
    return Transfer(id_, TransferKind.POST, debit.id, credit.id, amount_fen, None, event, reference)


def hold(  # noqa: PLR0917 - as above
    id_: UUID, debit: Account, credit: Account, amount_fen: int, event: str, reference: UUID | None = None
) -> Transfer:
    """Make a pending transfer: the amount is out of reach until a capture or a void."""
    return Transfer(id_, TransferKind.HOLD, debit.id, credit.id, amount_fen, None, event, reference)


def capture(id_: UUID, hold_id: UUID, amount_fen: int, event: str, reference: UUID | None = None) -> Transfer:
    """Make the resolution that posts all or part of a hold and releases the rest."""
    return Transfer(id_, TransferKind.CAPTURE, None, None, amount_fen, hold_id, event, reference)


def void(id_: UUID, hold_id: UUID, event: str, reference: UUID | None = None) -> Transfer:
    """Make the resolution that releases a whole hold."""
    return Transfer(id_, TransferKind.VOID, None, None, 0, hold_id, event, reference)


def resolve(id_: UUID, hold_id: UUID, amount_fen: int, event: str, reference: UUID | None = None) -> Transfer:
    """Capture an amount, or void the hold when nothing is due."""
    return capture(id_, hold_id, amount_fen, event, reference) if amount_fen else void(id_, hold_id, event, reference)


def names_of(chain: Chain) -> list[UUID]:
    """Give the ids and holds that a chain names.

    Raises
    ------
    ValueError
        When a chain is empty, over ``BATCH_MAX``, or repeats an id or a hold within itself.
    """
    names = [transfer.id for transfer in chain] + [t.hold_id for t in chain if t.hold_id is not None]
    if not chain or len(chain) > BATCH_MAX or len(set(names)) != len(names):
        raise ValueError(f"chain: needs 1 to {BATCH_MAX} transfers, each id and hold once")
    return names


def segments(chains: Iterable[Chain]) -> Iterator[list[Chain]]:
    """Cut a batch where an id or a hold comes up again, or past ``BATCH_MAX``, so that each piece is free of repeats.

    The pieces are applied one after the other, which makes "the same id twice in one call" mean just what it means in
    two calls.

    Raises
    ------
    ValueError
        When a chain is malformed (``names_of``).
    """
    piece: list[Chain] = []
    seen: set[UUID] = set()
    size = 0
    for chain in chains:
        names = names_of(chain)
        if piece and (size + len(chain) > BATCH_MAX or not seen.isdisjoint(names)):
            yield piece
            piece, seen, size = [], set(), 0
        piece.append(chain)
        seen.update(names)
        size += len(chain)
    if piece:
        yield piece


class UnableToTransfer(Refused):
    """The ledger refused a chain; ``status`` says why, ``transfer`` which one."""

    def __init__(self, status: TransferStatus, transfer: Transfer) -> None:
        self.status, self.transfer = status, transfer
        zh, en = _WORDS.get(status, ("账务拒绝", "the ledger refused the transfer"))
        super().__init__(status, f"{zh}（{transfer.event}）", f"{en} ({transfer.event})")


_WORDS: dict[TransferStatus, tuple[str, str]] = {
    TransferStatus.EXCEEDS_CREDITS: ("余额不足", "the balance does not cover the amount"),
    TransferStatus.EXCEEDS_DEBITS: ("资金不足", "the fund does not cover the amount"),
    TransferStatus.ID_CONFLICT: ("同一编号已用于另一笔账", "this id already stands for another transfer"),
    TransferStatus.AMOUNT_NOT_POSITIVE: ("金额必须大于零", "an amount must be more than zero"),
    TransferStatus.SAME_ACCOUNT: ("借贷账户相同", "debit and credit must be two accounts"),
    TransferStatus.DEBIT_ACCOUNT_NOT_FOUND: ("借方账户不存在", "the debit account does not exist"),
    TransferStatus.CREDIT_ACCOUNT_NOT_FOUND: ("贷方账户不存在", "the credit account does not exist"),
    TransferStatus.BOOKS_DIFFER: ("借贷账户不在同一账簿", "the two accounts belong to different books"),
    TransferStatus.HOLD_NOT_FOUND: ("冻结不存在", "there is no such hold"),
    TransferStatus.HOLD_RESOLVED: ("冻结已核销或已解冻", "the hold was already captured or released"),
    TransferStatus.EXCEEDS_HOLD: ("核销金额超过冻结金额", "the capture is more than the hold"),
}
