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


def changed(**more):
    """The offers with something else in the first one."""
    first, *others = OFFERS["offers"]
    return OFFERS | {"offers": [{name: value for name, value in (first | more).items() if value is not ...}, *others]}


@pytest.mark.parametrize(
    ("offers", "told"),
    [
        (changed(units_max=-8), "offers[0].units_max"),
        (changed(rate="-0.15"), "offers[0].rate"),
        (changed(tier=...), "offers[0].tier"),
        (changed(rate=...), "offers[0].rate"),
        (changed(queue_wait_s=-1), "offers[0].queue_wait_s"),
        (json.dumps(changed(units_max=1)).replace('"units_max": 1,', '"units_max": Infinity,'), "Infinity"),
        (json.dumps(changed(units_max=1)).replace('"units_max": 1,', '"units_max": 1e999,'), "1e999"),
        (
            changed(free=[{"start": "2026-01-01T02:00:00+08:00", "end": "2026-01-01T00:00:00+08:00", "units": 8}]),
            "offers[0].free[0]",
        ),
        (OFFERS | {"links": [OFFERS["links"][0] | {"rtt_us": -1}]}, "links[0].rtt_us"),
        (OFFERS | {"links": [OFFERS["links"][0] | {"bandwidth_mbps": -1}]}, "links[0].bandwidth_mbps"),
        (OFFERS | {"blocks": 0}, "blocks"),
        (OFFERS | {"block_s": -3600}, "block_s"),
    ],
)
def test_bad_offers_are_named_by_their_place(ask, offers, told):
    found = ask(REQUESTS, offers)
    assert found.exit_code == 1, found.output
    assert told in found.output


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"earliest": "2026-01-01T01:00:00+08:00", "deadline": "2026-01-01T00:30:00+08:00"}, "row 1: deadline_s"),
        ({"deadline": "2026-01-01T00:00:30+08:00"}, "row 1: deadline_s"),
        ({"data_bytes": 5}, "row 1: data_at"),
        ({"latency_to": "a"}, "row 1: latency_max_us"),
        ({"deadline_s": 60}, "row 1: deadline_s"),
    ],
)
def test_a_request_that_contradicts_itself_is_named(ask, more, told):
    found = ask(json.dumps([{"id": "x", "resource_class": "cpu", "units": 1, "duration_s": 60, **more}]))
    assert found.exit_code == 1, found.output
    assert told in found.output


def test_an_id_that_is_there_twice_is_named(ask):
    found = ask(REQUESTS.replace("two", "one"))
    assert found.exit_code == 1
    assert "request one is there twice" in str(found.exception)


def test_nothing_can_serve_it_and_one_change_would(ask):
    found = json.loads(ask(REQUESTS + "wide,cpu,9,60,,,\n", OFFERS, "--json").output)
    (left,) = found["unplaced"]
    assert left["request"] == "wide"
    assert left["reasons"]
    assert {(each["field"], each["value"]) for each in left["changes"]} >= {("units", 8)}


def test_out_of_time_the_best_plan_so_far_comes_with_its_gap(ask, monkeypatch):
    seconds = iter(range(0, 10**9, 3600))
    monkeypatch.setattr("jiaozi.cli.dispatch.time.monotonic", lambda: next(seconds))
    found = json.loads(ask(REQUESTS, OFFERS, "--json", "--seconds", "1").output)
    assert found["finished"] is False
    assert found["gap_ppm"] >= 0
    assert found["bound_fen"] <= found["score_fen"]
    assert len(found["placements"]) + len(found["unplaced"]) == 2
