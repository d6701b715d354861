"""Finding anything by what stands on paper, and the chain that shows where the money went."""

import json
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jiaozi.application.models import Application
from jiaozi.journal.models import JournalLine
from jiaozi.ledger.models import LedgerTransfer
from jiaozi.metering.models import Capture, UsageRow
from jiaozi.order.models import Order
from jiaozi.settlement.models import Statement
from jiaozi.settlement.queries.finding import Thing, UnableToSearch, find
from jiaozi.settlement.queries.tracing import chain, chain_to_json
from jiaozi.settlement.rules.tracing import proofs
from jiaozi.voucher.models import Voucher
from tests.web.sample_year import fill
from tests.world import PROGRAMME


@pytest.fixture(scope="module")
def year(django_db_setup, django_db_blocker):
    """One year for every test of this file, which read alone; it is rolled back at the end."""
    from django.db import transaction

    from jiaozi.kernel.clock import now

    with django_db_blocker.unblock(), transaction.atomic():
        yield fill(now())
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _reading(year, django_db_blocker):
    with django_db_blocker.unblock():
        yield


def only(text):
    (hit,) = find(str(text), PROGRAMME)
    return hit


def test_everything_of_a_voucher_leads_to_its_dossier():
    statement = Statement.objects.exclude(paid_at=None).get()
    capture = Capture.objects.filter(statement_lines__statement=statement).select_related("voucher").first()
    row, usage = capture.voucher, UsageRow.objects.get(capture=capture)
    transfer = LedgerTransfer.objects.filter(reference=capture.order_id).first()
    line = JournalLine.objects.filter(subject=capture.order_id).first()
    order = Order.objects.get(id=capture.order_id)
    expected = {
        row.id: Thing.VOUCHER,
        row.number: Thing.VOUCHER,
        row.number.lower().replace("-", ""): Thing.VOUCHER,
        row.application_id: Thing.APPLICATION,
        order.id: Thing.ORDER,
        order.number: Thing.ORDER,
        usage.id: Thing.USAGE,
        capture.id: Thing.CAPTURE,
        transfer.id: Thing.TRANSFER,
        line.id: Thing.LINE,
        f" {row.holder.uscc.lower()} " if row.holder.uscc else row.holder.name: Thing.VOUCHER,
        row.holder.name[:4]: Thing.VOUCHER,
    }
    for text, thing in expected.items():
        hit = only(text)
        assert (hit.thing, hit.application) == (thing, row.application_id), text
    for text in (statement.id, statement.number, statement.bank_reference):
        assert (only(text).thing, only(text).statement) == (Thing.STATEMENT, statement.id)


def test_what_is_another_programme_s_or_nothing_is_not_found():
    row = Voucher.objects.first()
    assert find(str(row.id), "elsewhere-2026") == []
    assert find(row.number, "elsewhere-2026") == []
    assert find(str(uuid4()), PROGRAMME) == []
    assert find("没有这家单位", PROGRAMME) == []


@pytest.mark.parametrize("text", ["", " ", "a", "长" * 101, "a\x00b"])
def test_a_text_that_can_t_be_searched_for_is_refused(text):
    with pytest.raises(UnableToSearch) as refused:
        find(text, PROGRAMME)
    assert refused.value.reason.field == "q"


def test_a_chain_reaches_from_the_decision_to_the_bank_and_adds_up(django_assert_max_num_queries):
    for row in Voucher.objects.all():
        with django_assert_max_num_queries(14):
            found = chain(row.application_id)
        purse = found.purse
        assert {each.step for each in found.decisions} == {"review", "approve"}
        assert sum(each.voucher_fen for each in found.captures) == purse.used_fen
        assert found.entries[-1].balance_fen == purse.spendable_fen + purse.held_fen
        subjects = {line.subject for line in found.journal}
        assert {row.id, row.application_id, *(each.id for each in found.orders)} <= subjects
    paid = [line for row in Voucher.objects.all() for line in chain(row.application_id).lines if line.statement.paid_at]
    assert {line.statement.bank_reference for line in paid} == {"BK-0001"}
    assert len(paid) == 2


def test_a_chain_asks_the_journal_for_nothing_that_no_index_serves():
    row = Voucher.objects.order_by("issued_at").first()
    with CaptureQueriesContext(connection) as caught:
        chain(row.application_id)
    (asked,) = [each["sql"] for each in caught if "journal_line" in each["sql"]]
    assert " OR " not in asked  # a list or else a subquery reads the whole journal
    assert asked.count('"journal_line"."subject" IN') == 2


def test_a_dossier_without_a_voucher_has_a_chain_too(year):
    holder = year.holder("未批科技", serial=77)
    id_ = year.apply(holder)
    found = chain(id_)
    assert (found.purse, found.orders, found.entries) == (None, [], [])
    assert [line.verb for line in found.journal] == ["apply"]
    Application.objects.filter(id=id_).update(state="REJECTED")


def test_a_chain_as_json_has_every_part_and_no_name():
    row = Voucher.objects.order_by("issued_at").first()
    said = chain_to_json(chain(row.application_id))
    text = json.dumps(said, ensure_ascii=False)
    assert row.holder.name not in text
    assert said["complete"] is True
    assert said["voucher"]["face_fen"] == row.face_fen
    assert said["statement_lines"][0]["statement"]["bank_reference"] == "BK-0001"
    assert len(said["journal"][0]["digest"]) == 64


def test_a_fen_that_is_missing_is_seen():
    figures = {"granted_fen": 100, "face_fen": 100, "spendable_fen": 60, "held_fen": 10, "used_fen": 30, "ended_fen": 0}
    assert all(each.holds for each in proofs(**figures, captured_fen=30, booked_fen=70))
    assert [each.holds for each in proofs(**figures, captured_fen=29, booked_fen=70)] == [True, True, False, True]
    assert not proofs(**figures | {"granted_fen": 99}, captured_fen=30, booked_fen=70)[0].holds
    assert len(proofs(**figures | {"granted_fen": None}, captured_fen=None, booked_fen=70)) == 2


def test_what_is_cut_is_said_and_still_adds_up(monkeypatch):
    capture = Capture.objects.select_related("voucher").first()
    monkeypatch.setattr("jiaozi.settlement.queries.tracing.ORDERS_MAX", 0)
    found = chain(capture.voucher.application_id)
    assert not found.complete
    assert found.captures == []
    assert found.captured_fen == found.purse.used_fen > 0
