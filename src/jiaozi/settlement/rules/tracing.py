"""What must be equal along the way of public money, said as two figures each, so that a reader sees that they are."""

from __future__ import annotations

from dataclasses import dataclass

from jiaozi.kernel.label import Label


@dataclass(frozen=True, slots=True)
class Proof:
    """Two amounts, in fen, that are one; ``left`` and ``right`` say what each is."""

    left: Label
    left_fen: int
    right: Label
    right_fen: int

    @property
    def holds(self) -> bool:
        """Whether they are equal."""
        return self.left_fen == self.right_fen


def proofs(
    *,
    granted_fen: int | None,
    face_fen: int,
    spendable_fen: int,
    held_fen: int,
    used_fen: int,
    ended_fen: int,
    captured_fen: int | None,
    booked_fen: int,
) -> list[Proof]:
    """Give what must be equal for a voucher.

    Parameters
    ----------
    granted_fen
        What the decision came to; None where it is not kept.
    captured_fen
        The voucher's share of all captures, as metering priced them; None where redemptions draw on it too.
    booked_fen
        The balance after the last line of the voucher's account.
    """
    face, used = Label("面额", "face"), Label("台账已用", "used, by the ledger")
    parts = Label("可用＋冻结＋已用＋失效", "available + held + used + ended")
    rest = Label("可用＋冻结", "available + held")
    found = [
        Proof(face, face_fen, parts, spendable_fen + held_fen + used_fen + ended_fen),
        Proof(Label("账面余额", "booked balance"), booked_fen, rest, spendable_fen + held_fen),
    ]
    if captured_fen is not None:
        found.insert(1, Proof(used, used_fen, Label("各笔核销之和", "sum of the captures"), captured_fen))
    if granted_fen is not None:
        found.insert(0, Proof(Label("决定的金额", "decided"), granted_fen, face, face_fen))
    return found
