"""``jiaozi exchange clear``: the machine's form, the tables, and mistakes line by line."""

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jiaozi.cli import exchange as command
from jiaozi.cli.exchange import app
from jiaozi.exchange.queries import reading, replaying
from jiaozi.exchange.rules import clear as clear_book
from tests.world import PROGRAMME

from .test_bad_input import file

runner = CliRunner()


def clear(tmp_path, *options, **changed):
    path = tmp_path / "book.json"
    path.write_text(json.dumps(file(**changed)), encoding="utf-8")
    return runner.invoke(app, ["clear", str(path), *options])


def test_json_says_all(tmp_path):
    answer = clear(tmp_path, "--json")
    assert answer.exit_code == 0
    found = json.loads(answer.output)
    assert found["welfare_fen"] == 4 * (8 - 2) - 4 * 1
    assert found["gap_ppm"] == 0
    assert [(each["hub"], each["price_fen"]) for each in found["prices"]] == [("a", 2), ("b", 8)]
    assert found["flows"] == [
        {"resource_class": "gpu", "period": "h0", "start": "a", "end": "b", "lots": 4, "rent_fen": 24}
    ]
    assert [(each["id"], each["accepted"], each["code"]) for each in found["orders"]] == [
        ("s", 4, "MARGIN"),
        ("b", 4, "MARGIN"),
    ]
    assert len(found["digest"]) == len(found["book_digest"]) == 64
    again = json.loads(clear(tmp_path, "--json").output)
    assert again == found


def test_tables_for_people(tmp_path):
    answer = clear(tmp_path)
    assert answer.exit_code == 0
    for word in ("welfare 0.20", "0.08", "pro rata", "market power", "digest"):
        assert word in answer.output


def test_mistakes_are_told_one_a_line(tmp_path):
    answer = clear(tmp_path, hubs=["a", "b", "b"], links=[{"start": "a", "end": "a", "capacity": -1}])
    assert answer.exit_code == 1
    for word in ("hubs[2]: 'b' is there twice", "links[0].end", "links[0].capacity: must be 0"):
        assert word in answer.output


ASK, BID = file()["orders"]
HOUR = file()["periods"][0]
LINK = file()["links"][0]


@pytest.mark.parametrize(
    ("book", "told"),
    [
        ({"orders": [ASK | {"quantity": -9}]}, "orders[0].quantity"),
        ({"orders": [ASK | {"limit": "-0.02"}]}, "orders[0].limit"),
        ({"orders": [ASK | {"limit": "inf"}]}, "orders[0].limit"),
        ({"orders": [{name: value for name, value in ASK.items() if name != "limit"}]}, "orders[0].limit: is missing"),
        ({"orders": [BID | {"minimum": 10}]}, "orders[0].minimum"),
        ({"orders": [ASK, ASK]}, "orders[1].id"),
        ({"orders": [ASK, BID | {"party": "x", "hub": "a"}]}, "orders[1].limit"),
        ({"orders": [ASK | {"hub": "atlantis"}]}, "no hub 'atlantis'"),
        ({"periods": [HOUR, HOUR | {"id": "h1"}]}, "overlaps with 'h0'"),
        ({"periods": [HOUR | {"end": HOUR["start"]}]}, "a period must end after its start"),
        ({"links": [LINK, LINK]}, "crosses links[0]"),
        ({"links": [LINK | {"end": "a"}]}, "another hub than its own"),
        ({"links": [LINK | {"capacity": -4}]}, "links[0].capacity"),
    ],
)
def test_each_mistake_is_named_and_nothing_is_cleared(tmp_path, book, told):
    answer = clear(tmp_path, "--json", **book)
    assert answer.exit_code == 1
    assert told in answer.output
    assert "welfare_fen" not in answer.output


@pytest.mark.parametrize("figure", ["NaN", "Infinity", "1e999", "0.5"])
def test_no_figure_without_end(tmp_path, figure):
    path = tmp_path / "book.json"
    path.write_text(json.dumps(file()).replace('"quantity": 9', f'"quantity": {figure}', 1), encoding="utf-8")
    answer = runner.invoke(app, ["clear", str(path)])
    assert answer.exit_code == 1
    assert "no figure that a book knows" in str(answer.exception)


def test_out_of_steps_the_best_so_far_comes_with_its_gap(tmp_path):
    """Five all-or-nothing asks, one step allowed: what came out is valid, and how far off it may be is said."""
    product = {"resource_class": "gpu", "period": "h0", "hub": "a"}
    asks = [
        {"id": f"s{number}", "party": f"x{number}", "side": "ask", "quantity": 7 + number, "minimum": 7 + number}
        | {"limit": f"0.0{number + 1}"}
        | product
        for number in range(5)
    ]
    bid = {"id": "b", "party": "y", "side": "bid", "quantity": 23, "limit": "0.09", **product}
    answer = clear(tmp_path, "--json", orders=[*asks, bid], terms={"steps_max": 1})
    found = json.loads(answer.output)
    assert answer.exit_code == 0
    assert found["finished"] is False
    assert found["gap_ppm"] > 0
    assert found["welfare_fen"] < found["bound_fen"]
    assert "out of steps" in clear(tmp_path, orders=[*asks, bid], terms={"steps_max": 1}).output


def test_a_file_that_is_not_there(tmp_path):
    answer = runner.invoke(app, ["clear", str(tmp_path / "none.json")])
    assert answer.exit_code == 1
    assert "can't be read" in str(answer.exception)


def test_the_references_example_clears(tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "reference" / "exchange.md").read_text(encoding="utf-8")
    path = tmp_path / "book.json"
    path.write_text(text.split("```json")[1].split("```")[0], encoding="utf-8")
    found = json.loads(runner.invoke(app, ["clear", str(path), "--json"]).output)
    assert [(each["id"], each["accepted"]) for each in found["orders"]] == [("a1", 40), ("b1", 40)]


@pytest.mark.django_db
def test_replay_gives_the_same_digest_or_says_so(busy, monkeypatch):
    monkeypatch.setattr(command, "opened", nullcontext)
    busy.step("close", "clear", "settle")
    session = reading.session(busy.session.id)
    fine = runner.invoke(app, ["replay", str(session.id), "--json"])
    assert fine.exit_code == 0
    told = json.loads(fine.output)
    assert told["same"] is True
    assert told["digest"] == told["kept_digest"] == session.result_digest
    assert "to the bit" in runner.invoke(app, ["replay", str(session.id)]).output
    monkeypatch.setattr(replaying, "clear", lambda book: clear_book(replace(book, links=())))
    wrong = runner.invoke(app, ["replay", str(session.id)])
    assert wrong.exit_code == 1
    assert "not the same" in wrong.output


@pytest.fixture
def at_home(monkeypatch):
    monkeypatch.setattr(command, "opened", nullcontext)


def ran(*words: str):
    return runner.invoke(app, list(words))


@pytest.mark.django_db
def test_a_session_goes_through_its_life_on_the_command_line(market, at_home, tmp_path, monkeypatch):
    monkeypatch.setattr(command.clock, "now", lambda: market.now)
    frame = tmp_path / "frame.json"
    frame.write_text(json.dumps(market.frame()), encoding="utf-8")
    who = ("--as", "operator:chen")
    opening = ("open", str(frame), "--closes", market.closes_at.isoformat(), *who, "--programme", PROGRAMME)
    told = json.loads(ran(*opening, "--json").output)
    assert told["state"] == "OPEN"
    id_ = told["id"]
    listed = json.loads(ran("list", "--programme", PROGRAMME, "--json").output)
    assert [(each["id"], each["name"]) for each in listed] == [(id_, "evening")]
    assert id_ in ran("list", "--programme", PROGRAMME).output
    early = ran("close", id_, *who)
    assert early.exit_code == 1
    assert "stays open until" in str(early.exception)
    monkeypatch.setattr(command.clock, "now", lambda: market.later)
    for verb, state in (("close", "CLOSED"), ("clear", "CLEARED"), ("settle", "SETTLED")):
        done = ran(verb, id_, *who)
        assert done.exit_code == 0, done.exception
        assert state in done.output
    assert json.loads(ran("replay", id_, "--json").output)["same"] is True
    late = ran("void", id_, "--reason", "x", "--as", "officer:li")
    assert late.exit_code == 1


@pytest.mark.django_db
def test_what_the_sessions_commands_refuse(market, at_home, tmp_path):
    frame = tmp_path / "frame.json"
    frame.write_text(json.dumps({**market.frame(), "hubs": ["chengyu", "chengyu"]}), encoding="utf-8")
    opening = ("open", str(frame), "--as", "operator:chen", "--closes")
    crossed = ran(*opening, market.closes_at.isoformat())
    assert crossed.exit_code == 1
    assert "hubs[1]: 'chengyu' is there twice" in crossed.output
    for words, why in (
        ((*opening, "tonight"), "with its zone"),
        ((*opening, "2026-12-01T18:00"), "with its zone"),
        (("clear", str(market.trader("s").id)), "--as operator:NAME"),
        (("close", str(market.trader("s").id), "--as", "operator:chen"), "no session"),
    ):
        answer = ran(*words)
        assert answer.exit_code == 1
        assert why in str(answer.exception)
    frame.write_text("[]", encoding="utf-8")
    assert "JSON object" in str(ran(*opening, market.closes_at.isoformat()).exception)
