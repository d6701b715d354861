"""Whatever is changed by hand in metering's tables, the audit finds and names."""

import pytest
from django.db import connections

from jiaozi.metering import queries
from tests.metering.test_import import line, load
from tests.world import CENTRE, PROGRAMME


@pytest.fixture
def books(scene):
    """One captured order, two imported captures, one record that is held back."""
    scene.ran(units=2, seconds=7200, elapsed_ms=3_600_000)
    scene.collect()
    load(scene, [line(1), line(2), line(3, run=0)])
    assert queries.audit() == []
    return scene


@pytest.mark.parametrize(
    ("change", "invariant"),
    [
        ("UPDATE metering_capture SET voucher_fen = voucher_fen + 1, price_fen = price_fen + 1", "captures equal"),
        ("UPDATE metering_capture SET own_fen = own_fen + 1, price_fen = price_fen + 1", "a price follows"),
        ("UPDATE metering_capture SET overrun_fen = 7 WHERE kind = 'ORDER'", "voucher share + holder's share"),
        ("UPDATE metering_capture SET payable_shard = (payable_shard + 1) %% 16", "captures equal"),
        ("UPDATE metering_capture SET batch = id WHERE kind = 'IMPORT'", "an import is what"),
        ("UPDATE metering_capture SET holder_id = voucher_id", "a capture's names"),
        ("UPDATE metering_capture SET centre_id = 'chengdu-aicc'", "a capture's names"),
        ("UPDATE metering_usage SET elapsed_ms = 2 * elapsed_ms", "a price follows"),
        ("UPDATE metering_usage SET resource_class = 'gpu-910b'", "a captured record was rated"),
        ("UPDATE metering_usage SET state = 'RECEIVED', capture_id = NULL", "every capture traces"),
        ("UPDATE metering_usage SET state = 'RECEIVED'", "every usage record has"),
        ("UPDATE metering_usage SET reason_zh = '' WHERE state = 'HELD_BACK'", "every usage record has"),
        ("UPDATE compute_order SET overrun_fen = 5", "voucher share + holder's share"),
        ("UPDATE compute_order SET state = 'RUNNING'", "voucher share + holder's share"),
    ],
)
@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_finds_and_names_what_was_changed(books, change, invariant):
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # what only a superuser who means it can do
        cursor.execute(change.replace("%%", "%"))
    assert any(found.invariant.startswith(invariant) for found in queries.audit())


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_findings_are_bounded(books):
    load(books, [line(job) for job in range(10, 160)])
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE metering_usage SET elapsed_ms = 2 * elapsed_ms")
    assert len(queries.audit()) == queries.FINDINGS_MAX


def test_sums_and_captures_of_a_period_agree(books, django_assert_num_queries):
    period = {"centre": CENTRE, "programme": PROGRAMME, "start": books.now, "end": books.now.replace(year=2024)}
    with django_assert_num_queries(2):
        sums, captures = queries.sums_by_shard(**period), queries.captures_between(**period)
        assert [each.holder.name for each in captures] == ["样例科技"] * 3
    assert sum(one.voucher_fen for one in sums) == sum(each.voucher_fen for each in captures) == 45
    assert {one.shard for one in sums} == {each.payable_shard for each in captures}
    first = queries.captures_between(**period, limit=1)
    rest = queries.captures_between(**period, after=first[0].id)
    assert [each.id for each in (*first, *rest)] == [each.id for each in captures]
    assert queries.sums_by_shard(**{**period, "programme": "another"}) == []
