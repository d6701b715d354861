"""A job that its centre bears itself: ruled on with a reason, and then no longer failing in the audit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import DatabaseError, transaction

from jiaozi.cli.audit import body
from jiaozi.journal.models import JournalLine
from jiaozi.lease import queries
from jiaozi.lease.models import LeaseLossRuling
from jiaozi.lease.rules import UnableToLease, Verdict
from jiaozi.lease.services import admit, rule_loss
from jiaozi.party.rules import Actor, Role
from jiaozi.settlement.queries import audit_all
from tests.api.conftest import enrolled
from tests.lease.test_ids import INVARIANT, found, told
from tests.lease.test_leases import opened
from tests.web.people import member, signed_in
from tests.world import CENTRE, PROGRAMME

OPERATOR = Actor(name="operator", role=Role.OPERATOR)


@pytest.fixture
def loss(centres):
    """A centre told the id of an order by way of the platform."""
    (lease,) = opened(centres)
    held = replace(centres.world, now=centres.at).held(centres.voucher, units=1, seconds=30, resource_class="demo-core")
    return admit(centre=CENTRE, told=told(centres, lease, centres.wish(lease.id), held.id), now=centres.at)


def rule(loss, verdict, reason="中心系统误报，已书面确认", by=OPERATOR, at=None):
    return rule_loss(loss_id=loss.id, verdict=verdict, reason=reason, by=by, now=at)


def test_a_dispute_stays_open_and_a_closed_loss_is_shown_as_ruled(centres, loss):
    assert found() == {INVARIANT}
    rule(loss, Verdict.DISPUTED, "中心称为重放，待查", at=centres.at)
    assert (found(), audit_all().ruled) == ({INVARIANT}, ()), "a dispute closes nothing"
    rule(loss, Verdict.BORNE, at=centres.at)
    audit = audit_all()
    assert (audit.findings, audit.holds) == ((), True)
    (ruled,) = audit.ruled
    assert (ruled.invariant, ruled.where) == (INVARIANT, str(loss.id))
    assert "operator" in ruled.found and "中心系统误报" in ruled.found  # noqa: PT018 - one line, both said
    assert body(audit)["ruled"][0]["where"] == str(loss.id)
    lines = JournalLine.objects.filter(stage="lease", verb="rule_loss", subject=loss.id).order_by("id")
    assert [(line.before, line.after) for line in lines] == [("", "DISPUTED"), ("DISPUTED", "BORNE")]
    assert "误报" not in str([line.body for line in lines]), "the journal has the reason's digest alone"
    with pytest.raises(UnableToLease) as refused:
        rule(loss, Verdict.DISPUTED, at=centres.at)
    assert refused.value.reason.code == "LOSS_CLOSED"


@pytest.mark.parametrize(
    ("by", "reason", "code"),
    [
        (Actor(name="f", role=Role.FINANCE), "x", "WRONG_ROLE"),
        (Actor(name="c", role=Role.CENTRE, centre=CENTRE), "x", "WRONG_ROLE"),
        (OPERATOR, "  ", "TEXT_MISSING"),
    ],
)
def test_who_may_not_rule_or_gives_no_reason_is_refused(centres, loss, by, reason, code):
    with pytest.raises(UnableToLease) as refused:
        rule(loss, Verdict.BORNE, reason, by, centres.at)
    assert refused.value.reason.code == code
    assert not LeaseLossRuling.objects.exists()


def test_a_job_that_an_order_pays_is_no_loss(centres):
    (lease,) = opened(centres)
    centres.submit(centres.wish(lease.id))
    centres.settle(3)
    (job,) = queries.jobs(lease.id)
    with pytest.raises(UnableToLease) as refused:
        rule(job, Verdict.BORNE, at=centres.at)
    assert refused.value.reason.code == "NOT_A_LOSS"
    with pytest.raises(queries.UnableToFindLoss):
        rule(replace_id(job), Verdict.BORNE, at=centres.at)


def replace_id(job):
    job.id = job.lease_id
    return job


def test_a_ruling_is_never_edited(centres, loss):
    made = rule(loss, Verdict.BORNE, at=centres.at)
    for change in (lambda: LeaseLossRuling.objects.update(reason="other"), made.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_the_page_shows_leases_and_losses_and_an_operator_rules(centres, loss):
    clerk = signed_in(member("clerk", Role.CENTRE, centres.at, centre=CENTRE), "en")
    page = clerk.get("/supply/leases").content.decode()
    assert str(loss.order_told) in page
    assert "Rule on it" not in page
    operator = signed_in(member("operator", Role.OPERATOR, centres.at), "zh-hans")
    page = operator.get(f"/supply/leases?centre={CENTRE}").content.decode()
    assert "由中心承担，了结" in page
    action = f"/supply/leases/losses/{loss.id}"
    empty = operator.post(f"{action}/borne", {"words": " ", "centre": CENTRE}, follow=True).content.decode()
    assert found() == {INVARIANT}, empty
    done = operator.post(f"{action}/borne", {"words": "误报", "centre": CENTRE}, follow=True)
    assert "由中心承担，已了结" in done.content.decode()
    assert found() == set()
    assert operator.post(f"{action}/nonsense", {"words": "x"}).status_code == 404


def test_the_losses_of_the_programme_that_is_asked_for_are_given(centres, loss):
    for caller in (enrolled(Role.OPERATOR, centres.at), enrolled(Role.CENTRE, centres.at, centre=CENTRE)):
        for asked, expected in (("", [str(loss.id)]), (PROGRAMME, [str(loss.id)]), ("elsewhere-2026", [])):
            answer = caller.get("/lease-losses", {"programme": asked} if asked else None)
            assert [each["id"] for each in answer.json()["items"]] == expected, (caller.name, asked)
