"""A voucher of a class is issued and spent on the class's own terms, here those of a city made up for the tests."""

from __future__ import annotations

from datetime import date

import pytest

from jiaozi.order import services as order
from jiaozi.order.rules import Request
from jiaozi.policy.rules import load, order_terms
from jiaozi.voucher import queries, rules
from jiaozi.voucher.rules import UnableToIssue
from tests.policy.documents import UNSEEN
from tests.settlement.cities import City
from tests.world import CENTRE

TEXT = next(path for path in UNSEEN if path.stem == "jiangwan-2026").read_text(encoding="utf-8")
TEXT = TEXT.replace("center-one", CENTRE)
ON = date(2026, 3, 20)


@pytest.mark.django_db
def test_each_class_has_its_own_validity_and_share_of_an_order():
    city = City(TEXT, ON)
    holder, sample = city.holder(), city.sample("firm")
    job = Request(centre=CENTRE, resource_class="cpu-core", units=2, memory_mib=256, time_limit_ms=3_600_000,
                  command=("true",), end_user=None)  # fmt: skip
    found = {}
    for kind, use in (("training", "TRAINING"), ("inference", "INFERENCE")):
        claim = {**sample["claim"], "use": use, "contract": kind}
        row = city.voucher(holder, kind, {**sample, "claim": claim})
        quoted = order.quote(voucher_id=row.id, request=job, title="test", by=city.by(holder), now=city.now)
        found[kind] = (row.valid_until.isoformat(), quoted.share_numerator / quoted.share_denominator)
        assert queries.terms(row, ON).share == order_terms(load(TEXT), ON, allow_demo=True, voucher_class=kind).share
    assert found == {"training": ("2026-09-20", 0.6), "inference": ("2027-03-20", 0.4)}


@pytest.mark.django_db
def test_none_is_issued_after_the_last_day_of_all():
    text = TEXT.replace("valid_until: 2028-12-31", "valid_until: 2026-03-19")
    city = City(text, ON)
    with pytest.raises(UnableToIssue, match="none is issued after that"):
        city.voucher(city.holder(), "training", city.sample("firm"))
    rules.check_valid(date(2026, 3, 19), date(2026, 3, 19))
