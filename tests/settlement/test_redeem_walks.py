"""Long walks of redemptions and awards in any order: refused or done, every book adds up after every step."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from random import Random
from uuid import uuid4

import pytest

from jiaozi.kernel.refusal import Refused
from jiaozi.policy.rules.words import StepOfLife
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import AwardStage, Clawback, GrantPayment, Redemption
from jiaozi.settlement.rules.redeem_proof import Invoice
from jiaozi.voucher import services as vouchers
from tests.world import FINANCE, OFFICER

from .cities import CASHIER, SELLER, City, text_of

STEPS = 60


def mixed():
    """Langfang's rules with a one-step award beside them, and a cap on redeeming: the tests' own document."""
    text = text_of("langfang").replace("programme: langfang", "programme: mixed")
    cap = (
        "  redeemed: {zh: 兑付上限, en: cap on redeeming, amount: 60万, measures: redeemed, per: calendar_year,"
        " subject: holder}\n"
    )
    text = text.replace("\nvoucher:\n", f"\n{cap}\nvoucher:\n".replace("\n\n", "\n", 1), 1)
    text = text.replace(
        "    amount: {ratio: 50%, of: claim.fee}\n    caps: [holder_year, year]",
        "    amount: {ratio: 50%, of: claim.fee}\n    caps: [holder_year, year, redeemed]",
    )
    award = (
        "  - id: prize\n    zh: 奖励\n    en: prize\n    source: {ref: test, grade: A}\n"
        "    when: [{if: applicant.ai_sector, zh: 人工智能, en: AI}]\n    grants: award\n    amount: {fixed: 10.01万}\n"
        "    without: [suppliers, services]\n    evidence: [{id: report, zh: 报告, en: report, at: settle}]\n"
        "    stages:\n      - {id: start, zh: 始, en: start, share: 50%}\n"
        "      - {id: end, zh: 终, en: end, share: 50%, needs: [report]}\n\n"
    )
    return text.replace("\nsamples:\n", f"\n{award}\nsamples:\n", 1)


class Walk:
    """One seed's walk; every step may be refused, none may break a book."""

    def __init__(self, seed: int) -> None:
        self.draw = Random(seed)
        self.city = City(mixed(), date(2024, 6, 1), budget="2000万")
        self.city.prefund("30万")
        self.vouchers = [
            self.city.voucher(self.city.holder(f"公司{n}"), "general", self.city.sample("firm")) for n in range(3)
        ]
        self.awards = [self.award() for _ in range(3)]

    def award(self):
        holder = self.city.holder("获奖单位")
        claimed = {"applicant": self.city.sample("firm")["applicant"]}
        application_id = self.city.noticed(self.city.dossier(holder, "prize", claimed))
        return settlement.award(application_id=application_id, by=OFFICER, now=self.city.now)

    def any_of(self, model):
        rows = list(model.objects.order_by("id"))
        return self.draw.choice(rows) if rows else None

    def submit(self):
        number = f"{self.draw.randrange(12):020d}"
        amount_fen = self.draw.choice([1, 2, 99_99, 30_000_001, 80_000_000])
        invoice = Invoice(seller=SELLER, number=number, issued_on=self.city.on, amount_fen=amount_fen)
        self.city.submitted(self.draw.choice(self.vouchers), invoice=invoice)

    def accept(self, row):
        accepted_fen = self.draw.randint(1, row.claimed_fen)
        settlement.accept_redemption(
            redemption_id=row.id, accepted_fen=accepted_fen, reason="核减", by=OFFICER, now=self.city.now
        )

    def pay(self, row):
        settlement.pay_redemption(redemption_id=row.id, bank_reference=str(uuid4()), by=CASHIER, now=self.city.now)

    def end(self, row):
        verb = self.draw.choice([settlement.reject_redemption, settlement.cancel_redemption])
        verb(redemption_id=row.id, reason="x", by=OFFICER, now=self.city.now)

    def stage(self, row):
        award = row.award
        if row.needs:
            self.city.paper(award.application_id, award.holder, StepOfLife.SETTLE, "report", row.id)
            with suppress(Refused):
                settlement.accept_report(stage_id=row.id, by=OFFICER, now=self.city.now)
        settlement.pay_award(stage_id=row.id, bank_reference=str(uuid4()), by=CASHIER, now=self.city.now)

    def claw_back(self, row):
        amount_fen = self.draw.randint(1, row.amount_fen)
        settlement.claw_back(
            payment_id=row.id, amount_fen=amount_fen, reason="x", reference=str(uuid4()), by=OFFICER, now=self.city.now
        )

    def recover(self, row):
        amount_fen = self.draw.randint(1, row.amount_fen)
        settlement.recover_clawback(
            clawback_id=row.id, amount_fen=amount_fen, reference=str(uuid4()), by=FINANCE, now=self.city.now
        )

    def replenish(self):
        most_fen = max(1, queries.reserve_position(self.city.slug).unreplenished_fen)
        settlement.replenish(
            programme=self.city.slug, amount_fen=self.draw.randint(1, most_fen), reference=str(uuid4()), by=FINANCE,
            now=self.city.now,
        )  # fmt: skip

    def rare(self):
        if self.draw.random() < 0.3:
            settlement.withdraw_award(
                award_id=self.draw.choice(self.awards).id, reason="x", by=OFFICER, now=self.city.now
            )
        elif self.draw.random() < 0.3:
            vouchers.revoke(voucher_id=self.draw.choice(self.vouchers).id, reason="x", by=OFFICER, now=self.city.now)

    def step(self) -> bool:
        whole = [self.submit, self.submit, self.replenish, self.rare]
        of_rows = [
            (self.accept, Redemption), (self.accept, Redemption), (self.pay, Redemption), (self.pay, Redemption),
            (self.end, Redemption), (self.stage, AwardStage), (self.claw_back, GrantPayment), (self.recover, Clawback),
        ]  # fmt: skip
        which = self.draw.randrange(len(whole) + len(of_rows))
        try:
            if which < len(whole):
                whole[which]()
                return True
            verb, model = of_rows[which - len(whole)]
            row = self.any_of(model)
            if row is None:
                return False
            verb(row)
        except Refused:
            return False
        return True


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_every_book_adds_up_after_every_step(seed):
    walk = Walk(seed)
    done = 0
    for _ in range(STEPS):
        done += walk.step()
        assert queries.audit() == []
    assert done > STEPS // 4
    assert GrantPayment.objects.exists()
    assert queries.audit_all().findings == ()
