"""What later stages ask a programme."""

from datetime import date
from fractions import Fraction

import pytest

from jiaozi.policy import rules
from jiaozi.policy.rules.pooled import caps_of
from jiaozi.policy.rules.words import Expiry, Interval, PayModel

from .documents import CHENGDU, small

ON = date(2023, 6, 1)


def test_order_terms_of_chengdu_rest_on_demo_values_and_say_so():
    terms = rules.order_terms(rules.load(CHENGDU), ON, allow_demo=True)
    assert (terms.share, terms.validity_months) == (Fraction(1, 2), 12)
    assert terms.suppliers == ("nscc-chengdu", "chengdu-aicc")
    assert (terms.pay_model, terms.expiry) == (PayModel.DEDUCT_WITH_RESERVE, Expiry.LAPSED)
    assert terms.unpublished == ("order_share", "validity_months", "expiry", "partial_use", "transferable")


def test_unpublished_term_refuses_by_name():
    with pytest.raises(rules.UnableToDecide, match=r"parameter.order_share: not published"):
        rules.order_terms(rules.load(CHENGDU), ON, allow_demo=False)


def test_published_terms_need_no_demo():
    terms = rules.order_terms(rules.load(small()), ON, allow_demo=False)
    assert (terms.share, terms.validity_months, terms.unpublished) == (Fraction(1, 2), 12, ())


def test_pools_are_the_programmes_own_caps():
    (pool,) = [cap.use for cap in caps_of(rules.load(CHENGDU), ON, allow_demo=False) if cap.use]
    assert (pool.cap_id, pool.limit_fen, pool.measures, pool.key) == (
        "year",
        1_000_000_000,
        "issued",
        "year/programme/chengdu-2023/2023",
    )


def test_reserve_and_settlement():
    terms = rules.reserve_terms(rules.load(CHENGDU), ON, allow_demo=True)
    assert (terms.size_fen, terms.trigger_fen, terms.interval) == (300_000_000, 100_000_000, Interval.MONTHLY)
    assert terms.unpublished == ("reserve_size", "reserve_trigger", "settlement_interval")


def test_dispatch_tiers_come_nearest_first():
    terms = rules.dispatch_terms(rules.load(CHENGDU), ON, allow_demo=True)
    assert [tier for tier, _ in terms.tiers] == ["city", "metro", "chengyu", "national"]
    assert terms.outer_saving == Fraction(1, 5)


def test_section_that_a_document_lacks_is_named():
    with pytest.raises(rules.UnableToDecide, match="no section `reserve`"):
        rules.reserve_terms(rules.load(small()), ON, allow_demo=True)
