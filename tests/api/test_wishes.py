"""Orders with wishes and data through the API: weighed, kept, shown with the bytes that are there, refused by field."""

from __future__ import annotations

import json

import pytest

from jiaozi.order.models import OrderData
from jiaozi.order.services import data
from tests.settlement.test_movement import Places
from tests.world import CENTRE


@pytest.fixture
def asked(house, monkeypatch):
    monkeypatch.setattr(data, "places", Places)
    monkeypatch.setattr(data, "takes_data", lambda _: True)
    monkeypatch.setattr("jiaozi.order.services.placing.takes_data", lambda _: True)
    house.world.credit(house.firm)
    return {
        "voucher": str(house.world.voucher(house.firm).id),
        "title": "with data",
        "resource_class": "cpu-core",
        "units": 2,
        "memory_mib": 256,
        "time_limit_ms": 60_000,
        "command": ["true"],
        "wishes": {
            "deadline": "2099-01-01T00:00:00Z",
            "tier": "CITY",
            "data_at": "deyang",
            "inputs": [{"name": "a", "url": "s3://b/a", "size_bytes": 4_000_000_000}],
        },
    }


def test_wishes_and_data_are_kept_and_shown(house, asked):
    shown = house.holder.post("/orders", asked).json()
    assert shown["wishes"]["tier"] == "CITY"
    assert (shown["centre"], shown["movement_bytes_max"], shown["movement_hold_fen"]) == (CENTRE, 4_000_000_000, 8)
    assert house.holder.post(f"/orders/{shown['id']}/hold").json()["state"] == "STAGING"
    OrderData.objects.update(state="MOVING", there_bytes=123)
    (file,) = house.holder.get(f"/orders/{shown['id']}").json()["data"]
    assert (file["direction"], file["state"], file["there_bytes"], file["size"]) == ("IN", "MOVING", 123, None)
    assert house.stranger.get(f"/orders/{shown['id']}").status_code == 403


def test_quotes_weigh_the_same(house, asked):
    query = {"resource_class": "cpu-core", "units": 2, "duration_s": 60, "data_at": "deyang"}
    path = f"/vouchers/{asked['voucher']}/quotes"
    there = house.holder.get(path, query | {"data_bytes": 3_000_000_000, "result_bytes": 10**9, "tier": "CITY"}).json()
    assert there["options"][0]["movement_fen"] == 8
    late = house.holder.get(path, query | {"data_bytes": 1, "latest_start": "2000-01-01T00:00:00Z"})
    assert (late.status_code, "latest_start" in json.dumps(late.json())) == (422, True)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"data_at": ""}, "data_at"),
        ({"inputs": [{"name": "a/b", "url": "s3://b/a", "size_bytes": 1}]}, "inputs"),
        ({"latency_to": CENTRE}, "latency_max_us"),
    ],
)
def test_what_is_wrong_is_named(house, asked, changed, field):
    answer = house.holder.post("/orders", asked | {"wishes": asked["wishes"] | changed})
    assert answer.status_code == 422
    assert field in json.dumps(answer.json())
