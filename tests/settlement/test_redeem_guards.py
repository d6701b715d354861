"""Redeeming, guarded: every role, every race, every row that somebody changed past the verbs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import DatabaseError, connection, connections, transaction

from jiaozi.alert import services as alerts
from jiaozi.alert.rules import AlertKind, Level, Subject, SubjectKind, Suspicion, UnableToProceed
from jiaozi.application.rules.evidence import UnableToKeepEvidence
from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import UnableToStep
from jiaozi.party.rules import Actor, Role
from jiaozi.policy.rules.words import StepOfLife
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import GrantPayment, Redemption
from jiaozi.settlement.queries import grants
from jiaozi.settlement.rules.position import UnableToMoveFunds
from jiaozi.settlement.rules.redeem import REDEEM_TRANSITIONS, RedeemState, UnableToRedeem
from jiaozi.voucher import queries as vouchers
from tests.world import OFFICER

from .cities import CASHIER, City, text_of

JUNE = date(2024, 6, 1)
AUDITOR = Actor("auditor:he", Role.AUDITOR)
ELSE = Actor("officer:guo", Role.OFFICER)


@pytest.fixture
def langfang(db):
    return City(text_of("langfang"), JUNE)


@pytest.fixture
def voucher(langfang):
    langfang.prefund("100万")
    return langfang.voucher(langfang.holder(), "general", langfang.sample("firm"))


def balance(row):
    purse = vouchers.purse(row.id)
    return purse.spendable_fen, purse.held_fen


VERBS = {
    "submit": lambda city, voucher, id_, by: settlement.submit_redemption(
        voucher_id=voucher.id, invoice=city.invoice("1万"), by=by, now=city.now
    ),
    "accept": lambda city, voucher, id_, by: settlement.accept_redemption(
        redemption_id=id_, accepted_fen=parse_yuan("10万"), by=by, now=city.now
    ),
    "reject": lambda city, voucher, id_, by: settlement.reject_redemption(
        redemption_id=id_, reason="x", by=by, now=city.now
    ),
    "withdraw": lambda city, voucher, id_, by: settlement.withdraw_redemption(redemption_id=id_, by=by, now=city.now),
    "cancel": lambda city, voucher, id_, by: settlement.cancel_redemption(
        redemption_id=id_, reason="x", by=by, now=city.now
    ),
    "pay": lambda city, voucher, id_, by: settlement.pay_redemption(
        redemption_id=id_, bank_reference="x", by=by, now=city.now
    ),
}
ALLOWED = {
    "submit": Role.APPLICANT, "accept": Role.OFFICER, "reject": Role.OFFICER, "withdraw": Role.APPLICANT,
    "cancel": Role.OFFICER, "pay": Role.FINANCE,
}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("role", Role)
def test_role_walk(langfang, voucher, verb, role):
    redemption_id = langfang.submitted(voucher, "10万")
    if verb in {"cancel", "pay"}:
        langfang.accepted(redemption_id, "10万")
    own = role is Role.APPLICANT
    by = Actor(
        "somebody:else", role, voucher.holder_id if own else None, "nscc-chengdu" if role is Role.CENTRE else None
    )
    if role is ALLOWED[verb]:
        VERBS[verb](langfang, voucher, redemption_id, by)
        return
    before = Redemption.objects.count(), Redemption.objects.get(id=redemption_id).state
    with pytest.raises((UnableToRedeem, UnableToStep)):
        VERBS[verb](langfang, voucher, redemption_id, by)
    assert (Redemption.objects.count(), Redemption.objects.get(id=redemption_id).state) == before


def test_a_strangers_papers_about_a_claim_prove_nothing(langfang, voucher):
    """A paper handed in with one's own dossier and said to be about another's claim stays with that dossier."""
    other = langfang.voucher(langfang.holder("另一家科技"), "general", langfang.sample("firm"))
    claim = langfang.submitted(voucher, "10万", papers=False)
    langfang.papers(other.application_id, other.holder, StepOfLife.REDEEM, claim)
    with pytest.raises(UnableToKeepEvidence, match="invoice"):
        langfang.accepted(claim, "10万")


@pytest.mark.parametrize("verb", ["submit", "withdraw"])
def test_another_holder_may_not(langfang, voucher, verb):
    redemption_id = langfang.submitted(voucher, "10万")
    with pytest.raises(UnableToRedeem, match="its own"):
        VERBS[verb](langfang, voucher, redemption_id, langfang.by(langfang.holder("旁人")))


def test_an_alert_stops_accepting_and_paying(langfang, voucher):
    first, second = langfang.submitted(voucher, "10万"), langfang.submitted(voucher, "20万")
    langfang.accepted(first, "10万")
    raised = suspect(langfang, SubjectKind.VOUCHER, voucher.id)
    for step in (lambda: langfang.accepted(second, "20万"), lambda: langfang.paid(first)):
        with pytest.raises(UnableToProceed):
            step()
    alerts.resolve(alert_id=raised.id, confirmed=False, reason="已核实", by=OFFICER, now=langfang.now)
    assert langfang.paid(first).state == RedeemState.PAID


def suspect(city, kind, id_):
    suspicion = Suspicion(
        kind=AlertKind.RESALE,
        subject=Subject(kind, str(id_)),
        level=Level.HIGH,
        reason=Label("疑似转售", "looks like a resale"),
        figures={"times": 2},
        thresholds={},
        evidence=(),
    )
    (raised,) = alerts.raise_all(programme=city.slug, suspicions=[suspicion], now=city.now)
    return raised


def test_every_state_has_both_names_and_a_way():
    assert all(state.label.zh and state.label.en for state in RedeemState)
    assert {after for _, after in REDEEM_TRANSITIONS.values()} | {RedeemState.SUBMITTED} == set(RedeemState)


def test_lists_are_bounded(langfang, voucher, django_assert_num_queries):
    for _ in range(3):
        langfang.submitted(voucher, "1万", papers=False)
    with django_assert_num_queries(1):
        rows = grants.redemptions("langfang", holder=voucher.holder_id, states=[RedeemState.SUBMITTED], limit=2)
        assert [row.voucher.holder.name for row in rows] == ["蓉城算法科技有限公司"] * 2


class TestRaces:
    def test_one_invoice_at_once_from_many(self, fresh_database):
        city = City(text_of("langfang"), JUNE)
        rows = [
            city.voucher(
                city.holder(f"公司{n}"),
                "general",
                {**city.sample("firm"), "claim": {**city.sample("firm")["claim"], "fee": "10万"}},
            )
            for n in range(6)
        ]
        invoice = city.invoice("1万")
        assert sorted(self.run(city, rows, invoice=invoice)) == ["INVOICE_USED"] * 5 + ["ok"]
        assert queries.audit_all().findings == ()

    def test_one_voucher_at_once_is_never_overdrawn(self, fresh_database):
        city = City(text_of("langfang"), JUNE)
        voucher = city.voucher(city.holder(), "general", city.sample("firm"))
        found = self.run(city, [voucher] * 6, amount="30万")
        assert found.count("ok") == 3  # 30 + 30 + 15 of 75万
        assert balance(voucher) == (0, parse_yuan("75万"))
        assert queries.audit_all().findings == ()

    def test_many_cashiers_pay_once(self, fresh_database):
        city = City(text_of("langfang"), JUNE)
        city.prefund()
        redemption_id = city.submitted(city.voucher(city.holder(), "general", city.sample("firm")), "10万")
        city.accepted(redemption_id, "10万")

        def one(number):
            try:
                city.paid(redemption_id, f"流水{number}")
            except UnableToStep:
                return "refused"
            finally:
                connection.close()
            return "paid"

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(one, range(4))) == ["paid", "refused", "refused", "refused"]
        assert queries.reserve_position("langfang").spent_fen == 0
        assert queries.audit_all().findings == ()

    def run(self, city, rows, amount="", **changes):
        def one(row):
            try:
                city.submitted(row, amount, papers=False, **changes)
            except UnableToRedeem as refused:
                return refused.reason.code
            finally:
                connection.close()
            return "ok"

        with ThreadPoolExecutor(6) as pool:
            return list(pool.map(one, rows))


TAMPERING = {
    "an amount": (
        "UPDATE settlement_redemption SET amount_fen = amount_fen - 1",
        {"a redemption holds and pays what it says", "a redemption is within its bounds"},
    ),
    "a state": (
        "UPDATE settlement_redemption SET state = 'REJECTED'",
        {"a redemption holds and pays what it says"},
    ),
    "an invoice": (
        "DROP INDEX redemption_invoice_once; UPDATE settlement_redemption SET invoice_number = '00000000000000000001'",
        {"an invoice is redeemed once"},
    ),
    "a payment": (
        "UPDATE settlement_grant_payment SET amount_fen = amount_fen + 1",
        {
            "a redemption holds and pays what it says",
            "a payment to a holder is what the ledger paid",
            "the reserve's accounts are its movements",
        },
    ),
    "a payer": (
        (
            "ALTER TABLE settlement_grant_payment DROP CONSTRAINT grant_payment_by_another;"
            "UPDATE settlement_grant_payment SET by = decided_by"
        ),
        {"a payment to a holder is what the ledger paid"},
    ),
    "a clawback": (
        "UPDATE settlement_clawback SET amount_fen = 99999999, from_unreplenished_fen = 99999999 - due_fen",
        {"no more is clawed back than was paid", "the reserve's accounts are its movements"},
    ),
    "a recovery": (
        "UPDATE settlement_clawback_recovery SET amount_fen = amount_fen + 99999",
        {"no more is paid back than was clawed back", "the reserve's accounts are its movements"},
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_by_the_owner_is_found(fresh_database, what):
    city = City(text_of("langfang"), JUNE)
    city.prefund()
    voucher = city.voucher(city.holder(), "general", city.sample("firm"))
    for amount in ("1万", "2万"):
        city.redeemed(voucher, amount)
    row = settlement.claw_back(
        payment_id=GrantPayment.objects.order_by("id")[0].id,
        amount_fen=100,
        reason="x",
        reference="追",
        by=OFFICER,
        now=city.now,
    )
    settlement.recover_clawback(clawback_id=row.id, amount_fen=100, reference="回", by=CASHIER, now=city.now)
    assert queries.audit_all().findings == ()
    statement, expected = TAMPERING[what]
    tables = ("redemption", "grant_payment", "clawback", "clawback_recovery")
    with connections["owner"].cursor() as cursor:
        cursor.execute("".join(f"ALTER TABLE settlement_{table} DISABLE TRIGGER USER;" for table in tables))
        cursor.execute(statement)
    assert {finding.invariant for finding in queries.audit()} == expected


def test_rows_are_guarded(langfang, voucher):
    langfang.redeemed(voucher, "1万")
    for statement in (
        "UPDATE settlement_redemption SET reason = 'x'",
        "DELETE FROM settlement_redemption",
        "UPDATE settlement_grant_payment SET by = 'x'",
    ):
        with (
            pytest.raises(DatabaseError, match="nothing is edited"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_the_auditor_is_refused_a_clawback(langfang, voucher):
    langfang.redeemed(voucher, "1万")
    payment = GrantPayment.objects.get()
    for by in (AUDITOR, langfang.by(voucher.holder)):
        with pytest.raises(UnableToMoveFunds):
            settlement.claw_back(
                payment_id=payment.id, amount_fen=1, reason="x", reference="x", by=by, now=langfang.now
            )
    row = settlement.claw_back(
        payment_id=payment.id, amount_fen=1, reason="x", reference="x", by=ELSE, now=langfang.now
    )
    with pytest.raises(UnableToMoveFunds):
        settlement.recover_clawback(clawback_id=row.id, amount_fen=1, reference="x", by=AUDITOR, now=langfang.now)
