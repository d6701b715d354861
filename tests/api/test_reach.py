"""Who reads what of the journal, the audit and a centre's usage: one programme's officer, and another's.

The outsider is an officer of ``elsewhere-2026``, whose vouchers can be spent nowhere.
"""

import pytest

from jiaozi.api.rooms import journal as room
from jiaozi.journal.models import JournalLine
from jiaozi.ledger.queries import Finding
from jiaozi.party.rules import Role
from jiaozi.settlement.queries.auditing import Audit
from tests.api.conftest import enrolled
from tests.api.furniture import furnish
from tests.world import CENTRE

HELD_BACK = f"/centres/{CENTRE}/usage/held-back"
DISPUTES = f"/centres/{CENTRE}/usage/disputes"
NOBODYS = {"party", "catalogue"}


@pytest.fixture
def full(house):
    furnish(house)
    return house


def items(caller, path, **asked):
    answer = caller.get(path, asked)
    assert answer.status_code == 200, answer.content.decode()
    found = answer.json()
    return found["items"] + (items(caller, path, **asked | {"cursor": found["next"]}) if found["next"] else [])


def test_another_programmes_officer_reads_no_line_about_this_one(full):
    found = items(full.outsider, "/journal", limit=100)
    assert found
    assert {line["stage"] for line in found} <= NOBODYS
    voucher = JournalLine.objects.filter(stage="voucher", verb="issue").first()
    assert items(full.outsider, "/journal", subject=str(voucher.subject)) == []
    own = items(full.officer, "/journal", subject=str(voucher.subject))
    (line,) = [each for each in own if each["verb"] == "issue"]
    assert line["body"]["amount_fen"] == voucher.body["amount_fen"]


def test_the_programmes_own_auditor_reads_all_that_is_about_it(full):
    """Nothing of a house with one programme is hidden from it."""
    whole = enrolled(Role.AUDITOR, full.world.now)
    every = {(line["stage"], line["verb"]) for line in items(whole, "/journal", limit=100)}
    own = {(line["stage"], line["verb"]) for line in items(full.auditor, "/journal", limit=100)}
    stages = {"application", "voucher", "order", "alert", "settlement", "policy"}
    of_no_programme = {("order", "keep_template")}  # an organisation's own, for whichever voucher it orders by later
    assert {each for each in every if each[0] in stages} - of_no_programme <= own


def test_a_stranger_reads_none_of_it(full):
    for path in ("/journal", "/audit", HELD_BACK, DISPUTES):
        assert full.stranger.get(path).status_code == 403


def test_usage_that_names_no_order_is_seen_where_the_centre_supplies(full):
    assert [len(items(full.officer, path)) for path in (HELD_BACK, DISPUTES)] == [1, 1]
    assert [len(items(full.centre, path)) for path in (HELD_BACK, DISPUTES)] == [1, 1]
    assert [items(full.outsider, path) for path in (HELD_BACK, DISPUTES)] == [[], []]


def test_where_the_audit_found_something_is_told_to_the_whole_house_alone(full, monkeypatch):
    broken = Audit((), (Finding("a voucher's face is what was issued", "voucher 7", "face 1, issued 2"),))
    monkeypatch.setattr(room.settlement, "audit_all", lambda: broken)
    whole = enrolled(Role.AUDITOR, full.world.now)
    (seen,) = whole.get("/audit").json()["findings"]
    assert (seen["where"], seen["found"]) == ("voucher 7", "face 1, issued 2")
    for caller in (full.auditor, full.outsider):
        answer = caller.get("/audit").json()
        assert answer["holds"] is False
        assert answer["findings"] == [{"invariant": seen["invariant"], "where": "", "found": ""}]
