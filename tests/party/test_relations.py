"""Recording relations on a real database, and reading the neighbourhood in one statement."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.journal.models import JournalLine
from jiaozi.kernel.lifecycle import UnableToStep
from jiaozi.party import queries
from jiaozi.party import services as party
from jiaozi.party.models import OrganisationRelation, RelationDetail
from jiaozi.party.rules import (
    SYSTEM,
    Actor,
    HolderClass,
    Registration,
    Relation,
    RelationKind,
    Role,
    UnableToRelate,
    connected,
)
from jiaozi.party.rules.relation import check_relation
from jiaozi.party.rules.relation_file import read_relations
from tests.world import uscc

NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)
DAY = date(2026, 1, 1)
OFFICER = Actor("officer:li", Role.OFFICER)
HEAD = "kind,one,other,share_percent,since,until,source,detail\n"


def firms(count):
    made = []
    for serial in range(1, count + 1):
        said = Registration(
            name=f"甲{serial}公司", holder_class=HolderClass.TECH_SME, uscc=uscc(serial), registered_in_city=True
        )
        made.append(party.register(registration=said, by=SYSTEM, now=NOW).id)
    return made


def tie(one, other, kind=RelationKind.SAME_ADDRESS, **words):
    return Relation(**{"kind": kind, "one": one, "other": other, "source": "工商登记", "since": DAY} | words)


def share(one, other, share_bp, **words):
    return tie(one, other, RelationKind.SHAREHOLDING, share_bp=share_bp, **words)


def relate(relation, **words):
    return party.relate(relation=relation, **{"by": OFFICER, "now": NOW} | words)


@pytest.mark.django_db
def test_a_tie_is_a_row_and_a_line_without_its_personal_facts():
    one, other = firms(2)
    row = relate(tie(one, other, RelationKind.SAME_LEGAL_REPRESENTATIVE, source="张三申报"), detail="张三")
    line = JournalLine.objects.get(subject=row.id)
    assert (line.stage, line.verb, line.by) == ("party", "relate", "officer:li")
    assert "张三" not in json.dumps(line.body, ensure_ascii=False)
    assert RelationDetail.objects.get(relation=row).text == "张三"
    assert party.erase_detail(relation_id=row.id, by=OFFICER, now=NOW) is True
    assert party.erase_detail(relation_id=row.id, by=OFFICER, now=NOW) is False
    assert not RelationDetail.objects.exists()


@pytest.mark.django_db
def test_a_tie_that_holds_both_ways_is_kept_once():
    one, other = firms(2)
    relate(tie(other, one))
    with pytest.raises(UnableToRelate, match="recorded already"):
        relate(tie(one, other))
    assert OrganisationRelation.objects.get().one_id == min(one, other)


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.OFFICER, Role.SYSTEM}])
def test_nobody_else_records_relations(role):
    with pytest.raises(UnableToStep):
        party.relate.__wrapped__(relation=tie(uuid4(), uuid4()), by=Actor("x", role), now=NOW)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"share_bp": 1}, "SHARE_NOT_ASKED"),
        ({"kind": RelationKind.SHAREHOLDING}, "SHARE_OUT_OF_RANGE"),
        ({"kind": RelationKind.SHAREHOLDING, "share_bp": 0}, "SHARE_OUT_OF_RANGE"),
        ({"kind": RelationKind.SHAREHOLDING, "share_bp": 10_001}, "SHARE_OUT_OF_RANGE"),
        ({"source": "  "}, "SOURCE_MISSING"),
        ({"until": DAY}, "ENDS_BEFORE_IT_BEGINS"),
    ],
)
def test_what_can_not_be_is_refused(change, code):
    with pytest.raises(UnableToRelate) as refused:
        check_relation(replace(tie(uuid4(), uuid4()), **change))
    assert refused.value.reason.code == code


def test_itself_is_no_relation():
    same = uuid4()
    with pytest.raises(UnableToRelate, match="not related to itself"):
        check_relation(tie(same, same))


@pytest.mark.django_db
def test_shares_come_to_no_more_than_the_whole():
    a, b, c = firms(3)
    relate(share(a, c, 6000))
    with pytest.raises(UnableToRelate, match=r"60 % are recorded; 40\.01 % more"):
        relate(share(b, c, 4001))
    relate(share(b, c, 4000))
    old = OrganisationRelation.objects.get(one_id=a)
    party.end_relation(relation_id=old.id, until=date(2026, 2, 1), by=OFFICER, now=NOW)
    relate(share(b, c, 6000, since=date(2026, 2, 1)))


@pytest.mark.django_db
def test_only_the_end_is_ever_added_and_once():
    one, other = firms(2)
    row = relate(tie(one, other))
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        OrganisationRelation.objects.update(source="别处")
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        OrganisationRelation.objects.all()._raw_delete("default")
    party.end_relation(relation_id=row.id, until=date(2026, 2, 1), by=OFFICER, now=NOW)
    with pytest.raises(UnableToRelate, match="ended on 2026-02-01"):
        party.end_relation(relation_id=row.id, until=date(2026, 3, 1), by=OFFICER, now=NOW)
    assert one in queries.group_of(other, on=date(2026, 1, 31), depth=1)
    assert one not in queries.group_of(other, on=date(2026, 2, 1), depth=1)


@pytest.mark.django_db
def test_the_neighbourhood_is_one_statement_and_honours_depth_share_and_cycles():
    a, b, c, d = firms(4)
    for each in (share(a, b, 6000), tie(b, c), share(c, d, 999), tie(c, a, RelationKind.FAMILY)):
        relate(each)
    with CaptureQueriesContext(
        connection,
    ) as statements:
        found = queries.related(a, on=DAY, depth=2)
    assert len(statements) == 1
    assert found.whole
    assert len(found.ties) == 4
    assert connected(a, found.ties, depth=2).members == {a, b, c, d}
    assert queries.group_of(a, on=DAY, depth=1).members == {a, b, c}
    assert queries.group_of(a, on=DAY, depth=6, share_least_bp=1000).members == {a, b, c}
    assert queries.group_of(a, on=DAY, depth=6, share_least_bp=999).members == {a, b, c, d}
    assert queries.group_of(a, on=date(2025, 12, 31), depth=6).members == {a}


@pytest.mark.django_db
def test_a_bound_cuts_a_large_neighbourhood_off_and_says_so(monkeypatch):
    a, *rest = firms(6)
    for other in rest:
        relate(tie(a, other))
    monkeypatch.setattr("jiaozi.party.queries.relations.TIES_MAX", 4)
    found = queries.related(a, on=DAY, depth=2)
    assert (len(found.ties), found.whole) == (4, False)
    monkeypatch.setattr("jiaozi.party.queries.relations.TIES_MAX", 100)
    monkeypatch.setattr("jiaozi.party.queries.relations.WALK_MAX", 3)
    assert not queries.group_of(a, on=DAY, depth=2).whole


def test_more_steps_than_the_house_walks_are_refused():
    with pytest.raises(ValueError, match="depth"):
        queries.related(uuid4(), on=DAY, depth=7)


@pytest.mark.django_db
def test_a_file_is_taken_whole_and_again_changes_nothing():
    a, b, c = firms(3)
    text = (
        "\ufeff" + HEAD + f"SHAREHOLDING,{uscc(1)},{uscc(2)},33.33,2026-01-01,,年报,\n"
        f"SAME_ACCOUNT,{uscc(3)},{uscc(2)},,2026-01-01,2026-06-01,年报,6222 0000\n"
    )
    assert party.import_relations(text=text, by=OFFICER, now=NOW) == 2
    assert party.import_relations(text=text, by=OFFICER, now=NOW) == 0
    assert JournalLine.objects.filter(verb="import_relations").count() == 1
    assert queries.group_of(a, on=DAY, depth=2).members == {a, b, c}
    assert [row.share_bp for row in queries.relations_of(a)] == [3333]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("FRIENDS,{a},{b},,2026-01-01,,x,", "line 3: the kind must be"),
        ("SHAREHOLDING,{a},{b},60.001,2026-01-01,,x,", "line 3: a share is written"),
        ("SHAREHOLDING,{a},{b},100.01,2026-01-01,,x,", "line 3: a shareholding has a share"),
        ("SAME_ADDRESS,{a},{b},,2026-13-01,,x,", "line 3: a date is written"),
        ("SAME_ADDRESS,{a},91510100999999999X,,2026-01-01,,x,", "line 3: no organisation has the code"),
        ("SAME_ADDRESS,{a},{b}", "line 3: it must have 8 cells"),
        ("SAME_ADDRESS,{a},{b},,2026-01-01,,x,,,,", "line 3: it must have 8 cells"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_taken(line, said):
    firms(3)
    good = f"SAME_ADDRESS,{uscc(1)},{uscc(3)},,2026-01-01,,x,\n"
    text = HEAD + good + line.format(a=uscc(1), b=uscc(2)) + "\n"
    with pytest.raises(UnableToRelate, match=said):
        party.import_relations(text=text, by=OFFICER, now=NOW)
    assert not OrganisationRelation.objects.exists()


@given(st.text(max_size=200))
def test_no_file_breaks_the_reader(text):
    with suppress(UnableToRelate):
        assert len(read_relations(HEAD + text)) <= text.count("\n") + text.count("\r") + 1
