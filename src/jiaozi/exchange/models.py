"""Sessions, sealed orders, public prices and flows, traders' seats, money and declared capacity, schedules.

``sql/guard.sql`` keeps orders as they were entered and results as they came out.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from jiaozi.catalogue.models import Centre
from jiaozi.exchange.rules.book import Side
from jiaozi.exchange.rules.life import REASON_MAX, REFERENCE_MAX, OrderState, SessionState
from jiaozi.exchange.rules.reasons import Code
from jiaozi.party.models import Organisation

_NAME_MAX = 80
_PROGRAMME_MAX = 60
_BY_MAX = 80
_DAY_MINUTES = 24 * 60


class Schedule(models.Model):
    """How sessions recur: minutes of the day in Shanghai, ``frame`` is what they all share."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=_PROGRAMME_MAX)
    name = models.CharField(max_length=_NAME_MAX)
    frame = models.JSONField()
    opens_minute = models.IntegerField()
    closes_minute = models.IntegerField()
    days_ahead = models.IntegerField()
    first_minute = models.IntegerField()
    period_minutes = models.IntegerField()
    periods = models.IntegerField()
    active = models.BooleanField(default=True)
    set_by = models.CharField(max_length=_BY_MAX)
    set_at = models.DateTimeField()

    class Meta:
        db_table = "exchange_schedule"
        constraints = [
            models.UniqueConstraint(name="exchange_schedule_once", fields=["programme", "name"]),
            models.CheckConstraint(
                name="exchange_schedule_minutes",
                condition=Q(
                    opens_minute__gte=0,
                    closes_minute__gt=F("opens_minute"),
                    closes_minute__lte=_DAY_MINUTES,
                    days_ahead__gte=0,
                    first_minute__gte=0,
                    first_minute__lt=_DAY_MINUTES,
                    period_minutes__gte=1,
                    periods__gte=1,
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Session(models.Model):
    """One auction. ``frame`` is the book without orders; ``related`` and ``book_digest`` are fixed at closing."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=_PROGRAMME_MAX)
    name = models.CharField(max_length=_NAME_MAX)
    schedule = models.ForeignKey(Schedule, null=True, on_delete=models.PROTECT, related_name="sessions")
    state = models.CharField(max_length=8, choices=[(each.value, str(each.label)) for each in SessionState])
    frame = models.JSONField()
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    related = models.JSONField(default=list)
    book_digest = models.CharField(max_length=64, blank=True)
    result_digest = models.CharField(max_length=64, blank=True)
    cleared = models.JSONField(default=list)
    gap_ppm = models.IntegerField(null=True)
    finished = models.BooleanField(null=True)
    flags = models.JSONField(default=dict)
    reason = models.CharField(max_length=REASON_MAX, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "exchange_session"
        indexes = [
            models.Index(
                fields=["closes_at"], name="exchange_due", condition=Q(state__in=["OPEN", "CLOSED", "CLEARED"])
            ),
            models.Index(fields=["programme", "-opened_at", "-id"], name="exchange_by_programme"),
        ]
        constraints = [
            models.CheckConstraint(name="exchange_session_state", condition=Q(state__in=list(SessionState))),
            models.CheckConstraint(name="exchange_session_times", condition=Q(closes_at__gt=F("opened_at"))),
            models.CheckConstraint(
                name="exchange_session_book_fixed",
                condition=Q(state__in=["OPEN", "VOIDED"]) | ~Q(book_digest=""),
            ),
            models.CheckConstraint(
                name="exchange_session_result_fixed",
                condition=Q(state__in=["OPEN", "CLOSED", "VOIDED"])
                | (~Q(result_digest="") & Q(gap_ppm__isnull=False, finished__isnull=False)),
            ),
            models.CheckConstraint(
                name="exchange_session_voided_with_a_reason", condition=~Q(state="VOIDED") | ~Q(reason="")
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TradeOrder(models.Model):
    """One sealed bid or ask; ``salt`` keeps its digest in the journal from being guessed."""

    id = models.UUIDField(primary_key=True)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="orders")
    party = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=3, choices=[(each.value, str(each.label)) for each in Side])
    resource_class = models.CharField(max_length=_NAME_MAX)
    hub = models.CharField(max_length=_NAME_MAX)
    period = models.CharField(max_length=_NAME_MAX)
    quantity = models.BigIntegerField()
    limit_fen = models.BigIntegerField()
    minimum = models.BigIntegerField()
    lot_units = models.IntegerField()
    start = models.DateTimeField()
    end = models.DateTimeField()
    state = models.CharField(max_length=9, choices=[(each.value, each.value) for each in OrderState])
    accepted = models.BigIntegerField(null=True)
    code = models.CharField(max_length=16, blank=True)
    salt = models.BinaryField(max_length=16)
    entered_by = models.CharField(max_length=_BY_MAX)
    entered_at = models.DateTimeField()

    class Meta:
        db_table = "exchange_order"
        indexes = [models.Index(fields=["session", "party", "id"], name="exchange_order_own")]
        constraints = [
            models.CheckConstraint(name="exchange_order_side", condition=Q(side__in=list(Side))),
            models.CheckConstraint(name="exchange_order_state", condition=Q(state__in=list(OrderState))),
            models.CheckConstraint(
                name="exchange_order_figures",
                condition=Q(
                    quantity__gte=1, limit_fen__gte=0, minimum__gte=0, minimum__lte=F("quantity"), lot_units__gte=1
                ),
            ),
            models.CheckConstraint(
                name="exchange_order_accepted",
                condition=Q(accepted__isnull=True, code="")
                | (
                    Q(accepted__isnull=False, code__in=list(Code), state="LIVE", accepted__lte=F("quantity"))
                    & (Q(accepted=0) | Q(accepted__gt=0, accepted__gte=F("minimum")))
                ),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class ProductPrice(models.Model):
    """The one price of a product that was traded, and the lots."""

    id = models.BigAutoField(primary_key=True)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="prices")
    resource_class = models.CharField(max_length=_NAME_MAX)
    period = models.CharField(max_length=_NAME_MAX)
    hub = models.CharField(max_length=_NAME_MAX)
    price_fen = models.BigIntegerField()
    bought = models.BigIntegerField()
    sold = models.BigIntegerField()

    class Meta:
        db_table = "exchange_price"
        constraints = [
            models.UniqueConstraint(name="exchange_price_once", fields=["session", "resource_class", "period", "hub"]),
            models.CheckConstraint(
                name="exchange_price_figures", condition=Q(price_fen__gte=0, bought__gte=0, sold__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_class} {self.period} {self.hub}: {self.price_fen} fen"


class LinkFlow(models.Model):
    """Lots sold at one hub and bought at another, and what the link earned."""

    id = models.BigAutoField(primary_key=True)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="flows")
    resource_class = models.CharField(max_length=_NAME_MAX)
    period = models.CharField(max_length=_NAME_MAX)
    start = models.CharField(max_length=_NAME_MAX)
    end = models.CharField(max_length=_NAME_MAX)
    lots = models.BigIntegerField()
    rent_fen = models.BigIntegerField()

    class Meta:
        db_table = "exchange_flow"
        constraints = [
            models.UniqueConstraint(
                name="exchange_flow_once", fields=["session", "resource_class", "period", "start", "end"]
            ),
            models.CheckConstraint(name="exchange_flow_figures", condition=Q(lots__gte=1, rent_fen__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.start} - {self.end}: {self.lots}"


class Seat(models.Model):
    """The organisation that a centre trades as, as the operator admitted it; the newest row of a centre holds."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=_PROGRAMME_MAX)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="+")
    party = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    by = models.CharField(max_length=_BY_MAX)
    at = models.DateTimeField()

    class Meta:
        db_table = "exchange_seat"
        indexes = [models.Index(fields=["programme", "centre", "-at", "-id"], name="exchange_seat_of")]

    def __str__(self) -> str:
        return f"{self.centre_id}: {self.party_id}"


class TraderMovement(models.Model):
    """Money that a trader deposited or was paid out, once by its reference."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=_PROGRAMME_MAX)
    party = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    paid_out = models.BooleanField()
    amount_fen = models.BigIntegerField()
    reference = models.CharField(max_length=REFERENCE_MAX)
    by = models.CharField(max_length=_BY_MAX)
    at = models.DateTimeField()

    class Meta:
        db_table = "exchange_movement"
        constraints = [
            models.UniqueConstraint(name="exchange_movement_once", fields=["programme", "reference"]),
            models.CheckConstraint(name="exchange_movement_amount", condition=Q(amount_fen__gt=0)),
        ]

    def __str__(self) -> str:
        return self.reference


class CapacityDeclaration(models.Model):
    """Units of a class that a party may sell at a hub in a block of time, as the operator has seen them."""

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=_PROGRAMME_MAX)
    party = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    hub = models.CharField(max_length=_NAME_MAX)
    resource_class = models.CharField(max_length=_NAME_MAX)
    start = models.DateTimeField()
    end = models.DateTimeField()
    units = models.BigIntegerField()
    reference = models.CharField(max_length=REFERENCE_MAX)
    by = models.CharField(max_length=_BY_MAX)
    at = models.DateTimeField()

    class Meta:
        db_table = "exchange_capacity"
        indexes = [models.Index(fields=["party", "hub", "resource_class", "start"], name="exchange_capacity_of")]
        constraints = [
            models.UniqueConstraint(name="exchange_capacity_once", fields=["programme", "reference"]),
            models.CheckConstraint(name="exchange_capacity_figures", condition=Q(units__gt=0, end__gt=F("start"))),
        ]

    def __str__(self) -> str:
        return self.reference
