"""A centre's own new price: exact, from a day on, never over another, and known to those who watch prices."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.catalogue import queries, services
from jiaozi.catalogue.models import TariffVersion
from jiaozi.catalogue.rules import (
    Proposal,
    Tariff,
    UnableToPrice,
    UnableToPublish,
    Unit,
    check_no_overlap,
    publish,
    reprice,
    tariff_for,
)
from jiaozi.catalogue.rules.pricing import A_DAY_MAX, PENDING_MAX
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.period import start_of_day
from jiaozi.party.rules import UnableToActForCentre
from tests.world import CENTRE, CENTRE_CLERK, FINANCE, OFFICER, OPERATOR, OTHER_CENTRES_CLERK, ROOT, build

NOW = datetime(2024, 5, 20, 2, 30, tzinfo=UTC)
TODAY = date(2024, 5, 20)
JUNE = date(2024, 6, 1)
WANTED = Proposal(centre=CENTRE, resource_class="cpu-core", rate_ufen=14_000_001, source="价目公告〔2024〕1号")
FIRST = Tariff(
    id=UUID(int=1),
    centre=CENTRE,
    resource_class="cpu-core",
    unit=Unit.CORE_HOUR,
    rate_ufen=15_000_000,
    valid_from=datetime(2023, 1, 1, tzinfo=UTC),
    version=1,
    granularity_ms=1000,
    minimum_fen=5,
)


def becomes(wanted: Proposal, *published: Tariff, now: datetime = NOW):
    return reprice(published, wanted, unit=Unit.CORE_HOUR, by="centre:wu", demo=False, now=now)


def test_a_new_price_follows_the_open_one_and_keeps_its_step_and_least_price() -> None:
    change = becomes(replace(WANTED, from_date=JUNE, over=1), FIRST)
    assert (change.added.version, change.added.valid_from, change.before, change.ends) == (
        2,
        start_of_day(JUNE),
        FIRST,
        True,
    )
    assert (change.added.granularity_ms, change.added.minimum_fen) == (1000, 5)
    assert becomes(WANTED, FIRST).added.valid_from == NOW
    assert becomes(replace(WANTED, from_date=TODAY), FIRST).added.valid_from == NOW


def test_a_first_price_for_a_class_of_customers_has_the_step_of_anyones() -> None:
    change = becomes(replace(WANTED, customer_class="UNIVERSITY"), FIRST)
    assert (change.before, change.added.version, change.added.granularity_ms) == (None, 1, 1000)


ENDED = replace(FIRST, valid_until=start_of_day(JUNE))
AHEAD = replace(FIRST, id=UUID(int=2), version=2, valid_from=start_of_day(JUNE), rate_ufen=1)


@pytest.mark.parametrize(
    ("wanted", "published", "code", "field"),
    [
        ({"from_date": date(2024, 5, 19)}, [FIRST], "TARIFF_BEGINS_IN_THE_PAST", "from_date"),
        ({"from_date": date(2034, 5, 19)}, [FIRST], "TARIFF_TOO_FAR_AHEAD", "from_date"),
        ({"from_date": JUNE, "until_date": JUNE}, [FIRST], "TARIFF_ENDS_FIRST", "until_date"),
        ({"rate_ufen": 15_000_000}, [FIRST], "TARIFF_SAME", "rate"),
        ({"rate_ufen": -1}, [FIRST], "AMOUNT_WRONG", "rate"),
        ({"rate_ufen": 2**62}, [FIRST], "AMOUNT_WRONG", "rate"),
        ({"minimum_fen": -1}, [FIRST], "AMOUNT_WRONG", "minimum"),
        ({"customer_class": "KING"}, [FIRST], "CUSTOMER_UNKNOWN", "customer_class"),
        ({"source": " "}, [FIRST], "TEXT_MISSING", "source"),
        ({"over": 0}, [FIRST], "TARIFF_MOVED", "over"),
        ({"from_date": date(2024, 5, 30)}, [ENDED], "TARIFFS_OVERLAP", "from_date"),
        ({"from_date": date(2024, 6, 2)}, [ENDED], "TARIFFS_GAP", "from_date"),
        ({"from_date": JUNE}, [ENDED, AHEAD], "TARIFFS_OVERLAP", "from_date"),
        ({}, [ENDED, AHEAD], "TARIFFS_OVERLAP", "from_date"),
    ],
)
def test_what_is_wrong_is_named_at_its_field(wanted, published, code, field) -> None:
    with pytest.raises(UnableToPublish) as wrong:
        becomes(replace(WANTED, **wanted), *published)
    assert (wrong.value.reason.code, wrong.value.reason.field) == (code, field)
    assert wrong.value.reason.label.zh != wrong.value.reason.label.en


def test_a_version_with_an_end_is_followed_on_that_day_and_one_long_over_whenever() -> None:
    assert not becomes(replace(WANTED, from_date=JUNE), ENDED).ends
    late = NOW + timedelta(days=40)
    assert becomes(WANTED, ENDED, now=late).added.valid_from == late


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 12), st.none() | st.integers(0, 30)), max_size=8))
def test_whatever_is_published_in_turn_never_overlaps_and_what_held_still_holds(drawn) -> None:
    listed: list[Tariff] = []
    held: list[tuple[datetime, int]] = []
    now = NOW
    for wait, ahead, length in drawn:
        now += timedelta(days=wait, minutes=1)
        first = TODAY + (now - NOW) + timedelta(days=ahead)
        wanted = replace(
            WANTED,
            rate_ufen=len(listed) + 1,
            from_date=first if ahead else None,
            until_date=first + timedelta(days=length) if length else None,
        )
        try:
            change = becomes(wanted, *listed, now=now)
        except UnableToPublish:
            continue
        if change.ends:
            listed[-1] = replace(listed[-1], valid_until=change.added.valid_from)
        listed.append(change.added)
        check_no_overlap(listed)
        key = {"centre": CENTRE, "resource_class": "cpu-core", "customer_class": ""}
        for instant, rate in held:
            assert tariff_for(listed, **key, at=instant).rate_ufen == rate
        past = now - timedelta(seconds=1)
        valid = [each for each in listed if each.valid_at(past)]
        held += [(past, each.rate_ufen) for each in valid]


@pytest.mark.django_db
def test_a_quoted_order_keeps_its_price_and_the_next_quote_has_the_new_one() -> None:
    world = build(NOW)
    voucher = world.voucher(world.holder("蓉城一号"))
    world.credit(voucher.holder)
    before = world.held(voucher)
    done = services.publish_tariff(wanted=WANTED, by=CENTRE_CLERK, now=NOW, demo=True)
    before.refresh_from_db()
    assert (before.tariff.version, before.tariff.valid_until) == (1, NOW)
    assert world.quote(voucher).tariff_id == done.added.id
    row = TariffVersion.objects.get(id=done.added.id)
    assert (row.author, row.rate_ufen, row.grade, row.demo) == (CENTRE_CLERK.name, 14_000_001, "DEMO", True)
    line = JournalLine.objects.get(verb="publish_tariff")
    assert (line.stage, line.subject, line.by) == ("catalogue", done.added.id, CENTRE_CLERK.name)


@pytest.mark.django_db
def test_loading_the_files_again_leaves_a_centres_own_price() -> None:
    build(NOW)
    services.publish_tariff(wanted=WANTED, by=CENTRE_CLERK, now=NOW, demo=False)
    assert TariffVersion.objects.get(author=CENTRE_CLERK.name).grade == "OWN"
    again = services.load(folder=ROOT / "catalogue", by="operator:chen", now=NOW + timedelta(days=1), demo=True)
    assert not again.changed
    assert TariffVersion.objects.filter(centre=CENTRE, resource_class="cpu-core", customer_class="").count() == 2


@pytest.mark.django_db
def test_a_centre_prices_its_own_alone_and_only_what_it_offers() -> None:
    build(NOW)
    kept = TariffVersion.objects.count()
    with pytest.raises(UnableToActForCentre):
        services.publish_tariff(wanted=WANTED, by=OTHER_CENTRES_CLERK, now=NOW, demo=True)
    for by in (OFFICER, FINANCE):
        with pytest.raises(UnableToPublish, match="publishes its own"):
            services.publish_tariff(wanted=WANTED, by=by, now=NOW, demo=True)
    with pytest.raises(UnableToPublish, match="doesn't offer"):
        services.publish_tariff(wanted=replace(WANTED, resource_class="gpu-910b"), by=CENTRE_CLERK, now=NOW, demo=True)
    services.preview_tariff(wanted=WANTED, by=OPERATOR, now=NOW, demo=True)
    assert TariffVersion.objects.count() == kept


def long_repriced(count: int, *, ends: datetime = NOW - timedelta(days=1)) -> list[TariffVersion]:
    """A price that changed every minute, long ago, the last one standing until it is closed."""
    first = TariffVersion.objects.get(centre=CENTRE, resource_class="cpu-core", customer_class="")
    begin = ends - timedelta(minutes=count)
    TariffVersion.objects.filter(id=first.id).update(valid_until=begin)
    rows = []
    for place in range(count):
        row = copy(first)
        start = begin + timedelta(minutes=place)
        row.id, row.version, row.valid_from = named_id("test tariff", place), place + 2, start
        row.valid_until = start + timedelta(minutes=1) if place + 1 < count else None
        row.published_at = start
        rows.append(row)
    return TariffVersion.objects.bulk_create(rows)


@pytest.mark.django_db
def test_however_often_a_price_has_changed_everything_goes_on(monkeypatch) -> None:
    build(NOW)
    rows = long_repriced(100)
    monkeypatch.setattr(queries, "TARIFFS_MAX", 50)
    done = services.publish_tariff(wanted=WANTED, by=CENTRE_CLERK, now=NOW, demo=False)
    assert done.added.version == 102
    again = services.load(folder=ROOT / "catalogue", by="operator:chen", now=NOW + timedelta(days=1), demo=True)
    assert not again.changed
    at = rows[40].valid_from
    held = queries.tariffs_during(at, at, centre=CENTRE)
    found = tariff_for(held, centre=CENTRE, resource_class="cpu-core", customer_class="", at=at)
    assert found.id == rows[40].id
    with pytest.raises(UnableToPrice, match="a shorter time") as refused:
        queries.tariffs_during(rows[0].valid_from, NOW, centre=CENTRE)
    assert refused.value.reason.code == "TARIFFS_TOO_MANY"


@pytest.mark.django_db
def test_what_a_file_says_of_the_past_still_meets_what_was_published_then() -> None:
    build(NOW)
    rows = long_repriced(3)
    late = replace(queries.tariff_of(rows[1]), id=named_id("test tariff", "file"), version=90)
    known = queries.tariffs_beside([late], now=NOW)
    assert rows[1].id in {each.id for each in known}
    with pytest.raises(UnableToPublish, match="overlap"):
        publish(known, [late], now=NOW)
    assert rows[1].id not in {each.id for each in queries.tariffs_beside([], now=NOW)}


@pytest.mark.django_db
def test_a_price_gets_few_versions_a_day() -> None:
    build(NOW - timedelta(days=1))
    for place in range(A_DAY_MAX):
        wanted, now = replace(WANTED, rate_ufen=place), NOW + timedelta(minutes=place)
        services.publish_tariff(wanted=wanted, by=CENTRE_CLERK, now=now, demo=False)
    late = NOW + timedelta(hours=1)
    with pytest.raises(UnableToPublish, match="tomorrow") as refused:
        services.publish_tariff(wanted=WANTED, by=CENTRE_CLERK, now=late, demo=False)
    assert (refused.value.reason.code, refused.value.reason.field) == ("TARIFFS_TOO_OFTEN", "rate")
    other = replace(WANTED, customer_class="MAKER")
    services.preview_tariff(wanted=other, by=CENTRE_CLERK, now=late, demo=False)
    services.publish_tariff(wanted=WANTED, by=CENTRE_CLERK, now=NOW + timedelta(days=1), demo=False)


def test_few_versions_of_a_price_are_yet_to_begin() -> None:
    starts = [start_of_day(JUNE + timedelta(days=place)) for place in range(PENDING_MAX + 1)]
    ahead = [
        replace(FIRST, id=UUID(int=place + 2), version=place + 2, valid_from=start, valid_until=end)
        for place, (start, end) in enumerate(pairwise(starts))
    ]
    wanted = replace(WANTED, from_date=JUNE + timedelta(days=PENDING_MAX))
    assert not becomes(wanted, ENDED, *ahead[1:]).ends
    with pytest.raises(UnableToPublish) as refused:
        becomes(wanted, ENDED, *ahead)
    assert refused.value.reason.code == "TARIFFS_TOO_FAR_PLANNED"
