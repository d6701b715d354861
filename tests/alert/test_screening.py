"""Screening dossiers and use on a real database: what is found, why, and that nothing is issued or paid past it."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import pytest

from jiaozi.alert import queries as alerts
from jiaozi.alert import services as alert
from jiaozi.alert.models import Alert
from jiaozi.alert.rules import AlertKind, State, UnableToProceed, UnableToReadAlerts
from jiaozi.application import services as application
from jiaozi.application.models import Application
from jiaozi.catalogue.models import Centre
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.lifecycle import UnableToStep
from jiaozi.metering import services as metering
from jiaozi.party import services as party
from jiaozi.party.models import Organisation
from jiaozi.party.rules import Actor, Relation, RelationKind, Role
from jiaozi.policy.rules.words import StepOfLife
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import Statement
from jiaozi.voucher import services as voucher
from jiaozi.voucher.models import Voucher
from tests.application.papers import pdf
from tests.settlement.cities import City, text_of
from tests.settlement.conftest import LATER, House
from tests.world import FINANCE, OFFICER

pytestmark = pytest.mark.django_db
OTHER_OFFICER = Actor("officer:wang", Role.OFFICER)


@dataclass
class Beijing:
    """A city where contracts are claimed for, and some firms."""

    city: City

    def firm(self, name: str) -> Organisation:
        return self.city.holder(name)

    def relate(self, one: Organisation, other: Organisation, kind=RelationKind.SAME_ADDRESS, share_bp=None):
        tie = Relation(
            kind=kind, one=one.id, other=other.id, source="工商登记", since=date(2020, 1, 1), share_bp=share_bp
        )
        party.relate(relation=tie, by=OFFICER, now=self.city.now)

    def claim(self, holder: Organisation, number: str, amount: str = "100万") -> UUID:
        facts = self.city.sample("firm")
        claimed = {**facts, "contract": {**facts["contract"], "id": number, "amount": amount}}
        return self.city.dossier(holder, "contract", claimed)

    def issue(self, application_id: UUID) -> Voucher:
        return voucher.issue(application_id=application_id, by=OFFICER, now=self.city.now)


@pytest.fixture
def beijing(db) -> Beijing:
    return Beijing(City(text_of("beijing"), date(2024, 6, 3)))


def raised(application_id):
    return list(Alert.objects.filter(subject_id=str(application_id)).order_by("kind"))


def dismiss(row, by=OTHER_OFFICER, *, confirmed=False):
    return alert.resolve(alert_id=row.id, confirmed=confirmed, reason="已核对原件", by=by, now=row.raised_at)


def test_an_honest_dossier_raises_nothing_and_is_issued(beijing):
    first = beijing.claim(beijing.firm("甲科技"), "HT-2024-001")
    second = beijing.claim(beijing.firm("乙科技"), "HT-2024-002")
    for each in (first, second):
        beijing.issue(beijing.city.noticed(each))
    assert not Alert.objects.exists()


def test_both_ends_of_one_contract_stop_issue_until_another_officer_says_why_not(beijing):
    one, other = beijing.firm("甲科技"), beijing.firm("丙中心")
    beijing.relate(one, other, RelationKind.SHAREHOLDING, 6000)
    first = beijing.city.noticed(beijing.claim(one, "HT-2024-001"))
    second = beijing.city.noticed(beijing.claim(other, "ｈｔ 2024/001"))
    (found,) = raised(second)
    assert found.kind == AlertKind.BOTH_ENDS
    assert "甲科技持有丙中心 60%股份" in found.reason_zh
    with pytest.raises(UnableToProceed, match="甲科技 owns 60 % of 丙中心"):
        beijing.issue(second)
    assert Application.objects.get(id=second).state == "PUBLIC_NOTICE"
    assert not Voucher.objects.exists()
    dismiss(found)
    assert beijing.issue(second).application_id == second
    assert beijing.issue(first).application_id == first


def test_a_confirmed_alert_lets_only_rejection_through(beijing):
    one, other = beijing.firm("甲科技"), beijing.firm("丙中心")
    beijing.relate(one, other)
    beijing.claim(one, "HT-2024-001")
    second = beijing.city.noticed(beijing.claim(other, "HT-2024-001"))
    dismiss(raised(second)[0], confirmed=True)
    with pytest.raises(UnableToProceed) as refused:
        beijing.issue(second)
    assert refused.value.reason.code == "ALERT_CONFIRMED"


def test_a_stranger_with_the_same_contract_copies_it(beijing):
    first = beijing.claim(beijing.firm("甲科技"), "HT-2024-001")
    second = beijing.claim(beijing.firm("乙科技"), "HT 2024 001")
    (found,) = raised(second)
    assert (found.kind, found.level) == (AlertKind.SAME_NUMBER, "HIGH")
    assert str(first) in found.reason_en


def test_a_withdrawn_dossier_claims_for_nothing(beijing):
    firm = beijing.firm("甲科技")
    first = beijing.claim(firm, "HT-2024-001")
    application.withdraw(application_id=first, by=beijing.city.by(firm), now=beijing.city.now)
    assert raised(beijing.claim(beijing.firm("乙科技"), "HT-2024-001")) == []


def test_the_same_file_in_two_dossiers(beijing):
    city, content = beijing.city, pdf("one contract")
    firms = [beijing.firm("甲科技"), beijing.firm("乙科技")]
    dossiers = [beijing.claim(firm, f"HT-2024-00{number}") for number, firm in enumerate(firms)]
    for firm, dossier in zip(firms, dossiers, strict=True):
        application.attach(
            application_id=dossier,
            step=StepOfLife.APPLY,
            paper="contract",
            name="合同.pdf",
            content=content,
            by=city.by(firm),
            now=city.now,
        )
    (found,) = application.screen(application_id=dossiers[1], by=OFFICER, now=city.now)
    assert (found.kind, found.subject_id) == (AlertKind.SAME_FILE, str(dossiers[1]))
    assert application.screen(application_id=dossiers[1], by=OFFICER, now=city.now) == ()
    assert JournalLine.objects.filter(stage="alert").count() == 1


ROWS = [f"2024-05-{day:02d},node{day},job-{day},{day * 7} 核时,训练大模型第{day}轮" for day in range(1, 29)]


def table(city, application_id, holder, rows, paper="other"):
    application.attach(
        application_id=application_id, step=StepOfLife.APPLY, paper=paper, name="usage.csv",
        content="\n".join(["日期,节点,作业,用量,说明", *rows]).encode(), by=city.by(holder), now=city.now,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (ROWS[:-1], [AlertKind.SIMILAR_PAPER]),  # one row left out: other bytes, nearly the same text
        ([row.replace("训练", "推理").replace("node", "机柜") for row in reversed(ROWS)], []),
    ],
)
def test_a_table_that_is_nearly_anothers(beijing, rows, found):
    one, other = beijing.firm("甲科技"), beijing.firm("乙科技")
    table(beijing.city, beijing.claim(one, "HT-2024-001"), one, ROWS)
    second = beijing.claim(other, "HT-2024-002")
    table(beijing.city, second, other, rows)
    application.screen(application_id=second, by=OFFICER, now=beijing.city.now)
    assert [row.kind for row in raised(second)] == found


BANDED = """amount:
      of: contract.amount
      bands: {by: contract.amount, steps: [{to: 100万, ratio: 30%}, {above: 100万, ratio: 20%}]}"""


@pytest.mark.parametrize(
    ("amounts", "found"),
    [
        (("950000.02元", "100万"), 1),  # the least that counts, and the band's own end
        (("949999.99元", "100万"), 0),
        (("96万", "1000000.01元"), 0),
        (("99万",), 0),
    ],
)
def test_dossiers_of_one_holder_that_keep_just_below_a_bands_end(db, amounts, found):
    head, _, _ = text_of("beijing").partition("\ncases:")
    plain = "amount: {ratio: 20%, of: contract.amount, less: [contract.excluded]}"
    assert plain in head
    case = "cases:\n  - {sample: firm, facts: {contract: {amount: 100万}}, on: 2024-06-01, expect: 30万}\n"
    banded = Beijing(City(f"{head.replace(plain, BANDED)}\n{case}", date(2024, 6, 3)))
    firm = banded.firm("甲科技")
    claims = [banded.claim(firm, f"HT-2024-{number}", amount) for number, amount in enumerate(amounts)]
    kinds = [row.kind for row in raised(claims[-1])]
    assert kinds == [AlertKind.JUST_BELOW] * found


def test_two_related_holders_over_one_cap(beijing):
    one, other = beijing.firm("甲科技"), beijing.firm("乙科技")
    beijing.relate(one, other, RelationKind.SAME_LEGAL_REPRESENTATIVE)
    assert raised(beijing.claim(one, "HT-2024-001", "500万")) == []
    assert raised(beijing.claim(other, "HT-2024-002", "500万")) == []  # 100万 each: exactly the cap of 200万
    third = beijing.claim(other, "HT-2024-003", "0.0005万")
    (found,) = raised(third)
    assert found.kind == AlertKind.SPLIT_UNDER_CAP
    assert found.figures == {"cap_fen": 200_000_000, "count": 3, "holders": 2, "total_fen": 200_000_100}


def test_a_relation_that_came_later_is_found_when_the_notice_begins(beijing):
    one, other = beijing.firm("甲科技"), beijing.firm("乙科技")
    beijing.claim(one, "HT-2024-001", "600万")
    second = beijing.claim(other, "HT-2024-002", "600万")
    assert raised(second) == []
    beijing.relate(one, other)
    beijing.city.noticed(second)
    assert [each.kind for each in raised(second)] == [AlertKind.SPLIT_UNDER_CAP]


def test_buying_from_the_firm_that_runs_the_centre_and_is_one_s_own():
    city = City(text_of("chengdu-2025"), date(2025, 10, 1))
    holder, operator = city.holder("甲科技"), city.holder("蓉城算力运营")
    Centre.objects.filter(id="nscc-chengdu").update(operator=operator.name)
    tie = Relation(
        kind=RelationKind.SHAREHOLDING,
        one=operator.id,
        other=holder.id,
        source="年报",
        since=date(2024, 1, 1),
        share_bp=2500,
    )
    row = party.relate(relation=tie, by=OFFICER, now=city.now)
    dossier = city.dossier(holder, "compute", city.sample("party"))
    (found,) = raised(dossier)
    assert found.kind == AlertKind.RELATED_SUPPLIER
    assert "蓉城算力运营 owns 25 % of 甲科技" in found.reason_en
    party.end_relation(relation_id=row.id, until=date(2025, 9, 1), by=OFFICER, now=city.now)
    assert raised(city.dossier(city.holder("乙科技"), "compute", city.sample("party"))) == []


def test_an_applicant_can_not_screen(beijing):
    firm = beijing.firm("甲科技")
    dossier = beijing.claim(firm, "HT-2024-001")
    with pytest.raises(UnableToReadAlerts):
        application.screen(application_id=dossier, by=beijing.city.by(firm), now=beijing.city.now)


# use, and payment


def loaded(house: House, cpu_ms: int | None) -> Statement:
    """A matched statement whose one job ran an hour on 4 cores with this much processor time."""
    house.capture(cpu_ms=cpu_ms)
    house.prefund()
    return house.matched(house.closed())


@pytest.fixture
def house(db) -> House:
    return House()


@pytest.mark.parametrize(("cpu_ms", "found"), [(719_999, 1), (720_000, 0), (None, 0)])
def test_use_without_load_at_its_border(house, cpu_ms, found):
    row = loaded(house, cpu_ms)
    captures = [line.capture_id for line in row.lines.all()]
    assert len(metering.screen(programme=row.programme, captures=captures, now=LATER)) == found
    assert metering.screen(programme=row.programme, captures=captures, now=LATER) == ()


def test_an_open_alert_stops_payment_and_a_resolved_one_lets_it_go(house):
    row = loaded(house, 0)
    settlement.approve(statement_id=row.id, by=FINANCE, now=LATER)
    (found,) = alerts.alerts(programme=row.programme, by=OFFICER, states=[State.OPEN])
    assert found.kind == AlertKind.USE_WITHOUT_LOAD
    with pytest.raises(UnableToProceed, match="4 units occupied for 60 minutes, processor time only 0‰"):
        house.pay(row)
    row.refresh_from_db()
    assert row.state == "APPROVED"
    for role in (Role.AUDITOR, Role.APPLICANT, Role.FINANCE):
        with pytest.raises(UnableToStep):
            dismiss(found, Actor("someone", role))
    dismiss(found)
    assert house.pay(row).state == "PAID"


def test_a_statement_paid_already_answers_the_same_whatever_was_raised_since(house):
    row = loaded(house, 720_000)
    settlement.approve(statement_id=row.id, by=FINANCE, now=LATER)
    paid = house.pay(row, "银行流水1")
    stricter = {"cpu_least_permille": 100}
    alert.set_parameters(programme=row.programme, values=stricter, reason="加强核查", by=OFFICER, now=LATER)
    captures = [line.capture_id for line in row.lines.all()]
    assert len(metering.screen(programme=row.programme, captures=captures, now=LATER + timedelta(days=1))) == 1
    assert house.pay(row, "银行流水1").paid_at == paid.paid_at
