"""Every list asks the database as often for a hundred rows of many as for ten: constantly, and seldom."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.furniture import furnish
from tests.growing import FEW, MANY, grow
from tests.world import PROGRAMME

STATEMENTS_MAX = 12
LISTS = {
    "/vouchers": "officer",
    "/applications": "officer",
    "/orders": "officer",
    "/journal": "auditor",
    "/organisations": "officer",
}


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
    grow(furnished_house.firm.id, FEW)
    few = asked(furnished_house)
    grow(furnished_house.firm.id, MANY)
    many = asked(furnished_house)
    assert {path: count for path, (count, _) in few.items()} == {path: count for path, (count, _) in many.items()}
    assert {path for path, (_, rows) in many.items() if rows == 100} == set(LISTS)
    assert max(count for count, _ in many.values()) <= STATEMENTS_MAX
