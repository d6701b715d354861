"""The board that a quote is made on, read from the catalogue: prices that hold, links as last measured."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jiaozi.catalogue import services as catalogue
from jiaozi.catalogue.models import Centre, Offer, TariffVersion
from jiaozi.catalogue.rules.probing import Measured
from jiaozi.dispatch.queries import board_at, network_now
from jiaozi.dispatch.rules import Request, quote
from jiaozi.party.rules import Actor, Role

NOW = datetime(2026, 5, 1, tzinfo=UTC)
OPERATOR = Actor("operator:chen", Role.OPERATOR)
ASKED = Request(id="1", resource_class="demo-core", units=2, duration_s=60)


@pytest.fixture
def loaded(db):
    catalogue.load(folder=Path(__file__).parents[2] / "catalogue", by="operator:chen", now=NOW, demo=True)


def test_the_board_answers_a_quote_in_a_constant_number_of_statements(loaded, django_assert_num_queries):
    with django_assert_num_queries(4):
        board = board_at(NOW, customer_class="TECH_SME")
    answer = quote(ASKED, board)
    assert {option.centre for option in answer.options} == {"nscc-chengdu", "chengdu-aicc"}
    assert all(option.compute_fen >= 120 for option in answer.options)  # 2 cores × 60 s × 1 fen, and the engine's lag


def test_a_holders_own_price_goes_before_the_price_for_anyone(loaded):
    def dearest(customer_class):
        options = quote(ASKED, board_at(NOW, customer_class=customer_class)).options
        return {option.centre: option.compute_fen for option in options}["nscc-chengdu"]

    assert dearest("UNIVERSITY") < dearest("TECH_SME")


def test_what_has_no_price_or_no_engine_is_not_on_the_board(loaded):
    Centre.objects.filter(id="chengdu-aicc").update(connected=False, engine="")
    before = TariffVersion.objects.order_by("valid_from").first().valid_from - timedelta(days=1)
    assert quote(ASKED, board_at(before, customer_class="OTHER")).reason.code == "RESOURCE_UNKNOWN"
    assert [option.centre for option in quote(ASKED, board_at(NOW, customer_class="OTHER")).options] == ["nscc-chengdu"]
    Offer.objects.filter(centre_id="nscc-chengdu", resource_class_id="demo-core").update(enabled=False)
    assert not quote(ASKED, board_at(NOW, customer_class="OTHER")).options


def test_a_measured_link_goes_before_a_published_or_a_modelled_one(loaded):
    assert network_now().between("deyang", "meishan").modelled
    assert network_now().between("nscc-chengdu", "chengdu-aicc").rtt_us == 1_000
    for start, end in (("deyang", "meishan"), ("nscc-chengdu", "chengdu-aicc")):
        found = Measured(rtt_us=2_345, rtt_least_us=2_000, bandwidth_mbps=800, echoes=9)
        catalogue.record_probe(start=start, end=end, measured=found, by=OPERATOR, now=NOW)
    for start, end in (("meishan", "deyang"), ("nscc-chengdu", "chengdu-aicc")):
        route = network_now().between(start, end)
        assert (route.rtt_us, route.bandwidth_mbps, route.modelled) == (2_345, 800, False)
        assert route.price_per_gb_ufen is not None
