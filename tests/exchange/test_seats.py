"""Centres trade as the organisation that the operator admitted them as; nobody reaches into another programme."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from jiaozi.exchange import queries, services
from jiaozi.exchange.models import Seat, TradeOrder
from jiaozi.exchange.rules import NewOrder, Side, UnableToTrade
from jiaozi.journal.models import JournalLine
from jiaozi.party.rules import Actor, Role, UnableToActForProgramme
from jiaozi.settlement.queries import audit_all
from tests.world import FINANCE, OFFICER, OPERATOR, PROGRAMME

from .conftest import AUDITOR, CLASS, Market

pytestmark = pytest.mark.django_db


def ask(by, market: Market, quantity: int = 5):
    order = NewOrder(Side.ASK, CLASS, "guizhou", "h0", quantity, 1_000)
    return services.enter(session_id=market.session.id, orders=[order], by=by, now=market.now)


def test_a_centre_offers_as_its_organisation(market: Market):
    market.open()
    market.capacity("s")
    clerk = market.clerk("s")
    (made,) = ask(clerk, market)
    assert TradeOrder.objects.get(id=made).party_id == market.trader("s").id
    (own,) = queries.own_orders(market.session.id, by=clerk)
    assert own.id == made
    held = queries.holding(PROGRAMME, by=clerk)
    assert sum(held.capacity.values()) == 800 - 5 * 8
    assert queries.trader_of(clerk, PROGRAMME) == market.trader("s").id
    services.withdraw(session_id=market.session.id, order_ids=[made], by=clerk, now=market.now)
    assert sum(queries.holding(PROGRAMME, by=clerk).capacity.values()) == 800
    assert audit_all().holds


def test_one_without_a_seat_is_told_whom_to_ask(market: Market):
    market.open()
    clerk = Actor("centre:x", Role.CENTRE, centre="nscc-chengdu")
    for attempt in (
        lambda: ask(clerk, market),
        lambda: queries.own_orders(market.session.id, by=clerk),
        lambda: queries.holding(PROGRAMME, by=clerk),
    ):
        with pytest.raises(UnableToTrade, match="ask the operator"):
            attempt()


def test_admitted_anew_the_newest_holds_and_the_past_stays(market: Market):
    market.open()
    market.capacity("s")
    clerk = market.clerk("s")
    ask(clerk, market)
    assert market.clerk("s") == replace(clerk)
    assert Seat.objects.count() == 1
    assert JournalLine.objects.filter(verb="admit_centre").count() == 1
    later = market.now + timedelta(minutes=1)
    services.admit_centre(
        programme=PROGRAMME, centre="nscc-chengdu", party_id=market.trader("t").id, by=OPERATOR, now=later
    )
    assert queries.own_orders(market.session.id, by=clerk) == []
    assert [(row.centre_id, row.party_id) for row in queries.seats(PROGRAMME)] == [
        ("nscc-chengdu", market.trader("t").id)
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        Seat.objects.update(by="nobody")


def test_the_operator_alone_admits(market: Market):
    for by in (OFFICER, FINANCE, AUDITOR, market.actor("s")):
        with pytest.raises(UnableToTrade, match="OPERATOR may"):
            services.admit_centre(
                programme=PROGRAMME, centre="nscc-chengdu", party_id=market.trader("s").id, by=by, now=market.now
            )


class TestAnotherProgramme:
    """Whoever's membership names another programme is refused before anything is looked at."""

    def elsewhere(self, role: Role) -> Actor:
        return Actor("someone:else", role, programme="elsewhere-2026")

    def test_money_capacity_sessions_schedules(self, market: Market):
        market.open()
        operator, finance, now = self.elsewhere(Role.OPERATOR), self.elsewhere(Role.FINANCE), market.now
        party = market.trader("s").id
        money = {"programme": PROGRAMME, "party_id": party, "amount_fen": 1, "reference": "r", "now": now}
        for attempt in (
            lambda: services.deposit(**money, by=finance),
            lambda: services.pay_out(**money, by=finance),
            lambda: services.admit_centre(
                programme=PROGRAMME, centre="nscc-chengdu", party_id=party, by=operator, now=now
            ),
            lambda: services.declare_capacity(
                programme=PROGRAMME, block=market.block("s"), units=1, reference="c", by=operator, now=now
            ),
            lambda: services.open_session(
                programme=PROGRAMME, frame=market.frame(), closes_at=market.closes_at, by=operator, now=now
            ),
            lambda: services.close_session(session_id=market.session.id, by=operator, now=market.later),
            lambda: services.clear_session(session_id=market.session.id, by=operator, now=market.later),
            lambda: services.settle_session(session_id=market.session.id, by=operator, now=market.later),
            lambda: services.void_session(
                session_id=market.session.id, reason="x", by=self.elsewhere(Role.OFFICER), now=now
            ),
            lambda: queries.flags(market.session.id, by=self.elsewhere(Role.OFFICER)),
            lambda: queries.sealed_orders(market.session.id, by=self.elsewhere(Role.AUDITOR)),
        ):
            with pytest.raises(UnableToActForProgramme):
                attempt()
