"""Each of the nine programmes pays by its own model, to the fen, and every book still adds up."""

from datetime import date, timedelta

import pytest

from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.period import month
from jiaozi.policy import queries as policy
from jiaozi.policy.rules.words import PayModel
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.rules.redeem import UnableToRedeem
from jiaozi.voucher import queries as vouchers
from tests.world import CENTRE, CENTRE_CLERK, FINANCE, OPERATOR, ROOT

from .cities import CASHIER, City, text_of

DEDUCTED = {  # programme: clause, sample, day, face, voucher's share of a job of 0.60 yuan
    "chengdu-2023": ("project-national", "project", date(2023, 6, 1), "300万", 30),
    "chengdu-2025": ("compute", "party", date(2025, 10, 1), "500万", 36),
    "chengdu-hightech-2025": ("training", "firm", date(2025, 6, 1), "50万", 30),
    "guizhou-2026": ("order", "firm", date(2026, 3, 1), "30万", 18),
    "qingyang-2024": ("contract", "firm", date(2024, 6, 1), "3万", 60),
    "shanghai-2025": ("rent", "rent", date(2025, 6, 1), "300万", 18),
}
REDEEMED = {  # programme: clause, sample, day, face, the bills, what each pays
    "beijing": ("contract", "firm", date(2024, 6, 1), "160万", [("800万", "160万")]),
    "langfang": (
        "general",
        "firm",
        date(2024, 6, 1),
        "75万",
        [("100万", "50万"), ("50.03元", "25.01元"), ("90万", "249974.99元")],
    ),
    "yangzhou": ("order", "firm", date(2024, 10, 1), "27万", [("90万", "27万")]),
}


def test_every_programme_is_played():
    slugs = {path.stem for path in (ROOT / "programmes").glob("*.yaml")}
    assert slugs == {*DEDUCTED, *REDEEMED}


@pytest.mark.django_db
@pytest.mark.parametrize("slug", DEDUCTED)
def test_deducted_at_the_order(slug):
    clause, sample, on, face, share_fen = DEDUCTED[slug]
    city = City(text_of(slug), on)
    model = policy.document(city.version.id).programme.voucher.pay_model
    assert model in {PayModel.DEDUCT_AT_ORDER, PayModel.DEDUCT_WITH_RESERVE}
    voucher = city.voucher(city.holder(), clause, city.sample(sample))
    assert voucher.face_fen == parse_yuan(face)
    captured = city.job(voucher)
    assert (captured.price_fen, captured.voucher_fen, captured.own_fen) == (60, share_fen, 60 - share_fen)
    assert vouchers.purse(voucher.id).spendable_fen == voucher.face_fen - captured.voucher_fen
    city.prefund("1万")
    later = city.now + timedelta(days=40)
    row = settlement.close_statement(
        programme=slug, centre=CENTRE, period=month(on.year, on.month), by=OPERATOR, now=later
    )
    settlement.claim(
        statement_id=row.id, lines={str(captured.order_id): captured.voucher_fen}, by=CENTRE_CLERK, now=later
    )
    settlement.match(statement_id=row.id, by=OPERATOR, now=later)
    settlement.approve(statement_id=row.id, by=FINANCE, now=later)
    settlement.pay(statement_id=row.id, bank_reference="流水1", by=CASHIER, now=later)
    assert queries.reserve_position(slug).reserve_fen == parse_yuan("1万") - captured.voucher_fen
    assert queries.audit_all().findings == ()
    with pytest.raises(UnableToRedeem, match="not redeemed"):
        city.submitted(voucher, "1万")


@pytest.mark.django_db
@pytest.mark.parametrize("slug", REDEEMED)
def test_redeemed_after_payment(slug):
    clause, sample, on, face, bills = REDEEMED[slug]
    city = City(text_of(slug), on)
    assert policy.document(city.version.id).programme.voucher.pay_model is PayModel.PAY_THEN_REDEEM
    voucher = city.voucher(city.holder(), clause, city.sample(sample))
    assert voucher.face_fen == parse_yuan(face)
    city.prefund()
    for bill, due in bills:
        assert city.redeemed(voucher, bill) == parse_yuan(due)
        assert queries.audit_all().findings == ()
    paid = sum(parse_yuan(due) for _, due in bills)
    purse = vouchers.purse(voucher.id)
    assert (purse.used_fen, purse.spendable_fen, purse.held_fen) == (paid, voucher.face_fen - paid, 0)
    assert queries.reserve_position(slug).reserve_fen == parse_yuan("1亿") - paid


@pytest.mark.django_db
def test_the_year_s_cap_is_that_of_all_pools_together():
    """Shanghai has three: the public must not be told that the smallest of them is the year's whole."""
    City(text_of("shanghai-2025"), date(2025, 6, 1))
    cap_fen = queries.year_cap("shanghai-2025", 2025)
    assert cap_fen == parse_yuan("10亿")
    assert queries.year_at_a_glance("shanghai-2025", 2025).cap_fen == cap_fen
