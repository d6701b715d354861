"""What an entry counts for: the year's figures are sums of these and nothing else, on the page and in a download."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from jiaozi.kernel.label import Label
from jiaozi.ledger.rules import AccountKind, TransferKind

_K = AccountKind


class Measure(StrEnum):
    """One figure of the open ledger."""

    BUDGET = "BUDGET"
    ISSUED = "ISSUED"
    HELD = "HELD"
    USED = "USED"
    REDEEMED = "REDEEMED"
    SETTLED = "SETTLED"
    ENDED = "ENDED"
    LAPSED = "LAPSED"
    AWARDED = "AWARDED"
    DISALLOWED = "DISALLOWED"

    @property
    def label(self) -> Label:
        """It in words."""
        return _LABELS[self]


_LABELS = {
    Measure.BUDGET: Label("已批预算", "Budget"),
    Measure.ISSUED: Label("已发放", "Issued"),
    Measure.HELD: Label("冻结中", "Held"),
    Measure.USED: Label("已核销", "Used"),
    Measure.REDEEMED: Label("已兑付", "Redeemed"),
    Measure.SETTLED: Label("已结算", "Settled"),
    Measure.ENDED: Label("已失效", "Ended"),
    Measure.LAPSED: Label("未发放已收回", "Lapsed unissued"),
    Measure.AWARDED: Label("奖励", "Awarded"),
    Measure.DISALLOWED: Label("已剔除", "Disallowed"),
}

_MOVES = {
    (_K.AUTHORITY, _K.AVAILABLE): Measure.BUDGET,
    (_K.AVAILABLE, _K.VOUCHER): Measure.ISSUED,
    (_K.VOUCHER, _K.PAYABLE): Measure.USED,
    (_K.VOUCHER, _K.SETTLED): Measure.REDEEMED,
    (_K.PAYABLE, _K.SETTLED): Measure.SETTLED,
    (_K.VOUCHER, _K.LAPSED): Measure.ENDED,
    (_K.VOUCHER, _K.REVOKED): Measure.ENDED,
    (_K.AVAILABLE, _K.LAPSED): Measure.LAPSED,
    (_K.AVAILABLE, _K.AWARD): Measure.AWARDED,
    (_K.SETTLED, _K.DISALLOWED): Measure.DISALLOWED,
}


class By(StrEnum):
    """What a total is broken down by."""

    ALL = "ALL"
    CLAUSE = "CLAUSE"
    HOLDER = "HOLDER"
    CENTRE = "CENTRE"
    DAY = "DAY"


@dataclass(frozen=True, slots=True)
class Counted:
    """What an entry adds to one measure, in fen, negative where it takes back; its keys are empty where it has none."""

    programme: str
    year: int
    measure: Measure
    fen: int
    clause: str
    holder_class: str
    centre: str
    day: str

    def places(self) -> Iterator[tuple[By, str]]:
        """Give the totals that it goes into."""
        yield By.ALL, ""
        for by, key in (
            (By.CLAUSE, self.clause),
            (By.HOLDER, self.holder_class),
            (By.CENTRE, self.centre),
            (By.DAY, self.day),
        ):
            if key:
                yield by, key


def account(text: str) -> tuple[AccountKind, str]:
    """Read an account's name as a download has it.

    >>> account("PAYABLE/nscc-chengdu/3")
    (<AccountKind.PAYABLE: 'PAYABLE'>, 'nscc-chengdu/3')
    """
    kind, _, subject = text.partition("/")
    return AccountKind(kind), subject


def counted(row: Mapping[str, object], day: str) -> list[Counted]:
    """Say what a transfer counts for; a journal line and a movement of cash or caps count for nothing.

    Parameters
    ----------
    row
        The sealed columns.
    day
        The transfer's date in Shanghai, ``2026-11-25``.
    """
    (debit, debit_subject), (credit, credit_subject) = account(str(row["debit"])), account(str(row["credit"]))
    measure, sign = _MOVES.get((debit, credit)), 1
    if measure is None:
        measure, sign = _MOVES.get((credit, debit)), -1
    if measure is None:
        return []
    centre = next(
        (
            subject.rpartition("/")[0]
            for kind, subject in ((debit, debit_subject), (credit, credit_subject))
            if kind is _K.PAYABLE
        ),
        "",
    )
    kind, amount_fen, hold_fen = (
        TransferKind[str(row["kind"])],
        int(str(row["amount_fen"])),
        int(str(row["hold_fen"] or 0)),
    )
    held_fen = {TransferKind.POST: 0, TransferKind.HOLD: amount_fen}.get(kind, -hold_fen)
    moved_fen = sign * amount_fen if kind in {TransferKind.POST, TransferKind.CAPTURE} else 0

    def one(what: Measure, fen: int, whose: tuple[int, str, str]) -> Counted:
        year, clause, holder_class = whose
        return Counted(str(row["programme"]), year, what, fen, clause, holder_class, centre, day)

    whose = (int(str(row["year"])), str(row["clause"]), str(row["holder_class"]))
    found = [one(Measure.HELD, held_fen, whose)] if held_fen and debit is _K.VOUCHER else []
    if not moved_fen:
        return found
    shares = parts(str(row["parts"]))
    if sum(fen for *_, fen in shares) != amount_fen:
        shares = [(*whose, amount_fen)]
    return found + [one(measure, sign * fen, (year, clause, class_)) for year, clause, class_, fen in shares]


def parts(text: str) -> list[tuple[int, str, str, int]]:
    """Read how a payment divides over the vouchers' years, clauses and holder classes.

    >>> parts("2026/general/TECH_SME=120;2025/general/MAKER=5")
    [(2026, 'general', 'TECH_SME', 120), (2025, 'general', 'MAKER', 5)]
    """
    found = []
    for part in filter(None, text.split(";")):
        names, _, fen = part.rpartition("=")
        year, clause, class_ = names.split("/")
        found.append((int(year), clause, class_, int(fen)))
    return found
