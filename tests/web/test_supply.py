"""A centre's offers, price versions and health on pages: its own alone, with their times, and no invented figure."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jiaozi.catalogue import services as catalogue
from jiaozi.catalogue.models import TariffVersion
from jiaozi.catalogue.rules.probing import Measured
from jiaozi.kernel import clock
from jiaozi.order.models import Order
from jiaozi.party.rules import Role
from tests.web.people import member, signed_in
from tests.web.test_pages import text_of
from tests.world import CENTRE, CENTRE_CLERK

pytestmark = pytest.mark.django_db


def person(name: str, role: Role, language: str = "zh-hans", **place: object):
    return signed_in(member(name, role, clock.now(), **place), language)


def test_offers_and_versions_with_their_validity(sample_year) -> None:
    page = text_of(person("clerk", Role.CENTRE).get("/supply").content)
    assert TariffVersion.objects.filter(centre=CENTRE).exists()
    assert "现行" in page
    assert "未公布" in page
    assert "新版本由算力中心自行发布" in page
    assert "发布新价目" in page
    rival = person("rival", Role.CENTRE, centre="chengdu-aicc")
    assert rival.get(f"/supply?centre={CENTRE}").status_code == 403
    assert rival.get(f"/supply/health?centre={CENTRE}").status_code == 403
    officer = person("officer", Role.OFFICER)
    assert "发布新价目" not in text_of(officer.get(f"/supply?centre={CENTRE}").content)
    assert officer.get("/supply?centre=nowhere").status_code == 404
    assert "Tariff versions" in text_of(person("reader", Role.AUDITOR, "en").get("/supply").content)


def test_health_shows_orders_under_way_and_probes_with_their_time(present, sample_year) -> None:
    measured = Measured(rtt_us=2345, rtt_least_us=2000, bandwidth_mbps=900, echoes=5)
    at = present - timedelta(hours=3)
    catalogue.record_probe(start=CENTRE, end="chengdu-aicc", measured=measured, by=CENTRE_CLERK, now=at)
    page = text_of(person("clerk", Role.CENTRE).get("/supply/health").content)
    running = Order.objects.get(state="RUNNING")
    assert running.number in page
    assert "2.34 ms" in page
    assert "3小时前" in page
    other = text_of(person("rival", Role.CENTRE, centre="chengdu-aicc").get("/supply/health").content)
    assert running.number not in other
    assert "没有在途订单" in other
