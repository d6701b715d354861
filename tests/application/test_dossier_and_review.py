"""Applications on real PostgreSQL: pinned versions, decisions with reasons, duties kept apart."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from jiaozi.application import queries, rules
from jiaozi.application import services as application
from jiaozi.application.rules import State, UnableToApply, UnableToDecide
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import UnableToStep
from jiaozi.kernel.period import SHANGHAI
from jiaozi.kernel.refusal import Reason
from jiaozi.party import services as party
from jiaozi.party.rules import Actor, EndUser, HolderClass, Role, UnableToActForProgramme
from jiaozi.party.services import registration_of
from jiaozi.policy import services as policy
from jiaozi.policy.queries import document
from jiaozi.policy.rules import Decision, UnableToReadFacts, replay
from tests.world import OFFICER, PROGRAMME, World, build

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
OTHER_OFFICER = Actor("officer:other", Role.OFFICER, programme=PROGRAMME)


@pytest.fixture
def world() -> World:
    return build()


def test_an_application_keeps_version_facts_and_a_journal_line(world):
    holder = world.holder("成都锦江算法科技")
    row = queries.application(world.apply(holder, "30万"))
    assert (row.state, row.version_id, row.facts["need.compute_cost"]) == (
        State.SUBMITTED,
        world.version.id,
        30_000_000,
    )
    line = JournalLine.objects.get(subject=row.id)
    assert (line.stage, line.verb, line.after) == ("application", "apply", "SUBMITTED")
    assert holder.name not in str(line.body)


def test_a_wrong_fact_is_named_and_nothing_is_stored(world):
    holder = world.holder("成都武侯智能")
    with pytest.raises(UnableToReadFacts, match="compute_cost"):
        world.apply(holder, "三十万")
    assert queries.counts("chengdu-2023") == {}


@pytest.mark.parametrize("claimed", [5, None, ["need"], {"applicant": 5}, {"applicant": None}, {"applicant": ["ab"]}])
def test_facts_that_are_no_object_are_refused_in_one_line(world, claimed):
    holder = world.holder("成都武侯智能")
    at = {"holder_id": holder.id, "version_id": world.version.id, "by": world.applicant(holder), "now": world.now}
    with pytest.raises(UnableToReadFacts, match="JSON object") as refused:
        application.apply(clause="general", claimed=claimed, **at)
    assert refused.value.reason.code == "FACTS_NO_OBJECT"
    assert queries.counts("chengdu-2023") == {}


@pytest.mark.parametrize("verb", [application.apply, application.draft])
def test_an_applicant_applies_under_the_version_in_force_alone(world, verb):
    text = f"supersedes: {world.version.digest}\n{world.version.text}"
    later = policy.adopt(text=text, by="officer:li", now=world.now, demo=True)
    holder = world.holder("甲")
    at = {"holder_id": holder.id, "clause": "general", "claimed": {"need": {"compute_cost": "1万"}}, "now": world.now}
    with pytest.raises(UnableToApply, match=later.digest[:12]) as refused:
        verb(version_id=world.version.id, by=world.applicant(holder), **at)
    assert (refused.value.reason.code, refused.value.reason.field) == ("VERSION_NOT_IN_FORCE", "version")
    assert queries.counts("chengdu-2023") == {}
    assert verb(version_id=later.id, by=world.applicant(holder), **at).version_id == later.id
    assert verb(version_id=world.version.id, by=OFFICER, **at).version_id == world.version.id  # it came on paper


def test_the_register_goes_before_what_the_applicant_says(world):
    holder = world.holder("外地公司", registered_in_city=False)
    application_id = world.apply(
        holder, need={"compute_cost": "30万"}, applicant={"registered_in_city": True, "dishonest": False}
    )
    row = application.review(application_id=application_id, by=OFFICER, now=world.now)
    assert row.decision["outcome"] == "REFUSED"
    assert "成都市注册" in row.reasons[0]["label"]["zh"]


def test_a_decision_replays_equal_on_its_own_version(world):
    row = application.review(application_id=world.apply(world.holder("成都青羊科技")), by=OFFICER, now=world.now)
    decision = Decision.from_json(row.decision)
    assert decision.amount_fen == 15_000_000
    assert replay(document(row.version_id), decision) == decision


def test_nobody_applies_for_another(world):
    holder, other = world.holder("甲", serial=1), world.holder("乙", serial=2)
    with pytest.raises(UnableToApply, match="own organisation"):
        application.apply(
            holder_id=holder.id,
            version_id=world.version.id,
            clause="general",
            claimed={"need": {"compute_cost": "1万"}},
            by=world.applicant(other),
            now=world.now,
        )


def test_who_applied_cannot_review(world):
    holder = world.holder("甲")
    application_id = world.apply(holder)
    same_person = Actor(f"applicant:{holder.id}", Role.OFFICER)
    with pytest.raises(UnableToDecide, match="another officer"):
        application.review(application_id=application_id, by=same_person, now=world.now)


def test_a_refused_application_goes_to_no_notice_but_may_be_appealed(world):
    holder = world.holder("失信公司", dishonest=True)
    application_id = world.apply(holder)
    application.review(application_id=application_id, by=OFFICER, now=world.now)
    with pytest.raises(UnableToDecide, match="dishonesty"):
        application.notify_public(application_id=application_id, until=world.now + WEEK, by=OFFICER, now=world.now)
    row = application.reject(application_id=application_id, by=OFFICER, now=world.now)
    assert row.state == State.REJECTED
    assert row.reasons[0]["code"] == "CONDITION_NOT_MET"
    assert application.appeal(application_id=row.id, by=world.applicant(holder), now=world.now).state == State.APPEALED
    assert application.review(application_id=row.id, by=OFFICER, now=world.now).state == State.UNDER_REVIEW


def test_a_rejection_needs_a_reason(world):
    application_id = world.apply(world.holder("甲"))
    application.review(application_id=application_id, by=OFFICER, now=world.now)
    with pytest.raises(UnableToDecide, match="needs a reason"):
        application.reject(application_id=application_id, by=OFFICER, now=world.now)
    words = Reason("EVIDENCE", Label("材料不实", "the evidence is not true"))
    assert application.reject(application_id=application_id, by=OFFICER, now=world.now, words=words).state == "REJECTED"


def test_no_approval_before_the_notice_is_over(world):
    application_id = world.apply(world.holder("甲"))
    application.review(application_id=application_id, by=OFFICER, now=world.now)
    until = world.now + timedelta(days=7)
    application.notify_public(application_id=application_id, until=until, by=OFFICER, now=world.now)
    with pytest.raises(UnableToDecide, match="still open"):
        application.approve(application_id=application_id, by=OFFICER, now=until - timedelta(seconds=1))
    row, approval = application.approve(application_id=application_id, by=OFFICER, now=until)
    assert (row.state, approval.amount_fen) == (State.APPROVED, 15_000_000)


def test_a_notice_ends_early_in_a_demonstration_alone(world):
    application_id = world.apply(world.holder("甲"))
    at = {"application_id": application_id, "by": OFFICER, "now": world.now}
    application.review(**at)
    application.notify_public(until=world.now + WEEK, **at)
    assert application.end_demo_notice(**at).notice_until == world.now
    with pytest.raises(UnableToDecide, match="over already"):
        application.end_demo_notice(application_id=application_id, by=OFFICER, now=world.now + timedelta(hours=1))
    with pytest.raises(UnableToDecide, match="runs its time"):
        rules.check_demo_notice(demo=False, until=world.now + WEEK, now=world.now)


def test_what_the_register_says_by_now_is_decided_on(world):
    """A firm that was put on the list of dishonest persons after it applied gets nothing."""
    holder = world.holder("甲")
    application_id = world.apply(holder)
    at = {"application_id": application_id, "by": OTHER_OFFICER, "now": world.now}
    assert application.review(**at).decision["outcome"] == "GRANTED"
    application.notify_public(until=world.now + WEEK, **at)
    listed = replace(registration_of(holder), dishonest=True)
    party.correct(organisation=holder.id, registration=listed, by=OFFICER, now=world.now, programme=PROGRAMME)
    with pytest.raises(UnableToDecide, match="corrected after the review"):
        application.approve(application_id=application_id, by=OTHER_OFFICER, now=world.now + WEEK)
    row = application.review(**at)
    assert (row.decision["outcome"], row.facts["applicant.dishonest"]) == ("REFUSED", True)
    line = JournalLine.objects.filter(subject=application_id, verb="review").latest("at", "id")
    assert line.body["facts"] == digest(row.facts).hex()


def test_who_corrects_a_registration_does_not_decide_on_it(world):
    holder = world.holder("甲", registered_in_city=False)
    application_id = world.apply(holder)
    moved = replace(registration_of(holder), registered_in_city=True)
    party.correct(organisation=holder.id, registration=moved, by=OFFICER, now=world.now, programme=PROGRAMME)
    with pytest.raises(UnableToDecide) as refused:
        application.review(application_id=application_id, by=OFFICER, now=world.now)
    assert refused.value.reason.code == "SAME_PERSON"
    assert queries.written_by([application_id], OFFICER.name) == {application_id}
    row = application.review(application_id=application_id, by=OTHER_OFFICER, now=world.now)
    assert row.decision["outcome"] == "GRANTED"


def test_another_programmes_officer_corrects_nothing(world):
    holder = world.holder("甲")
    far = Actor("officer:far", Role.OFFICER, programme="elsewhere-2026")
    registration = replace(registration_of(holder), dishonest=True)
    with pytest.raises(UnableToActForProgramme):
        party.correct(organisation=holder.id, registration=registration, by=far, now=world.now, programme=PROGRAMME)


def test_a_notice_is_taken_at_the_minute_that_its_refusal_names(world):
    application_id = world.apply(world.holder("甲"))
    now = world.now.replace(second=30)
    at = {"application_id": application_id, "by": OFFICER, "now": now}
    application.review(**at)
    with pytest.raises(UnableToDecide) as refused:
        application.notify_public(until=now + timedelta(days=4), **at)
    named = re.search(r"最早到([\d-]+ [\d:]+)为止", refused.value.reason.label.zh)[1]
    until = datetime.fromisoformat(named).replace(tzinfo=SHANGHAI)
    assert application.notify_public(until=until, **at).notice_until == until


def test_a_clause_by_hand_needs_a_persons_amount_and_reason(world):
    operator = world.holder("天府智算运营公司")
    centre = {"in_tianfu_start_area": True, "industry_linked": True, "fp16_pflops": 300, "fixed_assets": "30亿"}
    application_id = world.apply(operator, clause="large-centre", centre=centre)
    row = application.review(application_id=application_id, by=OFFICER, now=world.now)
    assert (row.decision["outcome"], row.amount_fen) == ("BY_HAND", None)
    with pytest.raises(UnableToDecide, match="case by case"):
        application.notify_public(application_id=application_id, until=world.now + WEEK, by=OFFICER, now=world.now)
    with pytest.raises(UnableToDecide, match="needs a reason"):
        application.record_by_hand(application_id=application_id, amount_fen=1, reason=" ", by=OFFICER, now=world.now)
    application.record_by_hand(
        application_id=application_id, amount_fen=5_000_000_00, reason="市政府专题会议议定", by=OFFICER, now=world.now
    )
    row = application.notify_public(application_id=application_id, until=world.now + WEEK, by=OFFICER, now=world.now)
    assert row.amount_fen == 5_000_000_00


def test_a_persons_amount_goes_with_the_facts_that_it_was_decided_on(world):
    operator = world.holder("天府智算运营公司")
    centre = {"in_tianfu_start_area": True, "industry_linked": True, "fp16_pflops": 3000, "fixed_assets": "300亿"}
    row_id = world.apply(operator, clause="large-centre", centre=centre)
    at = {"application_id": row_id, "by": OFFICER, "now": world.now}
    application.review(**at)
    application.record_by_hand(amount_fen=800_0000_00, reason="3000 PFLOPS，300亿", **at)
    application.send_back(missing="更正规模", **at)
    smaller = {"centre": {**centre, "fp16_pflops": 300, "fixed_assets": "30亿"}}
    application.resubmit(application_id=row_id, claimed=smaller, by=world.applicant(operator), now=world.now)
    assert application.review(**at).hand is None
    with pytest.raises(UnableToDecide, match="case by case"):
        application.notify_public(until=world.now + WEEK, **at)


def test_returned_completed_withdrawn(world):
    holder = world.holder("甲")
    application_id = world.apply(holder)
    application.send_back(application_id=application_id, missing="合同扫描件", by=OFFICER, now=world.now)
    row = application.resubmit(
        application_id=application_id,
        claimed={"need": {"compute_cost": "10万"}},
        by=world.applicant(holder),
        now=world.now,
    )
    assert (row.state, row.facts["need.compute_cost"]) == (State.SUBMITTED, 10_000_000)
    assert application.withdraw(application_id=row.id, by=world.applicant(holder), now=world.now).state == "WITHDRAWN"
    with pytest.raises(UnableToStep, match="not possible in state WITHDRAWN"):
        application.review(application_id=row.id, by=OFFICER, now=world.now)


def test_every_transition_of_the_table_leads_somewhere_known():
    assert {after for _, after in rules.TRANSITIONS.values()} <= set(State)
    assert all(roles <= set(Role) for roles, _ in rules.TRANSITIONS.values())


@pytest.mark.parametrize("holder_class", [each for each in HolderClass if each is not HolderClass.OTHER])
def test_every_holder_class_of_the_policy_can_be_granted(world, holder_class):
    holder = world.holder("持券人", holder_class, serial=77)
    if holder_class is HolderClass.INTERMEDIARY:
        party.name_end_user(intermediary=holder.id, end_user=EndUser(name="最终用户甲"), by=OFFICER, now=world.now)
    row = application.review(application_id=world.apply(holder, "2万"), by=OFFICER, now=world.now)
    assert row.amount_fen == 1_000_000


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.APPLICANT, Role.OFFICER}])
def test_nobody_but_the_holder_or_an_officer_applies(world, role):
    holder = world.holder("甲")
    with pytest.raises(UnableToApply, match="itself applies"):
        application.apply(
            holder_id=holder.id,
            version_id=world.version.id,
            clause="general",
            claimed={"need": {"compute_cost": "1万"}},
            by=Actor("somebody", role, holder.id, "nscc-chengdu"),
            now=world.now,
        )
    assert queries.counts("chengdu-2023") == {}


def test_an_officer_who_entered_an_application_takes_no_step_that_decides_it(world):
    holder = world.holder("甲")
    clerk = Actor("officer:wang", Role.OFFICER)
    claimed = {"need": {"compute_cost": "1万"}}
    row = application.apply(
        holder_id=holder.id, version_id=world.version.id, clause="general", claimed=claimed, by=clerk, now=world.now
    )
    at = {"application_id": row.id, "by": clerk, "now": world.now}
    steps = [
        lambda: application.review(**at),
        lambda: application.send_back(missing="合同", **at),
        lambda: application.notify_public(until=world.now + WEEK, **at),
        lambda: application.reject(**at),
        lambda: application.approve(**at),
    ]
    for step in steps:
        with pytest.raises(UnableToDecide, match="another officer"):
            step()
    application.review(application_id=row.id, by=OFFICER, now=world.now)
    with pytest.raises(UnableToDecide, match="another officer"):
        application.notify_public(until=world.now + WEEK, **at)


def test_an_officer_who_wrote_a_drafts_facts_takes_no_step_that_decides_it(world):
    holder = world.holder("甲")
    own = {"by": world.applicant(holder), "now": world.now}
    claimed = {"need": {"compute_cost": "1万"}}
    row = application.draft(holder_id=holder.id, version_id=world.version.id, clause="general", claimed=claimed, **own)
    at = {"application_id": row.id, "by": Actor("officer:wang", Role.OFFICER), "now": world.now}
    application.amend(claimed={"need": {"compute_cost": "100万"}}, **at)
    assert application.submit(application_id=row.id, **own).applied_by == own["by"].name
    steps = [
        lambda: application.review(**at),
        lambda: application.send_back(missing="合同", **at),
        lambda: application.record_by_hand(amount_fen=1, reason="合同", **at),
        lambda: application.notify_public(until=world.now + WEEK, **at),
        lambda: application.reject(**at),
        lambda: application.approve(**at),
    ]
    for step in steps:
        with pytest.raises(UnableToDecide, match="another officer") as refused:
            step()
        assert refused.value.reason.code == "SAME_PERSON"
    assert application.review(application_id=row.id, by=OFFICER, now=world.now).state == State.UNDER_REVIEW


@pytest.mark.parametrize(
    ("lasts", "good"), [(timedelta(0), False), (timedelta(days=5, seconds=-1), False), (timedelta(days=5), True)]
)
def test_a_notice_lasts_the_least_period(world, lasts, good):
    row = application.review(application_id=world.apply(world.holder("甲")), by=OFFICER, now=world.now)
    at = {"application_id": row.id, "until": world.now + lasts, "by": OFFICER, "now": world.now}
    if good:
        assert application.notify_public(**at).state == State.PUBLIC_NOTICE
        return
    with pytest.raises(UnableToDecide, match="5 days at least") as refused:
        application.notify_public(**at)
    assert refused.value.reason.field == "until"


class TestDraft:
    """What a holder may change, until when."""

    def draft(self, world, holder, **need):
        return application.draft(
            holder_id=holder.id,
            version_id=world.version.id,
            clause="general",
            claimed={"need": need},
            by=world.applicant(holder),
            now=world.now,
        )

    def test_is_amended_until_it_is_submitted_and_not_after(self, world):
        holder = world.holder("甲")
        by = world.applicant(holder)
        row = self.draft(world, holder)
        assert (row.state, queries.applications(programme="chengdu-2023")) == (State.DRAFT, [])
        row = application.amend(application_id=row.id, claimed={"need": {"compute_cost": "20万"}}, by=by, now=world.now)
        row = application.submit(application_id=row.id, by=by, now=world.now + timedelta(hours=1))
        assert (row.state, row.facts["need.compute_cost"]) == (State.SUBMITTED, 20_000_000)
        assert row.submitted_at == world.now + timedelta(hours=1)
        with pytest.raises(UnableToStep, match="not possible in state SUBMITTED"):
            application.amend(application_id=row.id, claimed={}, by=by, now=world.now)
        lines = JournalLine.objects.filter(subject=row.id).values_list("verb", flat=True)
        assert [*lines] == ["draft", "amend", "submit"]

    def test_takes_the_registers_facts_and_the_version_of_the_day_that_it_is_submitted(self, world):
        holder = world.holder("甲")
        by = world.applicant(holder)
        row = self.draft(world, holder, compute_cost="20万")
        registration = replace(registration_of(holder), dishonest=True)
        party.correct(organisation=holder.id, registration=registration, by=OFFICER, now=world.now, programme=PROGRAMME)
        text = f"supersedes: {world.version.digest}\n{world.version.text}"
        later = policy.adopt(text=text, by="officer:li", now=world.now, demo=True)
        row = application.submit(application_id=row.id, by=by, now=world.now)
        assert (row.version_id, row.facts["applicant.dishonest"]) == (later.id, True)

    def test_is_submitted_under_published_figures_where_those_are_in_force_by_now(self, world):
        """Begun when there was a demo version alone; what may use demo values never goes before what was published."""
        holder = world.holder("甲")
        row = self.draft(world, holder, compute_cost="20万")
        text = world.version.text.replace("{from: parameter.effective_from}", "{from: 2023-01-12}")
        published = policy.adopt(text=text, by="officer:li", now=world.now, demo=False)
        row = application.submit(application_id=row.id, by=world.applicant(holder), now=world.now)
        assert (row.version_id, row.version.demo) == (published.id, False)

    def test_is_no_officers_to_review_and_nobody_elses_to_submit(self, world):
        holder, other = world.holder("甲", serial=1), world.holder("乙", serial=2)
        row = self.draft(world, holder, compute_cost="20万")
        with pytest.raises(UnableToStep, match="not possible in state DRAFT"):
            application.review(application_id=row.id, by=OFFICER, now=world.now)
        with pytest.raises(UnableToApply, match="own organisation"):
            application.submit(application_id=row.id, by=world.applicant(other), now=world.now)
        row = application.withdraw(application_id=row.id, by=world.applicant(holder), now=world.now)
        assert row.state == State.WITHDRAWN


def test_of_two_that_take_the_one_grant_of_a_clause_at_once_the_later_is_told(world, monkeypatch):
    crossing = dict.fromkeys(("on_public_compute", "across_networks", "across_regions", "across_industries"), True)
    platform, holder = {**crossing, "investment": "30万"}, world.holder("甲")
    ready = [world.to_notice(world.apply(holder, clause="dispatch-platform", platform=platform)) for _ in range(2)]
    application.approve(application_id=ready[0], by=OFFICER, now=world.now)
    monkeypatch.setattr(queries, "times_granted", lambda *_: 0)  # what the later read before the earlier committed
    with pytest.raises(UnableToDecide, match="granted already") as refused:
        application.approve(application_id=ready[1], by=OFFICER, now=world.now)
    assert refused.value.reason.code == "ALREADY_GRANTED"
    assert queries.application(ready[1]).state == State.PUBLIC_NOTICE
