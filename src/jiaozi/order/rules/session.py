"""Sessions: a notebook or a shell under an order's hold, extended by slices of its own, warned of its end in time.

A session's hold is the sum of its slices: the order's first hold, and one more for each extension. Together they are
exactly what the whole time limit can cost at most, so its capture, spread over them in their order, never passes one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from jiaozi.catalogue.rules import Tariff, run_price_fen
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.order.rules.life import State
from jiaozi.order.rules.quoting import Offer, Quote, Request, UnableToQuote, quote
from jiaozi.party.rules import Actor, Role

WAITS_FOR_USAGE = (State.ENDED, State.METERED)
"""States in which no engine's answer moves a slice any more: capture resolves it by what was used."""
_OVER = frozenset({"SESSION_ENDING", "SESSION_OVER"})
SLICES_MAX = 200
"""How often one session may be extended: a stated value of ours."""
_MS = timedelta(milliseconds=1)


class UnableToExtendSession(Refused):
    """The session's time can't be extended; nothing more is held for it."""


class UnableToOpenSession(Refused):
    """The way into a session is not for whoever asks, or not open now."""


class Opens(StrEnum):
    """What a session opens."""

    JUPYTERLAB = "JUPYTERLAB"
    SSH = "SSH"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _OPENS[self]


_OPENS = {
    Opens.JUPYTERLAB: Label("笔记本（JupyterLab）", "a notebook (JupyterLab)"),
    Opens.SSH: Label("终端（SSH）", "a shell (SSH)"),
}


class SliceState(StrEnum):
    """How far an extension is: held for and asked of the engine, granted by it, or refused and its hold voided."""

    HELD = "HELD"
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What an extension is decided on.

    ``tariff`` and ``share`` are the order's own, as quoted; ``grace_ms`` is how long
    before its limit the engine asks a session to end.
    """

    state: State
    is_session: bool
    cancel_asked: bool
    started_at: datetime | None
    time_limit_ms: int
    granularity_ms: int
    kill_lag_ms: int
    grace_ms: int
    tariff: Tariff
    share: Fraction
    held: Quote
    slices: int
    pending: bool


def extension(running: Running, request: Request, offer: Offer | None, now: datetime) -> Quote:
    """Price a session's new slice: what the longer limit can cost at most, less what is held already.

    ``request`` is the session's, with the new time limit.

    Raises
    ------
    UnableToExtendSession, UnableToPrice
        Naming what stands in the way.
    """
    _check_running(running, now)
    if request.time_limit_ms <= running.time_limit_ms:
        raise UnableToExtendSession(
            "NOTHING_ADDED", "延长时间须大于零", "the time to add must be more than zero", field="adds_ms"
        )
    if offer is None or request.time_limit_ms > offer.time_limit_max_ms:
        most_min = offer.time_limit_max_ms // 60_000 if offer else 0
        raise UnableToExtendSession(
            "PAST_OFFER",
            f"该中心单个作业最长{most_min}分钟，延长后将达{-(-request.time_limit_ms // 60_000)}分钟",
            f"the centre offers {most_min} minutes at most, this would be {-(-request.time_limit_ms // 60_000)}",
            field="adds_ms",
        )
    terms = replace(offer, granularity_ms=running.granularity_ms, kill_lag_ms=running.kill_lag_ms)
    whole = quote(running.tariff, running.share, request, terms)
    return Quote(
        most_fen=whole.most_fen - running.held.most_fen,
        voucher_fen=whole.voucher_fen - running.held.voucher_fen,
        own_fen=whole.own_fen - running.held.own_fen,
    )


def check_extender(by: Actor, placed_by: str, *, limited: bool) -> None:
    """Keep a member who has a spending limit from extending what a colleague placed: it counts for the colleague.

    Raises
    ------
    UnableToExtendSession
        Saying who may.
    """
    if limited and by.name != placed_by:
        raise UnableToExtendSession(
            "LIMITED",
            "您有支出限额，不能延长同事下单的会话；请由下单人或没有限额的成员办理",
            "you have a spending limit and can't extend a colleague's session; ask whoever placed it, or a member who "
            "has no limit",
            field="by",
        )


def _check_running(running: Running, now: datetime) -> None:
    reason = _why_not(running, now)
    if reason is not None:
        raise UnableToExtendSession(reason.code, reason.label.zh, reason.label.en, field=reason.field)


def _why_not(running: Running, now: datetime) -> Reason | None:
    if not running.is_session:
        return Reason("NOT_A_SESSION", Label("批处理作业不能延长", "a batch job can't be extended"), field="order")
    if running.state is not State.RUNNING or running.started_at is None or running.cancel_asked:
        line = Label("只有运行中的会话可以延长", "only a running session that nobody cancelled can be extended")
        return Reason("NOT_RUNNING", line, field="order")
    if running.pending:
        line = Label("上一次延长尚未生效，请稍候", "the extension before is still under way; wait a moment")
        return Reason("EXTENSION_PENDING", line, field="order")
    if running.slices >= SLICES_MAX:
        line = Label(f"最多延长{SLICES_MAX}次", f"a session is extended {SLICES_MAX} times at most")
        return Reason("TOO_MANY_SLICES", line, field="order")
    if now >= latest_extension(running):
        line = Label("会话即将结束并保存文件，来不及延长", "the session is about to end and save its files: too late")
        return Reason("TOO_LATE", line, field="order")
    return None


def latest_extension(running: Running) -> datetime:
    """Give the instant from which a session may already be ending."""
    if running.started_at is None:
        raise ValueError("started_at: a session that has not begun has no end")
    return running.started_at + (running.time_limit_ms - running.grace_ms) * _MS


def answered(code: str | None, state: State, *, old_end: datetime, captured_fen: int, now: datetime) -> SliceState:
    """Say what becomes of a held slice: ``code`` is the engine's refusal, None for its yes.

    An answer may have been lost before, so the limit may be up already. A no is believed only while the order runs
    within its old limit (``old_end``) and the engine does not say that it is over; else the slice stays held until
    capture. After that it was granted if ``captured_fen`` of it was used.

    >>> from datetime import UTC
    >>> end = datetime(2026, 11, 25, 12, tzinfo=UTC)
    >>> early = end - timedelta(minutes=1)
    >>> [str(answered("NO", State.RUNNING, old_end=end, captured_fen=0, now=at)) for at in (early, end)]
    ['REFUSED', 'HELD']
    >>> [str(answered("NO", State.CAPTURED, old_end=end, captured_fen=fen, now=end)) for fen in (0, 1)]
    ['REFUSED', 'GRANTED']
    """
    if code is None:
        return SliceState.GRANTED
    if state is State.RUNNING:
        return SliceState.HELD if code in _OVER or now >= old_end else SliceState.REFUSED
    if state in WAITS_FOR_USAGE:
        return SliceState.HELD
    return SliceState.GRANTED if captured_fen > 0 else SliceState.REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left of a session: until when, how long, and how much of what is held for it."""

    ends_at: datetime
    left_ms: int
    spent_fen: int
    left_fen: int


def left(*, tariff: Tariff, units: int, started_at: datetime, time_limit_ms: int, most_fen: int, now: datetime) -> Left:
    """Say what is left of a running session: what it has cost so far by its tariff, and the rest of what is held."""
    used_ms = min(max(0, (now - started_at) // _MS), time_limit_ms)
    spent_fen = min(most_fen, run_price_fen(tariff, units=units, elapsed_ms=used_ms)) if used_ms else 0
    return Left(
        ends_at=started_at + time_limit_ms * _MS,
        left_ms=time_limit_ms - used_ms,
        spent_fen=spent_fen,
        left_fen=most_fen - spent_fen,
    )


def warning(ends_at: datetime, warned_min: int | None, minutes: Sequence[int], now: datetime) -> int | None:
    """Give the number of minutes to warn of now: the nearest that is due and was not warned of; None for none.

    >>> from datetime import UTC
    >>> end = datetime(2026, 11, 25, 12, tzinfo=UTC)
    >>> [warning(end, None, (10, 2), end - timedelta(minutes=left)) for left in (11, 9, 1)]
    [None, 10, 2]
    >>> warning(end, 10, (10, 2), end - timedelta(minutes=5)) is None
    True
    """
    due = [each for each in minutes if now >= end_less(ends_at, each) and now < ends_at]
    nearest = min(due, default=None)
    return nearest if nearest is not None and (warned_min is None or nearest < warned_min) else None


def end_less(ends_at: datetime, minutes: int) -> datetime:
    """Give the instant so many minutes before an end."""
    return ends_at - timedelta(minutes=minutes)


def not_offered(centre: Label, opens: str) -> Reason:
    """Say that a centre opens no such session, and what can be the cause."""
    name = Opens(opens).label
    return Reason(
        "SESSION_NOT_OFFERED",
        Label(
            f"{centre.zh}不能打开{name.zh}：引擎未设置，会话之间未隔离，或其代理久未来信",
            f"{centre.en} does not open {name.en}: its engine is not set up for it, its sessions are not walled off "
            "from each other, or its agent has not been heard for long",
        ),
        field="opens",
    )


def check_offered(centre: Label, opens: str, offered: Collection[str]) -> None:
    """Let a session be ordered only where it can be opened.

    Raises
    ------
    UnableToQuote
        Naming what the centre can't open.
    """
    if opens not in offered:
        reason = not_offered(centre, opens)
        raise UnableToQuote(reason.code, reason.label.zh, reason.label.en, field=reason.field)


def check_access(by: Actor, holder: object, *, is_session: bool) -> None:
    """Let the holder's own team see the way into its session, and nobody else: not the centre, not the operator.

    Raises
    ------
    UnableToOpenSession
        Naming whose it is.
    """
    if by.role is not Role.APPLICANT or by.organisation != holder:
        raise UnableToOpenSession(
            "NOT_YOURS", "会话只向持券单位的成员开放", "a session is open to its holder's own people", field="holder"
        )
    if not is_session:
        raise UnableToOpenSession("NOT_A_SESSION", "这不是交互会话", "this order is no session", field="order")
