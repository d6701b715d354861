"""Money first: quotes, holds, refusals and releases on real PostgreSQL, and storms against one voucher."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.catalogue.rules import Tariff, Unit
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import queries as ledger
from jiaozi.order import queries, rules
from jiaozi.order import services as order
from jiaozi.order.rules import Held, Offer, Quote, Request, State, UnableToHold, UnableToQuote
from jiaozi.party import services as party
from jiaozi.party.queries import UnableToFindOrganisation
from jiaozi.party.rules import Actor, EndUser, HolderClass, Role, UnableToActForCentre, UnableToActForProgramme
from jiaozi.voucher import queries as vouchers
from tests.world import CENTRE, CENTRE_CLERK, OFFICER, OPERATOR, PROGRAMME, World, build


@given(st.integers(0, 10**14), st.fractions(0, 1, max_denominator=1000), st.integers(0, 10**6))
def test_shares_add_up_and_never_fall(price, ratio, more):
    voucher = rules.voucher_share(price, ratio)
    assert 0 <= voucher <= price
    assert rules.voucher_share(price + more, ratio) >= voucher
    assert price + more - rules.voucher_share(price + more, ratio) >= price - voucher


@given(st.integers(1, 10**9), st.data())
def test_a_resolution_never_takes_more_than_was_held(amount, data):
    voucher_fen = data.draw(st.integers(0, amount))
    held = Held(order_id=uuid4(), voucher_fen=amount, own_fen=amount, cap_keys=("a", "b"))
    lines = rules.resolve_lines(held, voucher_fen, 0)
    assert len(lines) == 4
    assert all(line.amount_fen <= amount for line in lines)
    assert len({line.hold_id for line in lines}) == 4


def test_a_quote_covers_the_limit_and_the_kill_lag(world, holder):
    """2 cores for 1 h at 0.15 yuan, plus the engine's 2 s: 30.0167 fen, so 30 fen; half of it on the voucher."""
    row = world.quote(world.voucher(holder), units=2, seconds=3600)
    assert (row.state, row.most_fen, row.voucher_hold_fen, row.own_hold_fen) == ("QUOTED", 30, 15, 15)


def test_a_hold_takes_both_shares_and_defers_the_submission(world, holder):
    row = world.held(world.voucher(holder), units=4, seconds=36_000)
    assert row.state == State.HELD
    purse = vouchers.purse(row.voucher_id)
    assert purse.held_fen == row.voucher_hold_fen > 0
    assert ledger.balance(rules.own_account(PROGRAMME, holder.id, row.centre_id)).debits_pending == row.own_hold_fen
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE args->>'order_id' = %s", [str(row.id)])
        assert cursor.fetchone() == (1,)


def test_a_price_that_rounds_to_nothing_is_held_with_one_fen(world, holder):
    """1 core for 1 min at 0.15 yuan an hour is 0.258 fen: without a hold such jobs would have no end."""
    row = world.held(world.voucher(holder), units=1, seconds=60)
    assert (row.state, row.most_fen, row.voucher_hold_fen, row.own_hold_fen) == (State.HELD, 1, 0, 1)
    own = rules.own_account(PROGRAMME, holder.id, row.centre_id)
    assert ledger.balance(own).debits_pending == 1
    assert order.cancel(order_id=row.id, by=world.applicant(holder), now=world.now).state == State.CANCELLED
    assert ledger.balance(own).debits_pending == 0


def test_jobs_that_cost_next_to_nothing_end_with_the_money(world):
    poor = world.holder("只有三分")
    world.credit(poor, "0.03元")
    voucher = world.voucher(poor)
    states = [world.held(voucher, units=1, seconds=60).state for _ in range(4)]
    assert states == [State.HELD] * 3 + [State.REFUSED]


def test_what_a_centre_gives_away_is_held_with_nothing(world, holder):
    """A tariff of exactly 0 is a gift: no money is held, and none is captured."""
    request = Request(centre="c", resource_class="r", units=8, memory_mib=1, time_limit_ms=3_600_000, command=("true",))
    offer = Offer(units_max=8, time_limit_max_ms=3_600_000, granularity_ms=1, kill_lag_ms=0)
    words = {"id": uuid4(), "centre": "c", "resource_class": "r", "unit": Unit.CORE_HOUR, "version": 1}
    gift = Tariff(**words, rate_ufen=0, valid_from=world.now)
    assert rules.quote(gift, Fraction(1, 2), request, offer) == Quote(most_fen=0, voucher_fen=0, own_fen=0)
    least = replace(gift, rate_ufen=1)
    assert rules.quote(least, Fraction(1, 2), request, offer) == Quote(most_fen=1, voucher_fen=0, own_fen=1)
    assert rules.quote(least, Fraction(1), request, offer) == Quote(most_fen=1, voucher_fen=1, own_fen=0)


def test_an_order_past_the_balance_is_refused_with_both_figures(world, holder):
    small = world.voucher(holder, "0.5元")
    row = world.held(small, units=4, seconds=36_000)
    assert (row.state, row.reason_code) == (State.REFUSED, "VOUCHER_SHORT")
    assert "0.25" in row.reason_zh
    assert vouchers.purse(small.id).held_fen == 0
    assert not ledger.audit()


def test_without_own_money_nothing_is_held(world):
    row = world.held(world.voucher(world.holder("没有预存")), units=4, seconds=36_000)
    assert (row.state, row.reason_code) == (State.REFUSED, "OWN_SHARE_SHORT")
    assert vouchers.purse(row.voucher_id).held_fen == 0


def test_cancel_before_the_engine_releases_both_shares(world, holder):
    row = world.held(world.voucher(holder), units=4, seconds=36_000)
    row = order.cancel(order_id=row.id, by=world.applicant(holder), now=world.now)
    assert row.state == State.CANCELLED
    purse = vouchers.purse(row.voucher_id)
    assert (purse.held_fen, purse.spendable_fen) == (0, purse.voucher.face_fen)
    own = ledger.balance(rules.own_account(PROGRAMME, holder.id, row.centre_id))
    assert (own.debits_pending, own.debits_posted) == (0, 0)


def test_an_expired_voucher_buys_nothing(world, holder):
    """Fault 12 of the field: also an order that was quoted while the voucher was valid."""
    voucher = world.voucher(holder)
    quoted = world.quote(voucher)
    late = world.now + timedelta(days=400)
    with pytest.raises(Refused, match="the voucher expired"):
        order.hold(order_id=quoted.id, by=world.applicant(holder), now=late)
    with pytest.raises(Refused, match="expired"):
        World(world.version, late).quote(voucher)


def test_a_stale_quote_is_refused_for_good(world, holder):
    """Prices, offers and the voucher may have changed: a quote stands for a quarter of an hour."""
    quoted = world.quote(world.voucher(holder), units=4, seconds=36_000)
    assert quoted.expires_at == world.now + timedelta(minutes=15)
    late = world.now + timedelta(minutes=15, seconds=1)
    row = order.hold(order_id=quoted.id, by=world.applicant(holder), now=late)
    assert (row.state, row.reason_code) == (State.REFUSED, "QUOTE_EXPIRED")
    assert "重新询价" in row.reason_zh
    assert vouchers.purse(row.voucher_id).held_fen == 0
    other = world.quote(quoted.voucher, units=4, seconds=36_000)
    assert order.hold(order_id=other.id, by=world.applicant(holder), now=other.expires_at).state == State.HELD


def test_the_first_order_is_held_for_like_any_other(world, holder):
    """Fault 13 of the field: no order escapes the limit by being the first."""
    row = world.held(world.voucher(holder, "0.2元"), units=4, seconds=36_000)
    assert row.state == State.REFUSED


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"centre": "tianfu-aicc"}, "centre"),
        ({"resource_class": "quantum"}, "resource_class"),
        ({"units": 0}, "units"),
        ({"units": 10**6}, "units"),
        ({"seconds": 10**8}, "time_limit_ms"),
    ],
)
def test_a_wrong_request_is_named_by_its_field(world, holder, asked, field):
    with pytest.raises(UnableToQuote) as refused:
        world.quote(world.voucher(holder), **asked)
    assert refused.value.reason.field == field
    assert queries.orders(programme=PROGRAMME) == []


@pytest.mark.parametrize(
    ("field", "title", "changes", "files"),
    [
        ("title", "长" * 121, {}, {}),
        ("title", "  ", {}, {}),
        ("title", "a\0b", {}, {}),
        ("title", "\ud800", {}, {}),
        ("command", "t", {"command": ("echo", "a\0b")}, {}),
        ("command", "t", {"command": ("echo", "\ud800")}, {}),
        ("command", "t", {"command": ("x" * 70_000,)}, {}),
        ("command", "t", {"command": ("",)}, {}),
        ("files", "t", {}, {"a.txt": "nul\0"}),
        ("files", "t", {}, {"a.txt": "\udfff"}),
        ("files", "t", {}, {"../a": "x"}),
        ("files", "t", {}, {"a\0": "x"}),
        ("files", "t", {}, {"a.txt": "x" * (32 * 1024 * 1024 + 1)}),
        ("centre", "t", {"centre": "c" * 41}, {}),
        ("centre", "t", {"centre": "a\0"}, {}),
        ("resource_class", "t", {"resource_class": "r" * 41}, {}),
        ("resource_class", "t", {"resource_class": "\0"}, {}),
    ],
)
def test_words_that_cannot_be_kept_are_named_by_their_field(world, holder, field, title, changes, files):  # noqa: PLR0917
    voucher = world.voucher(holder)
    asked = Request(
        centre="nscc-chengdu",
        resource_class="cpu-core",
        units=1,
        memory_mib=1,
        time_limit_ms=1000,
        command=("true",),
    )
    with pytest.raises(Refused) as refused:
        order.quote(
            voucher_id=voucher.id,
            request=replace(asked, **changes),
            title=title,
            files=files,
            by=world.applicant(holder),
            now=world.now,
        )
    assert refused.value.reason.field == field
    assert refused.value.reason.label.zh
    assert "\n" not in str(refused.value)
    assert queries.orders(programme=PROGRAMME) == []


def test_an_intermediary_orders_for_a_named_end_user_only(world):
    agent = world.holder("算力中介", HolderClass.INTERMEDIARY)
    user = party.name_end_user(intermediary=agent.id, end_user=EndUser(name="最终用户"), by=OFFICER, now=world.now)
    voucher = world.voucher(agent)
    with pytest.raises(UnableToQuote, match="end users"):
        world.quote(voucher)
    with pytest.raises(UnableToQuote, match="end users"):
        world.quote(voucher, end_user=uuid4())
    assert world.quote(voucher, end_user=user.id).end_user_id == user.id


def test_nobody_else_names_an_end_user(world, holder):
    with pytest.raises(UnableToQuote) as refused:
        world.quote(world.voucher(holder), end_user=uuid4())
    assert refused.value.reason.field == "end_user"


def test_nobody_spends_anothers_voucher(world, holder):
    quoted = world.quote(world.voucher(holder))
    thief = world.applicant(world.holder("别人", serial=9))
    with pytest.raises(UnableToHold, match="own vouchers"):
        order.hold(order_id=quoted.id, by=thief, now=world.now)


def test_an_auditor_orders_nothing(world, holder):
    quoted = world.quote(world.voucher(holder))
    with pytest.raises(UnableToHold, match="own vouchers"):
        order.hold(order_id=quoted.id, by=Actor("auditor:x", Role.AUDITOR), now=world.now)


def test_another_programmes_operator_orders_nothing(world, holder):
    quoted = world.quote(world.voucher(holder))
    elsewhere = Actor("operator:x", Role.OPERATOR, programme="qingyang-2024")
    for verb in (order.hold, order.cancel):
        with pytest.raises(UnableToActForProgramme):
            verb(order_id=quoted.id, by=elsewhere, now=world.now)


def test_an_order_is_read_without_its_files(world, holder):
    """Each may hold 32 MiB: a list, and every step of a watch, must not load them."""
    row = world.quote(world.voucher(holder))
    assert "files" in queries.order(row.id, lock=True).get_deferred_fields()
    assert all("files" in each.get_deferred_fields() for each in queries.orders(programme=PROGRAMME))


def test_credit_counts_once_by_its_reference(world, holder):
    reference = uuid4()
    before = ledger.balance(rules.own_account(PROGRAMME, holder.id, "nscc-chengdu")).credits_posted
    for _ in range(2):
        order.credit_own(
            programme=PROGRAMME, holder_id=holder.id, centre="nscc-chengdu", amount_fen=500, reference=reference,
            by=CENTRE_CLERK, now=world.now,
        )  # fmt: skip
    assert ledger.balance(rules.own_account(PROGRAMME, holder.id, "nscc-chengdu")).credits_posted == before + 500
    assert JournalLine.objects.filter(verb="credit_own", subject=reference).count() == 1
    with pytest.raises(UnableToHold, match="another prepayment"):
        order.credit_own(
            programme=PROGRAMME, holder_id=holder.id, centre="nscc-chengdu", amount_fen=501, reference=reference,
            by=CENTRE_CLERK, now=world.now,
        )  # fmt: skip
    assert JournalLine.objects.filter(verb="credit_own", subject=reference).count() == 1


def test_a_storm_on_one_voucher_is_never_a_fen_over(fresh_database):
    """Faults 1 and 7 of the field: 32 threads, 96 orders, a voucher that covers fewer; the rest is refused."""
    world = build()
    holder = world.holder("风暴")
    world.credit(holder)
    voucher = world.voucher(holder, "40元")  # face 20 yuan
    quoted = [world.quote(voucher, units=4, seconds=3600).id for _ in range(96)]  # 30 fen each from the voucher

    def attempt(order_id):
        try:
            return order.hold(order_id=order_id, by=world.applicant(holder), now=world.now).state
        finally:
            connection.close()

    with ThreadPoolExecutor(32) as pool:
        states = list(pool.map(attempt, quoted, timeout=180))
    purse = vouchers.purse(voucher.id)
    assert purse.voucher.face_fen == parse_yuan("20")
    assert states.count("HELD") == purse.voucher.face_fen // 30
    assert states.count("HELD") + states.count("REFUSED") == 96
    assert purse.held_fen == 30 * states.count("HELD")
    assert purse.spendable_fen == purse.voucher.face_fen - purse.held_fen < 30
    assert not ledger.audit()
    assert not vouchers.audit()


def test_the_share_is_pinned_with_the_order(world, holder):
    row = world.quote(world.voucher(holder))
    assert Fraction(row.share_numerator, row.share_denominator) == Fraction(1, 2)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("amount_fen", {"amount_fen": 0}),
        ("amount_fen", {"amount_fen": 10**15 + 1}),
        ("programme", {"programme": "a\0"}),
        ("programme", {"programme": "p" * 61}),
        ("programme", {"programme": "no-such-city"}),
        ("centre", {"centre": "nowhere"}),
    ],
)
def test_credit_that_cannot_be_recorded_is_named_by_its_field(world, holder, field, changes):
    words = {"programme": PROGRAMME, "centre": "nscc-chengdu", "amount_fen": 500, **changes}
    with pytest.raises(Refused) as refused:
        order.credit_own(holder_id=holder.id, reference=uuid4(), by=OPERATOR, now=world.now, **words)
    assert refused.value.reason.field == field


def test_a_centre_records_credit_for_itself_alone(world, holder):
    with pytest.raises(UnableToActForCentre, match="your own centre"):
        order.credit_own(
            programme=PROGRAMME, holder_id=holder.id, centre="chengdu-aicc", amount_fen=500, reference=uuid4(),
            by=CENTRE_CLERK, now=world.now,
        )  # fmt: skip


def test_an_operator_records_credit_in_its_own_programme_alone(world, holder):
    far = Actor("operator:far", Role.OPERATOR, programme="beijing")
    words = {"holder_id": holder.id, "centre": CENTRE, "amount_fen": 500, "by": far, "now": world.now}
    with pytest.raises(UnableToActForProgramme):
        order.credit_own(programme=PROGRAMME, reference=uuid4(), **words)


def test_nobody_who_is_not_registered_prepays(world):
    words = {"programme": PROGRAMME, "centre": CENTRE, "amount_fen": 100, "by": CENTRE_CLERK, "now": world.now}
    with pytest.raises(UnableToFindOrganisation):
        order.credit_own(holder_id=uuid4(), reference=uuid4(), **words)
