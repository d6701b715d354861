"""Redeeming: proof, the clause's own arithmetic, caps where they are measured, one invoice once, duties apart."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.application.rules.evidence import UnableToKeepEvidence
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.fen import parse_yuan
from jiaozi.party.rules import Actor, Role, UnableToRegister
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import GrantPayment, Redemption
from jiaozi.settlement.rules import redeem as rules
from jiaozi.settlement.rules import redeem_proof as proofs
from jiaozi.settlement.rules.life import UnableToPay, UnableToWrite
from jiaozi.settlement.rules.position import UnableToMoveFunds
from jiaozi.settlement.rules.redeem import RedeemState, UnableToRedeem
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher import services as voucher_verbs
from jiaozi.voucher.rules import UnableToSpend
from tests.world import FINANCE, OFFICER

from .cities import City, text_of

JUNE = date(2024, 6, 1)
AUDITOR = Actor("auditor:he", Role.AUDITOR)
ELSE = Actor("officer:guo", Role.OFFICER)


def variant(model, slug="other-city"):
    """Langfang's rules under another pay model: no published programme has it, so this one is the tests' own."""
    text = text_of("langfang").replace("programme: langfang", f"programme: {slug}")
    return text.replace("pay_model: pay_then_redeem", f"pay_model: {model}")


@pytest.fixture
def langfang(db):
    return City(text_of("langfang"), JUNE)


@pytest.fixture
def voucher(langfang):
    langfang.prefund("100万")
    return langfang.voucher(langfang.holder(), "general", langfang.sample("firm"))


def balance(row):
    purse = vouchers.purse(row.id)
    return purse.spendable_fen, purse.held_fen, purse.used_fen, purse.ended_fen


def yuan(*texts):
    return tuple(parse_yuan(text) for text in texts)


class TestInvoices:
    def test_a_number_has_one_form(self, langfang):
        found = proofs.check_invoice(langfang.invoice("1元", "2444 2000 0000 1234 5678"), JUNE)
        assert found.number == "24442000000012345678"

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"number": "12345678"}, "INVOICE_NUMBER_WRONG"),
            ({"number": "1" * 21}, "INVOICE_NUMBER_WRONG"),
            ({"number": "１２３４５６７８９０１２３４５６７８９０"[:19]}, "INVOICE_NUMBER_WRONG"),
            ({"issued_on": JUNE + timedelta(days=1)}, "INVOICE_FROM_TOMORROW"),
            ({"amount_fen": 0}, "AMOUNT_MISSING"),
            ({"amount_fen": True}, "AMOUNT_MISSING"),
            ({"amount_fen": 1.5}, "AMOUNT_MISSING"),
        ],
    )
    def test_what_is_wrong_is_named(self, langfang, changes, code):
        with pytest.raises(UnableToRedeem) as refused:
            proofs.check_invoice(langfang.invoice("1元", **changes), JUNE)
        assert refused.value.reason.code == code

    def test_the_seller_has_a_code(self, langfang):
        with pytest.raises(UnableToRegister):
            proofs.check_invoice(langfang.invoice("1元", seller="91510100"), JUNE)

    def test_the_same_is_never_redeemed_twice(self, langfang, voucher):
        invoice = langfang.invoice("10万")
        langfang.submitted(voucher, invoice=invoice)
        other = langfang.voucher(langfang.holder("另一家公司"), "general", langfang.sample("firm"))
        for row in (voucher, other):
            with pytest.raises(UnableToRedeem, match="handed in before"):
                langfang.submitted(row, invoice=invoice)

    def test_nobody_sells_to_itself(self, langfang, voucher):
        with pytest.raises(UnableToRedeem, match="the holder itself"):
            langfang.submitted(voucher, invoice=langfang.invoice("1万", seller=voucher.holder.uscc.lower()))

    def test_an_invoice_or_metered_use_not_both(self, db):
        city = City(variant("subsidy_after_use"), JUNE)
        voucher = city.voucher(city.holder(), "general", city.sample("firm"))
        with pytest.raises(UnableToRedeem, match="not both"):
            city.submitted(voucher, invoice=city.invoice("1万"), uses=[voucher.id])

    def test_after_a_rejection_it_may_come_again(self, langfang, voucher):
        invoice = langfang.invoice("10万")
        first = langfang.submitted(voucher, invoice=invoice)
        settlement.reject_redemption(redemption_id=first, reason="发票模糊", by=OFFICER, now=langfang.now)
        assert balance(voucher) == (*yuan("75万"), 0, 0, 0)
        langfang.submitted(voucher, invoice=invoice)
        assert queries.audit_all().holds

    def test_the_table_itself_refuses_a_second(self, langfang, voucher):
        langfang.submitted(voucher, "10万")
        row = Redemption.objects.get()
        row.id = voucher.id
        with pytest.raises(DatabaseError, match="redemption_invoice_once"), transaction.atomic():
            row.save(force_insert=True)


class TestAccepting:
    def test_the_amount_is_the_clauses_on_what_was_paid(self, langfang, voucher):
        redemption_id = langfang.submitted(voucher, "60万")
        assert balance(voucher) == yuan("15万", "60万", "0", "0")
        row = langfang.accepted(redemption_id, "40.01元", "其余为设备款")
        assert row.amount_fen == 2000
        assert {bound["name"]: bound["fen"] for bound in row.bounds} == {
            "clause": 2000,
            "order_share": 4001,
            "voucher": 60_000_000,
        }
        assert balance(voucher) == (75_000_000 - 2000, 2000, 0, 0)
        assert row.decision["clauses"][0]["steps"]

    def test_papers_come_first(self, langfang, voucher):
        redemption_id = langfang.submitted(voucher, "10万", papers=False)
        with pytest.raises(UnableToKeepEvidence, match="invoice, proof of payment"):
            langfang.accepted(redemption_id, "10万")

    @pytest.mark.parametrize(("amount", "reason"), [("10.01万", "x"), ("0", "x"), ("9万", "  ")])
    def test_no_more_than_claimed_and_less_with_a_reason(self, langfang, voucher, amount, reason):
        redemption_id = langfang.submitted(voucher, "10万")
        with pytest.raises(UnableToRedeem):
            langfang.accepted(redemption_id, amount, reason)

    def test_a_minimum_counts_over_the_bills(self, db):
        text = text_of("langfang").replace(
            "amount: {ratio: 50%, of: claim.fee}", "amount: {ratio: 50%, of: claim.fee, minimum: 5000元}"
        )
        text = "\n".join(line for line in text.splitlines() if not line.endswith("expect: 0.01元}"))
        city = City(text, JUNE)
        voucher = city.voucher(city.holder(), "general", city.sample("firm"))
        small = city.submitted(voucher, "9999.98元")
        with pytest.raises(UnableToRedeem, match="the clause refuses"):
            city.accepted(small, "9999.98元")

    def test_a_cap_on_redeeming_is_its_own(self, db):
        city = City(text_of("beijing"), JUNE)
        city.prefund()
        holder, sample = city.holder(), city.sample("firm")

        def contract(id_, amount):
            return {**sample, "contract": {**sample["contract"], "id": id_, "amount": amount}}

        first = city.voucher(holder, "contract", contract("k-1", "600万"))
        second = city.voucher(holder, "contract", contract("k-2", "400万"))
        assert (first.face_fen, second.face_fen) == yuan("120万", "80万")
        assert city.redeemed(first, "600万") == parse_yuan("120万")
        assert city.redeemed(second, "400万") == parse_yuan("80万")
        assert queries.audit_all().holds

    def test_a_cap_that_is_short_bounds_and_then_refuses(self, db):
        text = text_of("beijing").replace("amount: 200万, measures: redeemed", "amount: 100万, measures: redeemed")
        city = City(text, JUNE)
        city.prefund()
        holder, sample = city.holder(), city.sample("firm")
        other = {**sample, "contract": {**sample["contract"], "id": "k-2", "amount": "100万"}}
        first, second = city.voucher(holder, "contract", sample), city.voucher(holder, "contract", other)
        assert city.redeemed(first, "800万") == parse_yuan("100万")
        waiting = city.submitted(second, "100万")
        with pytest.raises(UnableToRedeem, match="cap on redeeming per year leaves nothing"):
            city.accepted(waiting, "100万")
        city.now += timedelta(days=250)  # the cap is per calendar year, and counts where it is redeemed
        assert city.accepted(waiting, "100万").amount_fen == parse_yuan("20万")
        assert queries.audit_all().holds

    @given(st.integers(1, 10**9), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(-5, 10**9))
    def test_the_least_bound_is_what_is_due(self, accepted, held, left, redeemed):
        label = rules.Label("x", "x")
        found = [
            rules.Bound("a", label, accepted),
            rules.Bound("b", label, held),
            rules.Bound("c", label, left - redeemed),
        ]
        least = min(bound.fen for bound in found)
        if least > 0:
            assert rules.due_fen(found) == least
        else:
            with pytest.raises(UnableToRedeem):
                rules.due_fen(found)


class TestPaying:
    def test_reserve_voucher_and_journal_agree(self, langfang, voucher):
        redemption_id = langfang.submitted(voucher, "20万")
        langfang.accepted(redemption_id, "20万")
        row = langfang.paid(redemption_id, "银行流水1")
        assert row.state == RedeemState.PAID
        assert balance(voucher) == yuan("65万", "0", "10万", "0")
        assert queries.reserve_position("langfang").reserve_fen == parse_yuan("90万")
        assert [line.verb for line in JournalLine.objects.filter(subject=redemption_id)] == [
            "submit_redemption", "accept_redemption", "pay_redemption",
        ]  # fmt: skip
        assert queries.year_at_a_glance("langfang", 2024).settled_fen == parse_yuan("10万")
        assert langfang.paid(redemption_id, "银行流水1").id == row.id
        assert GrantPayment.objects.count() == 1

    def test_not_by_who_decided_or_claimed(self, langfang, voucher):
        redemption_id = langfang.submitted(voucher, "20万")
        langfang.accepted(redemption_id, "20万")
        for name in (OFFICER.name, langfang.by(voucher.holder).name):
            with pytest.raises(UnableToRedeem, match="who decided can't pay"):
                settlement.pay_redemption(
                    redemption_id=redemption_id, bank_reference="x", by=Actor(name, Role.FINANCE), now=langfang.now
                )

    def test_a_short_reserve_pays_nothing(self, langfang, voucher):
        redemption_id = langfang.submitted(voucher, "150万")
        langfang.accepted(redemption_id, "150万")
        langfang.paid(redemption_id)
        other = langfang.voucher(langfang.holder("另一家"), "general", langfang.sample("firm"))
        short = langfang.submitted(other, "150万")
        langfang.accepted(short, "150万")
        with pytest.raises(UnableToPay, match="short by"):
            langfang.paid(short)
        assert Redemption.objects.get(id=short).state == "ACCEPTED"
        assert queries.audit_all().holds

    def test_a_bank_reference_stands_for_one_payment(self, langfang, voucher):
        first, second = langfang.submitted(voucher, "1万"), langfang.submitted(voucher, "2万")
        for each, amount in ((first, "1万"), (second, "2万")):
            langfang.accepted(each, amount)
        langfang.paid(first, "流水7")
        with pytest.raises(UnableToWrite):
            langfang.paid(second, "流水7")


class TestEnding:
    def test_withdrawn_and_cancelled_claims_give_back(self, langfang, voucher):
        first, second = langfang.submitted(voucher, "10万"), langfang.submitted(voucher, "20万")
        settlement.withdraw_redemption(redemption_id=first, by=langfang.by(voucher.holder), now=langfang.now)
        langfang.accepted(second, "20万")
        settlement.cancel_redemption(redemption_id=second, reason="误算", by=OFFICER, now=langfang.now)
        assert balance(voucher) == (*yuan("75万"), 0, 0, 0)
        assert queries.audit_all().holds

    def test_what_an_ended_voucher_held_follows_it(self, langfang, voucher):
        first, second = langfang.submitted(voucher, "10万"), langfang.submitted(voucher, "20万")
        voucher_verbs.revoke(voucher_id=voucher.id, reason="违规", by=OFFICER, now=langfang.now)
        assert balance(voucher) == yuan("0", "30万", "0", "45万")
        langfang.accepted(first, "10万")
        settlement.reject_redemption(redemption_id=second, reason="重复", by=OFFICER, now=langfang.now)
        langfang.paid(first)
        assert balance(voucher) == yuan("0", "0", "5万", "70万")
        assert queries.audit_all().holds
        with pytest.raises(UnableToSpend):
            langfang.submitted(voucher, "1万")

    def test_a_frozen_voucher_waits(self, langfang, voucher):
        first, second = langfang.submitted(voucher, "10万"), langfang.submitted(voucher, "20万")
        langfang.accepted(first, "10万")
        voucher_verbs.freeze(voucher_id=voucher.id, reason="举报", by=OFFICER, now=langfang.now)
        for step in (lambda: langfang.accepted(second, "20万"), lambda: langfang.paid(first)):
            with pytest.raises(UnableToRedeem, match="frozen"):
                step()
        voucher_verbs.unfreeze(voucher_id=voucher.id, reason="查实无误", by=OFFICER, now=langfang.now)
        assert langfang.paid(first).state == RedeemState.PAID

    def test_nothing_left_is_said(self, langfang, voucher):
        langfang.submitted(voucher, "150万")
        with pytest.raises(UnableToRedeem, match="nothing to redeem"):
            langfang.submitted(voucher, "1万")

    def test_the_year_keeps_the_reserve_while_a_claim_waits(self, langfang, voucher):
        langfang.submitted(voucher, "10万")
        langfang.now += timedelta(days=300)
        closed = settlement.close_year(programme="langfang", year=2024, by=FINANCE, now=langfang.now)
        assert [reason.code for reason in closed.outstanding] == ["NOT_COVERED"]


class TestClawback:
    @pytest.fixture
    def payment(self, langfang, voucher):
        langfang.redeemed(voucher, "20万")
        return GrantPayment.objects.get()

    def claw(self, langfang, payment, amount, reference="追1", **changes):
        words = {"payment_id": payment.id, "amount_fen": parse_yuan(amount), "reason": "虚开", "reference": reference}
        return settlement.claw_back(**words | {"by": OFFICER, "now": langfang.now} | changes)

    def test_before_and_after_the_treasury_replaced_it(self, langfang, payment):
        first = self.claw(langfang, payment, "2万")
        assert (first.from_unreplenished_fen, first.due_fen) == yuan("2万", "0")
        settlement.replenish(
            programme="langfang", amount_fen=parse_yuan("8万"), reference="补1", by=FINANCE, now=langfang.now
        )
        second = self.claw(langfang, payment, "3万", "追2")
        assert (second.from_unreplenished_fen, second.due_fen) == yuan("0", "3万")
        for row, amount in ((first, "2万"), (second, "1万")):
            settlement.recover_clawback(
                clawback_id=row.id, amount_fen=parse_yuan(amount), reference=f"回{amount}", by=FINANCE, now=langfang.now
            )
        at = queries.reserve_position("langfang")
        assert (at.receivable_fen, at.due_fen, at.difference_fen) == (*yuan("2万", "3万"), 0)
        settlement.remit(
            programme="langfang", amount_fen=parse_yuan("3万"), reference="缴1", by=FINANCE, now=langfang.now
        )
        assert queries.audit_all().findings == ()

    def test_no_more_than_was_paid_and_once_a_reference(self, langfang, payment):
        first = self.claw(langfang, payment, "10万")
        assert self.claw(langfang, payment, "10万").id == first.id
        with pytest.raises(UnableToWrite):
            self.claw(langfang, payment, "1万")
        with pytest.raises(UnableToMoveFunds, match="what is left"):
            self.claw(langfang, payment, "0.01元", "追2")
        with pytest.raises(UnableToMoveFunds):
            settlement.recover_clawback(
                clawback_id=first.id, amount_fen=parse_yuan("10万") + 1, reference="回", by=FINANCE, now=langfang.now
            )


class TestOtherModels:
    """No published programme has these; the documents are the tests' own."""

    def test_a_target_letter_is_converted_once_and_its_rest_lapses(self, db):
        city = City(variant("target_letter"), JUNE)
        city.prefund("100万")
        letter = city.voucher(city.holder(), "general", city.sample("firm"))
        redemption_id = city.submitted(letter, "100万")
        with pytest.raises(UnableToRedeem, match="converted once"):
            city.submitted(letter, "10万")
        city.accepted(redemption_id, "100万")
        assert balance(letter) == yuan("0", "50万", "0", "25万")
        assert city.paid(redemption_id).amount_fen == parse_yuan("50万")
        assert balance(letter) == yuan("0", "0", "50万", "25万")
        assert queries.audit_all().findings == ()

    def test_a_subsidy_follows_metered_use(self, db):
        city = City(variant("subsidy_after_use"), JUNE)
        city.prefund("1万")
        voucher = city.voucher(city.holder(), "general", city.sample("firm"))
        first, second = city.job(voucher), city.job(voucher, seconds=7200)
        assert (first.voucher_fen, first.own_fen, second.own_fen) == (0, 60, 120)
        redemption_id = city.submitted(voucher, uses=[first.id, second.id])
        row = settlement.accept_redemption(redemption_id=redemption_id, accepted_fen=180, by=OFFICER, now=city.now)
        assert row.amount_fen == 90
        with pytest.raises(UnableToRedeem, match="1 uses were claimed"):
            city.submitted(voucher, uses=[first.id])
        city.paid(redemption_id)
        assert queries.reserve_position(city.slug).reserve_fen == parse_yuan("1万") - 90
        assert queries.audit_all().findings == ()

    def test_a_subsidy_follows_an_invoice_too_and_a_rejected_use_is_free_again(self, db):
        city = City(variant("subsidy_after_use"), JUNE)
        city.prefund("10万")
        voucher = city.voucher(city.holder(), "general", city.sample("firm"))
        used = city.job(voucher)
        redemption_id = city.submitted(voucher, uses=[used.id])
        settlement.reject_redemption(redemption_id=redemption_id, reason="待补", by=OFFICER, now=city.now)
        city.submitted(voucher, uses=[used.id])
        assert city.redeemed(voucher, "10万") == parse_yuan("5万")
        with pytest.raises(UnableToRedeem, match="not of this voucher"):
            city.submitted(voucher, uses=[voucher.id])

    def test_use_is_no_proof_where_an_invoice_is_asked(self, langfang, voucher):
        with pytest.raises(UnableToRedeem, match="against an invoice"):
            langfang.submitted(voucher, uses=[voucher.id])
