"""Two dossiers of one holder: what the clauses, the caps and other support leave of the second, through the verbs."""

from datetime import date, timedelta

import pytest

from jiaozi.alert import services as alert
from jiaozi.alert.models import Alert
from jiaozi.alert.rules import AlertKind, UnableToProceed
from jiaozi.application import services as application
from jiaozi.application.models import Application
from jiaozi.party.rules import Actor, Role
from jiaozi.voucher import services as vouchers
from tests.world import OFFICER

from .cities import City, text_of

pytestmark = pytest.mark.django_db
OTHER = Actor("officer:wang", Role.OFFICER)


def issue(city, dossier):
    return vouchers.issue(application_id=city.noticed(dossier), by=OFFICER, now=city.now).face_fen


def codes(dossier):
    return [reason["code"] for reason in Application.objects.get(id=dossier).reasons]


@pytest.fixture
def langfang():
    return City(text_of("langfang"), date(2024, 6, 1))


def test_the_higher_not_the_sum_of_two_dossiers(langfang):
    holder, facts = langfang.holder(), langfang.sample("firm")
    claim, project = {**facts["claim"], "fee": "60万"}, {**facts["project"], "compute_cost": "60万"}
    small = {**facts, "claim": claim, "project": project}
    first = langfang.dossier(holder, "general", small)
    assert issue(langfang, first) == 30_000_000
    second = langfang.dossier(holder, "project", small)
    langfang.noticed(second)
    (found,) = Alert.objects.all()
    assert (found.kind, found.subject_id) == (AlertKind.STACKED, str(second))
    assert found.figures == {"count": 2, "highest_fen": 36_000_000, "total_fen": 66_000_000}
    with pytest.raises(UnableToProceed, match="the programme gives the higher of them"):
        vouchers.issue(application_id=second, by=OFFICER, now=langfang.now)
    alert.resolve(alert_id=found.id, confirmed=False, reason="两份申领为不同合同", by=OTHER, now=langfang.now)
    assert vouchers.issue(application_id=second, by=OFFICER, now=langfang.now).face_fen == 36_000_000


def test_what_one_dossier_left_of_the_holders_year_is_all_that_the_next_gets(langfang):
    holder = langfang.holder()
    assert issue(langfang, langfang.dossier(holder, "general", langfang.sample("firm"))) == 75_000_000
    second = langfang.dossier(holder, "project", langfang.sample("firm"))
    assert Application.objects.get(id=second).amount_fen == 25_000_000


def test_clauses_of_different_affairs_or_an_unpublished_rule_suspect_nobody():
    city = City(text_of("shanghai-2025"), date(2025, 6, 1))
    holder = city.holder()
    assert issue(city, city.dossier(holder, "rent", city.sample("rent"))) == 300_000_000
    city.noticed(city.dossier(holder, "model", city.sample("model")))
    assert not Alert.objects.exists()


def test_one_contract_is_granted_under_one_clause_of_the_programme_only():
    text = text_of("langfang").replace("programme: langfang", "programme: exclusive").partition("\ncases:")[0]
    text = text.replace("subjects: {", "subjects: {contract: claim.supplier, ", 1)  # a fact that is there, as a number
    caps = "    caps: [holder_year, year]\n"
    text = text.replace(caps, caps + "    once: {subject: contract, across: programme}\n", 2)
    case = "cases:\n  - {clause: arrival, facts: {applicant: {id: a}}, on: 2024-06-01, expect: refused}\n"
    city = City(f"{text}\n{case}", date(2024, 6, 1))
    holder, facts = city.holder(), city.sample("firm")
    assert issue(city, city.dossier(holder, "general", facts)) == 75_000_000
    second = city.dossier(holder, "project", facts)
    assert codes(second) == ["ALREADY_GRANTED"]


def test_earlier_grants_and_other_governments_support_count_on_one_contract():
    city = City(text_of("shanghai-2025"), date(2025, 6, 1))
    holder, facts = city.holder(), city.sample("rent")
    assert issue(city, city.dossier(holder, "rent", facts)) == 300_000_000
    supported = {**facts, "rent": {**facts["rent"], "district_support": "500万"}}
    assert issue(city, city.dossier(holder, "rent", supported)) == 200_000_000  # 1000 - 500 - 300
    third = city.dossier(holder, "rent", supported)
    assert codes(third) == ["CAP_EXHAUSTED"]
    other = {**facts, "rent": {**facts["rent"], "contract": "k-2"}}
    assert issue(city, city.dossier(holder, "rent", other)) == 300_000_000


def test_a_year_is_one_over_several_contracts():
    city = City(text_of("beijing"), date(2024, 6, 3))
    holder, facts = city.holder(), city.sample("firm")

    def claim(number):
        return city.dossier(holder, "contract", {**facts, "contract": {**facts["contract"], "id": number}})

    whole = issue(city, claim("HT-2024-001"))
    second = claim("HT-2024-002")
    assert Application.objects.get(id=second).amount_fen == 200_000_000 - whole


def test_a_dossier_that_waits_for_the_pool_is_reviewed_again_in_the_new_year():
    text = text_of("guizhou-2026").replace(", to: parameter.effective_to}", "}").partition("\ncases:")[0]
    case = "cases:\n  - {sample: firm, on: 2026-03-01, expect: 30万}\n"
    city = City(f"{text}\n{case}", date(2026, 6, 1))
    facts = city.sample("firm")
    first = city.voucher(city.holder(), "order", {**facts, "order": {**facts["order"], "amount": "4.7亿"}})
    waits = city.dossier(city.holder("乙科技"), "order", facts)
    assert codes(waits) == ["CAP_EXHAUSTED"]
    vouchers.cancel(
        voucher_id=first.id, reason="项目取消", by=OFFICER, now=city.now
    )  # the year's cap is on gross issue
    assert application.review(application_id=waits, by=OFFICER, now=city.now).amount_fen == 0
    row = application.review(application_id=waits, by=OFFICER, now=city.now + timedelta(days=214))
    assert (row.state, row.amount_fen, row.reasons) == ("UNDER_REVIEW", 30_000_000, [])
