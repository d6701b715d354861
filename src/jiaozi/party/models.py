"""Organisations, the erasable row of their contact, and the end users that intermediaries name."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from jiaozi.party.rules import HolderClass
from jiaozi.party.rules.organisation import CONTACT_MAX, NAME_MAX, USCC_LENGTH

_SALT_BYTES = 16


class Organisation(models.Model):
    """One participant as it stands now; the journal keeps what it was before, as salted digests."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=NAME_MAX)
    uscc = models.CharField(max_length=USCC_LENGTH, null=True, unique=True)  # noqa: DJ001 - NULL, so that makers don't clash
    holder_class = models.CharField(max_length=20, choices=[(each.value, str(each.label)) for each in HolderClass])
    registered_in_city = models.BooleanField()
    in_incubator = models.BooleanField()
    incubator = models.CharField(max_length=NAME_MAX, blank=True)
    dishonest = models.BooleanField()
    salt = models.BinaryField(max_length=_SALT_BYTES)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["holder_class", "id"], name="party_by_class")]
        constraints = [
            models.CheckConstraint(name="party_class_known", condition=Q(holder_class__in=list(HolderClass))),
            models.CheckConstraint(name="party_name_present", condition=~Q(name="")),
            models.CheckConstraint(
                name="party_only_makers_lack_a_code",
                condition=Q(holder_class=HolderClass.MAKER, uscc__isnull=True)
                # a comparison with NULL is unknown, and a CHECK lets the unknown pass: say "not null" as well
                | (
                    ~Q(holder_class=HolderClass.MAKER)
                    & Q(uscc__isnull=False, uscc__regex="^[0-9]{8}[0-9A-HJ-NPQRTUWXY]{10}$")
                ),
            ),
            models.CheckConstraint(
                name="party_maker_in_incubator", condition=~Q(holder_class=HolderClass.MAKER) | Q(in_incubator=True)
            ),
            models.CheckConstraint(name="party_incubator_named", condition=Q(in_incubator=True) ^ Q(incubator="")),
            models.UniqueConstraint(
                name="party_maker_once", fields=["name", "incubator"], condition=Q(holder_class=HolderClass.MAKER)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ContactPerson(models.Model):
    """Personal facts; deleting the row erases them, and with its salt the meaning of every digest made of them."""

    organisation = models.OneToOneField(
        Organisation, primary_key=True, on_delete=models.PROTECT, related_name="contact"
    )
    person = models.CharField(max_length=CONTACT_MAX)
    phone = models.CharField(max_length=CONTACT_MAX, blank=True)
    email = models.CharField(max_length=CONTACT_MAX, blank=True)
    salt = models.BinaryField(max_length=_SALT_BYTES)

    def __str__(self) -> str:
        return self.person


class NamedEndUser(models.Model):
    """Somebody that an intermediary serves: a registered organisation, or a name."""

    id = models.UUIDField(primary_key=True)
    intermediary = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="end_users")
    organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="served_by")
    name = models.CharField(max_length=NAME_MAX, blank=True)
    salt = models.BinaryField(max_length=_SALT_BYTES)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="end_user_is_one_of_two", condition=Q(organisation__isnull=True) ^ Q(name="")),
            models.CheckConstraint(name="end_user_is_another", condition=~Q(organisation=F("intermediary"))),
            models.UniqueConstraint(name="end_user_once", fields=["intermediary", "organisation"]),
            models.UniqueConstraint(name="end_user_name_once", fields=["intermediary", "name"], condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name or str(self.organisation_id)
