"""The three-way match: on every line the centre's claim, the platform's metering and the ledger's capture are equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.refusal import Refused

NAMED_MAX = 5


class UnableToMatch(Refused):
    """A line differs; ``differences`` has the first of them, all are blocked until none is left."""

    def __init__(self, differences: Sequence[Difference], count: int) -> None:
        self.differences = tuple(differences)
        named = self.differences[:NAMED_MAX]
        more = count - len(named)
        super().__init__(
            "DIFFERENCE",
            f"{count}行不平，不能支付："
            + "；".join(each.in_chinese() for each in named)
            + (f"；另有{more}行" if more else ""),
            f"{count} lines differ, nothing is paid: "
            + "; ".join(each.in_english() for each in named)
            + (f"; and {more} more" if more else ""),
            field="lines",
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """One line on which the three don't agree, in fen; None where one of them has no such line."""

    reference: str
    claimed_fen: int | None
    metered_fen: int | None
    ledger_fen: int | None

    def in_chinese(self) -> str:
        """Say it in one line."""
        claimed, metered, posted = self._figures("无")
        return f"{self.reference} 申报{claimed} 计量{metered} 台账{posted}"

    def in_english(self) -> str:
        """Say it in one line."""
        claimed, metered, posted = self._figures("none")
        return f"{self.reference} claimed {claimed}, metered {metered}, ledger {posted}"

    def _figures(self, none: str) -> tuple[str, ...]:
        figures = (self.claimed_fen, self.metered_fen, self.ledger_fen)
        return tuple(none if fen is None else yuan(fen) for fen in figures)


def check_match(differences: Sequence[Difference], count: int) -> None:
    """Let a statement be matched only when nothing differs.

    Raises
    ------
    UnableToMatch
        Naming the first lines that do.
    """
    if count:
        raise UnableToMatch(differences, count)
