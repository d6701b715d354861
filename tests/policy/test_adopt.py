"""A programme version is adopted once, runs its own cases first, and never changes afterwards."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from django.db import DatabaseError, connections, transaction

from jiaozi.journal.models import JournalLine
from jiaozi.policy import queries, rules, services
from jiaozi.policy.models import ProgrammeVersion

from .documents import CHENGDU, small

NOW = datetime(2023, 1, 12, 1, tzinfo=UTC)


@pytest.mark.django_db
def test_adopting_keeps_text_dates_and_a_journal_line():
    row = services.adopt(text=CHENGDU, by="system:test", now=NOW, demo=True)
    assert (row.programme, row.effective_from, row.effective_to) == ("chengdu-2023", date(2023, 1, 12), None)
    assert queries.version(row.id).text == CHENGDU
    assert queries.current("chengdu-2023", date(2023, 6, 1)) == row
    assert queries.document(row.id).version == row.digest
    line = JournalLine.objects.get(subject=row.id)
    assert (line.stage, line.verb, line.body["digest"]) == ("policy", "adopt", row.digest)


@pytest.mark.django_db
def test_adopting_the_same_text_again_changes_nothing():
    first = services.adopt(text=CHENGDU, by="a", now=NOW, demo=True)
    assert services.adopt(text=CHENGDU, by="b", now=NOW, demo=True) == first
    assert JournalLine.objects.filter(verb="adopt").count() == 1


@pytest.mark.django_db
def test_unpublished_date_can_only_be_adopted_as_a_demo():
    with pytest.raises(rules.UnableToDecide, match="effective_from"):
        services.adopt(text=CHENGDU, by="a", now=NOW, demo=False)
    assert not ProgrammeVersion.objects.exists()


@pytest.mark.django_db
def test_failing_case_refuses_the_document_and_names_the_case():
    text = small(cases="  - {clause: one, facts: {need: {cost: 100元}}, on: 2023-06-01, expect: 31元}")
    with pytest.raises(rules.UnableToAdopt, match=r"cases\[0\] expected 31.00, got 30.00"):
        services.adopt(text=text, by="a", now=NOW, demo=False)
    assert not ProgrammeVersion.objects.exists()
    assert not JournalLine.objects.exists()


@pytest.mark.django_db
def test_change_must_name_the_version_that_it_replaces():
    first = services.adopt(text=small(), by="a", now=NOW, demo=False)
    with pytest.raises(rules.UnableToAdopt, match=f"supersedes: {first.digest}"):
        services.adopt(text=small(ratio="40%", cases=_CASE_40), by="a", now=NOW, demo=False)
    second = services.adopt(
        text=small(f"supersedes: {first.digest}", ratio="40%", cases=_CASE_40), by="a", now=NOW, demo=False
    )
    assert second.supersedes == first
    assert queries.current("small", date(2023, 6, 1)) == second
    assert [row.id for row in queries.versions("small")] == [second.id, first.id]


_CASE_40 = "  - {clause: one, facts: {need: {cost: 100元}}, on: 2023-06-01, expect: 40元}"


@pytest.mark.django_db
def test_current_is_in_force_from_the_first_to_the_last_day():
    row = services.adopt(text=small(effective="{from: 2023-01-01, to: 2023-12-31}"), by="a", now=NOW, demo=False)
    assert queries.current("small", date(2023, 1, 1)) == queries.current("small", date(2023, 12, 31)) == row
    for outside in (date(2022, 12, 31), date(2024, 1, 1)):
        with pytest.raises(queries.UnableToFindProgramme, match="no version in force"):
            queries.current("small", outside)


@pytest.mark.django_db
def test_unknown_version_is_named():
    with pytest.raises(queries.UnableToFindProgramme, match="no programme version"):
        queries.document(uuid4())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    ["UPDATE policy_version SET demo = true", "DELETE FROM policy_version", "TRUNCATE policy_version CASCADE"],
)
def test_version_never_changes(statement):
    services.adopt(text=small(), by="a", now=NOW, demo=False)
    with (
        pytest.raises(DatabaseError, match=r"never changes|permission denied"),
        transaction.atomic(),
        connections["default"].cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.django_db
def test_digest_is_the_texts_own():
    row = ProgrammeVersion(
        id=uuid4(),
        programme="small",
        digest="0" * 64,
        text="other",
        effective_from=date(2023, 1, 1),
        demo=False,
        loaded_at=NOW,
        loaded_by="a",
    )
    with pytest.raises(DatabaseError, match="policy_version_digest_of_text"), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.django_db
def test_a_demo_never_takes_the_place_of_a_programme_on_published_figures():
    real = services.adopt(text=small(), by="a", now=NOW, demo=False)
    demo = services.adopt(text=small(), by="a", now=NOW.replace(hour=2), demo=True)
    day = date(2023, 6, 1)
    assert queries.current("small", day) == queries.current("small", day, demo=False) == real
    assert queries.current("small", day, demo=True) == demo
