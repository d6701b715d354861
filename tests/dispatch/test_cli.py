"""``jiaozi dispatch plan``: files in, a plan out, and bad figures named by row and field."""

import json

import pytest
from typer.testing import CliRunner

from jiaozi.cli.dispatch import app

OFFERS = {
    "start": "2026-01-01T00:00:00+08:00",
    "block_s": 3600,
    "blocks": 2,
    "offers": [
        {
            "centre": centre,
            "tier": tier,
            "resource_class": "cpu",
            "rate": rate,
            "units_max": 8,
            "time_limit_max_s": 7200,
            "free": [{"start": "2026-01-01T00:00:00+08:00", "end": "2026-01-01T02:00:00+08:00", "units": 8}],
        }
        for centre, tier, rate in (("a", "CITY", "0.15"), ("b", "METRO", "0.10"))
    ],
    "links": [{"start": "a", "end": "b", "rtt_us": 1000, "bandwidth_mbps": 10000, "price_per_gb": "0.02"}],
}
REQUESTS = (
    "id,resource_class,units,duration_s,budget,data_at,data_bytes\none,cpu,8,3600,,a,1000000000\ntwo,cpu,8,7200,100,,\n"
)


@pytest.fixture
def ask(tmp_path):
    def asked(requests=REQUESTS, offers=OFFERS, *more):
        (tmp_path / "requests.csv").write_text(requests, encoding="utf-8")
        text = offers if isinstance(offers, str) else json.dumps(offers)
        (tmp_path / "offers.json").write_text(text, encoding="utf-8")
        words = ["plan", str(tmp_path / "requests.csv"), "--offers", str(tmp_path / "offers.json"), *more]
        return CliRunner().invoke(app, words)

    return asked


def test_plan_as_json_adds_up(ask):
    found = json.loads(ask(REQUESTS, OFFERS, "--json").output)
    assert {each["request"]: each["centre"] for each in found["placements"]} == {"one": "a", "two": "b"}
    assert found["cost_fen"] == 8 * 15 + 8 * 2 * 10
    assert found["bound_fen"] <= found["score_fen"]
    assert found["finished"]


def test_plan_for_people_shows_gap_and_reasons(ask):
    shown = ask(REQUESTS + "three,cpu,9,60,,,\n")
    assert shown.exit_code == 0
    assert "gap" in shown.output
    assert "three" in shown.output
    assert "ask for 8 units" in shown.output


@pytest.mark.parametrize(
    ("requests", "told"),
    [
        (REQUESTS.replace("one,cpu,8", "one,cpu,-8"), "requests.csv: row 2: units"),
        (REQUESTS.replace("two,cpu,8,7200", "two,cpu,8,inf"), "requests.csv: row 3: duration_s"),
        (REQUESTS.replace("two,cpu,8,7200", "two,cpu,8,"), "requests.csv: row 3: duration_s"),
        (REQUESTS.replace("two,cpu,8,7200,100", "two,cpu,8,7200,1e3"), "requests.csv: row 3: budget"),
        (REQUESTS.replace("budget", "budgte"), "budgte"),
        ('[{"id": "x", "resource_class": "cpu", "units": NaN, "duration_s": 1}]', "NaN"),
        (
            '[{"id": "x", "resource_class": "cpu", "units": 1, "duration_s": 1, "latency_to": "a"}]',
            "row 1: latency_max_us",
        ),
    ],
)
def test_bad_requests_are_named(ask, requests, told):
    found = ask(requests)
    assert found.exit_code == 1
    assert told in found.output


def test_bad_offers_are_named(ask):
    free = [
        {"start": "2026-01-01T00:00:00+08:00", "end": "2026-01-01T02:00:00+08:00", "units": 8},
        {"start": "2026-01-01T01:00:00+08:00", "end": "2026-01-01T03:00:00+08:00", "units": 8},
    ]
    wrong = OFFERS | {"offers": [OFFERS["offers"][0] | {"free": free}]}
    assert "offers[0].free[1].start_s" in ask(REQUESTS, wrong).output
    assert "links[1]" in ask(REQUESTS, OFFERS | {"links": OFFERS["links"] * 2}).output
    assert "no proper JSON" in ask(REQUESTS, "{").output
    assert "twice" in ask(REQUESTS, OFFERS | {"offers": OFFERS["offers"] * 2}).output
