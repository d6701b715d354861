"""Statements, their lines and claims, the reserve's movements; what is final is guarded in ``sql/guard.sql``."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from jiaozi.catalogue.models import Centre
from jiaozi.metering.models import Capture
from jiaozi.settlement.rules import LineKind, State
from jiaozi.settlement.rules.confirming import ClaimKind
from jiaozi.settlement.rules.life import REASON_MAX, REFERENCE_MAX
from jiaozi.settlement.rules.position import FundKind
from jiaozi.voucher.models import number_of

_MATCHED = [State.MATCHED, State.APPROVED, State.PAID]


class Statement(models.Model):
    """What a centre is owed for a period; totals in fen. A statement that was adjusted gives its captures back."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="statements")
    first = models.DateField()
    end = models.DateField()
    state = models.CharField(max_length=10, choices=[(each.value, str(each.label)) for each in State])
    captures = models.IntegerField(default=0)
    total_fen = models.BigIntegerField(default=0)
    claim_number = models.IntegerField(default=0)
    claim_total_fen = models.BigIntegerField(null=True)
    claim_kind = models.CharField(max_length=10, blank=True, choices=[(k.value, str(k.label)) for k in ClaimKind])
    claimed_at = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=80, blank=True)
    ledger_total_fen = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=REASON_MAX, blank=True)
    resolution = models.CharField(max_length=REASON_MAX, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    matched_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=80, blank=True)
    paid_at = models.DateTimeField(null=True)
    paid_by = models.CharField(max_length=80, blank=True)
    bank_reference = models.CharField(max_length=REFERENCE_MAX, blank=True)

    class Meta:
        db_table = "settlement_statement"
        indexes = [
            models.Index(fields=["programme", "-first", "centre"], name="statement_by_period"),
            models.Index(fields=["programme", "paid_at", "id"], name="statement_paid", condition=Q(state="PAID")),
        ]
        constraints = [
            models.CheckConstraint(name="statement_state", condition=Q(state__in=list(State))),
            models.CheckConstraint(name="statement_period", condition=Q(end__gt=F("first"))),
            models.CheckConstraint(name="statement_amounts", condition=Q(total_fen__gte=0, captures__gte=0)),
            models.CheckConstraint(
                name="statement_three_ways_equal",
                # "not null" said as well, for a CHECK lets a comparison with NULL pass
                condition=~Q(state__in=_MATCHED)
                | (
                    Q(claim_total_fen__isnull=False, ledger_total_fen__isnull=False)
                    & Q(claim_total_fen=F("total_fen"), ledger_total_fen=F("total_fen"))
                ),
            ),
            models.CheckConstraint(
                name="statement_paid_by_another",
                condition=~Q(state=State.PAID)
                | (
                    Q(approved_at__isnull=False, paid_at__isnull=False)
                    & ~Q(approved_by="")
                    & ~Q(paid_by="")
                    & ~Q(bank_reference="")
                    & ~Q(paid_by=F("approved_by"))
                ),
            ),
            models.UniqueConstraint(
                name="statement_once", fields=["programme", "centre", "first", "end"], condition=~Q(state="ADJUSTED")
            ),
            models.UniqueConstraint(
                name="statement_bank_reference_once",
                fields=["programme", "bank_reference"],
                condition=~Q(bank_reference=""),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number that people read."""
        return number_of(self.id)


class StatementLine(models.Model):
    """One capture on a statement. ``released`` lines are those of an adjusted statement: the next one takes them."""

    id = models.BigAutoField(primary_key=True)
    statement = models.ForeignKey(Statement, db_index=False, on_delete=models.PROTECT, related_name="lines")
    capture = models.ForeignKey(Capture, on_delete=models.PROTECT, related_name="statement_lines")
    kind = models.CharField(max_length=10, choices=[(each.value, str(each.label)) for each in LineKind])
    amount_fen = models.BigIntegerField()
    claimed_fen = models.BigIntegerField(null=True)
    ledger_fen = models.BigIntegerField(null=True)
    released = models.BooleanField(default=False)

    class Meta:
        db_table = "settlement_line"
        constraints = [
            models.UniqueConstraint(name="capture_on_one_statement", fields=["capture"], condition=Q(released=False)),
            models.UniqueConstraint(name="capture_once_a_statement", fields=["statement", "capture"]),
            models.CheckConstraint(name="statement_line_kind", condition=Q(kind__in=list(LineKind))),
            models.CheckConstraint(name="statement_line_amount", condition=Q(amount_fen__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_fen} fen"


class ClaimLine(models.Model):
    """What the centre claimed, as it came. A later claim has a higher number; ``capture`` is what was found for it.

    ``reason`` is why the centre's figure is not the metered one, where it objects to a line.
    """

    id = models.BigAutoField(primary_key=True)
    statement = models.ForeignKey(Statement, db_index=False, on_delete=models.PROTECT, related_name="claim_lines")
    number = models.IntegerField()
    reference = models.CharField(max_length=200)
    amount_fen = models.BigIntegerField()
    reason = models.CharField(max_length=REASON_MAX, blank=True, db_default="")
    capture = models.ForeignKey(Capture, null=True, db_index=False, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "settlement_claim_line"
        constraints = [
            models.UniqueConstraint(name="claim_line_once", fields=["statement", "number", "reference"]),
            models.CheckConstraint(name="claim_line_amount", condition=Q(amount_fen__gte=0, number__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.amount_fen} fen"


class Disallowance(models.Model):
    """An amount that was paid for a capture and should not have been; the centre owes it to the reserve."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="disallowances")
    capture = models.ForeignKey(Capture, on_delete=models.PROTECT, related_name="disallowances")
    amount_fen = models.BigIntegerField()
    from_unreplenished_fen = models.BigIntegerField()
    due_fen = models.BigIntegerField()
    reference = models.CharField(max_length=REFERENCE_MAX)
    reason = models.CharField(max_length=REASON_MAX)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "settlement_disallowance"
        constraints = [
            models.UniqueConstraint(name="disallowance_once", fields=["programme", "reference"]),
            models.CheckConstraint(
                name="disallowance_adds_up",
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


class FundMovement(models.Model):
    """One movement of the reserve fund's real money; ``reference`` is the bank's or the treasury's own number."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=[(each.value, each.value) for each in FundKind])
    amount_fen = models.BigIntegerField()
    reference = models.CharField(max_length=REFERENCE_MAX)
    disallowance = models.ForeignKey(Disallowance, null=True, on_delete=models.PROTECT, related_name="recoveries")
    year = models.IntegerField(null=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "settlement_fund_movement"
        constraints = [
            models.UniqueConstraint(name="fund_movement_once", fields=["programme", "kind", "reference"]),
            models.CheckConstraint(name="fund_movement_amount", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(name="fund_movement_kind", condition=Q(kind__in=list(FundKind))),
            models.CheckConstraint(
                name="fund_movement_recovers", condition=Q(kind=FundKind.RECOVER) ^ Q(disallowance__isnull=True)
            ),
            models.CheckConstraint(
                # An advance is made for a year, and goes back when that year is closed.
                name="fund_movement_year",
                condition=Q(kind__in=[FundKind.PREFUND, FundKind.RETURN]) ^ Q(year__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_fen} fen"
