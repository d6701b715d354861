"""Where an order runs: dispatch's best by default, the holder's choice when named, another place when one fails."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jiaozi.catalogue.models import Centre, Offer
from jiaozi.journal.models import JournalLine
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.models import LedgerTransfer
from jiaozi.metering import services as metering
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.ports import JobOutcome, JobState, UnableToReachEngine, UsageRecord
from jiaozi.order.rules import MOVES_MAX, PATIENCE, Request, State, UnableToQuote, own_account
from jiaozi.order.rules.placing import no_engine
from jiaozi.order.rules.spending import Per
from jiaozi.order.rules.standing import STUCK_AFTER
from jiaozi.order.services import engines
from jiaozi.party import services as party
from jiaozi.party.rules import SYSTEM, Actor, Grant, Role
from jiaozi.party.rules.person import name_of
from jiaozi.settlement import queries as settlement
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher import services as voucher_services
from tests import fake_engine
from tests.web.people import enrol
from tests.world import CENTRE, OFFICER, PROGRAMME

OTHER = "chengdu-aicc"
CHEAP_FEN, DEAR_FEN = 600, 720
"""4 cores for 10 h at 0.15 and at 0.18 yuan, and the second that the kill lag adds."""


@pytest.fixture
def two(engine, monkeypatch, settings):
    """The two centres with an engine each: the cheap one's first."""
    own = {CENTRE: fake_engine.FakeEngine(), OTHER: fake_engine.FakeEngine()}
    monkeypatch.setattr(fake_engine, "BY_CENTRE", own)
    settings.JIAOZI_ENGINE_OPTIONS = {"tests.fake_engine": {"centre": "{centre}"}}
    engines._engine.cache_clear()
    return own[CENTRE], own[OTHER]


@pytest.fixture
def voucher(world, holder):
    world.credit(holder, centre=OTHER)
    return world.voucher(holder)


def quoted(world, voucher, centre="", **asked):
    words = {"resource_class": "cpu-core", "units": 4, "memory_mib": 256, "time_limit_ms": 36_000_000, **asked}
    request = Request(centre=centre, command=("true",), **words)
    by = world.applicant(voucher.holder)
    return order.quote(voucher_id=voucher.id, request=request, title="t", by=by, now=world.now)


def held(world, voucher, centre="", **asked):
    row = quoted(world, voucher, centre, **asked)
    return order.hold(order_id=row.id, by=world.applicant(voucher.holder), now=world.now)


def again(row):
    return queries.order(row.id)


def held_at(voucher, centre):
    return ledger.balance(own_account(PROGRAMME, voucher.holder_id, centre)).debits_pending


def test_an_order_that_names_no_centre_goes_to_the_cheapest_and_remembers_the_others(world, two, voucher):
    row = quoted(world, voucher)
    assert (row.centre_id, row.most_fen, row.pinned) == (CENTRE, CHEAP_FEN, False)
    best, next_ = row.placement["options"]
    assert (best["centre"], best["price_fen"], best["reason"]) == (CENTRE, row.most_fen, None)
    assert (next_["centre"], next_["price_fen"], next_["reason"]["code"]) == (OTHER, DEAR_FEN, "RANKED_LOWER")
    assert "1.20" in next_["reason"]["zh"]
    assert best["voucher_fen"] + best["own_fen"] == best["price_fen"]
    assert row.placement["most_fen"] == DEAR_FEN


@pytest.mark.parametrize(("limit_fen", "moves"), [(DEAR_FEN, True), (DEAR_FEN - 1, False)])
def test_a_dearer_place_is_within_the_limit_of_whoever_ordered(world, two, voucher, limit_fen, moves):
    """The member agreed to the dearest of the places; what was ordered since may have used the room for it."""
    person = enrol("li", world.now)
    grant = Grant(role=Role.APPLICANT, since_at=world.now, organisation=voucher.holder_id)
    member = party.grant(person=person, grant=grant, by=SYSTEM, now=world.now)
    chief = Actor("person:chief", Role.APPLICANT, voucher.holder_id, administrator=True)
    words = {"per": Per.TOTAL, "limit_fen": limit_fen, "by": chief, "now": world.now}
    order.set_limit(membership_id=member.id, **words)
    by = Actor(name_of(person), Role.APPLICANT, voucher.holder_id)
    row = order.hold(order_id=quoted(world, voucher).id, by=by, now=world.now)
    assert order.re_place(order_id=row.id, why=no_engine(), now=world.now) is moves
    assert again(row).centre_id == (OTHER if moves else CENTRE)
    spent = queries.spending_of(voucher.holder_id, by.name, world.now).spent_fen
    assert spent == (DEAR_FEN if moves else CHEAP_FEN) <= limit_fen


def test_a_holder_may_pin_its_order(world, two, voucher):
    row = quoted(world, voucher, OTHER)
    assert (row.centre_id, row.most_fen, row.pinned, row.placement) == (OTHER, DEAR_FEN, True, {})


def test_a_place_that_cannot_serve_is_remembered_with_its_reason(world, two, voucher):
    Offer.objects.filter(centre=CENTRE, resource_class="cpu-core").update(units=2)
    row = quoted(world, voucher)
    assert row.centre_id == OTHER
    (turned,) = row.placement["turned"]
    assert (turned["centre"], [each["code"] for each in turned["reasons"]]) == (CENTRE, ["TOO_MANY_UNITS"])


def test_a_place_where_the_holder_has_no_money_of_its_own_is_set_aside(world, two):
    poor = world.holder("只在智算中心有预存", serial=7)
    world.credit(poor, centre=OTHER)
    voucher = world.voucher(poor)
    row = held(world, voucher)
    assert (row.state, row.centre_id) == (State.HELD, OTHER)
    reasons = {each["centre"]: each["reason"] and each["reason"]["code"] for each in row.placement["options"]}
    assert reasons == {CENTRE: "OWN_SHARE_SHORT", OTHER: None}


def test_without_money_anywhere_the_price_is_quoted_and_the_hold_says_what_is_missing(world, two):
    voucher = world.voucher(world.holder("没有预存", serial=8))
    row = held(world, voucher)
    assert (row.centre_id, row.state, row.reason_code) == (CENTRE, State.REFUSED, "OWN_SHARE_SHORT")


def test_where_nobody_can_serve_the_one_change_that_would_help_is_named(world, two, voucher):
    with pytest.raises(UnableToQuote) as refused:
        quoted(world, voucher, units=1_000_000)
    assert refused.value.reason.field == "units"
    with pytest.raises(UnableToQuote) as refused:
        quoted(world, voucher, resource_class="quantum")
    assert refused.value.reason.field == "resource_class"


def test_a_centre_that_is_disconnected_before_the_hand_over_gives_its_orders_to_the_next(world, two, voucher):
    row = held(world, voucher)
    Centre.objects.filter(id=CENTRE).update(connected=False, engine="")
    order.submit_waiting(now=world.now)
    assert order.re_place_waiting(now=world.now + PATIENCE / 2) == 0
    later = world.now + PATIENCE
    assert order.re_place_waiting(now=later) == 1
    moved = again(row)
    assert (moved.state, moved.centre_id, moved.moves) == (State.HELD, OTHER, 1)
    assert (moved.most_fen, moved.voucher_hold_fen, moved.own_hold_fen) == (DEAR_FEN, 360, 360)
    assert moved.placement["tried"] == [CENTRE]
    assert vouchers.purse(voucher.id).held_fen == 360
    assert (held_at(voucher, CENTRE), held_at(voucher, OTHER)) == (0, 360)
    line = JournalLine.objects.get(subject=row.id, verb="re_place")
    assert (line.body["from"], line.body["to"], line.body["moves"]) == (CENTRE, OTHER, 1)
    order.submit_waiting(now=later)
    assert [spec.order_id for spec in two[1].submitted] == [row.id]
    assert settlement.audit_all().findings == ()


def test_void_and_hold_stand_in_one_chain(world, two, voucher):
    row = held(world, voucher)
    Centre.objects.filter(id=CENTRE).update(connected=False, engine="")
    order.re_place_waiting(now=world.now + PATIENCE)
    lines = LedgerTransfer.objects.filter(reference=row.id).exclude(chain_id__in=_chain_of(row, "order.hold"))
    assert {line.event for line in lines} == {"order.move", "order.hold", "order.hold.own"}
    assert len({line.chain_id for line in lines}) == 1


def _chain_of(row, event):
    first = LedgerTransfer.objects.filter(reference=row.id, event=event).order_by("at").first()
    return [first.chain_id]


def test_a_voucher_that_covers_one_hold_only_covers_the_move(world, two, holder):
    """The old hold gives what the new one takes: a move needs no second amount."""
    world.credit(holder, centre=OTHER)
    small = world.voucher(holder, "7.3元")
    row = held(world, small)
    assert vouchers.purse(small.id).spendable_fen < 360
    Centre.objects.filter(id=CENTRE).update(connected=False, engine="")
    assert order.re_place_waiting(now=world.now + PATIENCE) == 1
    assert again(row).voucher_hold_fen == 360


def test_where_the_money_does_not_reach_everything_stays(world, two, holder):
    world.credit(holder, centre=OTHER)
    small = world.voucher(holder, "6.5元")
    row = held(world, small)
    Centre.objects.filter(id=CENTRE).update(connected=False, engine="")
    assert order.re_place_waiting(now=world.now + PATIENCE) == 0
    after = again(row)
    assert (after.state, after.centre_id, after.moves, after.most_fen) == (State.HELD, CENTRE, 0, CHEAP_FEN)
    assert vouchers.purse(small.id).held_fen == 300
    assert not JournalLine.objects.filter(subject=row.id, verb="re_place").exists()
    assert settlement.audit_all().findings == ()


def test_an_engine_that_refuses_a_job_gives_it_to_the_next_and_the_last_refusal_fails_it(world, two, voucher):
    row = held(world, voucher)
    two[0].refuses = two[1].refuses = True
    order.submit(order_id=row.id, now=world.now)
    assert (again(row).state, again(row).centre_id) == (State.HELD, OTHER)
    order.submit(order_id=row.id, now=world.now)
    last = again(row)
    assert (last.state, last.reason_code) == (State.FAILED, "TOO_LARGE")
    assert vouchers.purse(voucher.id).held_fen == held_at(voucher, CENTRE) == held_at(voucher, OTHER) == 0
    assert settlement.audit_all().findings == ()


def test_an_order_that_an_engine_may_have_is_not_moved(world, two, voucher):
    """The answer was lost: the job may be there, so its hold stays there, too."""
    row = held(world, voucher)
    two[0].unreachable = True
    with pytest.raises(UnableToReachEngine):
        order.submit(order_id=row.id, now=world.now)
    assert order.re_place_waiting(now=world.now + timedelta(hours=1)) == 0
    assert (again(row).state, again(row).centre_id) == (State.SUBMITTED, CENTRE)


def test_a_centre_that_left_one_order_unanswered_gets_no_other_before_it_answers(world, two, voucher):
    first, second = held(world, voucher), held(world, voucher)
    two[0].unreachable = True
    with pytest.raises(UnableToReachEngine):
        order.submit(order_id=first.id, now=world.now)
    later = world.now + PATIENCE
    with pytest.raises(UnableToReachEngine):
        order.submit(order_id=second.id, now=later)
    assert [again(row).state for row in (first, second)] == [State.SUBMITTED, State.HELD]
    assert order.re_place_waiting(now=later) == 1
    assert again(second).centre_id == OTHER


def test_a_forgotten_job_that_never_ran_is_placed_anew(world, two, voucher):
    row = held(world, voucher)
    order.submit(order_id=row.id, now=world.now)
    order.watch_all(now=world.now)
    two[0].jobs.clear()
    order.watch_all(now=world.now)
    assert order.watch_all(now=world.now + STUCK_AFTER / 2) == 0
    assert order.watch_all(now=world.now + STUCK_AFTER) == 1
    after = again(row)
    assert (after.state, after.centre_id, after.engine_job, after.missing_since) == (State.HELD, OTHER, "", None)


def test_a_pinned_order_and_one_being_cancelled_stay(world, two, voucher):
    pinned, cancelled = held(world, voucher, CENTRE), held(world, voucher)
    order.cancel(order_id=cancelled.id, by=world.applicant(voucher.holder), now=world.now)
    Centre.objects.filter(id=CENTRE).update(connected=False, engine="")
    assert order.re_place_waiting(now=world.now + PATIENCE) == 0
    assert (again(pinned).centre_id, again(pinned).state) == (CENTRE, State.HELD)


def test_a_frozen_voucher_moves_nothing(world, two, voucher):
    row = held(world, voucher)
    voucher_services.freeze(voucher_id=voucher.id, reason="核查", by=OFFICER, now=world.now)
    Centre.objects.filter(id=CENTRE).update(connected=False, engine="")
    assert order.re_place_waiting(now=world.now + PATIENCE) == 0
    assert again(row).centre_id == CENTRE


def test_a_late_word_of_the_first_place_does_not_count_at_the_second(world, two, voucher, monkeypatch):
    """The order moved while the first engine was being asked; that one's answer is about a job that is not its own."""
    row = held(world, voucher)
    order.submit(order_id=row.id, now=world.now)

    def answer(order_ids):
        Order.objects.filter(id=row.id).update(centre_id=OTHER)
        two[0].end(row.id, world.now, exit_code=1)
        return dict(two[0].jobs)

    monkeypatch.setattr(two[0], "status", answer)
    assert order.watch(centre=CENTRE, now=world.now) == 0
    assert again(row).state == State.SUBMITTED


def test_tries_are_bounded(world, two, voucher):
    row = held(world, voucher)
    Order.objects.filter(id=row.id).update(moves=MOVES_MAX)
    Centre.objects.filter(id=CENTRE).update(connected=False, engine="")
    assert order.re_place_waiting(now=world.now + PATIENCE) == 0


def test_a_moved_order_is_charged_by_its_last_places_tariff(world, two, voucher):
    row = held(world, voucher)
    two[0].refuses = True
    order.submit(order_id=row.id, now=world.now)
    order.submit(order_id=row.id, now=world.now)
    start, end = world.now, world.now + timedelta(hours=5)
    two[1].put(row.id, JobState.RUNNING, start)
    order.watch_all(now=start)
    two[1].end(row.id, end, started_at=start, exit_code=0)
    two[1].records.append(
        UsageRecord(
            record_id="r1",
            order_id=row.id,
            resource_class="cpu-core",
            units=4,
            started_at=start,
            ended_at=end,
            elapsed_ms=5 * 3_600_000,
            outcome=JobOutcome.SUCCEEDED,
        )
    )
    order.watch_all(now=end)
    metering.collect(centre=OTHER, now=end)
    done = again(row)
    assert (done.state, done.price_fen, done.voucher_fen, done.own_fen) == (State.CAPTURED, 360, 180, 180)
    assert vouchers.purse(voucher.id).held_fen == held_at(voucher, CENTRE) == held_at(voucher, OTHER) == 0
    assert settlement.audit_all().findings == ()
