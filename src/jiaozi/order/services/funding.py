"""Money first: quote an order, hold for it in one atomic ledger call, give the hold back on cancel."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from django.db import connection, transaction
from procrastinate.contrib.django import app as later

from jiaozi.catalogue import queries as catalogue
from jiaozi.catalogue.rules import tariff_for
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import named_id, new_id
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Reason
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Account, AccountKind, post
from jiaozi.order import queries, rules
from jiaozi.order.models import Order
from jiaozi.order.ports import UnableToFindJob
from jiaozi.order.rules import ON_ENGINE, Held, Offer, Quote, Request, State
from jiaozi.order.services import quota
from jiaozi.order.services.engines import engine_of
from jiaozi.order.services.step import say, take
from jiaozi.party import queries as party
from jiaozi.party.rules import Actor
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import CapUse, Decision, Measure, order_terms
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher import rules as voucher_rules
from jiaozi.voucher import services as voucher_services
from jiaozi.voucher.models import Voucher

_SUBMIT_TASK = "jiaozi.order.tasks.submit"


def quote(
    *, voucher_id: UUID, request: Request, title: str, by: Actor, now: datetime, files: Mapping[str, str] | None = None
) -> Order:
    """Price a job by the centre's tariff for the holder's class, and store the order as quoted.

    Raises
    ------
    UnableToQuote, UnableToPrice, UnableToSpend, UnableToHold
        With the field and what would be possible; nothing is stored.
    """
    voucher = vouchers.voucher(voucher_id)
    rules.check_own(by.role, by.organisation, voucher.holder_id)
    today = local_date(now)
    voucher_rules.check_spendable(voucher_rules.State(voucher.state), voucher.valid_until, today)
    terms = order_terms(policy.document(voucher.version_id), today, allow_demo=voucher.version.demo)
    serves = request.end_user is not None and party.serves(voucher.holder_id, request.end_user)
    suppliers = (request.centre,) if terms.any_supplier else terms.suppliers
    offer = rules.check_request(request, _offer(request), suppliers, voucher.holder.holder_class, serves)
    tariff = tariff_for(
        catalogue.tariffs_at(now, centre=request.centre),
        centre=request.centre,
        resource_class=request.resource_class,
        customer_class=voucher.holder.holder_class,
        at=now,
    )
    priced = rules.quote(tariff, terms.deducted, request, offer)
    return _store(voucher, request, title, dict(files or {}), tariff.id, terms.deducted, priced, by, now)


def _offer(request: Request) -> Offer | None:
    row = catalogue.offer(request.centre, request.resource_class)
    if row is None or row.centre.engine_granularity_ms is None or row.centre.kill_lag_ms is None:
        return None
    return Offer(
        units_max=row.units,
        time_limit_max_ms=row.time_limit_max_s * 1000,
        granularity_ms=row.centre.engine_granularity_ms,
        kill_lag_ms=row.centre.kill_lag_ms,
    )


def _store(  # noqa: PLR0917 - the parts of one row
    voucher: Voucher,
    request: Request,
    title: str,
    files: Mapping[str, str],
    tariff_id: UUID,
    share: Fraction,
    priced: Quote,
    by: Actor,
    now: datetime,
) -> Order:
    with transaction.atomic():
        row = Order.objects.create(
            id=new_id(),
            programme=voucher.programme,
            holder_id=voucher.holder_id,
            voucher=voucher,
            end_user_id=request.end_user,
            centre_id=request.centre,
            resource_class_id=request.resource_class,
            tariff_id=tariff_id,
            title=title,
            units=request.units,
            memory_mib=request.memory_mib,
            time_limit_ms=request.time_limit_ms,
            command=list(request.command),
            files=files,
            share_numerator=share.numerator,
            share_denominator=share.denominator,
            most_fen=priced.most_fen,
            voucher_hold_fen=priced.voucher_fen,
            own_hold_fen=priced.own_fen,
            state=State.QUOTED,
            quoted_at=now,
        )
        body = {
            "most_fen": priced.most_fen,
            "tariff": str(tariff_id),
            "voucher": str(voucher.id),
            "voucher_fen": priced.voucher_fen,
        }
        journal.write(Line("order", "quote", row.id, "", row.state, by.name, now, body))
    return row


def hold(*, order_id: UUID, by: Actor, now: datetime) -> Order:
    """Take the hold and every cap measured on holds in one atomic ledger call; short of money, the order is refused.

    The answer is the order as HELD, its submission deferred in the same transaction, or as REFUSED with its reason.
    """
    with transaction.atomic():
        row = queries.order(order_id, lock=True)
        rules.check_own(by.role, by.organisation, row.holder_id)
        voucher = vouchers.voucher_for_spending(row.voucher_id)
        voucher_rules.check_spendable(voucher_rules.State(voucher.state), voucher.valid_until, local_date(now))
        priced = Quote(most_fen=row.most_fen, voucher_fen=row.voucher_hold_fen, own_fen=row.own_hold_fen)
        reason = _fund(row, priced, voucher, now)
        if reason is not None:
            take(row, "refuse", by=by, now=now, body={"reason": reason.code}, changed=say(row, reason))
            return row
        body = {"own_fen": row.own_hold_fen, "voucher": str(row.voucher_id), "voucher_fen": row.voucher_hold_fen}
        take(row, "hold", by=by, now=now, body=body, changed=("cap_keys",))
        later.configure_task(_SUBMIT_TASK).defer(order_id=str(row.id))
    return row


def _caps(voucher: Voucher) -> tuple[CapUse, ...]:
    decision = voucher.application.decision
    return Decision.from_json(decision).caps if decision else ()


def _fund(row: Order, priced: Quote, voucher: Voucher, now: datetime) -> Reason | None:
    """Ask the ledger for the hold, of money and of a quota's units; give the reason when it says no."""
    measured = voucher_rules.counted(_caps(voucher), Measure.HELD, Measure.USED)
    cap_accounts, limits = voucher_services.limit_posts(programme=row.programme, caps=measured, now=now)
    accounts, chain = rules.hold_lines(
        order_id=row.id,
        programme=row.programme,
        voucher_id=row.voucher_id,
        holder=row.holder_id,
        centre=row.centre_id,
        priced=priced,
        caps=measured,
    )
    unit_accounts, issue, units = quota.holds(row, voucher)
    chain = (*chain, *units)
    row.cap_keys = [use.key for use in measured]
    if not chain:  # a job of less than half a fen: nothing to hold
        return None
    ledger.open_accounts([*accounts, *cap_accounts, *unit_accounts])
    statuses = ledger.apply([*[[line] for line in (*limits, *issue)], chain], at=now)[-1]
    if all(status.stands for status in statuses):
        return None
    row.cap_keys = []
    return rules.refusal(chain, statuses, priced, vouchers.spendable_fen(row.voucher))


def cancel(*, order_id: UUID, by: Actor, now: datetime) -> Order:
    """Cancel an order: before it was handed over the hold is released at once, on an engine the job is stopped.

    What a stopped job used until then is metered and captured as usual.
    """
    with transaction.atomic():
        row = queries.order(order_id, lock=True)
        rules.check_own(by.role, by.organisation, row.holder_id)
        if row.state not in ON_ENGINE:
            funded = row.state == State.HELD
            take(row, "cancel", by=by, now=now, body={"released_fen": row.most_fen if funded else 0})
            if funded:
                release(row, now)
            return row
        row.cancel_asked = True
        take(row, "ask_cancel", by=by, now=now, body={}, changed=("cancel_asked",))
    with suppress(UnableToFindJob):  # not handed over yet: submit sees that it was asked
        engine_of(row.centre).cancel(row.id)
    return row


def release(row: Order, now: datetime) -> None:
    """Give every hold of an order back; the last act of a transaction."""
    resolve(row, voucher_fen=0, own_fen=0, now=now)


def resolve(row: Order, *, voucher_fen: int, own_fen: int, now: datetime, used_unit_ms: int = 0) -> None:
    """Capture what is due of an order's holds and release the rest, in one chain; the last act of a transaction.

    ``used_unit_ms`` is what the job used, units times milliseconds, for a quota in kind. What is released of a voucher
    that has ended meanwhile follows it to its sink.
    """
    voucher = vouchers.voucher_for_spending(row.voucher_id)
    accounts, follows = voucher_rules.released_lines(
        state=voucher_rules.State(voucher.state),
        voucher_id=row.voucher_id,
        programme=row.programme,
        order_id=row.id,
        released_fen=row.voucher_hold_fen - voucher_fen,
    )
    ledger.open_accounts(accounts)
    units = quota.resolutions(row, voucher, used_unit_ms)
    ledger.require([*rules.resolve_lines(held(row), voucher_fen, own_fen), *units, *follows], at=now)


def held(row: Order) -> Held:
    """Give what is held for an order."""
    return Held(
        order_id=row.id,
        voucher_fen=row.voucher_hold_fen,
        own_fen=row.own_hold_fen,
        cap_keys=tuple(row.cap_keys),
    )


def credit_own(
    *, programme: str, holder_id: UUID, centre: str, amount_fen: int, reference: UUID, by: Actor, now: datetime
) -> None:
    """Record what a holder prepaid, or what credit a centre granted it; ``reference`` makes it once.

    Raises
    ------
    UnableToHold
        When it is not the centre's or the operator's to record, not positive, or the reference stands for another one.
    """
    rules.check_credit(by, centre, amount_fen)
    source, own = Account(AccountKind.OWN_SOURCE, programme), rules.own_account(programme, holder_id, centre)
    with transaction.atomic():
        _one_at_a_time(reference)
        if rules.same_credit(queries.own_credit(reference), (own.id, amount_fen), reference):
            return
        body = {"amount_fen": amount_fen, "centre": centre, "holder": str(holder_id)}
        journal.write(Line("order", "credit_own", reference, "", "", by.name, now, body))
        ledger.open_accounts([source, own])
        ledger.require([post(named_id("own", reference), source, own, amount_fen, "own.credit", reference)], at=now)


def _one_at_a_time(reference: UUID) -> None:
    """Let records under one reference queue, so that each sees the other's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('order.credit/' || %s, 0))", [str(reference)])
