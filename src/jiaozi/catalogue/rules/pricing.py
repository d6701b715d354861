"""A centre's own new price: which version it becomes, which one it ends, and from when; never an edit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from jiaozi.catalogue.rules.resource import Unit
from jiaozi.catalogue.rules.tariff import ANYONE, Tariff
from jiaozi.catalogue.rules.versions import UnableToPublish, check_no_overlap
from jiaozi.kernel.fen import FEN_MAX, UFEN_PER_FEN, Rounding
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.period import local_date, start_of_day
from jiaozi.kernel.text import kept_text
from jiaozi.party.rules import Actor, HolderClass, Role, check_own_centre

SOURCE_MAX = 300
AHEAD_MAX = timedelta(days=3 * 366)
"""A price further ahead is a slip of the pen."""
A_DAY_MAX = 20
"""Versions of one price that are published in one Asia/Shanghai day."""
PENDING_MAX = 20
"""Versions of one price that are yet to begin."""
_PUBLISHERS = frozenset({Role.CENTRE, Role.OPERATOR, Role.SYSTEM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A price that a centre wants to publish.

    Attributes
    ----------
    rate_ufen
        Micro-fen per unit and hour.
    minimum_fen
        Least price of one order; None keeps the one of the version before.
    from_date
        First Asia/Shanghai day; None means at once.
    until_date
        First day on which it doesn't hold any more; None: until a later version.
    source
        The announcement that it rests on, in the centre's words.
    over
        The version that whoever asks has seen last, 0 for none; None doesn't say.
    """

    centre: str
    resource_class: str
    rate_ufen: int
    source: str
    customer_class: str = ANYONE
    minimum_fen: int | None = None
    from_date: date | None = None
    until_date: date | None = None
    over: int | None = None


@dataclass(frozen=True, slots=True)
class Repricing:
    """What publishing a proposal does.

    Attributes
    ----------
    added
        The new version.
    before
        The newest version before it; None for a first price.
    ends
        Whether ``before`` gets its end by it.
    """

    added: Tariff
    before: Tariff | None
    ends: bool


def check_publisher(by: Actor, centre: str) -> None:
    """Let a centre price its own, and the operator anybody's on the centre's announcement.

    Raises
    ------
    UnableToPublish, UnableToActForCentre
        For everybody else.
    """
    if by.role not in _PUBLISHERS:
        raise UnableToPublish(
            "WRONG_ROLE",
            "价目由算力中心自行发布，或由平台运营方按其公告发布",
            "a centre publishes its own tariffs, or the operator does on its announcement",
            field="by",
        )
    check_own_centre(by, centre)


def reprice(
    published: Iterable[Tariff],
    wanted: Proposal,
    *,
    unit: Unit | None,
    by: str,
    demo: bool,
    now: datetime,
    today: int = 0,
) -> Repricing:
    """Give what a proposal does to a price list; ``unit`` is that of the offered class, None where it isn't offered.

    ``published`` holds at least what holds now or later and the newest of each; ``today`` says how many versions of
    this very price were published since the Asia/Shanghai day began.

    Step and rounding stay those of the version before, else of the price for anyone. An open version ends when the new
    one begins; a version that has an end must be followed at that very instant.

    Raises
    ------
    UnableToPublish
        Naming the field.
    """
    known = list(published)
    key = (wanted.centre, wanted.resource_class, wanted.customer_class)
    own = sorted((each for each in known if each.key == key), key=lambda each: each.version)
    before = own[-1] if own else None
    like = before or next((each for each in reversed(known) if each.key == (*key[:2], ANYONE)), None)
    _check_seen(before, wanted)
    _check_pace(own, today, now)
    start, end = _span(wanted, now)
    added = Tariff(
        id=named_id("tariff", *key, (before.version if before else 0) + 1),
        centre=wanted.centre,
        resource_class=wanted.resource_class,
        customer_class=_customer(wanted.customer_class),
        unit=_offered(unit, wanted),
        rate_ufen=_amount(wanted.rate_ufen, FEN_MAX // UFEN_PER_FEN * UFEN_PER_FEN, "rate"),
        valid_from=start,
        valid_until=end,
        version=(before.version if before else 0) + 1,
        rounding=like.rounding if like else Rounding.HALF_UP,
        minimum_fen=_minimum(wanted, before),
        granularity_ms=like.granularity_ms if like else 1,
        source=kept_text(wanted.source, "source", most=SOURCE_MAX, refusal=UnableToPublish),
        demo=demo,
        author=by,
    )
    ends = before is not None and _follows(before, added, now)
    check_no_overlap([*(replace(each, valid_until=start) if ends and each is before else each for each in own), added])
    return Repricing(added, before, ends)


def _check_seen(before: Tariff | None, wanted: Proposal) -> None:
    last = before.version if before else 0
    if wanted.over is not None and wanted.over != last:
        raise UnableToPublish(
            "TARIFF_MOVED",
            f"您查看之后价目已有变化（现为版本{last}），请重新核对后再发布",
            f"the price has changed since you looked (it is version {last} now); look again before you publish",
            field="over",
        )


def _check_pace(own: Iterable[Tariff], today: int, now: datetime) -> None:
    """Keep a price list readable: a program that publishes without end would fill it for everybody."""
    if today >= A_DAY_MAX:
        raise UnableToPublish(
            "TARIFFS_TOO_OFTEN",
            f"同一价目每天至多发布{A_DAY_MAX}个版本，今天已达上限，请明天再发布",
            f"a price gets at most {A_DAY_MAX} versions a day and has had them; publish the next one tomorrow",
            field="rate",
        )
    if sum(each.valid_from > now for each in own) >= PENDING_MAX:
        raise UnableToPublish(
            "TARIFFS_TOO_FAR_PLANNED",
            f"同一价目至多预先发布{PENDING_MAX}个尚未生效的版本，请待其生效后再发布",
            f"a price has at most {PENDING_MAX} versions that are yet to begin; publish more once some have begun",
            field="from_date",
        )


def _span(wanted: Proposal, now: datetime) -> tuple[datetime, datetime | None]:
    """Give the instants of the days: today means at once, for what was quoted this morning stays as it was."""
    today = local_date(now)
    first = wanted.from_date or today
    if first < today:
        raise UnableToPublish(
            "TARIFF_BEGINS_IN_THE_PAST",
            f"生效日期不能早于今天（{today}）；已计的费用不追溯",
            f"a price can't begin before today ({today}): what was charged stays charged",
            field="from_date",
        )
    if first > today + AHEAD_MAX:
        raise UnableToPublish(
            "TARIFF_TOO_FAR_AHEAD",
            f"生效日期应不晚于{today + AHEAD_MAX}",
            f"the price must begin by {today + AHEAD_MAX}",
            field="from_date",
        )
    if wanted.until_date is not None and wanted.until_date <= first:
        raise UnableToPublish(
            "TARIFF_ENDS_FIRST",
            f"失效日期应晚于生效日期（{first}）",
            f"the price must end after it begins ({first})",
            field="until_date",
        )
    start = now if first == today else start_of_day(first)
    return start, start_of_day(wanted.until_date) if wanted.until_date else None


def _customer(name: str) -> str:
    if name != ANYONE and name not in set(HolderClass):
        raise UnableToPublish(
            "CUSTOMER_UNKNOWN",
            f"适用对象应为空（所有人）或：{'、'.join(HolderClass)}",
            f"a price is for anyone (empty) or for one of: {', '.join(HolderClass)}",
            field="customer_class",
        )
    return name


def _offered(unit: Unit | None, wanted: Proposal) -> Unit:
    if unit is None:
        raise UnableToPublish(
            "NOT_OFFERED",
            f"{wanted.centre}没有提供资源{wanted.resource_class}，请从所提供的资源中选择",
            f"{wanted.centre} doesn't offer {wanted.resource_class!r}; choose what it offers",
            field="resource_class",
        )
    return unit


def _amount(value: int, most: int, field: str) -> int:
    if not 0 <= value <= most:
        raise UnableToPublish(
            "AMOUNT_WRONG", "应为不小于0且台账可记的金额", "must be 0 or more, and fit into the ledger", field=field
        )
    return value


def _minimum(wanted: Proposal, before: Tariff | None) -> int:
    if wanted.minimum_fen is None:
        return before.minimum_fen if before else 0
    return _amount(wanted.minimum_fen, FEN_MAX, "minimum")


def _follows(before: Tariff, added: Tariff, now: datetime) -> bool:
    """Say whether the version before ends by the new one; refuse an overlap with it, and a gap after it."""
    if (before.rate_ufen, before.minimum_fen, before.valid_until) == (
        added.rate_ufen,
        added.minimum_fen,
        added.valid_until,
    ):
        raise UnableToPublish(
            "TARIFF_SAME",
            f"与版本{before.version}相同，无需发布",
            f"this is what version {before.version} says already; there is nothing to publish",
            field="rate",
        )
    if before.valid_from >= added.valid_from:
        raise UnableToPublish(
            "TARIFFS_OVERLAP",
            f"版本{before.version}自{local_date(before.valid_from)}起生效，新版本应自其后的日期起",
            f"version {before.version} begins on {local_date(before.valid_from)}; the new one must begin later",
            field="from_date",
        )
    if before.valid_until is None:
        return True
    if before.valid_until > now and before.valid_until != added.valid_from:
        last = local_date(before.valid_until)
        raise UnableToPublish(
            "TARIFFS_GAP" if added.valid_from > before.valid_until else "TARIFFS_OVERLAP",
            f"版本{before.version}到{last}为止，新版本应自{last}起，不留空档也不重叠",
            f"version {before.version} holds until {last}; the new one must begin on that day, with no gap or overlap",
            field="from_date",
        )
    return False
