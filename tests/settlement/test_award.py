"""Awards: decided once, by a person where the clause says so, earmarked at once and paid stage by stage."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction

from jiaozi.alert import services as alerts
from jiaozi.alert.rules import AlertKind, Level, Subject, SubjectKind, Suspicion, UnableToProceed
from jiaozi.application import queries as applications
from jiaozi.application import services as application
from jiaozi.application.rules import UnableToDecide
from jiaozi.application.rules.evidence import UnableToKeepEvidence
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import UnableToStep
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import Account, AccountKind
from jiaozi.party.rules import Actor, Role
from jiaozi.policy.rules.words import StepOfLife
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import Award, GrantPayment
from jiaozi.settlement.queries import grants
from jiaozi.settlement.rules import award as rules
from jiaozi.settlement.rules.award import AwardState, StageState, UnableToAward
from jiaozi.settlement.rules.life import UnableToPay, UnableToWrite
from jiaozi.voucher import services as vouchers
from jiaozi.voucher.rules import UnableToIssue
from tests.world import FINANCE, OFFICER

from .cities import CASHIER, City, text_of

JUNE = date(2023, 6, 1)
PLATFORM = {
    "platform": {
        "on_public_compute": True,
        "across_networks": True,
        "across_regions": True,
        "across_industries": True,
        "investment": "5000万",
    }
}
CENTRE = {
    "centre": {"in_tianfu_start_area": True, "industry_linked": True, "fp16_pflops": "300", "fixed_assets": "30亿"}
}
REPORT = "{id: report, zh: 验收报告, en: report, at: settle, formats: [pdf]}"
MINUTES = "{id: minutes, zh: 会议纪要, en: minutes, at: settle}"
AUDIT = "{id: audit, zh: 审计报告, en: audit report, at: apply, formats: [pdf]}"


def staged():
    """Chengdu's rules with an award in two halves: the stages are the tests' own."""
    stages = (
        "    stages:\n"
        "      - {id: start, zh: 授予时, en: at the award, share: 50%}\n"
        "      - {id: report, zh: 验收后, en: after the report, share: 50%, needs: [report]}\n"
    )
    text = text_of("chengdu-2023").replace("programme: chengdu-2023", "programme: chengdu-staged")
    text = text.replace("\nclauses:\n", f"\nevidence: [{REPORT}]\n\nclauses:\n")
    for once in ("    once: holder\n", "    once: person\n"):
        text = text.replace(once, once + stages)
    return text


def talent(person="t-1", cost="1000万"):
    return {"talent": {"id": person, "honour": "TURING", "compute_cost": cost}}


@pytest.fixture
def city(db):
    return City(text_of("chengdu-2023"), JUNE)


@pytest.fixture
def halves(db):
    town = City(staged(), JUNE)
    town.prefund("2000万")
    return town


def awarded(city, claimed=PLATFORM, clause="dispatch-platform", holder=None):
    application_id = city.noticed(city.dossier(holder or city.holder(), clause, claimed))
    return settlement.award(application_id=application_id, by=OFFICER, now=city.now)


def stages(row):
    return grants.stages(row.id)


def report(city, row):
    stage = stages(row)[1]
    city.paper(row.application_id, row.holder, StepOfLife.SETTLE, "report", stage.id)
    return settlement.accept_report(stage_id=stage.id, by=OFFICER, now=city.now)


def pay(city, stage, reference="", by=CASHIER):
    return settlement.pay_award(stage_id=stage.id, bank_reference=reference or f"流水{stage.id}", by=by, now=city.now)


def in_award(row):
    return ledger.balance(Account(AccountKind.AWARD, row.programme, str(row.id))).spendable


class TestAwarding:
    def test_the_rule_gives_the_amount(self, city):
        row = awarded(city)
        assert (row.face_fen, row.state) == (parse_yuan("1000万"), AwardState.AWARDED)
        assert in_award(row) == row.face_fen
        assert [(stage.stage, stage.amount_fen, stage.state) for stage in stages(row)] == [
            ("whole", row.face_fen, StageState.READY)
        ]
        assert queries.audit_all().findings == ()

    def test_one_journal_line(self, city):
        row = awarded(city)
        (line,) = JournalLine.objects.filter(subject=row.id)
        assert (line.stage, line.verb, line.body["amount_fen"]) == ("settlement", "award", row.face_fen)

    def test_a_voucher_clause_leads_to_none(self, city):
        claimed = city.sample("project")
        application_id = city.noticed(city.dossier(city.holder(), "project-national", claimed))
        with pytest.raises(UnableToAward, match="grants no award"):
            settlement.award(application_id=application_id, by=OFFICER, now=city.now)
        assert applications.application(application_id).state == "PUBLIC_NOTICE"

    def test_an_award_clause_leads_to_no_voucher(self, city):
        application_id = city.noticed(city.dossier(city.holder(), "dispatch-platform", PLATFORM))
        with pytest.raises(UnableToIssue):
            vouchers.issue(application_id=application_id, by=OFFICER, now=city.now)

    def test_a_budget_that_is_short_awards_nothing(self, db):
        city = City(text_of("chengdu-2023"), JUNE, budget="999万")
        with pytest.raises(UnableToAward, match="budget does not cover"):
            awarded(city)
        assert not Award.objects.exists()
        assert queries.audit_all().holds

    def test_papers_that_the_clause_asks_for_come_first(self, db):
        text = text_of("chengdu-2023").replace(
            "    caps: [platform]\n",
            f"    caps: [platform]\n    evidence: [{AUDIT}]\n",
        )
        city = City(text, JUNE)
        holder = city.holder()
        application_id = city.noticed(city.dossier(holder, "dispatch-platform", PLATFORM, papers=False))
        with pytest.raises(UnableToKeepEvidence, match="audit report"):
            settlement.award(application_id=application_id, by=OFFICER, now=city.now)
        city.paper(application_id, holder, StepOfLife.APPLY, "audit")
        assert settlement.award(application_id=application_id, by=OFFICER, now=city.now).face_fen

    def test_the_year_at_a_glance_adds_up(self, city):
        city.voucher(city.holder(), "project-national", city.sample("project"))
        row = awarded(city)
        settlement.withdraw_award(award_id=row.id, reason="停建", by=OFFICER, now=city.now)
        year = queries.year_at_a_glance(city.slug, 2023)
        assert (year.issued_fen, year.awarded_fen) == (parse_yuan("300万"), parse_yuan("1000万"))
        assert year.budget_fen == year.issued_fen + year.awarded_fen + year.unissued_fen + year.unissued_lapsed_fen


class TestByHand:
    def test_a_person_decides_with_a_reason(self, city):
        application_id = city.dossier(city.holder(), "large-centre", CENTRE)
        with pytest.raises(UnableToDecide, match="case by case"):
            city.noticed(application_id)
        application.record_by_hand(
            application_id=application_id, amount_fen=parse_yuan("800万"), reason="专题会议纪要第5号", by=OFFICER,
            now=city.now - timedelta(hours=2),
        )  # fmt: skip
        city.noticed(application_id)
        row = settlement.award(application_id=application_id, by=OFFICER, now=city.now)
        assert (row.face_fen, row.hand_by, row.hand_reason) == (parse_yuan("800万"), OFFICER.name, "专题会议纪要第5号")

    @pytest.mark.parametrize("facts", [{"fp16_pflops": "299"}, {"fixed_assets": "299999.9999万"}])
    def test_not_where_the_bounds_are_not_met(self, city, facts):
        claimed = {"centre": {**CENTRE["centre"], **facts}}
        application_id = city.dossier(city.holder(), "large-centre", claimed)
        with pytest.raises(UnableToDecide):
            application.record_by_hand(
                application_id=application_id, amount_fen=1, reason="x", by=OFFICER, now=city.now
            )

    def test_the_papers_of_the_decision_are_asked(self, db):
        text = text_of("chengdu-2023").replace(
            "    decided: by_hand\n",
            "    decided: by_hand\n    recorded: {zh: 专题会议, en: meeting, needs: [minutes]}\n"
            f"    evidence: [{MINUTES}]\n",
        )
        city = City(text, JUNE)
        holder = city.holder()
        application_id = city.dossier(holder, "large-centre", CENTRE)
        application.record_by_hand(
            application_id=application_id, amount_fen=100, reason="纪要", by=OFFICER, now=city.now - timedelta(hours=2)
        )
        city.noticed(application_id)
        with pytest.raises(UnableToAward, match="minutes"):
            settlement.award(application_id=application_id, by=OFFICER, now=city.now)
        city.paper(application_id, holder, StepOfLife.ISSUE, "minutes")
        assert settlement.award(application_id=application_id, by=OFFICER, now=city.now).face_fen == 100


class TestOnce:
    def test_over_all_years(self, city):
        holder = city.holder()
        awarded(city, holder=holder)
        city.now += timedelta(days=700)
        with pytest.raises(UnableToDecide, match="already had"):
            awarded(city, holder=holder)

    def test_a_withdrawn_one_is_still_used_up(self, city):
        holder = city.holder()
        row = awarded(city, holder=holder)
        settlement.withdraw_award(award_id=row.id, reason="停建", by=OFFICER, now=city.now)
        with pytest.raises(UnableToDecide, match="already had"):
            awarded(city, holder=holder)

    def test_the_table_itself_refuses_a_second(self, city):
        row = awarded(city)
        row.id, row.application_id = city.version.id, city.dossier(city.holder(), "dispatch-platform", PLATFORM)
        with pytest.raises(IntegrityError, match="award_once"), transaction.atomic():
            row.save(force_insert=True)

    def test_two_at_once_are_one(self, fresh_database):
        city = City(text_of("chengdu-2023"), JUNE)
        holder = city.holder()
        waiting = [city.noticed(city.dossier(holder, "dispatch-platform", PLATFORM)) for _ in range(5)]

        def one(application_id):
            try:
                settlement.award(application_id=application_id, by=OFFICER, now=city.now)
            except (UnableToAward, UnableToDecide) as refused:
                return "already had" in str(refused)
            finally:
                connection.close()
            return "awarded"

        with ThreadPoolExecutor(5) as pool:
            found = list(pool.map(one, waiting))
        assert sorted(map(str, found)) == ["True"] * 4 + ["awarded"]
        assert Award.objects.count() == 1
        assert queries.audit_all().findings == ()

    def test_a_race_past_the_queue_is_refused_in_words(self, city, monkeypatch):
        def clash(*_args):
            raise IntegrityError('duplicate key value violates unique constraint "application_once"')

        application_id = city.noticed(city.dossier(city.holder(), "dispatch-platform", PLATFORM))
        monkeypatch.setattr("jiaozi.settlement.services.awarding._award", clash)
        with pytest.raises(UnableToAward, match="whatever year"):
            settlement.award(application_id=application_id, by=OFFICER, now=city.now)


class TestCaps:
    def test_measured_on_pay_are_held_from_the_award_on(self, halves):
        holder = halves.holder()
        row = awarded(halves, talent(cost="400万"), "talent", holder)
        assert row.face_fen == parse_yuan("200万")  # 50 % of 400万 is the cap itself
        key = row.cap_keys[0]
        cap = Account(AccountKind.CAP, halves.slug, key)
        assert ledger.balance(cap).spendable == 0
        pay(halves, stages(row)[0])
        assert ledger.balance(cap).debits_posted == parse_yuan("100万")
        settlement.withdraw_award(award_id=row.id, reason="离任", by=OFFICER, now=halves.now)
        assert ledger.balance(cap).spendable == parse_yuan("100万")
        assert queries.audit_all().findings == ()

    def test_measured_on_issue_count_at_once(self, db):
        text = text_of("chengdu-2023").replace("caps: [platform]", "caps: [platform, year]")
        city = City(text, JUNE)
        awarded(city, {"platform": {**PLATFORM["platform"], "investment": "2000万"}})
        row = awarded(city)
        assert row.face_fen == parse_yuan("400万")  # 600万 of the year's 1000万 are gone
        with pytest.raises(UnableToDecide):
            awarded(city)


class TestStages:
    def test_half_at_the_award_half_after_the_report(self, halves):
        row = awarded(halves)
        first, second = stages(row)
        assert [first.amount_fen, second.amount_fen] == [parse_yuan("500万")] * 2
        assert [first.state, second.state] == ["READY", "WAITING"]
        pay(halves, first)
        assert grants.award(row.id).state == AwardState.PART_PAID
        with pytest.raises(UnableToStep):
            pay(halves, second)
        with pytest.raises(UnableToAward, match="report"):
            settlement.accept_report(stage_id=second.id, by=OFFICER, now=halves.now)
        pay(halves, report(halves, row))
        assert grants.award(row.id).state == AwardState.PAID
        assert in_award(row) == 0
        assert queries.reserve_position(halves.slug).reserve_fen == parse_yuan("1000万")
        assert queries.audit_all().findings == ()

    def test_an_odd_fen_goes_to_one_stage(self, halves):
        row = awarded(halves, {"platform": {**PLATFORM["platform"], "investment": "0.10元"}})
        assert [stage.amount_fen for stage in stages(row)] == [2, 1]

    def test_in_their_order(self, halves):
        row = awarded(halves)
        with pytest.raises(UnableToAward, match="earlier stage"):
            pay(halves, report(halves, row))

    def test_another_persons_report_does_not_count(self, halves):
        row, other = awarded(halves), awarded(halves)
        report(halves, other)
        with pytest.raises(UnableToAward, match="report"):
            settlement.accept_report(stage_id=stages(row)[1].id, by=OFFICER, now=halves.now)

    def test_not_by_who_decided(self, halves):
        row = awarded(halves)
        with pytest.raises(UnableToAward, match="who decided"):
            pay(halves, stages(row)[0], by=Actor(OFFICER.name, Role.FINANCE))

    def test_once_by_the_banks_reference(self, halves):
        row, other = awarded(halves), awarded(halves)
        first = stages(row)[0]
        assert pay(halves, first, "流水1").id == pay(halves, first, "流水1").id
        with pytest.raises(UnableToWrite):
            pay(halves, stages(other)[0], "流水1")
        assert GrantPayment.objects.count() == 1

    def test_a_short_reserve_pays_nothing(self, city):
        row = awarded(city)
        with pytest.raises(UnableToPay, match="short by"):
            pay(city, stages(row)[0])
        assert in_award(row) == row.face_fen
        assert queries.audit_all().holds


class TestTakingBack:
    def test_withdrawn_and_clawed_back(self, halves):
        row = awarded(halves)
        pay(halves, stages(row)[0])
        settlement.withdraw_award(award_id=row.id, reason="未通过验收", by=OFFICER, now=halves.now)
        assert [stage.state for stage in stages(row)] == ["PAID", "WITHDRAWN"]
        payment = GrantPayment.objects.get()
        back = settlement.claw_back(
            payment_id=payment.id,
            amount_fen=payment.amount_fen,
            reason="未验收",
            reference="追1",
            by=OFFICER,
            now=halves.now,
        )
        settlement.recover_clawback(
            clawback_id=back.id, amount_fen=payment.amount_fen, reference="回1", by=FINANCE, now=halves.now
        )
        assert queries.reserve_position(halves.slug).reserve_fen == parse_yuan("2000万")
        assert queries.audit_all().findings == ()

    def test_the_year_keeps_the_reserve_while_an_award_waits(self, halves):
        awarded(halves)
        halves.now += timedelta(days=300)
        closed = settlement.close_year(programme=halves.slug, year=2023, by=FINANCE, now=halves.now)
        assert [reason.code for reason in closed.outstanding] == ["NOT_COVERED"]


@pytest.mark.parametrize("kind", [SubjectKind.HOLDER, SubjectKind.APPLICATION])
def test_an_alert_stops_paying(halves, kind):
    row = awarded(halves)
    about = row.holder_id if kind is SubjectKind.HOLDER else row.application_id
    suspicion = Suspicion(AlertKind.BOTH_ENDS, Subject(kind, str(about)), Level.HIGH, Label("两头申领", "both ends"))
    (raised,) = alerts.raise_all(programme=halves.slug, suspicions=[suspicion], now=halves.now)
    with pytest.raises(UnableToProceed):
        pay(halves, stages(row)[0])
    alerts.resolve(alert_id=raised.id, confirmed=False, reason="已核实", by=OFFICER, now=halves.now)
    assert pay(halves, stages(row)[0]).state == StageState.PAID


VERBS = {
    "award": lambda city, row, id_, by: settlement.award(application_id=id_, by=by, now=city.now),
    "accept": lambda city, row, id_, by: settlement.accept_report(stage_id=stages(row)[1].id, by=by, now=city.now),
    "pay": lambda city, row, id_, by: pay(city, stages(row)[0], by=by),
    "withdraw": lambda city, row, id_, by: settlement.withdraw_award(award_id=row.id, reason="x", by=by, now=city.now),
}
ALLOWED = {"award": Role.OFFICER, "accept": Role.OFFICER, "pay": Role.FINANCE, "withdraw": Role.OFFICER}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("role", Role)
def test_role_walk(halves, verb, role):
    row = awarded(halves)
    city_paper = stages(row)[1]
    halves.paper(row.application_id, row.holder, StepOfLife.SETTLE, "report", city_paper.id)
    waiting = halves.noticed(halves.dossier(halves.holder(), "dispatch-platform", PLATFORM))
    by = Actor("somebody:else", role, row.holder_id if role is Role.APPLICANT else None)
    lines = JournalLine.objects.count()
    if role is ALLOWED[verb]:
        VERBS[verb](halves, row, waiting, by)
        assert JournalLine.objects.count() == lines + (2 if verb == "award" else 1)  # award approves as well
        return
    with pytest.raises(UnableToStep):
        VERBS[verb](halves, row, waiting, by)
    assert JournalLine.objects.count() == lines


def test_states_have_both_names():
    assert all(state.label.zh and state.label.en for state in (*AwardState, *StageState))
    assert {after for _, after in rules.AWARD_TRANSITIONS.values()} | {AwardState.AWARDED} == set(AwardState)
    assert {after for _, after in rules.STAGE_TRANSITIONS.values()} | {StageState.WAITING} == set(StageState)


def test_lists_are_bounded(halves, django_assert_num_queries):
    for _ in range(3):
        awarded(halves)
    with django_assert_num_queries(2):
        rows = grants.awards(halves.slug, limit=2)
        assert [len(row.stages.all()) for row in rows] == [2, 2]


TAMPERING = {
    "a stage's sum": (
        "UPDATE settlement_award_stage SET amount_fen = amount_fen + 1 WHERE number = 2",
        {"award face = unpaid + paid + withdrawn"},
    ),
    "a stage's state": (
        "UPDATE settlement_award_stage SET state = 'PAID'",
        {"award face = unpaid + paid + withdrawn"},
    ),
    "a face": (
        "UPDATE settlement_award SET face_fen = face_fen - 1",
        {"award face = unpaid + paid + withdrawn"},
    ),
    "a one-off": (
        "ALTER TABLE settlement_award DROP CONSTRAINT award_once; UPDATE settlement_award SET once_key = 'same'",
        {"a one-off award is granted once"},
    ),
    "a payment": (
        "UPDATE settlement_grant_payment SET amount_fen = amount_fen + 1",
        {"a payment to a holder is what the ledger paid", "the reserve's accounts are its movements"},
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_by_the_owner_is_found(fresh_database, what):
    town = City(staged(), JUNE)
    town.prefund("2000万")
    row = awarded(town)
    awarded(town)
    pay(town, stages(row)[0])
    assert queries.audit_all().findings == ()
    statement, expected = TAMPERING[what]
    with connections["owner"].cursor() as cursor:
        for table in ("award", "award_stage", "grant_payment"):
            cursor.execute(f"ALTER TABLE settlement_{table} DISABLE TRIGGER USER")
        cursor.execute(statement)
    assert {finding.invariant for finding in queries.audit()} == expected


def test_rows_are_guarded(halves):
    pay(halves, stages(awarded(halves))[0])
    for statement in (
        "UPDATE settlement_award SET face_fen = 1",
        "UPDATE settlement_award_stage SET amount_fen = 1",
        "DELETE FROM settlement_award_stage",
    ):
        with (
            pytest.raises(DatabaseError, match="nothing is edited"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
