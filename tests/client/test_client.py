"""The typed client: made from the document, asking a real server, patient, and once."""

import importlib.util
import json
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from jiaozi.cli.main import app
from jiaozi.client import Client, File, Problem, UnableToReach, every
from jiaozi.project.openapi import document
from tests.api.conftest import Caller, furnished, house, one_connection
from tests.world import CENTRE, PROGRAMME, ROOT, build

__all__ = ["house", "one_connection"]
FOLDER = ROOT / "src" / "jiaozi" / "client"


def generator():
    spec = importlib.util.spec_from_file_location("make_client", Path(ROOT) / "scripts" / "make_client.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_committed_is_what_the_document_makes():
    for name, source in generator().made(json.loads(json.dumps(document()))).items():
        assert (FOLDER / name).read_text(encoding="utf-8") == source, "run `make client`"


def test_a_construct_that_the_generator_does_not_know_is_refused():
    with pytest.raises(ValueError, match="no type"):
        generator().hint({"oneOf": [{"type": "string"}]})


def connected(caller: Caller, **words):
    from jiaozi.project.wsgi import application

    return Client(
        "http://testserver", caller.token, language="en", transport=httpx2.WSGITransport(app=application), **words
    )


def job(voucher):
    return {
        "voucher": str(voucher.id),
        "title": "by client",
        "centre": CENTRE,
        "resource_class": "cpu-core",
        "units": 1,
        "memory_mib": 256,
        "time_limit_ms": 60_000,
        "command": ["true"],
    }


def test_a_holder_orders_through_the_client(house, one_connection):
    voucher = house.world.voucher(house.firm)
    house.world.credit(house.firm)
    with connected(house.holder) as jiaozi:
        assert [each["id"] for each in every(jiaozi.list_vouchers, limit=1, state=["ACTIVE"])] == [str(voucher.id)]
        options = jiaozi.list_quotes(str(voucher.id), resource_class="cpu-core", units=1, duration_s=60)["options"]
        assert CENTRE in [each["centre"] for each in options]
        order = jiaozi.quote_order(job(voucher))
        assert jiaozi.hold_order(order["id"])["state"] == "HELD"
        assert jiaozi.cancel_order(order["id"])["state"] == "CANCELLED"
        assert "公司" not in jiaozi.get_programme_document(PROGRAMME)[:20]
        with pytest.raises(Problem) as refused:
            jiaozi.cancel_order(order["id"])
    assert (refused.value.status, refused.value.code, refused.value.field) == (409, "WRONG_STATE", "state")


def test_a_paper_goes_up_and_comes_down_unchanged(house, one_connection):
    from jiaozi.application.rules.evidence import OTHER
    from tests.application.papers import PDF

    dossier = str(house.world.apply(house.firm))
    with connected(house.holder) as jiaozi:
        paper = jiaozi.attach_evidence(dossier, step="apply", paper=OTHER, content=File("合同.pdf", PDF))
        assert jiaozi.get_evidence_content(paper["id"]) == PDF


def test_every_item_comes_once_over_many_pages(house, one_connection):
    voucher = house.world.voucher(house.firm)
    with connected(house.holder) as jiaozi:
        made = {jiaozi.quote_order(job(voucher))["id"] for _ in range(5)}
        found = [each["id"] for each in every(jiaozi.list_orders, limit=2)]
    assert (len(found), set(found)) == (5, made)


class Flaky(httpx2.BaseTransport):
    """Answers what it is told, in turn; keeps what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def handle_request(self, request):
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def pauses(monkeypatch):
    taken = []
    monkeypatch.setattr("jiaozi.client.transport.time.sleep", taken.append)
    return taken


def test_a_write_without_an_answer_is_asked_again_with_its_own_key(pauses):
    flaky = Flaky(
        httpx2.ReadTimeout("lost"), httpx2.Response(503, headers={"Retry-After": "7"}), httpx2.Response(200, json={})
    )
    Client("http://there", "jz_x", transport=flaky).hold_order("o/1")
    keys = {request.headers["Idempotency-Key"] for request in flaky.asked}
    assert (len(flaky.asked), len(keys)) == (3, 1)
    assert str(flaky.asked[0].url) == "http://there/api/v1/orders/o%2F1/hold"
    assert pauses == [0.25, 7.0]


def test_a_server_that_never_answers_is_named(pauses):
    flaky = Flaky(*[httpx2.ConnectError("refused")] * 4)
    with pytest.raises(UnableToReach, match="http://there"):
        Client("http://there", transport=flaky).list_hubs()
    assert len(pauses) == 3


def test_a_problem_is_not_asked_again(pauses):
    flaky = Flaky(httpx2.Response(404, json={"code": "NO_SUCH_ORDER", "detail": "没有", "field": "order"}))
    with pytest.raises(Problem, match="order: 没有"):
        Client("http://there", transport=flaky).get_order("x")
    with pytest.raises(Problem, match="HTTP 500"):
        Client("http://there", transport=Flaky(httpx2.Response(500, text="oops"))).get_order("x")
    assert pauses == []


@pytest.mark.django_db(transaction=True)
def test_the_command_line_asks_a_server_elsewhere(live_server):
    house = furnished(build())
    voucher = house.world.voucher(house.firm)
    house.world.credit(house.firm)

    def run(*words):
        known = ["--server", live_server.url, "--token", house.holder.token]
        return CliRunner().invoke(app, [*known, *words])

    listed = run("voucher", "list", "--json")
    assert listed.exit_code == 0, listed.output
    assert [each["id"] for each in json.loads(listed.output)] == [str(voucher.id)]
    assert str(voucher.id) in run("voucher", "list").output
    assert json.loads(run("voucher", "statement", str(voucher.id)).output)["voucher"] == str(voucher.id)
    placed = json.loads(run("order", "place", "--voucher", str(voucher.id), "--centre", CENTRE, "--", "true").output)
    assert placed["state"] == "HELD"
    assert json.loads(run("order", "cancel", placed["id"]).output)["state"] == "CANCELLED"
    assert json.loads(run("order", "show", placed["id"]).output)["state"] == "CANCELLED"
    refused = run("order", "cancel", placed["id"])
    assert refused.exception.reason.code == "WRONG_STATE"
    unnamed = CliRunner().invoke(app, ["voucher", "list"], env={"JIAOZI_SERVER": ""})
    assert unnamed.exception.reason.code == "SERVER_MISSING"
