"""A quote: a job priced by its centre's tariff for the holder's class, with everything that its hold rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

from django.conf import settings
from django.db import transaction

from jiaozi.catalogue import queries as catalogue
from jiaozi.catalogue.models import Offer as OfferRow
from jiaozi.catalogue.rules import Tariff, tariff_for
from jiaozi.dispatch.queries import movement_price_ufen
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Reason
from jiaozi.order import queries, rules
from jiaozi.order.models import Order, OrderData, OrderSession
from jiaozi.order.ports import SessionSpec
from jiaozi.order.rules import Offer, Quote, Request, Session, State, UnableToQuote
from jiaozi.order.rules import wishes as wish_rules
from jiaozi.order.rules.session import check_offered
from jiaozi.order.rules.staging import moving_quote
from jiaozi.order.rules.wishes import NONE, Wishes
from jiaozi.order.services import data
from jiaozi.order.services.engines import sessions_of
from jiaozi.order.services.placing import check_pinned, choose
from jiaozi.order.services.spec import spec_of
from jiaozi.order.services.step import say
from jiaozi.party import queries as party
from jiaozi.party.rules import Actor
from jiaozi.policy.rules import OrderTerms
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher import rules as voucher_rules
from jiaozi.voucher.models import Voucher


@dataclass(frozen=True, slots=True)
class Priced:
    """A request with what its price was made from."""

    request: Request
    voucher: Voucher
    terms: OrderTerms
    tariff: Tariff
    offer: Offer
    quote: Quote


def quote(
    *,
    voucher_id: UUID,
    request: Request,
    title: str,
    by: Actor,
    now: datetime,
    files: Mapping[str, str] | None = None,
    wishes: Wishes = NONE,
) -> Order:
    """Price a job by the centre's tariff for the holder's class, and store the order as quoted.

    A request that names a centre is pinned there. One that names none goes to the best of dispatch's places, and the
    order remembers the figures of all of them. Either way its wishes are kept, or it is refused.

    Raises
    ------
    UnableToQuote, UnableToPlace, UnableToMove, UnableToPrice, UnableToSpend, UnableToHold, UnableToSubmit
        With the field and what would be possible; nothing is stored.
    """
    if request.session is not None:
        request = replace(request, command=request.session.command)
    title = rules.check_words(request, title, files or {})
    voucher = vouchers.voucher(voucher_id)
    rules.check_own(by, voucher.holder_id, voucher.programme)
    terms = spendable_terms(voucher, now)
    single = rules.single_use(terms)
    if single and (reason := taken_elsewhere(voucher.id)):
        raise rules.UnableToQuote(reason.code, reason.label.zh, reason.label.en, field=reason.field)
    wish_rules.check(wishes, files or {})
    if wishes.has_data:
        data.check_places(wishes, voucher.holder_id)
    placed = None if request.centre else choose(request, voucher, now, wishes=wishes)
    if request.centre and wishes != NONE:
        check_pinned(request, wishes, voucher, now)
    priced = price(replace(request, centre=placed.centre) if placed else request, voucher, terms, now)
    row = _row(priced, title, dict(files or {}), now)
    row.pinned, row.placement = placed is None, placed.record if placed else {}
    row.wishes = wishes.to_json()
    put_movement(row, movement(row.centre_id, wishes, terms))
    if single:
        held_fen = row.voucher_hold_fen + row.movement_voucher_hold_fen
        say(row, rules.told(terms, vouchers.spendable_fen(voucher), held_fen))
    session = _session(row, request.session)
    spec_of(row)  # what no engine could take is refused before anything is held for it
    with transaction.atomic():
        row.save(force_insert=True)
        if session is not None:
            session.save(force_insert=True)
        OrderData.objects.bulk_create(data.rows_for(row, wishes))
        body = {
            "expires_at": row.expires_at.isoformat(),
            "most_fen": row.most_fen,
            "movement_fen": row.movement_voucher_hold_fen + row.movement_own_hold_fen,
            "opens": session.opens if session else "",
            "pinned": row.pinned,
            "tariff": str(row.tariff_id),
            "voucher": str(voucher.id),
            "voucher_fen": row.voucher_hold_fen,
        }
        journal.write(Line("order", "quote", row.id, "", row.state, by.name, now, body))
    return row


def taken_elsewhere(voucher_id: UUID, *, besides: UUID | None = None) -> Reason | None:
    """Say which order has a voucher that pays one order only; None while it is free."""
    other = queries.taking(voucher_id, besides=besides)
    return rules.taken(other.number) if other else None


def _session(row: Order, wanted: Session | None) -> OrderSession | None:
    """Give what a session opens, beside its order; only where the centre's engine opens it."""
    if wanted is None:
        return None
    check_offered(Label(row.centre.name_zh, row.centre.name_en), wanted.opens, sessions_of(row.centre))
    key = SessionSpec(opens=wanted.opens, authorized_key=wanted.authorized_key).authorized_key
    return OrderSession(order=row, opens=wanted.opens, authorized_key=key)


@dataclass(frozen=True, slots=True)
class Moving:
    """What moving an order's data costs at most, and by which figures."""

    bytes_max: int = 0
    price_ufen: int = 0
    ratio: Fraction = Fraction(0)
    quote: Quote = rules.NOTHING_MOVED


def movement(centre: str, wishes: Wishes, terms: OrderTerms) -> Moving:
    """Price the movement of an order's data to a centre and back.

    Raises
    ------
    UnableToQuote
        When no link with a price leads there.
    """
    if not wishes.has_data:
        return Moving()
    price_ufen = movement_price_ufen(wishes.data_at, centre)
    if price_ufen is None:
        raise UnableToQuote(
            "NO_ROUTE",
            f"数据所在地到{centre}没有带价格的链路",
            f"no link with a price leads from the data to {centre}",
            field="data_at",
        )
    size = wishes.in_bytes + wishes.out_bytes
    return Moving(size, price_ufen, terms.movement_deducted, moving_quote(price_ufen, size, terms.movement_deducted))


def put_movement(row: Order, moving: Moving) -> None:
    """Write on an order what its data movement is held for."""
    row.movement_bytes_max, row.movement_price_ufen = moving.bytes_max, moving.price_ufen
    row.movement_share = [moving.ratio.numerator, moving.ratio.denominator]
    row.movement_voucher_hold_fen, row.movement_own_hold_fen = moving.quote.voucher_fen, moving.quote.own_fen


def check_shown(row: Order, shown: str) -> None:
    """Let an order be held for at the price in fen that its holder was shown, as text, and at no other.

    Raises
    ------
    UnableToQuote
        Saying both prices.
    """
    rules.check_shown(row.most_fen + row.movement_voucher_hold_fen + row.movement_own_hold_fen, shown)


def spendable_terms(voucher: Voucher, now: datetime) -> OrderTerms:
    """Give the terms of a voucher's own class, if it can be spent today.

    Raises
    ------
    UnableToSpend
        When it is not active, or past its last day by its own date or by the programme's.
    """
    today = local_date(now)
    terms = vouchers.terms(voucher, today)
    last_day = voucher_rules.last_day(voucher.valid_until, terms.valid_until)
    voucher_rules.check_spendable(voucher_rules.State(voucher.state), last_day, today)
    return terms


def price(request: Request, voucher: Voucher, terms: OrderTerms, now: datetime) -> Priced:
    """Price a request at its centre.

    Raises
    ------
    UnableToQuote, UnableToPrice
        Naming the field.
    """
    serves = request.end_user is not None and party.serves(voucher.holder_id, request.end_user)
    suppliers = (request.centre,) if terms.any_supplier else terms.suppliers
    row = catalogue.offer(request.centre, request.resource_class)
    offer = rules.check_request(request, offer_terms(row), suppliers, voucher.holder.holder_class, serves)
    tariff = tariff_for(
        catalogue.tariffs_at(now, centre=request.centre),
        centre=request.centre,
        resource_class=request.resource_class,
        customer_class=voucher.holder.holder_class,
        at=now,
    )
    return Priced(request, voucher, terms, tariff, offer, rules.quote(tariff, terms.deducted, request, offer))


def offer_terms(row: OfferRow | None) -> Offer | None:
    """Give what a centre's offer and engine allow; None where there is no such offer."""
    if row is None or row.centre.engine_granularity_ms is None or row.centre.kill_lag_ms is None:
        return None
    return Offer(
        units_max=row.units,
        time_limit_max_ms=row.time_limit_max_s * 1000,
        granularity_ms=row.centre.engine_granularity_ms,
        kill_lag_ms=row.centre.kill_lag_ms,
    )


def _row(priced: Priced, title: str, files: dict[str, str], now: datetime) -> Order:
    request, voucher, share = priced.request, priced.voucher, priced.terms.deducted
    return Order(
        id=new_id(),
        programme=voucher.programme,
        holder_id=voucher.holder_id,
        voucher=voucher,
        end_user_id=request.end_user,
        centre_id=request.centre,
        resource_class_id=request.resource_class,
        tariff_id=priced.tariff.id,
        title=title,
        units=request.units,
        memory_mib=request.memory_mib,
        time_limit_ms=request.time_limit_ms,
        engine_granularity_ms=priced.offer.granularity_ms,
        kill_lag_ms=priced.offer.kill_lag_ms,
        command=list(request.command),
        files=files,
        share_numerator=share.numerator,
        share_denominator=share.denominator,
        most_fen=priced.quote.most_fen,
        voucher_hold_fen=priced.quote.voucher_fen,
        own_hold_fen=priced.quote.own_fen,
        state=State.QUOTED,
        quoted_at=now,
        expires_at=now + timedelta(seconds=settings.JIAOZI_QUOTE_VALID_S),
        moved_at=now,
    )
