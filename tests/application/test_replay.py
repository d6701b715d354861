"""Every decision that was ever made can be made again, on the version that it was made under."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from typer.testing import CliRunner

from jiaozi.application import queries
from jiaozi.application import services as application
from jiaozi.application.models import KeptDecision
from jiaozi.cli.policy import app
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.refusal import Refused
from jiaozi.policy import services as policy
from tests.policy.documents import CHENGDU, PROGRAMMES
from tests.world import OFFICER, build

CASE = "cases:\n  - {clause: general, facts: {need: {compute_cost: 1元}}, on: 2023-06-01, "
SOURCE = "source: {ref: x, grade: B}"
DOCUMENT = next(path for path in PROGRAMMES if path.name == "chengdu-2023.yaml")


EDITS = ["UPDATE application_decision SET step = 'review'", "DELETE FROM application_decision"]


@pytest.mark.django_db
def test_every_step_keeps_its_decision_and_a_later_version_changes_none():
    world = build()
    issued = world.voucher(world.holder("甲", serial=1), "30万")
    refused = world.apply(world.holder("乙", serial=2, dishonest=True))
    application.review(application_id=refused, by=OFFICER, now=world.now)
    text = f"supersedes: {world.version.digest}\n" + CHENGDU.replace("demo: 50%", "demo: 40%", 1)
    head, _, _ = text.partition("\ncases:")
    policy.adopt(
        text=f"{head}\n{CASE}expect: refused, because: FACT_MISSING}}\n", by="officer:li", now=world.now, demo=True
    )
    found = [*queries.replayed(programme="chengdu-2023")]
    assert [(one.step, one.application, one.wrong) for one in found] == [
        ("review", issued.application_id, ()),
        ("approve", issued.application_id, ()),
        ("review", refused, ()),
    ]
    assert {one.version for one in found} == {world.version.digest}
    assert [one.application for one in queries.replayed(application=refused)] == [refused]


@pytest.mark.django_db
@pytest.mark.parametrize("edit", EDITS)
def test_a_kept_decision_is_never_edited(edit):
    world = build()
    application.review(application_id=world.apply(world.holder("甲")), by=OFFICER, now=world.now)
    with pytest.raises(DatabaseError, match="decide again"), transaction.atomic():
        connection.cursor().execute(edit)


@pytest.mark.django_db
def test_a_decision_that_was_changed_is_named():
    world = build()
    application.review(application_id=world.apply(world.holder("甲")), by=OFFICER, now=world.now)
    kept = KeptDecision.objects.get()
    forged = {**kept.decision, "outcome": "REFUSED"}
    KeptDecision.objects.bulk_create(
        [
            KeptDecision(id=id_, application=kept.application, version=kept.version, step="review", decision=decision,
                         digest=sum_, at=kept.at)
            for id_, decision, sum_ in (
                ("019ab000-0000-7000-8000-000000000001", forged, kept.digest),
                ("019ab000-0000-7000-8000-000000000002", forged, digest(forged).hex()),
            )
        ]
    )  # fmt: skip
    assert sorted(one.wrong for one in queries.replayed()) == [(), ("digest",), ("outcome",)]


@pytest.mark.django_db
def test_an_application_that_came_inside_of_its_window_is_decided_after_it():
    world = build()
    first = (world.now - timedelta(days=25)).date()
    window = f"{{from: {first}, to: {first + timedelta(days=6)}}}"
    head, _, _ = CHENGDU.partition("\ncases:")
    text = f"supersedes: {world.version.digest}\n{head}\nprocess: {{class: ordinary, windows: [{window}], {SOURCE}}}\n"
    text += f"{CASE}expect: refused}}\n"
    version = policy.adopt(text=text, by="officer:li", now=world.now - timedelta(days=29), demo=True)
    late = type(world)(version, world.now)
    assert late.voucher(late.holder("甲", serial=1)).face_fen == 15_000_000  # applied for twenty days ago
    holder = late.holder("乙", serial=2)
    row = application.apply(
        holder_id=holder.id, version_id=version.id, clause="general", claimed={"need": {"compute_cost": "1万"}},
        by=late.applicant(holder), now=world.now,
    )  # fmt: skip
    row = application.review(application_id=row.id, by=OFFICER, now=world.now)
    assert [reason["code"] for reason in row.reasons] == ["OUTSIDE_WINDOW"]
    assert not [one for one in queries.replayed() if one.wrong]


class TestFiles:
    """Without a database: the document, and what ``decide --json`` printed."""

    PROJECT = {"id": "p", "won": True, "level": "national", "supplier": "nscc-chengdu", "compute_cost": "1万"}

    @pytest.fixture
    def stored(self, tmp_path):
        facts, file = tmp_path / "facts.json", tmp_path / "decision.json"
        facts.write_text(json.dumps({"project": self.PROJECT}), encoding="utf-8")
        words = ["decide", str(DOCUMENT), str(facts), "--on", "2023-06-01", "--demo", "--json"]
        file.write_text(CliRunner().invoke(app, words).output, encoding="utf-8")
        return file

    def test_a_decision_in_a_file_is_made_again(self, stored):
        done = CliRunner().invoke(app, ["replay", str(DOCUMENT), str(stored)])
        assert (done.exit_code, "1 decisions made again, 0 differ" in done.output) == (0, True)

    def test_one_that_was_changed_ends_with_status_1(self, stored):
        decision = json.loads(stored.read_text(encoding="utf-8"))
        decision["clauses"][1]["amount_fen"] += 1
        stored.write_text(json.dumps(decision), encoding="utf-8")
        done = CliRunner().invoke(app, ["replay", str(DOCUMENT), str(stored), "--json"])
        assert done.exit_code == 1
        assert json.loads(done.output)["wrong"][0]["wrong"] == ["clauses"]

    def test_another_text_or_no_decision_is_named(self, stored, tmp_path):
        other = next(path for path in PROGRAMMES if path.name == "beijing.yaml")
        with pytest.raises(Refused, match="it was made under the version"):
            CliRunner().invoke(app, ["replay", str(other), str(stored)], catch_exceptions=False)
        (tmp_path / "no.json").write_text("[]", encoding="utf-8")
        with pytest.raises(Refused, match="is not what"):
            CliRunner().invoke(app, ["replay", str(DOCUMENT), str(tmp_path / "no.json")], catch_exceptions=False)
