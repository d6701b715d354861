"""Applications on real PostgreSQL: pinned versions, decisions with reasons, duties kept apart."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jiaozi.application import queries, rules
from jiaozi.application import services as application
from jiaozi.application.rules import State, UnableToApply, UnableToDecide
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import UnableToStep
from jiaozi.kernel.refusal import Reason
from jiaozi.party.rules import Actor, HolderClass, Role
from jiaozi.policy.queries import document
from jiaozi.policy.rules import Decision, UnableToReadFacts, replay
from tests.world import OFFICER, World, build

pytestmark = pytest.mark.django_db


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
        application.notify_public(application_id=application_id, until=world.now, by=OFFICER, now=world.now)
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


def test_a_clause_by_hand_needs_a_persons_amount_and_reason(world):
    operator = world.holder("天府智算运营公司")
    centre = {"in_tianfu_start_area": True, "industry_linked": True, "fp16_pflops": 300, "fixed_assets": "30亿"}
    application_id = world.apply(operator, clause="large-centre", centre=centre)
    row = application.review(application_id=application_id, by=OFFICER, now=world.now)
    assert (row.decision["outcome"], row.amount_fen) == ("BY_HAND", None)
    with pytest.raises(UnableToDecide, match="case by case"):
        application.notify_public(application_id=application_id, until=world.now, by=OFFICER, now=world.now)
    with pytest.raises(UnableToDecide, match="needs a reason"):
        application.record_by_hand(application_id=application_id, amount_fen=1, reason=" ", by=OFFICER, now=world.now)
    application.record_by_hand(
        application_id=application_id, amount_fen=5_000_000_00, reason="市政府专题会议议定", by=OFFICER, now=world.now
    )
    row = application.notify_public(application_id=application_id, until=world.now, by=OFFICER, now=world.now)
    assert row.amount_fen == 5_000_000_00


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
        from jiaozi.party import services as party
        from jiaozi.party.rules import EndUser

        party.name_end_user(intermediary=holder.id, end_user=EndUser(name="最终用户甲"), by=OFFICER, now=world.now)
    row = application.review(application_id=world.apply(holder, "2万"), by=OFFICER, now=world.now)
    assert row.amount_fen == 1_000_000
