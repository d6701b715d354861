"""A centre's clerk publishes a price on a page: what it changes is shown first, and nothing is written before that."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from jiaozi.catalogue.models import TariffVersion
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.notice.models import Notification
from jiaozi.party.rules import Role
from tests.web.people import member, signed_in
from tests.web.test_pages import text_of
from tests.world import CENTRE, build

pytestmark = pytest.mark.django_db
NEW = "/supply/prices/new"
GIVEN = {"resource_class": "cpu-core", "customer_class": "", "rate": "0.14000001", "source": "价目公告〔2024〕1号"}


@pytest.fixture
def clerk(present) -> Client:
    build(present)
    return signed_in(member("clerk", Role.CENTRE, present))


def confirmed(client: Client, page: bytes, **changed: str):
    """Press the button of the page that shows the change."""
    fields = dict(re.findall(r'type="hidden" name="(\w+)"[^>]*? value="([^"]*)"', page.decode()))
    del fields["csrfmiddlewaretoken"]
    return client.post(NEW, fields | changed)


def test_what_changes_is_shown_before_it_is_published_once(clerk, present) -> None:
    officer = member("officer", Role.OFFICER, present)
    shown = clerk.post(NEW, GIVEN | {"from_date": "2024-06-01"})
    page = text_of(shown.content)
    assert "0.15" in page
    assert "0.14000001" in page
    assert "2024-06-01 00:00" in page
    assert "仍按原价" in page
    assert TariffVersion.objects.filter(version=2).count() == 0
    for _ in range(2):
        answer = confirmed(clerk, shown.content)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/supply")
    row = TariffVersion.objects.get(version=2)
    assert (row.centre_id, row.rate_ufen, row.valid_until) == (CENTRE, 14_000_001, None)
    supply = text_of(clerk.get("/supply").content)
    assert "将生效" in supply
    assert "价目已发布" in supply
    told = Notification.objects.create(
        id=new_id(),
        person_id=officer,
        line=new_id(),
        event="catalogue.publish_tariff",
        topic="PRICE",
        kind="tariff",
        subject=row.id,
        shown=True,
        mail="NONE",
        at=present,
    )
    there = signed_in(officer).get(f"/account/notifications/{told.id}")
    assert there.headers["Location"] == f"/supply?centre={CENTRE}"


def test_in_english_and_at_once(present) -> None:
    build(present)
    client = signed_in(member("clerk", Role.CENTRE, present), "en")
    assert "New price (CNY a unit and hour)" in text_of(client.get(NEW).content)
    shown = client.post(NEW, GIVEN)
    page = text_of(shown.content)
    assert "at once when confirmed" in page
    assert "orders that are quoted, held or running keep theirs" in page
    assert client.post(NEW, GIVEN | {"change": "1"}).status_code == 200
    assert confirmed(client, shown.content).status_code == 302
    assert TariffVersion.objects.get(version=2).valid_from == present


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"rate": "0.000000001"}, "至多8位小数"),
        ({"rate": "1e3"}, "单价须以元写"),
        ({"minimum": "0.001"}, "至多2位小数"),
        ({"from_date": "2024-05-19"}, "不能早于今天"),
        ({"rate": "0.15"}, "无需发布"),
        ({"source": ""}, "依据"),
    ],
)
def test_a_wrong_field_says_so(clerk, typed, said) -> None:
    answer = clerk.post(NEW, GIVEN | typed)
    assert answer.status_code == 422
    assert said in text_of(answer.content)


def test_a_price_that_changed_meanwhile_is_not_published_over(clerk) -> None:
    first = clerk.post(NEW, GIVEN | {"from_date": "2024-06-01"})
    second = clerk.post(NEW, GIVEN | {"from_date": "2024-07-01", "rate": "0.13"})
    assert confirmed(clerk, first.content).status_code == 302
    late = confirmed(clerk, second.content)
    assert late.status_code == 422
    assert "价目已有变化" in text_of(late.content)
    assert TariffVersion.objects.filter(version=2).get().rate_ufen == 14_000_001


@pytest.mark.parametrize("over", ["9" * 5000, "1" * 10, "²", "-1"])
def test_a_version_that_can_not_be_is_a_refusal_and_no_fault(clerk, over) -> None:
    answer = clerk.post(NEW, GIVEN | {"over": over, "key": str(new_id())})
    assert answer.status_code == 422
    assert "价目已有变化" in text_of(answer.content)
    assert TariffVersion.objects.filter(version=2).count() == 0


def test_nobody_prices_anothers(clerk, present) -> None:
    rival = signed_in(member("rival", Role.CENTRE, present, centre="chengdu-aicc"))
    assert rival.post(f"{NEW}?centre={CENTRE}", GIVEN).status_code == 403
    operator = signed_in(member("operator", Role.OPERATOR, clock.now()))
    assert operator.get(NEW).headers["Location"].startswith(f"{NEW}?centre=")
    assert operator.post(f"{NEW}?centre={CENTRE}", GIVEN).status_code == 200
