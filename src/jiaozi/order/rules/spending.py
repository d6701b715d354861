"""What a member of an organisation may spend on its orders: a limit for a month or altogether, and what counts for it.

An organisation's own affair beside the programme's caps: it is kept in the order room and never in the ledger, whose
rows stay for ever and are public.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date, month, start_of_day
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.ledger.rules import AMOUNT_MAX_FEN
from jiaozi.order.rules.life import UNFINISHED, State
from jiaozi.party.rules import Actor, Role
from jiaozi.party.rules.actor import OVERSEERS
from jiaozi.party.rules.membership import Grant
from jiaozi.party.rules.person import name_of

UNFUNDED = (State.QUOTED, State.REFUSED)
"""States in which nothing was ever held, for compute or for data."""
_PERSON = "person:"


class Per(StrEnum):
    """Over which time a limit counts."""

    MONTH = "MONTH"
    TOTAL = "TOTAL"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]


_LABELS = {Per.MONTH: Label("每月", "per month"), Per.TOTAL: Label("累计", "altogether")}


class UnableToLimit(Refused):
    """The limit can't be set so."""


@dataclass(frozen=True, slots=True)
class Spending:
    """A member's limit and what counts for it, in fen."""

    per: Per
    limit_fen: int
    spent_fen: int

    @property
    def left_fen(self) -> int:
        """What may still be held; nothing where the limit was lowered below what was spent."""
        return max(self.limit_fen - self.spent_fen, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What an order says of its money, in fen: held at most, captured once that is known; data movement beside it."""

    state: State
    most_fen: int
    price_fen: int | None
    movement_hold_fen: int = 0
    movement_fen: int | None = None


def counted_fen(orders: Iterable[Placed]) -> int:
    """Give what orders count for a limit: what was captured, else what is held; both shares, data movement as well.

    >>> counted_fen([Placed(state=State.RUNNING, most_fen=30, price_fen=None), \
Placed(state=State.SETTLED, most_fen=30, price_fen=12), Placed(state=State.CANCELLED, most_fen=30, price_fen=None)])
    42
    """
    return sum(_compute_fen(each) + _movement_fen(each) for each in orders)


def _compute_fen(each: Placed) -> int:
    if each.price_fen is not None:
        return each.price_fen
    return each.most_fen if each.state in UNFINISHED else 0


def _movement_fen(each: Placed) -> int:
    if each.movement_fen is not None:
        return each.movement_fen
    return 0 if each.state in UNFUNDED else each.movement_hold_fen


def window(per: Per, at: datetime) -> tuple[datetime, datetime] | None:
    """Give the instants from and up to which holds count beside one taken at an instant; None where all of them do.

    >>> [each.isoformat() for each in window(Per.MONTH, datetime.fromisoformat("2026-11-30T16:00+00:00"))]
    ['2026-11-30T16:00:00+00:00', '2026-12-31T16:00:00+00:00']
    """
    if per is Per.TOTAL:
        return None
    day = local_date(at)
    whole = month(day.year, day.month)
    return start_of_day(whole.first), start_of_day(whole.end)


def past_limit(spending: Spending, more_fen: int) -> Reason | None:
    """Say that a limit does not cover so much more: which it is, what counts for it, how much is left."""
    if more_fen <= spending.left_fen:
        return None
    span = {Per.MONTH: ("本月", "this month"), Per.TOTAL: ("累计", "altogether")}[spending.per]
    limit, spent, left = (yuan(fen) for fen in (spending.limit_fen, spending.spent_fen, spending.left_fen))
    return Reason(
        "LIMIT_REACHED",
        Label(
            f"超出下单成员的{span[0]}支出限额{limit}元：已冻结和核销{spent}元，还剩{left}元，本次须{yuan(more_fen)}元；"
            "请减少数量或时限，或请管理员调整限额",
            f"past the spending limit of {limit} yuan {span[1]} of the member who orders: {spent} is held or captured, "
            f"{left} is left, {yuan(more_fen)} is needed; ask for less, or have an administrator change the limit",
        ),
        field="limit",
    )


def person_in(actor: str) -> UUID | None:
    """Give the person that an actor's name stands for; None for everybody else: only members have limits.

    >>> person_in("person:00000000-0000-0000-0000-00000000000a"), person_in("system")
    (UUID('00000000-0000-0000-0000-00000000000a'), None)
    """
    try:
        return UUID(actor.removeprefix(_PERSON)) if actor.startswith(_PERSON) else None
    except ValueError:
        return None


def check_limiter(by: Actor, person: UUID, grant: Grant) -> UUID:
    """Let administrators of an organisation limit its other members, nobody oneself; gives which organisation.

    Raises
    ------
    UnableToLimit
        For everybody else.
    """
    if by.name == name_of(person):
        raise UnableToLimit(
            "SELF_LIMIT",
            "不能设置自己的支出限额，请由其他管理员办理",
            "nobody changes the limit that is one's own; ask another administrator",
            field="person",
        )
    own = by.role is grant.role is Role.APPLICANT and by.administrator and by.organisation == grant.organisation
    if by.organisation is None or not own:
        raise UnableToLimit(
            "NOT_ADMINISTRATOR",
            "只有本单位的管理员可以设置成员的支出限额",
            "only an administrator of the organisation sets its members' limits",
            field="by",
        )
    return by.organisation


def whose(by: Actor, organisation: UUID) -> UUID | None:
    """Say whose limits an actor sees of an organisation: a member its own, None for all of them.

    They are the organisation's own affair; beside its members an auditor sees them, nobody else who runs a programme.

    Raises
    ------
    UnableToLimit
        For whoever sees none.
    """
    if by.role is Role.AUDITOR:
        return None
    own = by.role is Role.APPLICANT and by.organisation == organisation
    person = person_in(by.name)
    if not own or (person is None and not by.administrator):
        raise UnableToLimit(
            "NOT_YOURS", "您不能查看该单位的支出限额", "you may not see that organisation's limits", field="by"
        )
    return None if by.administrator else person


def knows_who(by: Actor, holder: UUID, programme: str) -> bool:
    """Say whether an actor learns which member placed an order: the holder's own and the programme's staff, no centre.

    >>> centre, member = Actor("a", Role.CENTRE, centre="x"), Actor("b", Role.APPLICANT, UUID(int=1))
    >>> [knows_who(by, UUID(int=1), "p") for by in (centre, member, Actor("c", Role.OFFICER, programme="p"))]
    [False, True, True]
    """
    own = by.role is Role.APPLICANT and by.organisation == holder
    return own or (by.role in OVERSEERS and by.programme in {"", programme})


def check_limit(limit_fen: int, grant: Grant, now: datetime) -> None:
    """Let a limit be an amount, 0 as well: then the member places no order that costs anything.

    Raises
    ------
    UnableToLimit
        Naming the field.
    """
    if not 0 <= limit_fen <= AMOUNT_MAX_FEN:
        raise UnableToLimit(
            "OUT_OF_RANGE",
            f"限额须为0至{yuan(AMOUNT_MAX_FEN)}元",
            f"a limit must be 0 to {yuan(AMOUNT_MAX_FEN)} yuan",
            field="limit_fen",
        )
    if not grant.in_force(now):
        raise UnableToLimit(
            "MEMBERSHIP_OVER",
            "该成员的授权已终止",
            "this membership is over: there is nothing to limit",
            field="person",
        )


def check_unlimited(spending: Spending | None) -> None:
    """Keep whoever has a limit from letting centres spend a voucher without asking.

    Raises
    ------
    UnableToLimit
        When there is a limit.
    """
    if spending is not None:
        raise UnableToLimit(
            "LIMITED",
            "您有支出限额，不能开通本地额度；请由没有限额的成员办理",
            "you have a spending limit and can't let centres spend without asking; ask a member who has none",
            field="by",
        )
