"""Orders: what was asked, what was held for it, how the job went. Amounts in fen; the ledger has the money."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q

from jiaozi.catalogue.models import Centre, ResourceClass, TariffVersion
from jiaozi.order.ports import Direction
from jiaozi.order.rules import UNFINISHED, State
from jiaozi.order.rules.session import Opens, SliceState
from jiaozi.order.rules.spending import Per
from jiaozi.order.rules.staging import DataState
from jiaozi.order.rules.standing import LOST, Verdict
from jiaozi.order.rules.template import NAME_MAX
from jiaozi.party.models import NamedEndUser, Organisation, Person
from jiaozi.voucher.models import Voucher, number_of


def _no_share() -> list[int]:
    """Give the share of data movement that a voucher pays where its programme says nothing: 0 of 1."""
    return [0, 1]


def _server_began() -> Func:
    return Func(function="pg_postmaster_start_time", output_field=models.DateTimeField())


class Order(models.Model):
    """One order. ``*_hold_fen`` is held, ``*_fen`` captured; ``cap_keys`` are the caps held with it.

    ``pinned`` keeps it to the centre that its holder named; else dispatch chose it, ``moves`` counts how often anew,
    and ``placement`` has the figures of that quote and why each other place was not taken.

    ``wishes`` are what dispatch weighed beside the job. Data movement is held for and charged beside the compute:
    ``movement_*_hold_fen`` at ``movement_price_ufen`` a GB for ``movement_bytes_max``, until ``movement_fen`` is known.

    ``engine_granularity_ms`` and ``kill_lag_ms`` are the centre's of the quote's moment: the hold covers those.
    ``expires_at`` ends the quote; ``moved_at`` is when the state last changed, ``missing_since`` when the engine began
    not to know the job, ``stray_at`` when a job was found and stopped that the order had let go of.
    ``server_began_at`` is when the database server began that stored the quote: one put back from a copy, or taken over
    by another server, has begun since.
    """

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    holder = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="orders")
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="orders")
    end_user = models.ForeignKey(NamedEndUser, null=True, on_delete=models.PROTECT, related_name="orders")
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="orders")
    resource_class = models.ForeignKey(ResourceClass, on_delete=models.PROTECT, related_name="+")
    tariff = models.ForeignKey(TariffVersion, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=120)
    units = models.IntegerField()
    memory_mib = models.IntegerField()
    time_limit_ms = models.BigIntegerField()
    engine_granularity_ms = models.IntegerField()
    kill_lag_ms = models.IntegerField()
    command = models.JSONField()
    files = models.JSONField(default=dict)
    share_numerator = models.BigIntegerField()
    share_denominator = models.BigIntegerField()
    most_fen = models.BigIntegerField()
    voucher_hold_fen = models.BigIntegerField()
    own_hold_fen = models.BigIntegerField()
    cap_keys = models.JSONField(default=list)
    pinned = models.BooleanField(default=False)
    moves = models.SmallIntegerField(default=0)
    placement = models.JSONField(default=dict)
    wishes = models.JSONField(default=dict)
    movement_bytes_max = models.BigIntegerField(default=0)
    movement_price_ufen = models.BigIntegerField(default=0)
    movement_share = ArrayField(models.BigIntegerField(), default=_no_share)
    movement_voucher_hold_fen = models.BigIntegerField(default=0)
    movement_own_hold_fen = models.BigIntegerField(default=0)
    movement_fen = models.BigIntegerField(null=True)
    movement_voucher_fen = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=[(each.value, str(each.label)) for each in State])
    reason_code = models.CharField(max_length=60, blank=True)
    reason_zh = models.CharField(max_length=400, blank=True)
    reason_en = models.CharField(max_length=400, blank=True)
    engine_job = models.CharField(max_length=120, blank=True)
    cancel_asked = models.BooleanField(default=False)
    outcome = models.CharField(max_length=20, blank=True)
    exit_code = models.IntegerField(null=True)
    quoted_at = models.DateTimeField()
    server_began_at = models.DateTimeField(null=True, db_default=_server_began())
    held_by = models.CharField(max_length=80, blank=True)
    held_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    missing_since = models.DateTimeField(null=True)
    stray_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    price_fen = models.BigIntegerField(null=True)
    voucher_fen = models.BigIntegerField(null=True)
    own_fen = models.BigIntegerField(null=True)
    overrun_fen = models.BigIntegerField(default=0)

    class Meta:
        db_table = "compute_order"
        indexes = [
            models.Index(fields=["programme", "-quoted_at", "-id"], name="order_by_programme"),
            models.Index(fields=["voucher", "-quoted_at"], name="order_by_voucher"),
            models.Index(fields=["holder", "held_by", "held_at"], name="order_by_member", condition=~Q(held_by="")),
            models.Index(
                fields=["centre", "id"],
                name="order_unfinished",
                condition=Q(state__in=list(UNFINISHED)),
            ),
            models.Index(
                fields=["moved_at", "id"],
                name="order_standing",
                condition=Q(state__in=list(UNFINISHED)),
            ),
            models.Index(
                fields=["id"],
                name="order_movement_open",
                condition=Q(movement_bytes_max__gt=0, movement_fen=None),
            ),
            models.Index(
                fields=["-moved_at"],
                name="order_let_go",
                condition=Q(state="FAILED") | Q(reason_code=LOST) | Q(moves__gt=0),
            ),
        ]
        constraints = [
            models.CheckConstraint(name="order_state", condition=Q(state__in=list(State))),
            models.CheckConstraint(
                name="order_hold_adds_up", condition=Q(most_fen=F("voucher_hold_fen") + F("own_hold_fen"))
            ),
            models.CheckConstraint(
                name="order_price_adds_up",
                condition=Q(price_fen__isnull=True) | Q(price_fen=F("voucher_fen") + F("own_fen")),
            ),
            models.CheckConstraint(
                name="order_price_within_hold",
                condition=Q(price_fen__isnull=True)
                | Q(voucher_fen__lte=F("voucher_hold_fen"), own_fen__lte=F("own_hold_fen")),
            ),
            models.CheckConstraint(
                name="order_movement_within_hold",
                condition=Q(movement_fen__isnull=True)
                | Q(
                    movement_voucher_fen__gte=0,
                    movement_voucher_fen__lte=F("movement_voucher_hold_fen"),
                    movement_fen__gte=F("movement_voucher_fen"),
                    movement_fen__lte=F("movement_voucher_fen") + F("movement_own_hold_fen"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number that people read."""
        return number_of(self.id)


class OrderData(models.Model):
    """One file of an order by URL, on its way between its place and the order's centre; its URL is in no journal line.

    ``size_max`` is what the hold covers, ``sha256`` what the content must be or was found to be, ``there_bytes`` how
    much has arrived. ``attempts`` counts tries in a row that got no further than ``reached_bytes``; ``next_at`` is when
    the next one is due. A row of another centre than the order's is of a place that did not take the job.
    """

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="moved_files")
    centre = models.ForeignKey(Centre, db_index=False, on_delete=models.PROTECT, related_name="+")
    direction = models.CharField(max_length=3, choices=[(each.value, each.value) for each in Direction])
    name = models.CharField(max_length=128)
    url = models.CharField(max_length=2_000)
    size_max = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=8, choices=[(each.value, str(each.label)) for each in DataState])
    there_bytes = models.BigIntegerField(default=0)
    size = models.BigIntegerField(null=True)
    sent = models.BigIntegerField(null=True)
    reached_bytes = models.BigIntegerField(default=0)
    attempts = models.SmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reason_code = models.CharField(max_length=60, blank=True)
    reason_zh = models.CharField(max_length=400, blank=True)
    reason_en = models.CharField(max_length=400, blank=True)

    class Meta:
        db_table = "order_data"
        indexes = [models.Index(fields=["order"], name="order_data_open", condition=Q(state__in=["WAITING", "MOVING"]))]
        constraints = [
            models.UniqueConstraint(fields=["order", "direction", "name", "centre"], name="order_data_once"),
            models.CheckConstraint(name="order_data_state", condition=Q(state__in=list(DataState))),
            models.CheckConstraint(
                name="order_data_done_is_known",
                condition=~Q(state=DataState.DONE)
                | Q(size__isnull=False, size__lte=F("size_max"), ended_at__isnull=False) & ~Q(sha256=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.name}"


class OrderRuling(models.Model):
    """What a person decided about an order that stood still, and why; never edited (``sql/guard.sql``)."""

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="rulings")
    verdict = models.CharField(max_length=10, choices=[(each.value, each.value) for each in Verdict])
    reason = models.CharField(max_length=400)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "order_ruling"
        constraints = [
            models.CheckConstraint(name="order_ruling_has_a_reason", condition=~Q(reason="") & ~Q(by="")),
            models.CheckConstraint(name="order_ruling_verdict", condition=Q(verdict__in=list(Verdict))),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} {self.order_id}"


class OrderSession(models.Model):
    """What an order opens when it is a session; no way in and no token is ever kept here.

    ``warned_min`` is the last number of minutes that its holder was warned of; ``saved_at`` is when its end was looked
    at, with ``saved_name`` empty where nothing was saved, and a path where the files stay at the centre.
    """

    order = models.OneToOneField(Order, primary_key=True, on_delete=models.PROTECT, related_name="session")
    opens = models.CharField(max_length=12, choices=[(each.value, str(each.label)) for each in Opens])
    authorized_key = models.CharField(max_length=4096, blank=True)
    warned_min = models.SmallIntegerField(null=True)
    saved_at = models.DateTimeField(null=True)
    saved_name = models.CharField(max_length=400, blank=True)
    saved_size = models.BigIntegerField(null=True)
    saved_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "order_session"
        indexes = [models.Index(fields=["order"], name="order_session_open", condition=Q(saved_at__isnull=True))]
        constraints = [models.CheckConstraint(name="order_session_opens", condition=Q(opens__in=list(Opens)))]

    def __str__(self) -> str:
        return f"{self.opens} {self.order_id}"


class OrderSlice(models.Model):
    """One extension of a session: a hold of its own from one time limit to a longer one, and what became of it."""

    id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="slices")
    number = models.SmallIntegerField()
    from_limit_ms = models.BigIntegerField()
    limit_ms = models.BigIntegerField()
    voucher_fen = models.BigIntegerField()
    own_fen = models.BigIntegerField()
    cap_keys = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=[(each.value, each.value) for each in SliceState])
    reason_code = models.CharField(max_length=60, blank=True)
    reason_zh = models.CharField(max_length=400, blank=True)
    reason_en = models.CharField(max_length=400, blank=True)
    by = models.CharField(max_length=80)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "order_slice"
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="order_slice_number"),
            models.UniqueConstraint(
                fields=["order"], name="order_slice_one_under_way", condition=Q(state=SliceState.HELD)
            ),
            models.CheckConstraint(name="order_slice_state", condition=Q(state__in=list(SliceState))),
            models.CheckConstraint(name="order_slice_adds_time", condition=Q(limit_ms__gt=F("from_limit_ms"))),
            models.CheckConstraint(
                name="order_slice_not_negative", condition=Q(number__gte=1, voucher_fen__gte=0, own_fen__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.order_id}"


class SpendingLimit(models.Model):
    """What a member may spend on its organisation's orders; a change ends one row and makes the next."""

    id = models.UUIDField(primary_key=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    per = models.CharField(max_length=5, choices=[(each.value, str(each.label)) for each in Per])
    limit_fen = models.BigIntegerField()
    set_by = models.CharField(max_length=80)
    set_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True)

    class Meta:
        db_table = "order_spending_limit"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "person"], name="spending_limit_one", condition=Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(name="spending_limit_per", condition=Q(per__in=list(Per))),
            models.CheckConstraint(name="spending_limit_not_negative", condition=Q(limit_fen__gte=0)),
            models.CheckConstraint(
                name="spending_limit_end_signed", condition=Q(ended_at__isnull=True) ^ ~Q(ended_by="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.per} {self.limit_fen}"


class OrderTemplate(models.Model):
    """A job that an organisation keeps under a name; ``job`` is what the rules write and read back."""

    id = models.UUIDField(primary_key=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=NAME_MAX)
    job = models.JSONField()
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "order_template"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="order_template_name"),
            models.CheckConstraint(name="order_template_named", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name


class OwnCredit(models.Model):
    """What a holder prepaid at a centre, or was granted there as credit; written once. The ledger has the balance.

    ``id`` is the reference under which the centre recorded it.
    """

    id = models.UUIDField(primary_key=True)
    programme = models.CharField(max_length=60)
    holder = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="+")
    amount_fen = models.BigIntegerField()
    recorded_by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        db_table = "order_own_credit"
        constraints = [models.CheckConstraint(name="order_own_credit_amount", condition=Q(amount_fen__gt=0))]
        indexes = [
            models.Index(fields=["programme", "-at", "-id"], name="own_credit_latest"),
            models.Index(fields=["centre", "-at", "-id"], name="own_credit_centre"),
            models.Index(fields=["holder", "-at", "-id"], name="own_credit_holder"),
        ]

    def __str__(self) -> str:
        return str(self.id)
