"""What may be decided about a job that its centre bears itself: that it stands, or that the centre disputes it.

Nothing is posted: no voucher, nobody's own money and no statement ever paid for such a job (``metering`` holds its
usage back). What is decided is whether the finding that it left in the audit is still open.
"""

from __future__ import annotations

from enum import StrEnum

from jiaozi.kernel.label import Label
from jiaozi.lease.rules.life import UnableToLease
from jiaozi.party.rules import Actor, Role

_RULERS = frozenset({Role.OFFICER, Role.OPERATOR})


class Verdict(StrEnum):
    """What was decided about a loss; the last ruling counts."""

    BORNE = "BORNE"
    DISPUTED = "DISPUTED"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]


_LABELS = {
    Verdict.BORNE: Label("由中心承担，已了结", "borne by the centre, closed"),
    Verdict.DISPUTED: Label("中心有异议，未了结", "disputed by the centre, open"),
}


def may_rule(by: Actor) -> bool:
    """Say whether somebody rules on losses at all."""
    return by.role in _RULERS


def check_ruling(by: Actor, *, is_loss: bool, last: Verdict | None) -> None:
    """Let an officer or the operator rule on a loss, as long as it is not closed.

    Raises
    ------
    UnableToLease
        For every other role, a job that an order pays, and a loss that was closed.
    """
    if not may_rule(by):
        raise UnableToLease("WRONG_ROLE", "须由经办或运营人员裁定", "an officer or the operator rules", field="role")
    if not is_loss:
        raise UnableToLease(
            "NOT_A_LOSS", "该作业由订单支付，无须裁定", "an order pays for the job: nothing is open", field="loss"
        )
    if last is Verdict.BORNE:
        raise UnableToLease("LOSS_CLOSED", "该损失已裁定了结", "it was ruled on and closed", field="loss")
