"""Leases: who allowed them, what is set aside where, each letter, and each job that a centre admitted on its own.

Letters, admitted jobs and rulings are never edited (``sql/guard.sql``). Amounts in fen; the ledger has the money.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from jiaozi.catalogue.models import Centre
from jiaozi.lease.rules import LIVE, REASON_MAX, State, Verdict
from jiaozi.order.models import Order
from jiaozi.voucher.models import Voucher, number_of

_KEY_MAX = 1_000
_NAME_MAX = 80


class LeaseAllowance(models.Model):
    """That a holder lets centres run jobs on a voucher without asking, if they are signed by this key."""

    voucher = models.OneToOneField(Voucher, primary_key=True, on_delete=models.PROTECT, related_name="lease_allowance")
    holder_key = models.CharField(max_length=_KEY_MAX)
    by = models.CharField(max_length=_NAME_MAX)
    allowed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    tended_at = models.DateTimeField()

    class Meta:
        db_table = "lease_allowance"
        indexes = [models.Index(fields=["tended_at"], name="lease_allowance_due")]

    def __str__(self) -> str:
        return f"{self.voucher_id}"


class Lease(models.Model):
    """One voucher's lease at one centre.

    ``voucher_fen`` and ``own_fen`` are set aside now; with what admitted orders took and what came back they are what
    was granted. ``turn`` counts the changes of the holds, ``serial`` the letters, ``memory`` is the agent's that it is
    for. ``due_at`` is until when a silent centre may still tell.
    """

    id = models.UUIDField(primary_key=True)
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="leases")
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="leases")
    state = models.CharField(max_length=12, choices=[(each.value, str(each.label)) for each in State])
    memory = models.CharField(max_length=_NAME_MAX)
    turn = models.IntegerField(default=0)
    serial = models.IntegerField(default=0)
    cap_keys = models.JSONField(default=list)
    share_numerator = models.BigIntegerField()
    share_denominator = models.BigIntegerField()
    voucher_fen = models.BigIntegerField(default=0)
    own_fen = models.BigIntegerField(default=0)
    granted_voucher_fen = models.BigIntegerField(default=0)
    granted_own_fen = models.BigIntegerField(default=0)
    spent_voucher_fen = models.BigIntegerField(default=0)
    spent_own_fen = models.BigIntegerField(default=0)
    returned_voucher_fen = models.BigIntegerField(default=0)
    returned_own_fen = models.BigIntegerField(default=0)
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "lease"
        indexes = [
            models.Index(fields=["voucher", "-opened_at"], name="lease_by_voucher"),
            models.Index(fields=["centre", "-opened_at"], name="lease_by_centre"),
            models.Index(fields=["due_at"], name="lease_live", condition=Q(state__in=list(LIVE))),
        ]
        constraints = [
            models.UniqueConstraint(name="lease_open_once", fields=["voucher", "centre"], condition=Q(state="OPEN")),
            models.CheckConstraint(name="lease_state", condition=Q(state__in=list(State))),
            models.CheckConstraint(
                name="lease_adds_up",
                condition=Q(
                    granted_voucher_fen=F("voucher_fen") + F("spent_voucher_fen") + F("returned_voucher_fen"),
                    granted_own_fen=F("own_fen") + F("spent_own_fen") + F("returned_own_fen"),
                ),
            ),
            models.CheckConstraint(
                name="lease_never_below_nothing",
                condition=Q(
                    voucher_fen__gte=0, own_fen__gte=0, returned_voucher_fen__gte=0, returned_own_fen__gte=0,
                    spent_voucher_fen__gte=0, spent_own_fen__gte=0,
                ),
            ),
            models.CheckConstraint(
                name="lease_over_has_nothing",
                condition=Q(state__in=list(LIVE)) | Q(voucher_fen=0, own_fen=0, closed_at__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number that people read."""
        return number_of(self.id)


class LeaseLetter(models.Model):
    """What the platform wrote to a centre about a lease."""

    id = models.UUIDField(primary_key=True)
    lease = models.ForeignKey(Lease, on_delete=models.PROTECT, related_name="letters")
    serial = models.IntegerField()
    body = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        db_table = "lease_letter"
        constraints = [models.UniqueConstraint(name="lease_letter_once", fields=["lease", "serial"])]

    def __str__(self) -> str:
        return f"{self.lease_id}/{self.serial}"


class LeaseJob(models.Model):
    """A job that a centre told of: an order, or the centre's own loss with the reason.

    A job is known by who told it, under which lease and with which order's id: what one centre tells never stands for
    what another does. ``lease`` is the centre's own that it told, if it has such a one.
    """

    id = models.UUIDField(primary_key=True)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="+")
    lease_told = models.UUIDField()
    order_told = models.UUIDField()
    lease = models.ForeignKey(Lease, null=True, on_delete=models.PROTECT, related_name="jobs")
    order = models.OneToOneField(Order, null=True, on_delete=models.PROTECT, related_name="lease_job")
    serial = models.IntegerField()
    wish = models.TextField()
    admitted_at = models.DateTimeField()
    told_at = models.DateTimeField()
    voucher_fen = models.BigIntegerField(default=0)
    own_fen = models.BigIntegerField(default=0)
    reason_code = models.CharField(max_length=60, blank=True)
    reason_zh = models.CharField(max_length=REASON_MAX, blank=True)
    reason_en = models.CharField(max_length=REASON_MAX, blank=True)

    class Meta:
        db_table = "lease_job"
        indexes = [
            models.Index(fields=["centre", "-told_at"], name="lease_job_by_centre"),
            models.Index(fields=["order_told"], name="lease_job_by_order"),
        ]
        constraints = [
            models.UniqueConstraint(name="lease_job_told_once", fields=["centre", "lease_told", "order_told"]),
            models.CheckConstraint(
                name="lease_job_is_what_was_told",
                condition=(Q(order__isnull=True) | Q(order=F("order_told")))
                & (Q(lease__isnull=True) | Q(lease=F("lease_told"))),
            ),
            models.CheckConstraint(
                name="lease_job_is_an_order_or_a_loss",
                condition=Q(order__isnull=False, lease__isnull=False, reason_code="")
                | (Q(order__isnull=True, voucher_fen=0, own_fen=0) & ~Q(reason_code="")),
            ),
        ]

    def __str__(self) -> str:
        return number_of(self.order_told)


class LeaseRuling(models.Model):
    """What an officer decided about a lease that a silent centre did not give back, and why."""

    id = models.UUIDField(primary_key=True)
    lease = models.ForeignKey(Lease, on_delete=models.PROTECT, related_name="rulings")
    returned_fen = models.BigIntegerField()
    reason = models.CharField(max_length=REASON_MAX)
    by = models.CharField(max_length=_NAME_MAX)
    at = models.DateTimeField()

    class Meta:
        db_table = "lease_ruling"
        constraints = [
            models.CheckConstraint(name="lease_ruling_has_a_reason", condition=~Q(reason="") & ~Q(by="")),
        ]

    def __str__(self) -> str:
        return f"{self.lease_id}"


class LeaseLossRuling(models.Model):
    """What was decided about a job that its centre bears itself, and why; the last one counts."""

    id = models.UUIDField(primary_key=True)
    job = models.ForeignKey(LeaseJob, on_delete=models.PROTECT, related_name="rulings")
    verdict = models.CharField(max_length=8, choices=[(each.value, str(each.label)) for each in Verdict])
    reason = models.CharField(max_length=REASON_MAX)
    by = models.CharField(max_length=_NAME_MAX)
    at = models.DateTimeField()

    class Meta:
        db_table = "lease_loss_ruling"
        constraints = [
            models.CheckConstraint(name="lease_loss_ruling_has_a_reason", condition=~Q(reason="") & ~Q(by="")),
            models.CheckConstraint(name="lease_loss_ruling_verdict", condition=Q(verdict__in=list(Verdict))),
            models.UniqueConstraint(name="lease_loss_closed_once", fields=["job"], condition=Q(verdict="BORNE")),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} {self.verdict}"


class LeaseCursor(models.Model):
    """How far a centre's words about leases were read."""

    centre = models.OneToOneField(Centre, primary_key=True, on_delete=models.PROTECT, related_name="+")
    cursor = models.CharField(max_length=400)
    moved_at = models.DateTimeField()

    class Meta:
        db_table = "lease_cursor"

    def __str__(self) -> str:
        return f"{self.centre_id}"
