"""Webhooks, the messages to each, and how far the journal was read for them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from jiaozi.notice.rules import EVENT_MAX, URL_MAX, DeliveryState
from jiaozi.party.models import Organisation


class Webhook(models.Model):
    """An address that is told what happens to a place's affairs; its secret is made of the house's own and its id."""

    id = models.UUIDField(primary_key=True)
    organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="webhooks")
    centre = models.CharField(max_length=60, blank=True)
    programme = models.CharField(max_length=60, blank=True)
    url = models.CharField(max_length=URL_MAX)
    events = ArrayField(models.CharField(max_length=EVENT_MAX))
    generation = models.IntegerField(default=1)
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    failing_since = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="webhook_end_signed", condition=Q(ended_at__isnull=True) ^ ~Q(ended_by="")),
            models.CheckConstraint(name="webhook_of_one_place", condition=Q(organisation__isnull=True) | Q(centre="")),
        ]

    def __str__(self) -> str:
        return self.url


class Delivery(models.Model):
    """One message to one webhook, and what became of it: the log that its owner reads."""

    id = models.UUIDField(primary_key=True)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    line = models.UUIDField()
    event = models.CharField(max_length=EVENT_MAX)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=[(each.value, str(each.label)) for each in DeliveryState])
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    status = models.IntegerField(null=True)
    failure = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], name="delivery_due", condition=Q(state="WAITING")),
            models.Index(fields=["webhook", "-id"], name="delivery_by_webhook"),
        ]
        constraints = [
            models.UniqueConstraint(name="delivery_once", fields=["webhook", "line"]),
            models.CheckConstraint(name="delivery_state", condition=Q(state__in=list(DeliveryState))),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.state}"


class JournalCursor(models.Model):
    """How far the journal was read: the last line's writing transaction and id. There is one row."""

    id = models.SmallIntegerField(primary_key=True)
    transaction = models.TextField()
    line = models.UUIDField()

    class Meta:
        db_table = "notice_cursor"
        constraints = [models.CheckConstraint(name="notice_cursor_alone", condition=Q(id=1))]

    def __str__(self) -> str:
        return str(self.line)
