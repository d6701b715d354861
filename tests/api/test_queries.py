"""Every list asks the database as often for a hundred rows of many as for ten: constantly, and seldom."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jiaozi.application.models import Application
from jiaozi.journal.models import JournalLine
from jiaozi.order.models import Order
from jiaozi.party.models import Organisation
from jiaozi.voucher.models import Voucher
from tests.api.furniture import furnish
from tests.world import PROGRAMME

FEW, MANY = 10, 10_000
STATEMENTS_MAX = 12
LISTS = {
    "/vouchers": "officer",
    "/applications": "officer",
    "/orders": "officer",
    "/journal": "auditor",
    "/organisations": "officer",
}


def copies(model, template, count, **unlike):
    """Put copies of a row into the table; what must differ from row to row is told."""
    rows = []
    for index in range(count):
        row = model(**{field.attname: getattr(template, field.attname) for field in model._meta.concrete_fields})
        row.pk = uuid4()
        for name, value in unlike.items():
            setattr(row, name, value(index))
        rows.append(row)
    model.objects.bulk_create(rows, batch_size=2_000)
    return rows


def grow(house, count):
    organisation = Organisation.objects.get(id=house.firm.id)
    copies(Organisation, organisation, count, uscc=lambda index: f"{count:06}{index:012}")
    dossiers = copies(Application, Application.objects.filter(state="APPROVED").first(), count, once_key=lambda _: None)
    made = iter(dossiers)
    copies(Voucher, Voucher.objects.order_by("id").first(), count, application_id=lambda _: next(made).id)
    copies(Order, Order.objects.order_by("id").first(), count)
    copies(JournalLine, JournalLine.objects.order_by("id").first(), count)


def asked(house):
    counts = {}
    for path, name in LISTS.items():
        with CaptureQueriesContext(
            connection,
        ) as taken:
            answer = house.callers[name].get(path, {"programme": PROGRAMME, "limit": 100})
        assert answer.status_code == 200, answer.content
        # a token's last use is written once a minute, whatever is asked
        asked_for = [each for each in taken.captured_queries if 'UPDATE "party_token"' not in each["sql"]]
        counts[path] = (len(asked_for), len(answer.json()["items"]))
    return counts


@pytest.fixture
def furnished_house(house, settings):
    settings.JIAOZI_API_PACE = {"token": 10**6, "address": 10**6}
    house.ids = furnish(house)
    return house


def test_lists_take_as_many_statements_at_ten_thousand_rows_as_at_ten(furnished_house):
    asked(furnished_house)  # warms what is kept of documents and of the token's last use
    grow(furnished_house, FEW)
    few = asked(furnished_house)
    grow(furnished_house, MANY)
    many = asked(furnished_house)
    assert {path: count for path, (count, _) in few.items()} == {path: count for path, (count, _) in many.items()}
    assert {path for path, (_, rows) in many.items() if rows == 100} == set(LISTS)
    assert max(count for count, _ in many.values()) <= STATEMENTS_MAX
