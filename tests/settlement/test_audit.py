"""The audit knows every room's invariants, finds what is wrong, and says so with its exit status."""

import json
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from django.db import connections
from typer.testing import CliRunner

from jiaozi.cli import audit as command
from jiaozi.kernel.ids import new_id
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Account, AccountKind, post
from jiaozi.order.models import Order
from jiaozi.settlement import queries
from jiaozi.settlement.rules.auditing import INVARIANTS
from jiaozi.transparency.queries.auditing import INVARIANTS as SEALS
from tests.world import CENTRE, PROGRAMME

from .conftest import LATER, House

STAGES = Path(__file__).resolve().parents[2] / "src" / "jiaozi"
ROOMS = ("ledger", "voucher", "order", "metering", "exchange", "settlement")


def names_in_sql(room):
    text = (STAGES / room / "sql" / "audit.sql").read_text(encoding="utf-8")
    found = re.findall(r"SELECT '((?:[^']|'')+)'(?: AS invariant)?,", text[text.index("findings AS (") :])
    return {name.replace("''", "'") for name in found}


@pytest.mark.parametrize("room", ROOMS)
def test_the_list_is_what_the_sql_checks(room):
    assert {each.name for each in INVARIANTS if each.room == room} == names_in_sql(room)


def broken():
    return {finding.invariant for finding in queries.audit()}


def at_hand(kind, subject=""):
    return Account(kind, PROGRAMME, subject)


def move(debit, credit, amount_fen=5, event="x", reference=None):
    ledger.open_accounts([debit, credit])
    ledger.require([post(new_id(), debit, credit, amount_fen, event, reference)], at=LATER)


@pytest.fixture
def paid(house):
    house.prefund()
    capture = house.capture()
    row = house.paid(house.closed())
    assert queries.audit_all().holds
    return row, capture


@pytest.mark.django_db
class TestFindings:
    """Money that moved past the verbs."""

    def test_cash_without_a_movement(self, paid):
        move(at_hand(AccountKind.RESERVE), at_hand(AccountKind.TREASURY_ADVANCE))
        assert broken() == {"the reserve's accounts are its movements"}

    def test_cash_out_of_the_imprest(self, paid):
        move(at_hand(AccountKind.SPENT), at_hand(AccountKind.RESERVE))
        assert broken() == {"imprest identity"}

    def test_paid_by_nobodys_statement(self, paid):
        house_account = at_hand(AccountKind.AUTHORITY)
        move(house_account, at_hand(AccountKind.SETTLED), event="statement.pay", reference=new_id())
        assert broken() == {"a paid statement is what the ledger paid"}

    def test_payable_without_a_capture(self, paid):
        move(at_hand(AccountKind.AUTHORITY), at_hand(AccountKind.PAYABLE, f"{CENTRE}/3"))
        assert broken() == {"payable is what was captured and not paid"}

    def test_an_order_settled_by_hand(self, paid, house):
        Order.objects.filter(id=house.capture().order_id).update(state="SETTLED")
        assert broken() == {"an order is settled when its statement is paid"}

    def test_issued_past_a_cap(self, paid):
        cap, counted = at_hand(AccountKind.CAP, "year/programme/x/2026"), at_hand(AccountKind.COUNTED)
        move(at_hand(AccountKind.CAP_SOURCE), cap, 10)
        move(cap, counted, 10)
        assert broken() == set()


TAMPERING = {
    "a statement's sum": (
        (
            "ALTER TABLE settlement_statement DISABLE TRIGGER USER;"
            "ALTER TABLE settlement_statement DROP CONSTRAINT statement_three_ways_equal;"
            "UPDATE settlement_statement SET total_fen = total_fen + 1"
        ),
        {
            "a statement is the sum of its lines",
            "a paid statement is what the ledger paid",
            "the reserve's accounts are its movements",
            "what waits for a statement was captured and is on none",
        },
    ),
    "a line": (
        "ALTER TABLE settlement_line DISABLE TRIGGER USER; UPDATE settlement_line SET amount_fen = amount_fen + 1",
        {"a statement is the sum of its lines", "claim, metering and ledger agree"},
    ),
    "a claim": (
        "ALTER TABLE settlement_line DISABLE TRIGGER USER; UPDATE settlement_line SET claimed_fen = 0",
        {"claim, metering and ledger agree"},
    ),
    "a capture twice": (
        (
            "ALTER TABLE settlement_line DISABLE TRIGGER USER; ALTER TABLE settlement_line DROP CONSTRAINT"
            " capture_once_a_statement; DROP INDEX capture_on_one_statement;"
            "INSERT INTO settlement_line"
            " (statement_id, capture_id, kind, amount_fen, claimed_fen, ledger_fen, released)"
            " SELECT statement_id, capture_id, kind, 0, 0, 0, false FROM settlement_line"
        ),
        {
            "a capture is settled once",
            "a statement is the sum of its lines",
            "claim, metering and ledger agree",
        },
    ),
    "a cap": (
        (
            "ALTER TABLE ledger_account DISABLE TRIGGER USER; ALTER TABLE ledger_account DROP CONSTRAINT"
            " ledger_account_debits_within_credits; UPDATE ledger_account SET credits_posted = 1 WHERE kind = 'CAP'"
        ),
        {"gross issued within the cap at every moment"},
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_by_the_owner_is_found(fresh_database, what):
    house = House()
    house.prefund()
    house.capture()
    house.paid(house.closed())
    assert queries.audit_all().holds
    statements, expected = TAMPERING[what]
    with connections["owner"].cursor() as cursor:
        cursor.execute(statements)
    assert broken() == expected
    found = queries.audit_all()
    assert not found.holds
    assert {each.invariant.name for each in found.checked if not each.holds} >= expected


@pytest.mark.django_db
def test_the_command_prints_and_exits(house, monkeypatch):
    monkeypatch.setattr(command, "opened", nullcontext)
    captured = house.capture()
    fine = CliRunner().invoke(command.app, ["--json"])
    assert fine.exit_code == 0, fine.output
    told = json.loads(fine.output)
    assert told["holds"]
    assert told["findings"] == []
    assert {each["invariant"] for each in told["checked"]} == {each.name for each in (*INVARIANTS, *SEALS)}
    assert next(each["rows"] for each in told["checked"] if each["room"] == "metering") == 1

    Order.objects.filter(id=captured.order_id).update(state="SETTLED")
    wrong = CliRunner().invoke(command.app, [])
    assert wrong.exit_code == 1
    assert f"an order is settled when its statement is paid: {captured.order_id}" in wrong.output


def test_the_program_itself_audits_an_empty_house(fresh_database):
    program = "from jiaozi.cli.main import run; import sys; sys.argv = ['jiaozi', 'audit']; run()"
    environ = fresh_database.environ()
    words = {"env": environ, "capture_output": True, "text": True, "timeout": 120}
    done = subprocess.run([sys.executable, "-c", program], check=False, **words)
    assert done.returncode == 0, done.stderr
    assert "every invariant holds" in done.stdout
