"""Money that goes to holders: redemptions, awards and their stages, payments, what is taken back of them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from jiaozi.application.models import Application
from jiaozi.metering.models import Capture
from jiaozi.party.models import Organisation
from jiaozi.policy.rules.words import PayModel
from jiaozi.settlement.rules.award import AwardState, StageState
from jiaozi.settlement.rules.life import REASON_MAX, REFERENCE_MAX
from jiaozi.settlement.rules.redeem import LIVE, REDEEMED, RedeemState
from jiaozi.voucher.models import Voucher, number_of

_LIVE = [state.value for state in LIVE]


class Redemption(models.Model):
    """One claim of a holder on its voucher, by an invoice or by metered use; ``bounds`` say the amount's why."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="redemptions")
    pay_model = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=[(each.value, str(each.label)) for each in RedeemState])
    seller = models.CharField(max_length=18, blank=True)
    invoice_number = models.CharField(max_length=20, blank=True)
    invoice_date = models.DateField(null=True)
    claimed_fen = models.BigIntegerField()
    held_fen = models.BigIntegerField()
    accepted_fen = models.BigIntegerField(null=True)
    amount_fen = models.BigIntegerField(null=True)
    decision = models.JSONField(null=True)
    bounds = models.JSONField(default=list)
    cap_keys = models.JSONField(default=list)
    reason = models.CharField(max_length=REASON_MAX, blank=True)
    submitted_by = models.CharField(max_length=80)
    submitted_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "settlement_redemption"
        indexes = [
            models.Index(fields=["programme", "-submitted_at", "-id"], name="redemption_by_programme"),
            models.Index(fields=["voucher", "submitted_at"], name="redemption_by_voucher"),
        ]
        constraints = [
            models.CheckConstraint(name="redemption_state", condition=Q(state__in=list(RedeemState))),
            models.CheckConstraint(name="redemption_model", condition=Q(pay_model__in=list(REDEEMED))),
            models.CheckConstraint(
                name="redemption_amounts",
                condition=Q(claimed_fen__gt=0, held_fen__gt=0)
                & (Q(accepted_fen__isnull=True) | Q(accepted_fen__gt=0, accepted_fen__lte=F("claimed_fen")))
                & (Q(amount_fen__isnull=True) | Q(amount_fen__gt=0, amount_fen__lte=F("held_fen"))),
            ),
            models.CheckConstraint(
                name="redemption_accepted_says_what",
                condition=~Q(state__in=["ACCEPTED", "PAID"])
                | (Q(accepted_fen__isnull=False, amount_fen__isnull=False) & ~Q(decided_by="")),
            ),
            models.CheckConstraint(
                name="redemption_invoice_whole",
                condition=Q(invoice_number="", seller="", invoice_date__isnull=True)
                | (~Q(invoice_number="") & ~Q(seller="") & Q(invoice_date__isnull=False)),
            ),
            models.UniqueConstraint(
                name="redemption_invoice_once",
                fields=["programme", "invoice_number"],
                condition=Q(state__in=_LIVE) & ~Q(invoice_number=""),
            ),
            models.UniqueConstraint(
                name="redemption_letter_once",
                fields=["voucher"],
                condition=Q(state__in=_LIVE, pay_model=PayModel.TARGET_LETTER),
            ),
        ]

    def __str__(self) -> str:
        return number_of(self.id)


class RedemptionUse(models.Model):
    """Metered use that a redemption is for; ``released`` ones are those of a claim that came to nothing."""

    id = models.BigAutoField(primary_key=True)
    redemption = models.ForeignKey(Redemption, on_delete=models.PROTECT, related_name="uses")
    capture = models.ForeignKey(Capture, on_delete=models.PROTECT, related_name="redemption_uses")
    amount_fen = models.BigIntegerField()
    released = models.BooleanField(default=False)

    class Meta:
        db_table = "settlement_redemption_use"
        constraints = [
            models.UniqueConstraint(name="use_redeemed_once", fields=["capture"], condition=Q(released=False)),
            models.CheckConstraint(name="redemption_use_amount", condition=Q(amount_fen__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.amount_fen} fen"


class Award(models.Model):
    """One award: its face was earmarked when it was decided; its stages add up to it. One-off ones have a key."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="award")
    holder = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="awards")
    clause = models.CharField(max_length=60)
    once_key = models.CharField(max_length=200, null=True)  # noqa: DJ001 - NULL: no one-off clause
    face_fen = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=[(each.value, str(each.label)) for each in AwardState])
    cap_keys = models.JSONField(default=list)
    reason = models.CharField(max_length=REASON_MAX, blank=True)
    hand_by = models.CharField(max_length=80, blank=True)
    hand_reason = models.CharField(max_length=REASON_MAX, blank=True)
    awarded_by = models.CharField(max_length=80)
    awarded_at = models.DateTimeField()

    class Meta:
        db_table = "settlement_award"
        indexes = [models.Index(fields=["programme", "-awarded_at", "-id"], name="award_by_programme")]
        constraints = [
            models.CheckConstraint(name="award_state", condition=Q(state__in=list(AwardState))),
            models.CheckConstraint(name="award_face", condition=Q(face_fen__gt=0)),
            models.CheckConstraint(name="award_by_hand_has_a_reason", condition=Q(hand_by="") | ~Q(hand_reason="")),
            models.UniqueConstraint(name="award_once", fields=["programme", "once_key"]),
        ]

    def __str__(self) -> str:
        return number_of(self.id)


class AwardStage(models.Model):
    """A part of an award that is paid by itself, once the papers that it needs were accepted."""

    id = models.UUIDField(primary_key=True)
    award = models.ForeignKey(Award, db_index=False, on_delete=models.PROTECT, related_name="stages")
    number = models.IntegerField()
    stage = models.CharField(max_length=60)
    zh = models.CharField(max_length=200)
    en = models.CharField(max_length=200)
    needs = models.JSONField(default=list)
    amount_fen = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=[(each.value, str(each.label)) for each in StageState])
    accepted_by = models.CharField(max_length=80, blank=True)
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "settlement_award_stage"
        constraints = [
            models.CheckConstraint(name="award_stage_state", condition=Q(state__in=list(StageState))),
            models.CheckConstraint(name="award_stage_amount", condition=Q(amount_fen__gt=0)),
            models.UniqueConstraint(name="award_stage_once", fields=["award", "number"]),
        ]

    def __str__(self) -> str:
        return f"{self.stage} {self.amount_fen} fen"


class GrantPayment(models.Model):
    """What was paid to a holder: one redemption or one stage; ``bank_reference`` is the bank's own id."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    redemption = models.OneToOneField(Redemption, null=True, on_delete=models.PROTECT, related_name="payment")
    stage = models.OneToOneField(AwardStage, null=True, on_delete=models.PROTECT, related_name="payment")
    amount_fen = models.BigIntegerField()
    bank_reference = models.CharField(max_length=REFERENCE_MAX)
    decided_by = models.CharField(max_length=80)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "settlement_grant_payment"
        indexes = [models.Index(fields=["programme", "at", "id"], name="grant_payment_by_programme")]
        constraints = [
            models.CheckConstraint(name="grant_payment_amount", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="grant_payment_is_one_of_two", condition=Q(redemption__isnull=True) ^ Q(stage__isnull=True)
            ),
            models.CheckConstraint(
                name="grant_payment_by_another", condition=~Q(by=F("decided_by")) & ~Q(by="") & ~Q(decided_by="")
            ),
            models.CheckConstraint(name="grant_payment_reference", condition=~Q(bank_reference="")),
            models.UniqueConstraint(name="grant_payment_reference_once", fields=["programme", "bank_reference"]),
        ]

    def __str__(self) -> str:
        return f"{self.bank_reference} {self.amount_fen} fen"


class Clawback(models.Model):
    """An amount that was paid to a holder and should not have been; the holder owes it to the reserve."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    payment = models.ForeignKey(GrantPayment, on_delete=models.PROTECT, related_name="clawbacks")
    amount_fen = models.BigIntegerField()
    from_unreplenished_fen = models.BigIntegerField()
    due_fen = models.BigIntegerField()
    reference = models.CharField(max_length=REFERENCE_MAX)
    reason = models.CharField(max_length=REASON_MAX)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "settlement_clawback"
        constraints = [
            models.UniqueConstraint(name="clawback_once", fields=["programme", "reference"]),
            models.CheckConstraint(
                name="clawback_adds_up",
                condition=Q(
                    amount_fen__gt=0,
                    from_unreplenished_fen__gte=0,
                    due_fen__gte=0,
                    amount_fen=F("from_unreplenished_fen") + F("due_fen"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.amount_fen} fen"


class ClawbackRecovery(models.Model):
    """What a holder paid back of a clawback."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    clawback = models.ForeignKey(Clawback, on_delete=models.PROTECT, related_name="recoveries")
    amount_fen = models.BigIntegerField()
    reference = models.CharField(max_length=REFERENCE_MAX)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "settlement_clawback_recovery"
        constraints = [
            models.UniqueConstraint(name="clawback_recovery_once", fields=["programme", "reference"]),
            models.CheckConstraint(name="clawback_recovery_amount", condition=Q(amount_fen__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.amount_fen} fen"
