"""Templates of an organisation: what is kept and what is not, bounded, named once, for its own members alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.catalogue.rules import Tier
from jiaozi.journal.models import JournalLine
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.models import OrderTemplate
from jiaozi.order.rules import Request, Session, UnableToQuote, template
from jiaozi.order.rules.template import Asked, UnableToKeepTemplate
from jiaozi.order.rules.wishes import DataFile, Wishes
from tests.world import CENTRE, OFFICER, OPERATOR

TEXT = st.text(st.characters(exclude_categories=("C",)), max_size=20)
COUNTS = st.integers(1, 10**9)
DATA = st.builds(DataFile, name=TEXT, url=TEXT, size_bytes=COUNTS, sha256=st.just("") | st.just("a" * 64))
JOBS = st.builds(
    Asked,
    title=TEXT,
    request=st.builds(
        Request,
        centre=TEXT,
        resource_class=TEXT,
        units=COUNTS,
        memory_mib=COUNTS,
        time_limit_ms=COUNTS,
        command=st.lists(TEXT).map(tuple),
        end_user=st.none() | st.uuids(),
        session=st.none() | st.builds(Session, opens=st.sampled_from(["SSH", "JUPYTERLAB"]), authorized_key=TEXT),
    ),
    wishes=st.builds(
        Wishes,
        latest_start=st.none() | st.just(datetime(2026, 1, 1, tzinfo=UTC)),
        residency=st.none() | st.sampled_from(Tier),
        data_at=TEXT,
        inputs=st.lists(DATA, max_size=2).map(tuple),
        outputs=st.lists(DATA, max_size=2).map(tuple),
        budget_fen=st.none() | COUNTS,
    ),
    files=st.dictionaries(TEXT, TEXT, max_size=2),
)
JOB = Asked(
    "夜间训练",
    Request(
        centre=CENTRE,
        resource_class="cpu-core",
        units=2,
        memory_mib=256,
        time_limit_ms=60_000,
        command=("/bin/sh", "job.sh"),
    ),
    Wishes(tier=Tier.CITY, deadline=datetime(2026, 1, 1, tzinfo=UTC)),
    {"job.sh": "true"},
)


@given(JOBS)
def test_what_is_kept_is_the_job_without_times_and_keys(job) -> None:
    kept = template.read_back(job.for_all().to_json())
    assert kept == job.for_all()
    assert (kept.wishes.latest_start, kept.wishes.deadline) == (None, None)
    assert kept.request.session is None or kept.request.session.authorized_key == ""
    assert kept.request.units == job.request.units
    assert kept.files == job.files


def keep(world, holder, name="夜间", job=JOB):
    return order.keep_template(name=name, job=job, organisation=holder.id, by=world.applicant(holder), now=world.now)


def test_a_job_is_kept_quoted_renamed_and_deleted(world, holder, engine) -> None:
    by, voucher = world.applicant(holder), world.voucher(holder)
    row = keep(world, holder, " 夜间  训练 ")
    assert row.name == "夜间 训练"
    quoted = order.quote_template(template_id=row.id, voucher_id=voucher.id, by=by, now=world.now)
    assert (quoted.state, quoted.title, quoted.files) == ("QUOTED", "夜间训练", {"job.sh": "true"})
    assert quoted.wishes == {"tier": "CITY"}
    order.rename_template(template_id=row.id, name="白天", by=by, now=world.now)
    assert [each.name for each in queries.templates(holder.id, by)] == ["白天"]
    order.delete_template(template_id=row.id, by=by, now=world.now)
    assert queries.templates(holder.id, by) == []
    lines = JournalLine.objects.filter(subject=row.id).order_by("id").values_list("verb", flat=True)
    assert list(lines) == ["keep_template", "rename_template", "delete_template"]


def test_an_orders_job_is_kept_and_comes_back_the_same(world, holder) -> None:
    by, voucher = world.applicant(holder), world.voucher(holder)
    old = world.quote(voucher, units=3, seconds=120)
    row = order.keep_order(order_id=old.id, name="旧单", by=by, now=world.now)
    again = order.quote_template(template_id=row.id, voucher_id=voucher.id, by=by, now=world.now)
    for field in ("title", "units", "memory_mib", "time_limit_ms", "command", "files", "centre_id", "most_fen"):
        assert getattr(again, field) == getattr(queries.order(old.id), field)


@pytest.mark.parametrize(
    ("name", "job", "field"),
    [
        (" ", JOB, "name"),
        ("长" * 61, JOB, "name"),
        ("a\0", JOB, "name"),
        ("a", replace(JOB, title=""), "title"),
        ("a", replace(JOB, request=replace(JOB.request, resource_class="")), "resource_class"),
        ("a", replace(JOB, files={"job.sh": "x" * 1024 * 1024}), "files"),
        ("a", replace(JOB, wishes=Wishes(outputs=(DataFile(name="a", url="u", size_bytes=1),))), "data_at"),
    ],
)
def test_what_cannot_be_kept_is_named_by_its_field(world, holder, name, job, field) -> None:
    with pytest.raises((UnableToKeepTemplate, UnableToQuote)) as refused:
        keep(world, holder, name, job)
    assert refused.value.reason.field == field
    assert not OrderTemplate.objects.exists()


def test_a_name_stands_for_one_template_of_an_organisation(world, holder) -> None:
    keep(world, holder)
    other = keep(world, holder, "白天")
    with pytest.raises(UnableToKeepTemplate, match="already"):
        keep(world, holder)
    with pytest.raises(UnableToKeepTemplate, match="already"):
        order.rename_template(template_id=other.id, name="夜间", by=world.applicant(holder), now=world.now)
    keep(world, world.holder("别家", serial=2))
    assert OrderTemplate.objects.count() == 3


def test_a_template_that_is_deleted_meanwhile_does_not_come_back(world, holder, monkeypatch) -> None:
    row, by, check = keep(world, holder), world.applicant(holder), template.check_name

    def slow(name):
        OrderTemplate.objects.filter(id=row.id).delete()
        return check(name)

    monkeypatch.setattr(template, "check_name", slow)
    with pytest.raises(queries.UnableToFindTemplate):
        order.rename_template(template_id=row.id, name="白天", by=by, now=world.now)


@pytest.mark.parametrize("verb", [order.delete_template, partial(order.rename_template, name="白天")])
def test_a_template_is_locked_before_it_is_changed(world, holder, verb) -> None:
    row = keep(world, holder)
    with CaptureQueriesContext(connection) as caught:
        verb(template_id=row.id, by=world.applicant(holder), now=world.now)
    assert any("FOR UPDATE" in each["sql"] for each in caught)


def test_an_organisation_keeps_so_many(world, holder, monkeypatch) -> None:
    monkeypatch.setattr(template, "TEMPLATES_MAX", 2)
    keep(world, holder, "1")
    keep(world, holder, "2")
    with pytest.raises(UnableToKeepTemplate, match="keeps 2 templates, 2 at most"):
        keep(world, holder, "3")


def test_others_see_and_do_nothing(world, holder) -> None:
    row, other = keep(world, holder), world.holder("别家", serial=2)
    voucher = world.voucher(other)
    for by in (world.applicant(other), OFFICER, OPERATOR):
        for act in (
            lambda by=by: queries.templates(holder.id, by),
            lambda by=by: queries.template(row.id, by),
            lambda by=by: order.keep_template(name="x", job=JOB, organisation=holder.id, by=by, now=world.now),
            lambda by=by: order.rename_template(template_id=row.id, name="x", by=by, now=world.now),
            lambda by=by: order.delete_template(template_id=row.id, by=by, now=world.now),
            lambda by=by: order.quote_template(template_id=row.id, voucher_id=voucher.id, by=by, now=world.now),
        ):
            with pytest.raises(UnableToKeepTemplate) as refused:
                act()
            assert refused.value.reason.code == "NOT_YOURS"
    assert OrderTemplate.objects.get().name == "夜间"
