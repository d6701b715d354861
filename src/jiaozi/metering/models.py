"""Usage as centres report it, and the captures that it became; amounts in fen, charges in micro-fen.

Some foreign keys have no constraint: an import fills them by the ten thousand from rows that it has just read, and to
look each up again costs PostgreSQL more than the row itself. What they name is never deleted (PROTECT, and prices are
guarded in the database), and the audit compares all of them at once.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from jiaozi.catalogue.models import Centre, TariffVersion
from jiaozi.metering.rules import CaptureKind, RulingVerb, UsageState
from jiaozi.metering.rules.samples import DEVICE_MAX, SLOTS_A_DAY, Metric
from jiaozi.metering.rules.words import ACCOUNT_MAX, REASON_MAX
from jiaozi.order.models import Order
from jiaozi.order.ports import Direction
from jiaozi.party.models import Organisation
from jiaozi.voucher.models import Voucher


class Capture(models.Model):
    """What was charged for an order, or for an imported record: one row per resolution of money, never edited.

    ``batch`` is the subject of the journal line of the import that wrote it; None for an order's, which has its own.
    ``corrects`` is the order whose charge a correction adds to, which may have no other capture. ``moved_for`` is the
    order whose data was moved: priced by the link, its tariff is the order's only for reference.
    """

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=[(each.value, each.value) for each in CaptureKind])
    centre = models.ForeignKey(
        Centre, db_index=False, db_constraint=False, on_delete=models.PROTECT, related_name="captures"
    )
    order = models.OneToOneField(Order, null=True, on_delete=models.PROTECT, related_name="capture")
    corrects = models.ForeignKey(
        Order, null=True, db_index=False, db_constraint=False, on_delete=models.PROTECT, related_name="corrections"
    )
    moved_for = models.ForeignKey(
        Order,
        null=True,
        db_index=False,
        db_constraint=False,
        on_delete=models.PROTECT,
        related_name="movement_captures",
    )
    voucher = models.ForeignKey(Voucher, db_index=False, on_delete=models.PROTECT, related_name="captures")
    holder = models.ForeignKey(
        Organisation, db_index=False, db_constraint=False, on_delete=models.PROTECT, related_name="captures"
    )
    tariff = models.ForeignKey(
        TariffVersion, db_index=False, db_constraint=False, on_delete=models.PROTECT, related_name="+"
    )
    payable_shard = models.SmallIntegerField()
    price_fen = models.BigIntegerField()
    voucher_fen = models.BigIntegerField()
    own_fen = models.BigIntegerField()
    overrun_fen = models.BigIntegerField(default=0)
    captured_at = models.DateTimeField()
    batch = models.UUIDField(null=True)

    class Meta:
        db_table = "metering_capture"
        indexes = [
            models.Index(fields=["centre", "captured_at"], name="capture_by_centre"),
            models.Index(fields=["voucher", "captured_at"], name="capture_by_voucher"),
            models.Index(fields=["corrects"], name="capture_by_corrected", condition=Q(corrects__isnull=False)),
            models.Index(fields=["moved_for"], name="capture_by_moved", condition=Q(moved_for__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                name="capture_adds_up", condition=Q(price_fen=F("voucher_fen") + F("own_fen"), overrun_fen__gte=0)
            ),
            models.CheckConstraint(name="capture_not_negative", condition=Q(voucher_fen__gte=0, own_fen__gte=0)),
            models.CheckConstraint(
                name="capture_of_an_order", condition=Q(kind=CaptureKind.ORDER) ^ Q(order__isnull=True)
            ),
            models.CheckConstraint(
                name="correction_of_an_order", condition=Q(kind=CaptureKind.CORRECTION) ^ Q(corrects__isnull=True)
            ),
            models.CheckConstraint(
                name="movement_of_an_order", condition=Q(kind=CaptureKind.MOVEMENT) ^ Q(moved_for__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.centre_id} {self.price_fen} fen"


class UsageRow(models.Model):
    """One usage record of a centre, kept as it came; (centre, record id) is its key.

    ``account`` is whom the centre names in an imported record, or the order's id where the centre has no such order.
    A record is CAPTURED with its capture, HELD_BACK or WAIVED with its reason; none is dropped, however wrong its
    figures are. What was measured is never edited (``sql/usage_guard.sql``): a dispute that is resolved for the other
    payload makes a row of its own, which ``supersedes`` the first.
    """

    id = models.UUIDField(primary_key=True)
    centre = models.ForeignKey(
        Centre, db_index=False, db_constraint=False, on_delete=models.PROTECT, related_name="usage"
    )
    record_id = models.CharField(max_length=200)
    payload_digest = models.BinaryField(max_length=32)
    source = models.CharField(max_length=20)
    account = models.CharField(max_length=ACCOUNT_MAX, blank=True)
    order = models.ForeignKey(Order, null=True, db_index=False, on_delete=models.PROTECT, related_name="usage")
    resource_class = models.CharField(max_length=40)
    units = models.IntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    elapsed_ms = models.BigIntegerField()
    cpu_ms = models.BigIntegerField(null=True)
    memory_peak_mib = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=20)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=[(each.value, each.value) for each in UsageState])
    reason_code = models.CharField(max_length=60, blank=True)
    reason_zh = models.CharField(max_length=REASON_MAX, blank=True)
    reason_en = models.CharField(max_length=REASON_MAX, blank=True)
    tariff = models.ForeignKey(
        TariffVersion, null=True, db_index=False, db_constraint=False, on_delete=models.PROTECT, related_name="+"
    )
    charge_ufen = models.BigIntegerField(null=True)
    capture = models.ForeignKey(Capture, null=True, on_delete=models.PROTECT, related_name="usage")
    supersedes = models.ForeignKey(
        "self", null=True, db_index=False, db_constraint=False, on_delete=models.PROTECT, related_name="superseded_by"
    )

    class Meta:
        db_table = "metering_usage"
        indexes = [
            models.Index(fields=["centre", "received_at"], name="usage_open", condition=~Q(state="CAPTURED")),
            models.Index(fields=["supersedes"], name="usage_superseded", condition=Q(supersedes__isnull=False)),
            # Nearly all imported records have no order, so the key's own index would be mostly empty entries.
            models.Index(fields=["order"], name="usage_by_order", condition=Q(order__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(name="usage_once", fields=["centre", "record_id"]),
            models.CheckConstraint(
                name="usage_quantities",
                condition=~Q(state=UsageState.CAPTURED)
                # "not null" said as well, for a CHECK lets a comparison with NULL pass
                | Q(charge_ufen__isnull=False, tariff__isnull=False, charge_ufen__gte=0)
                & Q(units__gte=1, elapsed_ms__gte=0, ended_at__gte=F("started_at")),
            ),
            models.CheckConstraint(
                name="usage_captured_or_reasoned",
                condition=Q(state=UsageState.RECEIVED)
                | Q(state=UsageState.CAPTURED, capture__isnull=False)
                | (Q(state__in=[UsageState.HELD_BACK, UsageState.WAIVED]) & ~Q(reason_code="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.centre_id} {self.record_id}"


class MovementRow(models.Model):
    """One file of an order that reached its place: the usage record of data movement, in bytes; never edited.

    ``size`` is charged, ``sent`` went over the line. It is CAPTURED, or WAIVED with the reason why nobody pays.
    """

    id = models.UUIDField(primary_key=True)
    centre = models.ForeignKey(Centre, db_index=False, on_delete=models.PROTECT, related_name="movements")
    record_id = models.CharField(max_length=200)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="movements")
    direction = models.CharField(max_length=3, choices=[(each.value, each.value) for each in Direction])
    size = models.BigIntegerField()
    sent = models.BigIntegerField()
    content = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=[(each.value, each.value) for each in UsageState])
    reason_code = models.CharField(max_length=60, blank=True)
    reason_zh = models.CharField(max_length=REASON_MAX, blank=True)
    reason_en = models.CharField(max_length=REASON_MAX, blank=True)
    price_per_gb_ufen = models.BigIntegerField()
    charge_ufen = models.BigIntegerField()
    capture = models.ForeignKey(Capture, null=True, on_delete=models.PROTECT, related_name="movements")

    class Meta:
        db_table = "metering_movement"
        constraints = [
            models.UniqueConstraint(name="movement_once", fields=["centre", "record_id"]),
            models.CheckConstraint(
                name="movement_captured_or_reasoned",
                condition=Q(state=UsageState.CAPTURED, capture__isnull=False, reason_code="")
                | Q(state=UsageState.WAIVED, capture__isnull=True) & ~Q(reason_code=""),
            ),
            models.CheckConstraint(
                name="movement_quantities",
                condition=Q(size__gte=0, sent__gte=0, price_per_gb_ufen__gte=0, charge_ufen__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.centre_id} {self.record_id}"


class UsageDispute(models.Model):
    """The same key with another payload: kept beside the first, shown, never charged until somebody resolves it."""

    id = models.UUIDField(primary_key=True)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="usage_disputes")
    record_id = models.CharField(max_length=200)
    payload_digest = models.BinaryField(max_length=32)
    payload = models.JSONField()
    received_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=REASON_MAX, blank=True)

    class Meta:
        db_table = "metering_dispute"
        constraints = [models.UniqueConstraint(name="dispute_once", fields=["centre", "record_id", "payload_digest"])]

    def __str__(self) -> str:
        return f"{self.centre_id} {self.record_id}"


class Ruling(models.Model):
    """What a person decided about usage that stood still, and why; never edited. Exactly one thing is decided on."""

    id = models.UUIDField(primary_key=True)
    verb = models.CharField(max_length=12, choices=[(each.value, each.value) for each in RulingVerb])
    usage = models.ForeignKey(UsageRow, null=True, on_delete=models.PROTECT, related_name="rulings")
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="usage_rulings")
    dispute = models.ForeignKey(UsageDispute, null=True, on_delete=models.PROTECT, related_name="rulings")
    reason = models.CharField(max_length=REASON_MAX)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "metering_ruling"
        constraints = [
            models.CheckConstraint(name="ruling_has_a_reason", condition=~Q(reason="") & ~Q(by="")),
            models.CheckConstraint(
                name="ruling_on_one_thing",
                condition=Q(usage__isnull=False, order__isnull=True, dispute__isnull=True)
                | Q(usage__isnull=True, order__isnull=False, dispute__isnull=True)
                | Q(usage__isnull=True, order__isnull=True, dispute__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.by}"


class UsageSamples(models.Model):
    """What one device of a job was seen at on one UTC day: slots of ten seconds, each with its permille; never edited.

    ``reference`` is the order's id or the record's, as the centre names it. ``batch`` is the subject of the journal
    line of the import that wrote it; a later import adds rows with other slots.
    """

    id = models.UUIDField(primary_key=True)
    centre = models.ForeignKey(Centre, db_index=False, on_delete=models.PROTECT, related_name="samples")
    day = models.DateField()
    reference = models.CharField(max_length=200)
    metric = models.CharField(max_length=6, choices=[(each.value, each.value) for each in Metric])
    device = models.CharField(max_length=DEVICE_MAX, blank=True)
    slots = ArrayField(models.SmallIntegerField())
    values = ArrayField(models.SmallIntegerField())
    count = models.IntegerField()
    sum_permille = models.BigIntegerField()
    first_slot = models.SmallIntegerField()
    last_slot = models.SmallIntegerField()
    received_at = models.DateTimeField()
    batch = models.UUIDField()

    class Meta:
        db_table = "metering_samples"
        indexes = [
            models.Index(fields=["centre", "reference"], name="samples_by_reference"),
            models.Index(fields=["centre", "day"], name="samples_by_day"),
        ]
        constraints = [
            models.CheckConstraint(name="samples_metric", condition=Q(metric__in=list(Metric))),
            models.CheckConstraint(
                name="samples_slots",
                condition=Q(first_slot__gte=0, last_slot__lt=SLOTS_A_DAY, last_slot__gte=F("first_slot"))
                & Q(count__gte=1, sum_permille__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.metric} {self.day}"


class UsageCursor(models.Model):
    """How far a centre's engine was read; moved in the transaction that stores what was read."""

    centre = models.OneToOneField(Centre, primary_key=True, on_delete=models.PROTECT, related_name="usage_cursor")
    cursor = models.TextField(blank=True)
    moved_at = models.DateTimeField()

    class Meta:
        db_table = "metering_cursor"

    def __str__(self) -> str:
        return self.centre_id
