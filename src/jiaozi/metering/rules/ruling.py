"""Who may decide about usage that stands still, and what they may decide: each ruling has a reason and a person.

Rating again only applies the rules, so a centre may ask for it; whose voucher pays imported usage it never says. What
moves money past a doubt or a closed order is an officer's; finance approves and pays it afterwards. Waiving costs the
centre alone, so it may waive its own.
"""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from jiaozi.kernel.refusal import Refused
from jiaozi.metering.rules.intake import DOUBTS, UsageState
from jiaozi.order.rules import State
from jiaozi.party.rules import Actor, Role, UnableToActForProgramme, check_own_centre


class UnableToRule(Refused):
    """Usage can't be decided on in this way, or not by this person."""


class RulingVerb(StrEnum):
    """What was decided."""

    RETRY = "RETRY"
    ACCEPT = "ACCEPT"
    CHARGE_LATE = "CHARGE_LATE"
    WAIVE = "WAIVE"
    RESOLVE = "RESOLVE"


class Side(StrEnum):
    """Which payload of a dispute counts: the first, or the one that came under its name afterwards."""

    OLD = "old"
    NEW = "new"


def dispute_name(dispute_id: UUID) -> str:
    """Name the record that a dispute resolved for the other payload puts beside the first."""
    return f"dispute:{dispute_id}"


_ROLES: dict[RulingVerb, frozenset[Role]] = {
    RulingVerb.RETRY: frozenset({Role.CENTRE, Role.OPERATOR, Role.OFFICER}),
    RulingVerb.ACCEPT: frozenset({Role.OFFICER}),
    RulingVerb.CHARGE_LATE: frozenset({Role.OFFICER}),
    RulingVerb.WAIVE: frozenset({Role.CENTRE, Role.OFFICER}),
    RulingVerb.RESOLVE: frozenset({Role.OFFICER}),
}

_NAME_PAYER = frozenset({Role.OPERATOR, Role.OFFICER})


def offered(by: Actor, *, centre: str, state: str, code: str, by_voucher: bool) -> tuple[RulingVerb, ...]:
    """Give what somebody may decide about a record; ``by_voucher`` says that it was imported without an order."""
    if state != UsageState.HELD_BACK or (by.role is Role.CENTRE and by.centre != centre):
        return ()
    fits = {
        RulingVerb.RETRY: not by_voucher or by.role in _NAME_PAYER,
        RulingVerb.ACCEPT: code in DOUBTS,
        RulingVerb.CHARGE_LATE: code == "LATE",
        RulingVerb.WAIVE: True,
    }
    return tuple(verb for verb, fitting in fits.items() if fitting and by.role in _ROLES[verb])


def check_ruler(verb: RulingVerb, by: Actor, centre: str) -> None:
    """Let a ruling be made by a role that may, and a centre rule on its own usage only.

    Raises
    ------
    UnableToRule
        Naming the roles that may.
    UnableToActForCentre
        When the centre is another's.
    """
    check_own_centre(by, centre)
    if by.role not in _ROLES[verb]:
        right = "、".join(sorted(_ROLES[verb]))
        raise UnableToRule(
            "WRONG_ROLE", f"须由{right}办理", f"{right.replace('、', ' or ')} may do this, not {by.role}", field="role"
        )


def check_payer_named(by: Actor) -> None:
    """Let the operator or an officer say whose voucher pays imported usage, never the centre that is paid.

    Raises
    ------
    UnableToRule
        For everybody else.
    """
    if by.role not in _NAME_PAYER:
        raise UnableToRule(
            "WRONG_ROLE",
            "导入的用量由哪张算力券支付，须由平台运营方或主管人员指定",
            f"the operator or an officer names the voucher that pays imported usage, not {by.role}",
            field="role",
        )


def check_held_back(state: str) -> None:
    """Let a ruling be made on usage that is held back.

    Raises
    ------
    UnableToRule
        When it is charged, waived, or waits for its order's end.
    """
    if state != UsageState.HELD_BACK:
        raise UnableToRule(
            "NOT_HELD_BACK",
            f"该用量为{state}，仅可裁定被暂扣的用量",
            f"the usage is {state}; only what is held back can be decided on",
            field="usage",
        )


def check_doubt(code: str) -> None:
    """Let an officer overrule a doubt, never a figure that can't be charged.

    Raises
    ------
    UnableToRule
        Naming what would be right.
    """
    if code not in DOUBTS:
        raise UnableToRule(
            "NOT_A_DOUBT",
            f"暂扣原因{code}不能核准；请算力中心更正记录，或重新计价、补计、免除",
            f"{code} can't be overruled: let the centre correct the record, rate it again, charge it late or waive it",
            field="usage",
        )


def check_late(code: str) -> None:
    """Let a late record be charged after its order has closed, and nothing else.

    Raises
    ------
    UnableToRule
        When it was held back for another reason.
    """
    if code != "LATE":
        raise UnableToRule(
            "NOT_LATE",
            f"暂扣原因为{code}，不是迟到的用量",
            f"it is held back for {code}, it is not late",
            field="usage",
        )


def check_waivable(state: State, usage: list[str]) -> None:
    """Let the hold of an ended order go when its usage never came, or stands still.

    Raises
    ------
    UnableToRule
        When the order has not ended or is closed, or all its usage can be charged.
    """
    if state is not State.ENDED:
        raise UnableToRule(
            "NOT_ENDED",
            f"订单为{state.label.zh}，仅可对已结束、未核销的订单免除用量",
            f"the order is {state.label.en}; usage is waived when the job has ended and nothing is charged",
            field="order",
        )
    if UsageState.RECEIVED in usage and UsageState.HELD_BACK not in usage:
        raise UnableToRule(
            "CAN_BE_CHARGED", "该订单的用量可以核销，无须免除", "the order's usage can be charged", field="order"
        )


def not_our_supplier(programme: str, centre: str) -> UnableToActForProgramme:
    """A record that names no order is no affair of a programme whose vouchers can't be spent at its centre."""
    return UnableToActForProgramme(
        "NOT_YOUR_PROGRAMME",
        f"项目{programme}的算力券不能在{centre}使用，该用量不属您办理",
        f"vouchers of {programme} can't be spent at {centre}: this usage is not yours to decide on",
        field="programme",
    )


def name_voucher() -> UnableToRule:
    """Imported usage is rated for a voucher; say which."""
    return UnableToRule(
        "VOUCHER_MISSING",
        "导入的用量没有订单，请指定由哪张算力券支付",
        "imported usage has no order: name the voucher that pays",
        field="voucher_id",
    )


def wrong_payload() -> UnableToRule:
    """The other payload of a dispute is none that can be charged."""
    return UnableToRule(
        "PAYLOAD_UNREADABLE",
        "争议中的新记录无法读取，不能采用；请算力中心重报，或以原记录为准",
        "the other record can't be read: let the centre send a proper one, or accept the first",
        field="accept",
    )


def other_order() -> UnableToRule:
    """What is charged for one order can't become another's."""
    return UnableToRule(
        "OTHER_ORDER",
        "新记录不属于已核销的订单，不能作为更正；请以原记录结案，并请算力中心以新编号另行报送",
        "the other record is not of the order that is charged: accept the first, and let the centre send the other "
        "under a name of its own",
        field="accept",
    )


def costs_less(by_fen: int) -> UnableToRule:
    """Nothing captured is taken back here."""
    return UnableToRule(
        "COSTS_LESS",
        f"按新记录价款将减少{by_fen}分：已核销的不在此冲回；请在结算单支付后由财政追减（disallow），再以原记录结案",
        f"the price falls by {by_fen} fen: nothing captured is taken back here; disallow it on the paid statement, "
        "then accept the first record",
        field="accept",
    )


def imported_already() -> UnableToRule:
    """An imported job that was charged has no hold to charge the difference within."""
    return UnableToRule(
        "IMPORTED_AND_CHARGED",
        "该导入作业已核销；多计的请追减（disallow），少计的请以另一作业号导入差额，再以原记录结案",
        "the imported job is charged: disallow what is too much, import what is missing under a number of its own, "
        "then accept the first record",
        field="accept",
    )


def resolved_already() -> UnableToRule:
    """A dispute is resolved once."""
    return UnableToRule("RESOLVED", "该争议已裁定", "the dispute is resolved already", field="dispute")
