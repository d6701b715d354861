"""People, the erasable row of their facts, what they may be to a programme, and the tokens of their programs.

A person's own row carries nothing personal: names stand in ``PersonDetails``, addresses in the sign-in library's rows,
and all of those may be deleted while memberships, tokens and the journal keep pointing at the id.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from jiaozi.party.models.organisations import Organisation
from jiaozi.party.rules.actor import Role, Scope
from jiaozi.party.rules.membership import MADE_OF, PLACE_MAX
from jiaozi.party.rules.person import PERSON_MAX
from jiaozi.party.rules.token import LABEL_MAX

_SALT_BYTES = 16
_DIGEST_BYTES = 32
_ACTOR_MAX = 80
_ROLES = [role for role in Role if role is not Role.SYSTEM]


class Person(AbstractBaseUser):
    """Somebody who signs in; known to everything else by the id alone."""

    id = models.UUIDField(primary_key=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects = BaseUserManager["Person"]()
    USERNAME_FIELD = "id"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.id)


class PersonDetails(models.Model):
    """Personal facts; deleting the row erases them, and with its salt the meaning of every digest made of them."""

    person = models.OneToOneField(Person, primary_key=True, on_delete=models.CASCADE, related_name="details")
    name = models.CharField(max_length=PERSON_MAX)
    phone = models.CharField(max_length=PERSON_MAX, blank=True)
    salt = models.BinaryField(max_length=_SALT_BYTES)

    class Meta:
        db_table = "party_person_details"
        constraints = [models.CheckConstraint(name="person_named", condition=~Q(name=""))]

    def __str__(self) -> str:
        return self.name


def _place(role: Role) -> Q:
    """Say which of organisation, centre and programme a role's membership has."""
    kept = MADE_OF[role]
    condition = Q(role=role.value, organisation__isnull="organisation" not in kept)
    condition &= ~Q(centre="") if "centre" in kept else Q(centre="")
    return condition if "programme" in kept else condition & Q(programme="")


class Membership(models.Model):
    """What a person may be, where and for how long; once granted only its end is added (``sql/people_guard.sql``)."""

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=[(role.value, str(role.label)) for role in _ROLES])
    organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="memberships")
    centre = models.CharField(max_length=PLACE_MAX, blank=True)
    programme = models.CharField(max_length=PLACE_MAX, blank=True)
    administrator = models.BooleanField()
    since_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    granted_by = models.CharField(max_length=_ACTOR_MAX)
    granted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=_ACTOR_MAX, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["centre", "id"], name="membership_by_centre", condition=~Q(centre=""))]
        constraints = [
            models.CheckConstraint(name="membership_place", condition=reduce(or_, map(_place, _ROLES))),
            models.CheckConstraint(
                name="membership_dates", condition=Q(until_at__isnull=True) | Q(until_at__gt=F("since_at"))
            ),
            models.CheckConstraint(name="membership_end_signed", condition=Q(ended_at__isnull=True) ^ ~Q(ended_by="")),
            models.UniqueConstraint(
                name="membership_once",
                fields=["person", "role", "organisation", "centre", "programme"],
                condition=Q(ended_at__isnull=True),
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.organisation_id or self.centre or self.programme}"


class Token(models.Model):
    """What a program shows instead of a person's sign-in; only its SHA-256 is kept (``sql/people_guard.sql``)."""

    id = models.UUIDField(primary_key=True)
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="tokens")
    label = models.CharField(max_length=LABEL_MAX)
    scopes = ArrayField(models.CharField(max_length=10, choices=[(each.value, str(each.label)) for each in Scope]))
    digest = models.BinaryField(max_length=_DIGEST_BYTES, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=_ACTOR_MAX, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="token_expires", condition=Q(expires_at__gt=F("created_at"))),
            models.CheckConstraint(name="token_labelled", condition=~Q(label="")),
            models.CheckConstraint(name="token_scoped", condition=Q(scopes__len__gt=0)),
            models.CheckConstraint(name="token_end_signed", condition=Q(ended_at__isnull=True) ^ ~Q(ended_by="")),
        ]

    def __str__(self) -> str:
        return self.label
