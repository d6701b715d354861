"""For whom vouchers are spent, through the verbs: use at payment, claims at redemption; a reason comes first."""

from datetime import date

import pytest

from jiaozi.alert import services as alert
from jiaozi.alert.models import Alert
from jiaozi.alert.rules import AlertKind, UnableToProceed
from jiaozi.application import services as application
from jiaozi.application.rules import UnableToDecide
from jiaozi.catalogue.models import Centre
from jiaozi.kernel.fen import yuan
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture
from jiaozi.party import services as party
from jiaozi.party.rules import Actor, EndUser, HolderClass, Relation, RelationKind, Role
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import Redemption, Statement
from jiaozi.voucher import services as voucher
from tests.metering.test_import import SUBMIT, line
from tests.settlement.cities import City, text_of
from tests.settlement.conftest import LATER, NOVEMBER, NOW, House
from tests.settlement.test_redeem import JUNE, variant
from tests.world import CENTRE, CENTRE_CLERK, FINANCE, OFFICER, OPERATOR, PROGRAMME

pytestmark = pytest.mark.django_db
OTHER_OFFICER = Actor("officer:wang", Role.OFFICER)


def dismiss(row, *, confirmed=False):
    return alert.resolve(
        alert_id=row.id, confirmed=confirmed, reason="已核对账户归属", by=OTHER_OFFICER, now=row.raised_at
    )


def kinds(*rows):
    return sorted((each.kind, each.subject_id) for each in rows or Alert.objects.all())


class Trace:
    """Holders of the house whose use a centre brings as a file, by account."""

    def __init__(self) -> None:
        self.house = House()
        self.world = self.house.world
        self.serial = 100
        self.jobs = 0

    def voucher(self):
        self.serial += 1
        holder = self.world.holder(f"企业{self.serial}", serial=self.serial)
        self.world.credit(holder)
        return self.world.voucher(holder)

    def use(self, row, account, count=1):
        lines = [line(each, user=account, submit=SUBMIT + each) for each in range(self.jobs, self.jobs + count)]
        self.jobs += count
        found = metering.import_jobs(
            lines=lines, accounts={str(account): row.id}, centre=CENTRE, programme=PROGRAMME, by=OPERATOR, now=NOW
        )
        assert found.captured == count

    def relate(self, one, other):
        tie = Relation(
            kind=RelationKind.SAME_LEGAL_REPRESENTATIVE, one=one.holder_id, other=other.holder_id, source="工商登记",
            since=date(2020, 1, 1),
        )  # fmt: skip
        party.relate(relation=tie, by=OFFICER, now=NOW)

    def closed(self) -> Statement:
        """A closed statement with an honest claim."""
        self.house.prefund()
        row = self.house.closed(NOVEMBER)
        rows = Capture.objects.filter(statement_lines__statement_id=row.id)
        claim = {str(each.id): each.voucher_fen for each in rows}
        return settlement.claim(statement_id=row.id, lines=claim, by=CENTRE_CLERK, now=LATER)

    def match(self, row: Statement) -> Statement:
        return settlement.match(statement_id=row.id, by=OPERATOR, now=LATER)

    def paid(self, row: Statement) -> str:
        self.match(row)
        settlement.approve(statement_id=row.id, by=FINANCE, now=LATER)
        return self.house.pay(row).state


@pytest.fixture
def trace(db) -> Trace:
    return Trace()


def test_an_account_of_another_holder_stops_the_statement_until_an_officer_says_why_not(trace):
    first, second = trace.voucher(), trace.voucher()
    trace.use(first, 5)
    trace.use(second, 5)
    trace.use(second, 6)
    row = trace.closed()
    (found,) = Alert.objects.all()
    assert (found.kind, found.subject_kind, found.subject_id) == (AlertKind.FOREIGN_ACCOUNT, "VOUCHER", str(second.id))
    assert found.evidence == [f"{CENTRE} 5"]
    with pytest.raises(UnableToProceed, match=f"accounts that are not the holder's: {CENTRE} 5"):
        trace.match(row)
    dismiss(found)
    assert trace.paid(row) == "PAID"


def test_an_account_within_one_group_is_nobody_elses(trace):
    first, second = trace.voucher(), trace.voucher()
    trace.relate(first, second)
    trace.use(first, 5)
    trace.use(second, 5)
    assert trace.paid(trace.closed()) == "PAID"
    assert not Alert.objects.exists()


@pytest.mark.parametrize(("holders", "found"), [(4, 0), (5, 5)])
def test_many_strangers_vouchers_spent_by_one_account_are_resold(trace, holders, found):
    vouchers = [trace.voucher() for _ in range(holders)]
    for each in vouchers:
        trace.use(each, 5)
    trace.closed()
    resold = Alert.objects.filter(kind=AlertKind.RESALE)
    assert {row.subject_id for row in resold} == {str(each.id) for each in vouchers[:found]}
    assert {row.figures["strangers"] for row in resold} == ({4} if found else set())


def test_what_is_confirmed_of_a_voucher_does_not_hold_back_the_centre_that_delivered(trace):
    first, second = trace.voucher(), trace.voucher()
    trace.use(first, 5)
    trace.use(second, 5)
    row = trace.closed()
    dismiss(Alert.objects.get(), confirmed=True)
    assert trace.paid(row) == "PAID"


def test_use_at_a_centre_that_kin_runs_stops_the_statement(trace):
    row = trace.voucher()
    operator = trace.world.holder("蓉城算力运营", serial=999)
    Centre.objects.filter(id=CENTRE).update(operator=operator.name)
    tie = Relation(
        kind=RelationKind.SHAREHOLDING, one=operator.id, other=row.holder_id, source="年报", since=date(2024, 1, 1),
        share_bp=2500,
    )  # fmt: skip
    party.relate(relation=tie, by=OFFICER, now=NOW)
    trace.use(row, 5)
    trace.use(trace.voucher(), 6)
    statement = trace.closed()
    assert kinds() == [(AlertKind.RELATED_SUPPLIER, str(row.id))]
    with pytest.raises(UnableToProceed, match="蓉城算力运营 owns 25 % of 企业101"):
        trace.match(statement)
    dismiss(Alert.objects.get())
    assert trace.paid(statement) == "PAID"


def test_spending_is_screened_in_a_fixed_number_of_statements(trace, django_assert_max_num_queries):
    vouchers = [trace.voucher() for _ in range(3)]
    for number, each in enumerate(vouchers):
        trace.use(each, number, count=5)
    captures = list(Capture.objects.values_list("id", flat=True))
    with django_assert_max_num_queries(9):
        metering.screen_spending(programme=PROGRAMME, captures=captures, now=LATER)


# claims of holders


@pytest.fixture
def langfang(db) -> City:
    city = City(text_of("langfang"), JUNE)
    city.prefund("100万")
    return city


def test_a_related_seller_stops_the_redemption_until_an_officer_says_why_not(langfang):
    buyer, seller = langfang.holder("甲科技"), langfang.holder("乙算力")
    tie = Relation(
        kind=RelationKind.SAME_ADDRESS, one=buyer.id, other=seller.id, source="工商登记", since=date(2020, 1, 1)
    )
    party.relate(relation=tie, by=OFFICER, now=langfang.now)
    row = langfang.voucher(buyer, "general", langfang.sample("firm"))
    claim = langfang.submitted(row, invoice=langfang.invoice("3万", seller=seller.uscc))
    assert kinds() == [(AlertKind.RELATED_SUPPLIER, str(row.id))]
    with pytest.raises(UnableToProceed, match="甲科技 shares its address with 乙算力"):
        langfang.accepted(claim, "3万")
    dismiss(Alert.objects.get())
    langfang.accepted(claim, "3万")
    assert langfang.paid(claim).state == "PAID"


def test_one_invoice_under_two_programmes_stops_the_later_claim(langfang):
    other = City(text_of("langfang").replace("programme: langfang", "programme: langfang-district"), JUNE)
    number = "24442000000012345678"
    one = langfang.voucher(langfang.holder("甲科技"), "general", langfang.sample("firm"))
    langfang.submitted(one, invoice=langfang.invoice("3万", number))
    two = other.voucher(other.holder("乙科技"), "general", other.sample("firm"))
    claim = other.submitted(two, invoice=other.invoice("3万", number))
    assert kinds() == [(AlertKind.SAME_NUMBER, str(two.id))]
    with pytest.raises(UnableToProceed, match="the number 24442000000012345678"):
        other.accepted(claim, "3万")
    assert not Alert.objects.filter(programme="langfang").exists()


def test_metered_use_without_load_stops_the_subsidy_for_it():
    city = City(variant("subsidy_after_use"), JUNE)
    city.prefund("100万")
    row = city.voucher(city.holder(), "general", city.sample("firm"))
    idle, busy = city.job(row, cpu_ms=0), city.job(row, cpu_ms=14_000_000)
    claim = city.submitted(row, uses=[idle.id, busy.id])
    assert kinds() == [(AlertKind.USE_WITHOUT_LOAD, str(idle.id))]
    amount = yuan(Redemption.objects.get(id=claim).claimed_fen)
    with pytest.raises(UnableToProceed, match="processor time only 0‰"):
        city.accepted(claim, amount)
    dismiss(Alert.objects.get())
    city.accepted(claim, amount)
    assert city.paid(claim).state == "PAID"


def test_an_intermediary_that_names_no_end_user_gets_no_voucher():
    trace = Trace()
    broker = trace.world.holder("算力中介", HolderClass.INTERMEDIARY, serial=500)
    named = party.name_end_user(intermediary=broker.id, end_user=EndUser(name="某初创"), by=OFFICER, now=NOW)
    dossier = trace.world.apply(broker)
    trace.world.to_notice(dossier)
    assert kinds() == []
    named.delete()  # the register was put right after the review
    application.screen(application_id=dossier, by=OFFICER, now=trace.world.now)
    assert kinds() == [(AlertKind.HIDDEN_END_USER, str(dossier))]
    assert "named no end user at all" in Alert.objects.get().reason_en
    with pytest.raises(UnableToDecide, match="corrected after the review"):
        voucher.issue(application_id=dossier, by=OFFICER, now=trace.world.now)
