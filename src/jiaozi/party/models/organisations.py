"""Organisations, the erasable row of their contact, the end users they name, and how they are related."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from jiaozi.party.rules import HolderClass
from jiaozi.party.rules.organisation import CONTACT_MAX, NAME_MAX, USCC_LENGTH
from jiaozi.party.rules.relation import DETAIL_MAX, SOURCE_MAX, WHOLE_BP, RelationKind

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


class OrganisationRelation(models.Model):
    """One tie between two organisations; only its end is ever added to a row (``sql/relation_guard.sql``)."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=25, choices=[(each.value, str(each.label)) for each in RelationKind])
    one = models.ForeignKey(Organisation, db_index=False, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    share_bp = models.IntegerField(null=True)
    since = models.DateField()
    until = models.DateField(null=True)
    source = models.CharField(max_length=SOURCE_MAX)
    recorded_by = models.CharField(max_length=80)
    recorded_at = models.DateTimeField()
    salt = models.BinaryField(max_length=_SALT_BYTES)

    class Meta:
        db_table = "party_relation"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="relation_once", fields=["one", "other", "kind", "since"]),
            models.CheckConstraint(name="relation_kind", condition=Q(kind__in=list(RelationKind))),
            models.CheckConstraint(
                name="relation_standard_form",
                condition=Q(kind=RelationKind.SHAREHOLDING) & ~Q(one=F("other"))
                | ~Q(kind=RelationKind.SHAREHOLDING) & Q(one__lt=F("other")),
            ),
            models.CheckConstraint(
                name="relation_share",
                condition=Q(
                    kind=RelationKind.SHAREHOLDING, share_bp__isnull=False, share_bp__gt=0, share_bp__lte=WHOLE_BP
                )
                | ~Q(kind=RelationKind.SHAREHOLDING) & Q(share_bp__isnull=True),
            ),
            models.CheckConstraint(name="relation_dates", condition=Q(until__isnull=True) | Q(until__gt=F("since"))),
            models.CheckConstraint(name="relation_source", condition=~Q(source="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.one_id} {self.other_id}"


class RelationDetail(models.Model):
    """What the tie rests on (a person, an address, an account): deleting the row erases it."""

    relation = models.OneToOneField(
        OrganisationRelation, primary_key=True, on_delete=models.PROTECT, related_name="detail"
    )
    text = models.CharField(max_length=DETAIL_MAX)
    salt = models.BinaryField(max_length=_SALT_BYTES)

    class Meta:
        db_table = "party_relation_detail"

    def __str__(self) -> str:
        return self.text
