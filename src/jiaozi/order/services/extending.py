"""Extending a session: a slice hold of its own first, the engine's limit afterwards, the slice voided where it says no.

The hold and the longer limit stand before the engine is asked, and no transaction is open while it is. Without an
answer the slice waits, held; ``tending`` asks again until the engine has said yes or no. Once the session has ended its
usage decides: an answer may have been lost, so the slice stays held until capture takes what was used of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial
from uuid import UUID

import structlog
from django.db import transaction

from jiaozi.catalogue import queries as catalogue
from jiaozi.catalogue.queries import tariff_of
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Reason
from jiaozi.kernel.text import storable
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Chain
from jiaozi.order import queries, rules
from jiaozi.order.models import Order, OrderSlice
from jiaozi.order.ports import SessionEngine, UnableToExtend, UnableToFindJob, UnableToReachEngine, UnableToSubmit
from jiaozi.order.rules import Quote, Request, State
from jiaozi.order.rules import session as sessions
from jiaozi.order.rules.session import SliceState, UnableToExtendSession
from jiaozi.order.services import quota
from jiaozi.order.services.apart import alone
from jiaozi.order.services.engines import engine_of
from jiaozi.order.services.funding import caps_today, held
from jiaozi.order.services.quoting import offer_terms, spendable_terms
from jiaozi.order.services.spending import over_limit
from jiaozi.order.services.step import REASON_CODE_MAX, REASON_MAX, take
from jiaozi.order.services.submitting import check_cover
from jiaozi.party.rules import SYSTEM, Actor
from jiaozi.policy.rules import CapUse
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher import rules as voucher_rules
from jiaozi.voucher import services as voucher_services
from jiaozi.voucher.models import Voucher

_log = structlog.get_logger(__name__)
_TERMS = ("time_limit_ms", "most_fen", "voucher_hold_fen", "own_hold_fen")


@dataclass(frozen=True, slots=True)
class Extension:
    """What a session's longer time would cost, and until when it can still be asked for."""

    priced: Quote
    limit_ms: int
    latest_at: datetime


def extension_price(*, order_id: UUID, adds_ms: int, by: Actor, now: datetime) -> Extension:
    """Price a session's extension, the same way as ``extend`` does; nothing is held.

    Raises
    ------
    UnableToExtendSession, UnableToHold, UnableToSpend, UnableToPrice
        With the reason.
    """
    row = queries.order(order_id)
    _check_extender(row, by)
    spendable_terms(vouchers.voucher(row.voucher_id), now)
    running = _running(row)
    priced = _priced(row, running, adds_ms, now)
    return Extension(priced, row.time_limit_ms + adds_ms, sessions.latest_extension(running))


def extend(*, order_id: UUID, slice_id: UUID, adds_ms: int, by: Actor, now: datetime) -> OrderSlice:
    """Hold for more time of a running session, then have the engine raise its limit.

    ``slice_id`` makes it once. The answer is the slice as GRANTED, as REFUSED with the engine's reason and its hold
    given back, or as HELD while the engine has not answered, or the caller's own transaction is still open.

    Raises
    ------
    UnableToExtendSession, UnableToHold, UnableToSpend, UnableToPrice
        With the reason; nothing is held then.
    """
    with transaction.atomic():
        row = queries.order(order_id, lock=True)
        _check_extender(row, by)
        found = queries.slice_of(slice_id)
        if found is None:
            _hold(row, slice_id, adds_ms, by, now)
        elif (found.order_id, found.limit_ms - found.from_limit_ms) != (row.id, adds_ms):
            raise UnableToExtendSession(
                "ID_USED", "该编号已用于另一次延长", "this id stands for another extension", field="id"
            )
        transaction.on_commit(partial(ask, slice_id=slice_id, now=now))
    return OrderSlice.objects.get(id=slice_id)


def _check_extender(row: Order, by: Actor) -> None:
    """Let the holder's own and the operator extend; what is held more counts for whoever placed the order."""
    rules.check_own(by, row.holder_id, row.programme)
    sessions.check_extender(by, row.held_by, limited=queries.has_limit(row.holder_id, by.name))


def _running(row: Order) -> sessions.Running:
    engine = engine_of(row.centre)
    is_session = queries.session_of(row) is not None and isinstance(engine, SessionEngine)
    states = queries.slice_states(row.id) if is_session else []
    return sessions.Running(
        state=State(row.state),
        is_session=is_session,
        cancel_asked=row.cancel_asked,
        started_at=row.started_at,
        time_limit_ms=row.time_limit_ms,
        granularity_ms=row.engine_granularity_ms,
        kill_lag_ms=row.kill_lag_ms,
        grace_ms=engine.end_grace_ms if isinstance(engine, SessionEngine) else 0,
        tariff=tariff_of(row.tariff),
        share=Fraction(row.share_numerator, row.share_denominator),
        held=Quote(most_fen=row.most_fen, voucher_fen=row.voucher_hold_fen, own_fen=row.own_hold_fen),
        slices=len(states),
        pending=SliceState.HELD in states,
    )


def _priced(row: Order, running: sessions.Running, adds_ms: int, now: datetime) -> Quote:
    request = Request(
        centre=row.centre_id,
        resource_class=row.resource_class_id,
        units=row.units,
        memory_mib=row.memory_mib,
        time_limit_ms=row.time_limit_ms + adds_ms,
        command=tuple(row.command),
    )
    offer = offer_terms(catalogue.offer(row.centre_id, row.resource_class_id))
    return sessions.extension(running, request, offer, now)


def _hold(row: Order, slice_id: UUID, adds_ms: int, by: Actor, now: datetime) -> None:
    """Take the slice's hold and lengthen what the order's holds cover, in one transaction, the ledger last."""
    voucher = vouchers.voucher_for_spending(row.voucher_id)
    spendable_terms(voucher, now)
    running = _running(row)
    priced = _priced(row, running, adds_ms, now)
    _refuse(over_limit(row, member=row.held_by, at=row.held_at or now, more_fen=priced.most_fen))
    caps = caps_today(voucher, now)
    slice_ = OrderSlice(
        id=slice_id,
        order=row,
        number=running.slices + 1,
        from_limit_ms=row.time_limit_ms,
        limit_ms=row.time_limit_ms + adds_ms,
        voucher_fen=priced.voucher_fen,
        own_fen=priced.own_fen,
        cap_keys=[use.key for use in caps] if priced.voucher_fen else [],
        state=SliceState.HELD,
        by=by.name,
        asked_at=now,
    )
    slice_.save(force_insert=True)
    _lengthen(row, priced, adds_ms)
    body = {"adds_ms": adds_ms, "limit_ms": row.time_limit_ms, "most_fen": priced.most_fen, "slice": str(slice_id)}
    take(row, "extend", by=by, now=now, body=body | {"voucher_fen": priced.voucher_fen}, changed=_TERMS)
    accounts, chain = rules.hold_lines(
        order_id=row.id,
        programme=row.programme,
        voucher_id=row.voucher_id,
        holder=row.holder_id,
        centre=row.centre_id,
        priced=priced,
        caps=caps,
        moves=row.moves,
        number=slice_.number,
    )
    chain = (*chain, *quota.slice_holds(row, voucher, slice_))
    if chain:  # else the longer limit costs not a fen more
        ledger.open_accounts(accounts)
        _fund(voucher, priced, caps, chain, now)


def _lengthen(row: Order, priced: Quote, adds_ms: int) -> None:
    row.time_limit_ms += adds_ms
    row.most_fen += priced.most_fen
    row.voucher_hold_fen += priced.voucher_fen
    row.own_hold_fen += priced.own_fen
    try:
        check_cover(row, engine_of(row.centre))
    except UnableToSubmit as short:  # the centre's engine is coarser by now than the quote knew
        reason = short.reason
        raise UnableToExtendSession(reason.code, reason.label.zh, reason.label.en, field=reason.field) from short


def _fund(voucher: Voucher, priced: Quote, caps: Sequence[CapUse], chain: Chain, now: datetime) -> None:
    (statuses,) = voucher_services.apply_under_caps(programme=voucher.programme, caps=caps, chains=[chain], now=now)
    _refuse(rules.refusal(chain, statuses, priced, vouchers.spendable_fen(voucher)))


def _refuse(reason: Reason | None) -> None:
    if reason is not None:
        raise UnableToExtendSession(reason.code, reason.label.zh, reason.label.en, field=reason.field)


def ask(*, slice_id: UUID, now: datetime) -> None:
    """Have the engine raise the limit of a slice that is held; without an answer, or once ended, it stays held.

    After the order's holds were resolved no engine is asked: what was captured says whether the slice was granted.
    One caller at a time, from the question to the decision: else one could take the hold back on the engine's no while
    another's question, on its way, is answered yes.
    """
    with alone(slice_id) as mine:
        if mine:
            _ask(slice_id, now)


def _ask(slice_id: UUID, now: datetime) -> None:
    slice_ = queries.slice_of(slice_id)
    if slice_ is None or slice_.state != SliceState.HELD:
        return
    row = queries.order(slice_.order_id)
    if row.state != State.RUNNING:
        _decide(slice_id, _over(), now)
        return
    answered, refused = _answer(row, slice_.limit_ms)
    if answered:
        _decide(slice_id, refused, now)


def _answer(row: Order, limit_ms: int) -> tuple[bool, Reason | None]:
    """Say whether the engine answered, and its reason where that was no.

    Whatever else goes wrong there counts as no answer: the hold is committed, and who asked for it must be told so.
    """
    try:
        engine = engine_of(row.centre)
        if not isinstance(engine, SessionEngine):
            centre = Label(row.centre.name_zh, row.centre.name_en)
            return True, sessions.not_offered(centre, row.session.opens)
        engine.extend(row.id, limit_ms)
    except UnableToExtend as refused:
        return True, refused.reason
    except (UnableToReachEngine, UnableToFindJob) as silent:
        _log.info("extension waits for its engine", order=str(row.id), reason=str(silent))
        return False, None
    except Exception:  # noqa: BLE001 - a fault of the engine's own; it is logged whole, and asked again
        _log.exception("extension waits for its engine", order=str(row.id))
        return False, None
    return True, None


def _over() -> Reason:
    return UnableToExtend("SESSION_OVER", "会话已结束", "the session is over", field="order").reason


def _decide(slice_id: UUID, refused: Reason | None, now: datetime) -> None:
    """Grant a held slice, or take it back with the engine's reason; once. It may have to wait for what was used."""
    with transaction.atomic():
        order_id = OrderSlice.objects.values_list("order_id", flat=True).get(id=slice_id)
        row = queries.order(order_id, lock=True)
        slice_ = OrderSlice.objects.get(id=slice_id)
        if slice_.state != SliceState.HELD:
            return
        decided = _answered(row, slice_, refused, now)
        if decided is SliceState.HELD:
            return
        refused = refused if decided is SliceState.REFUSED else None
        before = held(row)
        slice_.state, slice_.decided_at = decided, now
        if refused:
            slice_.reason_code = storable(refused.code, most=REASON_CODE_MAX)
            slice_.reason_zh = storable(refused.label.zh, most=REASON_MAX)
            slice_.reason_en = storable(refused.label.en, most=REASON_MAX)
        slice_.save()
        verb, body = ("extend_refused", {"reason": refused.code}) if refused else ("extend_granted", {})
        body |= {"slice": str(slice_id)}
        journal.write(Line("order", verb, row.id, row.state, row.state, SYSTEM.name, now, body))
        if not refused:
            row.session.warned_min = None  # the new end is warned of anew
            row.session.save(update_fields=["warned_min"])
        if refused and row.state == State.RUNNING:  # else it was resolved with the order
            _take_back(row, slice_, before, now)


def _answered(row: Order, slice_: OrderSlice, refused: Reason | None, now: datetime) -> SliceState:
    before_fen = row.most_fen - slice_.voucher_fen - slice_.own_fen
    return sessions.answered(
        refused.code if refused else None,
        State(row.state),
        old_end=(row.started_at or row.moved_at) + timedelta(milliseconds=slice_.from_limit_ms),
        captured_fen=max(0, (row.price_fen or 0) - before_fen),
        now=now,
    )


def _take_back(row: Order, slice_: OrderSlice, before: rules.Held, now: datetime) -> None:
    row.time_limit_ms = slice_.from_limit_ms
    row.most_fen -= slice_.voucher_fen + slice_.own_fen
    row.voucher_hold_fen -= slice_.voucher_fen
    row.own_hold_fen -= slice_.own_fen
    row.save(update_fields=_TERMS)
    voucher = vouchers.voucher_for_spending(row.voucher_id)
    accounts, follows = voucher_rules.released_lines(
        state=voucher_rules.State(voucher.state),
        voucher_id=row.voucher_id,
        programme=row.programme,
        order_id=slice_.id,
        released_fen=slice_.voucher_fen,
        returns_to_year=vouchers.returns_to(voucher, local_date(now)),
    )
    voids = [*rules.slice_void_lines(before, slice_.number), *quota.slice_voids(row, voucher, slice_), *follows]
    ledger.open_accounts(accounts)
    ledger.require(voids, at=now)
