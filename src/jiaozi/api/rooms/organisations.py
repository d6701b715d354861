"""Organisations: the register, who is a member, whom an intermediary serves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.conf import settings
from ninja import Query, Router
from pydantic import Field

from jiaozi.api.caller import Asked
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Cursor, Limit, Page, at_id, page
from jiaozi.api.shape import Instant, Name, Shape, Wish, id_of, one_of
from jiaozi.kernel import clock
from jiaozi.party import queries
from jiaozi.party import services as party
from jiaozi.party.models import Membership, Organisation
from jiaozi.party.rules import (
    Contact,
    EndUser,
    Grant,
    HolderClass,
    Registration,
    Role,
    Scope,
    check_may_see,
    check_oversees,
)

router = Router(tags=["organisations"])
Class = Annotated[HolderClass, one_of(HolderClass)]
RoleName = Annotated[Role, one_of(Role)]
Title = Annotated[str, Field(max_length=200)]


class OrganisationShape(Shape):
    """An organisation, as it says of itself."""

    id: UUID
    name: str
    uscc: str | None
    holder_class: Class
    registered_in_city: bool
    in_incubator: bool
    incubator: str
    dishonest: bool
    created_at: datetime


class ContactWish(Wish):
    """Whom to ask; kept apart, so that it can be erased."""

    person: Title
    phone: Name = ""
    email: Title = ""


class RegistrationWish(Wish):
    """What an organisation says of itself."""

    name: Title
    holder_class: Class
    uscc: Name = ""
    registered_in_city: bool = False
    in_incubator: bool = False
    incubator: Title = ""
    dishonest: bool = False


class NewOrganisation(RegistrationWish):
    """An organisation that is new here."""

    contact: ContactWish | None = None


class OrganisationFilter(Wish):
    """Which organisations."""

    holder_class: Class | None = None
    limit: Limit = 50
    cursor: Cursor = ""


class MemberShape(Shape):
    """What somebody may be somewhere; ended ones are shown too."""

    id: UUID
    person: UUID = id_of("person")
    name: str
    role: RoleName
    organisation: UUID | None = id_of("organisation")
    centre: str
    programme: str
    administrator: bool
    since_at: datetime
    until_at: datetime | None
    ended_at: datetime | None


class MemberWish(Wish):
    """Somebody who is let in."""

    person: UUID
    administrator: bool = False
    until_at: Instant | None = None


class MemberFilter(Wish):
    """A page of members."""

    limit: Limit = 50
    cursor: Cursor = ""


class EndUserShape(Shape):
    """Somebody whom an intermediary serves."""

    id: UUID
    name: str
    organisation: UUID | None = id_of("organisation")
    created_at: datetime


class EndUsers(Shape):
    """The end users whom an intermediary named, at most 100."""

    items: list[EndUserShape]


class EndUserWish(Wish):
    """An end user: an organisation of the register, or a name."""

    organisation: UUID | None = None
    name: Title = ""


def _registration(given: RegistrationWish) -> Registration:
    return Registration(**given.model_dump(exclude={"contact"}))


def _shown(row: Organisation) -> OrganisationShape:
    return OrganisationShape.model_validate(row)


def _member(row: Membership) -> MemberShape:
    details = getattr(row.person, "details", None)
    row.name = details.name if details else f"#{str(row.person_id)[-8:]}"  # type: ignore[attr-defined]
    return MemberShape.model_validate(row)


@reads(router, "/organisations", Page[OrganisationShape])
def list_organisations(request: Asked, asked: Query[OrganisationFilter]) -> Page[OrganisationShape]:
    """The register in its order; for those who run, pay or audit a programme."""
    check_oversees(request.auth, request.auth.programme)
    rows = queries.organisations(holder_class=asked.holder_class, after=at_id(asked.cursor), limit=asked.limit + 1)
    return page(rows, asked.limit, _shown, lambda row: (row.id,))


@writes(router, "/organisations", OrganisationShape, scope=Scope.DECIDE)
def register_organisation(request: Asked, given: NewOrganisation) -> OrganisationShape:
    """Register an organisation that is new here, as an officer does; nobody is its member yet."""
    contact = Contact(**given.contact.model_dump()) if given.contact else None
    row = party.register(registration=_registration(given), by=request.auth, now=clock.now(), contact=contact)
    return _shown(row)


def person_of(request: Asked) -> UUID:
    """Give the person on whose behalf a program asks."""
    return UUID(request.auth.name.rpartition(":")[2])


@reads(router, "/organisations/{organisation_id}", OrganisationShape)
def get_organisation(request: Asked, organisation_id: UUID) -> OrganisationShape:
    """One organisation; its members and those who oversee a programme see it."""
    check_may_see(request.auth, holder=organisation_id, programme=request.auth.programme)
    return _shown(queries.organisation(organisation_id))


@writes(router, "/organisations/{organisation_id}/correct", OrganisationShape, scope=Scope.ADMINISTER)
def correct_organisation(request: Asked, organisation_id: UUID, given: RegistrationWish) -> OrganisationShape:
    """Put right what an organisation says of itself; what eligibility rests on is an officer's to change."""
    row = party.correct(
        organisation=organisation_id,
        registration=_registration(given),
        by=request.auth,
        now=clock.now(),
        programme=settings.JIAOZI_PROGRAMME,
    )
    return _shown(row)


@reads(router, "/organisations/{organisation_id}/members", Page[MemberShape])
def list_members(request: Asked, organisation_id: UUID, asked: Query[MemberFilter]) -> Page[MemberShape]:
    """Who is a member of an organisation, ended memberships too."""
    rows = queries.members_of(
        request.auth, organisation=organisation_id, after=at_id(asked.cursor), limit=asked.limit + 1
    )
    return page(rows, asked.limit, _member, lambda row: (row.id,))


@writes(router, "/organisations/{organisation_id}/members", MemberShape, scope=Scope.ADMINISTER)
def let_member_in(request: Asked, organisation_id: UUID, given: MemberWish) -> MemberShape:
    """Let a person act for an organisation."""
    now = clock.now()
    wanted = Grant(
        role=Role.APPLICANT,
        since_at=now,
        until_at=given.until_at,
        organisation=organisation_id,
        administrator=given.administrator,
    )
    made = party.grant(person=given.person, grant=wanted, by=request.auth, now=now)
    return _member(queries.membership(made.id))


@writes(router, "/memberships/{membership_id}/end", MemberShape, scope=Scope.ADMINISTER)
def end_membership(request: Asked, membership_id: UUID) -> MemberShape:
    """End a membership at once."""
    party.end_membership(membership_id=membership_id, by=request.auth, now=clock.now())
    return _member(queries.membership(membership_id))


@reads(router, "/organisations/{organisation_id}/end-users", EndUsers)
def list_end_users(request: Asked, organisation_id: UUID) -> EndUsers:
    """Whom an intermediary serves."""
    check_may_see(request.auth, holder=organisation_id, programme=request.auth.programme)
    rows = queries.end_users_of(organisation_id)
    return EndUsers(items=[EndUserShape.model_validate(row) for row in rows])


@writes(router, "/organisations/{organisation_id}/end-users", EndUserShape, scope=Scope.APPLY)
def name_end_user(request: Asked, organisation_id: UUID, given: EndUserWish) -> EndUserShape:
    """Name somebody whom an intermediary serves."""
    end_user = EndUser(organisation=given.organisation, name=given.name)
    row = party.name_end_user(intermediary=organisation_id, end_user=end_user, by=request.auth, now=clock.now())
    return EndUserShape.model_validate(row)
