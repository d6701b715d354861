"""Reading people, what they may be, and whom a signed-in person or a token acts as. Bounded, few statements."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db.models import OuterRef, Q, QuerySet

from jiaozi.kernel.refusal import Refused
from jiaozi.party.models import Membership, Organisation, Person, PersonDetails, Token
from jiaozi.party.queries.organisations import bounded
from jiaozi.party.rules.actor import Actor, Role
from jiaozi.party.rules.membership import Grant, UnableToAct, actor_for, may_list

RowT = TypeVar("RowT", Person, Membership, Token)
NAMES_MAX = 500
_KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
FACTORS = Authenticator.objects.filter(user_id=OuterRef("membership__person_id"), type__in=_KINDS)
"""A token's person's second factors, as a subquery."""
_STANDING = (Path(__file__).resolve().parent.parent / "sql" / "standing.sql").read_text(encoding="utf-8")
MEMBERSHIPS_MAX = 50
"""As many memberships of one person are looked at; nobody has so many."""


class UnableToFindPerson(Refused):
    """No person, membership or token has this id."""


def person(id: UUID) -> Person:  # noqa: A002 - the column's own name
    """Give one person.

    Raises
    ------
    UnableToFindPerson
        When there is none.
    """
    return _found(Person.objects.filter(id=id).first(), "person", id)


def details_of(person: UUID) -> PersonDetails | None:
    """Give a person's erasable facts, unless they were erased."""
    return PersonDetails.objects.filter(person_id=person).first()


def name_on_screen(person: UUID) -> str:
    """Give a person's name, or the id's first digits where the facts were erased."""
    found = details_of(person)
    return found.name if found else pseudonym(person)


def names_on_screen(actors: Iterable[str]) -> dict[str, str]:
    """Say who stands behind the names of the journal, in one statement; whoever is no person keeps the name."""
    ids: dict[str, UUID] = {}
    for each in list(dict.fromkeys(actors))[:NAMES_MAX]:
        kind, _, id_ = each.partition(":")
        if kind == "person":
            with suppress(ValueError):
                ids[each] = UUID(id_)
    known = dict(PersonDetails.objects.filter(person_id__in=ids.values()).values_list("person_id", "name"))
    return {each: known.get(id_) or pseudonym(id_) for each, id_ in ids.items()}


def email_of(person: UUID) -> str:
    """Give the address that notices go to, empty where it was erased."""
    rows = EmailAddress.objects.filter(user_id=person).order_by("-primary", "-verified", "id")
    return str(rows.values_list("email", flat=True).first() or "")


def second_factors(person: UUID) -> dict[int, str]:
    """Give a person's second factors, id → kind: an authenticator app, passkeys and, beside one, recovery codes."""
    found = dict(Authenticator.objects.filter(user_id=person).values_list("id", "type"))
    return found if set(found.values()) & set(_KINDS) else {}


def by_email(email: str) -> Person | None:
    """Give the person who signs in with this address, if there is one."""
    return Person.objects.filter(emailaddress__email=email.strip().lower()).first()


def membership(id: UUID) -> Membership:  # noqa: A002 - the column's own name
    """Give one membership, over or not, its person's details loaded.

    Raises
    ------
    UnableToFindPerson
        When there is none.
    """
    row = Membership.objects.filter(id=id).select_related("person__details", "organisation").first()
    return _found(row, "membership", id)


def memberships_of(person: UUID, *, now: datetime) -> list[Membership]:
    """Give what a person may act as at an instant, oldest first, organisations and details loaded, in one statement."""
    return list(_memberships(person, now)[:MEMBERSHIPS_MAX])


def _memberships(person: UUID, now: datetime) -> QuerySet[Membership]:
    rows = in_force(now).filter(person_id=person, person__is_active=True)
    return rows.select_related("organisation", "person__details").order_by("id")


def members_of(
    by: Actor, *, organisation: UUID | None = None, centre: str = "", after: UUID | None = None, limit: int = 100
) -> list[Membership]:
    """Give the memberships of an organisation or a centre, ended ones too, people's details loaded.

    Raises
    ------
    UnableToGrant
        When the actor may not see them.
    """
    may_list(by, organisation=organisation, centre=centre)
    here = Q(organisation_id=organisation) if organisation else Q(organisation__isnull=True, centre=centre)
    rows = Membership.objects.filter(here).select_related("person__details")
    if after is not None:
        rows = rows.filter(id__gt=after)
    return list(rows.order_by("id")[: bounded(limit)])


def staff(
    *, role: Role | None = None, programme: str = "", after: UUID | None = None, limit: int = 100
) -> list[Membership]:
    """Give the memberships of those who run the programmes, ended ones too, people's details loaded."""
    rows = Membership.objects.exclude(role=Role.APPLICANT).select_related("person__details")
    if role is not None:
        rows = rows.filter(role=role)
    if programme:
        rows = rows.filter(programme__in=["", programme])
    if after is not None:
        rows = rows.filter(id__gt=after)
    return list(rows.order_by("id")[: bounded(limit)])


def tokens_of(person: UUID, *, limit: int = 100) -> list[Token]:
    """Give a person's tokens, newest first, their memberships loaded."""
    rows = Token.objects.filter(membership__person_id=person).select_related("membership__organisation")
    return list(rows.order_by("-id")[: bounded(limit)])


def token(id: UUID) -> Token:  # noqa: A002 - the column's own name
    """Give one token, ended or not, its membership loaded.

    Raises
    ------
    UnableToFindPerson
        When there is none.
    """
    return _found(Token.objects.filter(id=id).select_related("membership").first(), "token", id)


def actor_of(person: UUID, membership_id: UUID | None, *, now: datetime) -> Actor:
    """Give whom a signed-in person acts as by the membership that was chosen, in one statement.

    Without one the person is an applicant who has no organisation yet. For a token see ``services.use_token``.

    Raises
    ------
    UnableToAct
        When the membership is not the person's, or over, or the account is closed: what was ended ends here at once.
    """
    if membership_id is None:
        return actor_for(person, None)
    row = in_force(now).filter(id=membership_id, person_id=person, person__is_active=True).first()
    if row is None:
        raise unknown_membership()
    return actor_for(person, grant_of(row))


def unknown_membership() -> UnableToAct:
    """Say that somebody can't act by a membership, without telling whether it was ever anybody's."""
    return UnableToAct(
        "MEMBERSHIP_OVER",
        "该授权已终止或不属于您，请重新选择身份",
        "this membership is over or not yours; choose another",
        field="membership",
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Whom a signed-in person acts as: the actor, by which membership, if any, of which that can be chosen.

    ``factors`` are the ids of the person's second factors.
    """

    actor: Actor
    name: str
    membership: Membership | None
    memberships: tuple[Membership, ...]
    factors: frozenset[int] = frozenset()


def standing_of(person: UUID, chosen: UUID | None, *, now: datetime) -> Standing:
    """Give whom a person acts as, for a screen that also shows the choice; in one statement, two without a membership.

    A chosen membership that is over, or another's, is none; who has only one acts by that.
    """
    words = {"person": person, "now": now, "kinds": [str(kind) for kind in _KINDS], "most": MEMBERSHIPS_MAX}
    rows: list[Any] = list(Membership.objects.raw(_STANDING, words))
    for each in rows:
        if each.organisation_id:
            each.organisation = Organisation(id=each.organisation_id, name=each.organisation_name)
    if len(rows) == 1:
        chosen = rows[0].id
    row = next((each for each in rows if each.id == chosen), None)
    name = rows[0].person_name if rows else getattr(details_of(person), "name", None)
    return Standing(
        actor=actor_for(person, grant_of(row) if row else None),
        name=name or pseudonym(person),
        membership=row,
        memberships=tuple(rows),
        factors=frozenset(rows[0].factors if rows and rows[0].has_factor else ()),
    )


def pseudonym(person: UUID) -> str:
    """Say which person, where no name is known (any more)."""
    return f"#{str(person)[-8:]}"


def grant_of(row: Membership) -> Grant:
    """Give what a row grants, as the rules know it."""
    ends = [instant for instant in (row.ended_at, row.until_at) if instant is not None]
    return Grant(
        role=Role(row.role),
        since_at=row.since_at,
        until_at=min(ends, default=None),
        organisation=row.organisation_id,
        centre=row.centre,
        programme=row.programme,
        administrator=row.administrator,
    )


def in_force(now: datetime) -> QuerySet[Membership]:
    """Give the memberships that hold at an instant."""
    return Membership.objects.filter(Q(until_at__isnull=True) | Q(until_at__gt=now), since_at__lte=now).filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=now)
    )


def _found(row: RowT | None, what: str, id: UUID) -> RowT:  # noqa: A002 - the column's own name
    if row is None:
        name = {"person": "人员", "membership": "授权", "token": "令牌"}[what]
        raise UnableToFindPerson(f"NO_SUCH_{what.upper()}", f"没有编号为{id}的{name}", f"no {what} {id}", field=what)
    return row
