"""A session's life on the real database: holds on both sides, one price, the ledger, the journal, the replay."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from jiaozi.alert import queries as alerts
from jiaozi.alert import services as alert
from jiaozi.alert.rules import UnableToProceed
from jiaozi.exchange import queries, services
from jiaozi.exchange.models import TradeOrder
from jiaozi.exchange.rules import Code, NewOrder, Side, UnableToClear, UnableToReplay, UnableToTrade
from jiaozi.exchange.rules.life import SessionState
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.lifecycle import UnableToStep
from jiaozi.kernel.period import local_date
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import AccountKind, UnableToTransfer
from jiaozi.party import services as party
from jiaozi.party.queries import relations_of
from jiaozi.party.rules import Relation, RelationKind
from jiaozi.settlement.queries import audit_all
from tests.world import FINANCE, OFFICER, OPERATOR, PROGRAMME

from .conftest import CLASS, Market

pytestmark = pytest.mark.django_db


def lines(market, *verbs):
    rows = JournalLine.objects.filter(stage="exchange", subject=market.session.id).order_by("id")
    return [(row.verb, row.before, row.after) for row in rows if not verbs or row.verb in verbs]


class TestLife:
    def test_from_open_to_settled(self, busy: Market):
        with pytest.raises(UnableToTrade, match="stays open"):
            busy.step("close", now=busy.now)
        busy.step("close", "clear", "settle")
        assert busy.state() is SessionState.SETTLED
        assert lines(busy) == [
            ("open", "", "OPEN"),
            ("close", "OPEN", "CLOSED"),
            ("clear", "CLOSED", "CLEARED"),
            ("settle", "CLEARED", "SETTLED"),
        ]
        found = queries.result(busy.session.id)
        price = {each.product.hub: each.price_fen for each in found.prices}
        assert price["chengyu"] - price["guizhou"] == 10
        got = {name: sum(each.accepted for each in busy.own(name)) for name in ("b1", "b2", "b3", "s1", "s2")}
        assert got == {"b1": 25, "b2": 5, "b3": 0, "s1": 30, "s2": 0}
        assert busy.holding("s1").free_fen == 30 * price["guizhou"]
        assert busy.holding("b1").free_fen == 1_000_000 - 25 * price["chengyu"]
        assert busy.holding("b3") == queries.Holding(1_000_000, 0, {})
        assert [units for block, units in busy.holding("b1").capacity.items() if block.startswith("chengyu/")] == [200]
        assert list(busy.holding("s1").capacity.values()) == [800 - 240]
        assert ledger.total(PROGRAMME, AccountKind.TRADE_RENT).credit == 30 * 10
        assert ledger.total(PROGRAMME, AccountKind.TRADE_CLEARING).credit == 0
        audit = audit_all()
        assert audit.holds, audit.findings

    def test_everybody_is_told_why(self, busy: Market):
        busy.step("close", "clear")
        assert [each.code for each in busy.own("b2")] == [Code.MARGIN]
        (left_out,) = busy.own("s2")
        assert left_out.code.would_gain
        assert "minimum" in left_out.why.en
        (cheap,) = busy.own("b3")
        assert (cheap.accepted, cheap.code) == (0, Code.PRICE)
        assert "9.00" in cheap.why.zh

    def test_what_was_bought_can_be_sold_again(self, busy: Market):
        busy.step("close", "clear", "settle")
        busy.open()
        busy.ask("b1", 25, 5_000, hub="chengyu")
        with pytest.raises(UnableToTrade, match="capacity"):
            busy.ask("b1", 1, 5_000, hub="chengyu")

    def test_a_settled_session_stays(self, busy: Market):
        busy.step("close", "clear", "settle")
        for verb in ("close", "clear", "settle"):
            with pytest.raises(UnableToStep):
                busy.step(verb)
        with pytest.raises(UnableToStep):
            services.void_session(session_id=busy.session.id, reason="late", by=OFFICER, now=busy.later)

    @pytest.mark.parametrize("steps", [(), ("close",), ("close", "clear")])
    def test_voided_everything_goes_back(self, busy: Market, steps):
        busy.step(*steps)
        with pytest.raises(UnableToStep):
            services.void_session(session_id=busy.session.id, reason="network down", by=OPERATOR, now=busy.later)
        with pytest.raises(UnableToTrade, match="reason"):
            services.void_session(session_id=busy.session.id, reason=" ", by=OFFICER, now=busy.later)
        services.void_session(session_id=busy.session.id, reason="network down", by=OFFICER, now=busy.later)
        assert all(busy.holding(name) == queries.Holding(1_000_000, 0, {}) for name in ("b1", "b2", "b3"))
        assert list(busy.holding("s1").capacity.values()) == [800]
        assert queries.result(busy.session.id).prices == ()
        assert audit_all().holds

    def test_an_empty_session_ends_too(self, market: Market):
        market.open()
        market.step("close", "clear", "settle")
        assert queries.replay(market.session.id, by=OPERATOR).same
        assert audit_all().holds


class TestEntering:
    def test_a_bid_holds_all_that_it_may_cost(self, market: Market):
        market.open()
        market.money("b", 100)
        market.bid("b", 3, 2_500)
        assert (market.holding("b").free_fen, market.holding("b").held_fen) == (2_500, 7_500)
        with pytest.raises(UnableToTrade, match="deposit") as refused:
            market.enter(
                "b",
                NewOrder(Side.BID, CLASS, "chengyu", "h0", 1, 1_500),
                NewOrder(Side.BID, CLASS, "chengyu", "h0", 1, 1_001),
            )
        assert refused.value.reason.field == "orders[1]"
        assert len(market.own("b")) == 1
        assert market.holding("b").held_fen == 7_500

    def test_money_that_is_held_is_not_paid_out(self, market: Market):
        market.open()
        market.money("b", 100)
        market.bid("b", 3, 2_500)
        words = {"programme": PROGRAMME, "party_id": market.trader("b").id, "by": FINANCE, "now": market.now}
        with pytest.raises(UnableToTransfer):
            services.pay_out(amount_fen=2_501, reference="out-1", **words)
        row = services.pay_out(amount_fen=2_500, reference="out-1", **words)
        assert services.pay_out(amount_fen=2_500, reference="out-1", **words) == row
        with pytest.raises(UnableToTrade, match="out-1"):
            services.pay_out(amount_fen=1, reference="out-1", **words)
        assert market.holding("b").free_fen == 0
        assert audit_all().holds

    def test_an_ask_needs_capacity_of_its_hub_and_hour(self, market: Market):
        market.open()
        market.capacity("s", 80)
        market.ask("s", 10, 5)
        for words in ({}, {"hub": "chengyu"}, {"period": "h1"}):
            with pytest.raises(UnableToTrade, match="capacity"):
                market.ask("s", 1, 5, **words)

    def test_an_hour_is_not_declared_twice(self, market: Market):
        market.capacity("s", 80)
        block = market.block("s")
        words = {"programme": PROGRAMME, "units": 8, "by": OPERATOR, "now": market.now}
        cut = replace(block, start=block.start + timedelta(minutes=30), end=block.end + timedelta(minutes=30))
        with pytest.raises(UnableToTrade, match="sold twice"):
            services.declare_capacity(block=cut, reference="r", **words)
        services.declare_capacity(
            block=replace(block, start=block.end, end=block.end + timedelta(hours=2)), reference="r", **words
        )
        assert audit_all().holds

    def test_withdrawn_orders_hold_nothing_and_do_not_count(self, busy: Market):
        (name,) = [each.id for each in busy.own("b1")]
        with pytest.raises(UnableToTrade, match="no such order"):
            services.withdraw(session_id=busy.session.id, order_ids=[name], by=busy.actor("b2"), now=busy.now)
        services.withdraw(session_id=busy.session.id, order_ids=[name], by=busy.actor("b1"), now=busy.now)
        with pytest.raises(UnableToTrade, match="no such order"):
            services.withdraw(session_id=busy.session.id, order_ids=[name], by=busy.actor("b1"), now=busy.now)
        assert busy.holding("b1") == queries.Holding(1_000_000, 0, {})
        busy.step("close", "clear", "settle")
        (gone,) = busy.own("b1")
        assert (gone.accepted, gone.code) == (None, None)
        assert audit_all().holds

    def test_after_the_close_nothing_comes_or_goes(self, busy: Market):
        (name,) = [each.id for each in busy.own("b1")]
        words = {"session_id": busy.session.id, "by": busy.actor("b1")}
        order = NewOrder(Side.BID, CLASS, "chengyu", "h0", 1, 1)
        with pytest.raises(UnableToTrade, match="takes no orders"):  # the clock decides, not the task
            services.enter(orders=[order], now=busy.closes_at, **words)
        with pytest.raises(UnableToTrade, match="takes no orders"):
            services.withdraw(order_ids=[name], now=busy.closes_at, **words)
        busy.step("close")
        with pytest.raises(UnableToTrade, match="takes no orders"):
            services.enter(orders=[order], now=busy.now, **words)

    def test_own_orders_do_not_cross(self, busy: Market):
        busy.capacity("b1", hub="chengyu")
        with pytest.raises(UnableToClear, match="same party") as refused:
            busy.ask("b1", 1, 3_001, hub="chengyu")
        assert refused.value.problems[0].field == "orders[0].limit"
        busy.ask("b1", 1, 3_002, hub="chengyu")

    @pytest.mark.parametrize(
        "order",
        [
            NewOrder(Side.BID, CLASS, "chengyu", "h0", 0, 1),
            NewOrder(Side.BID, CLASS, "chengyu", "h0", 1, -1),
            NewOrder(Side.BID, CLASS, "chengyu", "h0", 1, 1, 2),
            NewOrder(Side.BID, CLASS, "moon", "h0", 1, 1),
            NewOrder(Side.BID, "abacus", "chengyu", "h0", 1, 1),
            NewOrder(Side.BID, CLASS, "chengyu", "h9", 1, 1),
        ],
    )
    def test_a_wrong_order_is_refused_and_the_session_goes_on(self, busy: Market, order):
        with pytest.raises(UnableToClear, match=r"orders\[0\]\."):
            busy.enter("b1", order)
        busy.step("close", "clear", "settle")

    def test_only_an_organisation_trades_and_for_itself(self, busy: Market):
        for actor in (OPERATOR, OFFICER, replace(busy.actor("b1"), organisation=None)):
            with pytest.raises(UnableToTrade):
                services.enter(session_id=busy.session.id, orders=[], by=actor, now=busy.now)


class TestOpening:
    def test_only_what_the_catalogue_has_is_traded(self, market: Market):
        frame = market.frame()
        words = {"programme": PROGRAMME, "closes_at": market.closes_at, "by": OPERATOR, "now": market.now}
        with pytest.raises(UnableToClear, match="catalogue has no hub"):
            services.open_session(frame={**frame, "hubs": [*frame["hubs"], "moon"]}, **words)
        with pytest.raises(UnableToClear, match="catalogue has no class"):
            services.open_session(frame={**frame, "classes": [{"resource_class": "abacus"}], "links": []}, **words)

    def test_crossed_links_are_named(self, market: Market):
        frame = market.frame()
        words = {"programme": PROGRAMME, "closes_at": market.closes_at, "by": OPERATOR, "now": market.now}
        with pytest.raises(UnableToClear, match=r"links\[1\]"):
            services.open_session(frame={**frame, "links": frame["links"] * 2}, **words)

    def test_it_closes_before_what_it_trades_begins(self, market: Market):
        words = {"programme": PROGRAMME, "frame": market.frame(), "by": OPERATOR, "now": market.now}
        for closes_at in (market.now, market.now + timedelta(hours=5)):
            with pytest.raises(UnableToTrade, match="no later than its first period"):
                services.open_session(closes_at=closes_at, **words)
        with pytest.raises(UnableToTrade, match="may not"):
            services.open_session(closes_at=market.closes_at, **{**words, "by": FINANCE})


class TestReplay:
    def test_the_same_book_gives_the_same_result(self, busy: Market):
        with pytest.raises(UnableToReplay):
            queries.replay(busy.session.id, by=OPERATOR)
        busy.step("close", "clear")
        first = queries.replay(busy.session.id, by=OPERATOR)
        busy.step("settle")
        again = queries.replay(busy.session.id, by=OPERATOR)
        assert first == again
        assert again.same
        assert again.kept_digest == queries.result(busy.session.id).result_digest

    def test_relations_of_the_day_are_part_of_the_book(self, busy: Market):
        """A relation that is recorded later changes nothing of what was cleared."""
        busy.step("close", "clear")
        relate(busy, "s1", "b1")
        assert queries.replay(busy.session.id, by=OPERATOR).same


def relate(market, one, other):
    relation = Relation(
        kind=RelationKind.SHAREHOLDING,
        one=market.trader(one).id,
        other=market.trader(other).id,
        share_bp=6_000,
        source="register",
        since=local_date(market.now) - timedelta(days=30),
    )
    party.relate(relation=relation, by=OFFICER, now=market.now)


class TestWatching:
    def test_related_trade_waits_for_an_officer(self, market: Market):
        market.open()
        market.money("b")
        market.money("c")
        market.capacity("s")
        relate(market, "s", "b")
        market.ask("s", 10, 1_000)
        market.bid("b", 6, 2_000, hub="guizhou")
        market.bid("c", 6, 1_900, hub="guizhou")
        market.step("close", "clear")
        (flagged,) = queries.flags(market.session.id, by=OFFICER).related_trades
        assert (flagged["seller"], flagged["buyer"], flagged["lots"]) == (
            str(market.trader("s").id),
            str(market.trader("b").id),
            6,
        )
        with pytest.raises(UnableToProceed):
            market.step("settle")
        assert market.state() is SessionState.CLEARED
        (raised,) = alerts.alerts(programme=PROGRAMME, by=OFFICER)
        assert "60 %" in raised.reason_en
        alert.resolve(alert_id=raised.id, confirmed=False, reason="arm's length, seen", by=OFFICER, now=market.later)
        market.step("settle")
        assert audit_all().holds

    def test_a_tie_that_ended_after_the_close_counts_all_the_same(self, market: Market):
        market.open()
        market.money("b")
        market.capacity("s")
        relate(market, "s", "b")
        market.ask("s", 10, 1_000)
        market.bid("b", 6, 2_000, hub="guizhou")
        market.step("close")
        (tie,) = relations_of(market.trader("b").id)
        party.end_relation(relation_id=tie.id, until=local_date(market.now), by=OFFICER, now=market.now)
        market.step("clear")
        with pytest.raises(UnableToProceed, match="changed since"):
            market.step("settle")

    def test_a_powerful_seller_is_flagged_to_the_watchers_alone(self, busy: Market):
        busy.step("close", "clear")
        flags = queries.flags(busy.session.id, by=OFFICER)
        assert flags.powers
        assert flags.cleared[0].welfare_fen == flags.cleared[0].bound_fen
        with pytest.raises(queries_refusal()):
            queries.flags(busy.session.id, by=busy.actor("b1"))


def queries_refusal():
    from jiaozi.exchange.rules import UnableToReadOrders

    return UnableToReadOrders


def test_the_journal_seals_orders(busy: Market):
    """The figures can't be found by trying: the digest is salted, and the salt is in no line."""
    row = TradeOrder.objects.order_by("id").first()
    line = JournalLine.objects.get(verb="enter", subject=row.id)
    assert set(line.body) == {"order", "session"}
    assert bytes(row.salt).hex() not in json.dumps(line.body)
