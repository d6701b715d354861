"""Webhooks and the messages to each; notifications of people and what they chose; how far the journal was read."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from jiaozi.notice.rules import EVENT_MAX, URL_MAX, DeliveryState, MailState, Topic
from jiaozi.party.models import Organisation, Person
from jiaozi.voucher.models import Voucher


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


class Notification(models.Model):
    """One person's line about one line of the journal, or about a voucher that is about to end; erased with the person.

    ``facts`` is what the words name beside what happened.
    """

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notifications")
    line = models.UUIDField()
    event = models.CharField(max_length=EVENT_MAX)
    topic = models.CharField(max_length=20, choices=[(each.value, str(each.label)) for each in Topic])
    kind = models.CharField(max_length=20)
    subject = models.UUIDField()
    at = models.DateTimeField()
    facts = models.JSONField(default=dict)
    shown = models.BooleanField()
    read_at = models.DateTimeField(null=True)
    mail = models.CharField(max_length=10, choices=[(each.value, each.value) for each in MailState])
    mail_attempts = models.SmallIntegerField(default=0)
    mail_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["person", "-id"], name="notification_by_person", condition=Q(shown=True)),
            models.Index(fields=["person"], name="notification_unread", condition=Q(shown=True, read_at__isnull=True)),
            models.Index(fields=["mail_at"], name="notification_mail_due", condition=Q(mail="WAITING")),
        ]
        constraints = [
            models.UniqueConstraint(name="notification_once", fields=["person", "line"]),
            models.CheckConstraint(name="notification_mail", condition=Q(mail__in=list(MailState))),
            models.CheckConstraint(name="notification_somewhere", condition=Q(shown=True) | ~Q(mail="NONE")),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.subject}"


class Reminder(models.Model):
    """That a voucher's holder was told so many days before its end: told once, whoever tells."""

    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="+")
    days = models.SmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "notice_reminder"
        constraints = [models.UniqueConstraint(name="reminder_once", fields=["voucher", "days"])]

    def __str__(self) -> str:
        return f"{self.days} {self.voucher_id}"


class Preference(models.Model):
    """How somebody chose to hear of a topic; without a row the rules' default holds."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    topic = models.CharField(max_length=20, choices=[(each.value, str(each.label)) for each in Topic])
    shown = models.BooleanField()
    mailed = models.BooleanField()

    class Meta:
        db_table = "notice_preference"
        constraints = [models.UniqueConstraint(name="preference_once", fields=["person", "topic"])]

    def __str__(self) -> str:
        return f"{self.topic} {self.shown} {self.mailed}"


class JournalCursor(models.Model):
    """How far the journal was read, for webhooks (1) and for people (2): the last line's writing transaction and id."""

    WEBHOOKS, PEOPLE = 1, 2

    id = models.SmallIntegerField(primary_key=True)
    transaction = models.TextField()
    line = models.UUIDField()

    class Meta:
        db_table = "notice_cursor"
        constraints = [models.CheckConstraint(name="notice_cursor_alone", condition=Q(id__in=[1, 2]))]

    def __str__(self) -> str:
        return str(self.line)
