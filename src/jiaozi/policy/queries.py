"""Reads of programme versions; a version's document is compiled once a process and kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from django.db.models import Min, Q

from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import Actor, check_own_programme
from jiaozi.policy import rules
from jiaozi.policy.models import ProgrammeVersion

VERSIONS_MAX, CHANGES_MAX = 100, 300
_NAME_MAX = 60


class UnableToFindProgramme(Refused):
    """No such version, or none of the programme that is in force on the date."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A document that may be published: its first and last day of force, and what it changes, at most 300 changes."""

    document: rules.Document
    first: date
    last: date | None
    changes: tuple[rules.Change, ...]


def version(version_id: UUID) -> ProgrammeVersion:
    """Give one version, in one statement.

    Raises
    ------
    UnableToFindProgramme
        When there is none.
    """
    row = ProgrammeVersion.objects.filter(id=version_id).first()
    if row is None:
        raise UnableToFindProgramme(
            "VERSION_UNKNOWN", f"没有项目版本 {version_id}", f"no programme version {version_id}", field="version"
        )
    return row


def current(programme: str, on: date, *, demo: bool | None = None) -> ProgrammeVersion:
    """Give the version of a programme that is in force on a Shanghai date: the last one adopted.

    One that decides on published figures alone goes before one that may use demo values; ``demo`` asks for either kind.

    Raises
    ------
    UnableToFindProgramme
        When there is none.
    """
    in_force = Q(effective_from__lte=on) & (Q(effective_to__isnull=True) | Q(effective_to__gte=on))
    rows = ProgrammeVersion.objects.filter(in_force, programme=programme)
    if demo is not None:
        rows = rows.filter(demo=demo)
    row = rows.order_by("demo", "-loaded_at", "-id").first()
    if row is None:
        raise UnableToFindProgramme(
            "PROGRAMME_NOT_IN_FORCE",
            f"项目 {programme} 在 {on} 没有生效的版本",
            f"the programme {programme} has no version in force on {on}; adopt one first",
            field="programme",
        )
    return row


def require_programme(programme: str) -> None:
    """Ask that a programme was adopted in some version, in force or not.

    Raises
    ------
    UnableToFindProgramme
        When there is none.
    """
    named = programme.isprintable() and len(programme) <= _NAME_MAX
    if not named or not ProgrammeVersion.objects.filter(programme=programme).exists():
        shown = programme[:_NAME_MAX] if programme.isprintable() else ""
        raise UnableToFindProgramme(
            "NO_SUCH_PROGRAMME",
            f"没有项目“{shown}”，请先导入其文件",
            f"no programme {shown}; adopt its document first",
            field="programme",
        )


def versions(programme: str) -> list[ProgrammeVersion]:
    """List a programme's versions, latest first, without their texts."""
    rows = ProgrammeVersion.objects.filter(programme=programme).defer("text")
    return [*rows.order_by("-loaded_at", "-id")[:VERSIONS_MAX]]


def first_adopted(programme: str) -> datetime | None:
    """Say when a programme was first taken into use; None where it never was."""
    found: datetime | None = ProgrammeVersion.objects.filter(programme=programme).aggregate(at=Min("loaded_at"))["at"]
    return found


def adopted() -> list[ProgrammeVersion]:
    """Give the version of each programme that was adopted last, by name, without its text, in one statement."""
    rows = ProgrammeVersion.objects.defer("text").order_by("programme", "-loaded_at", "-id").distinct("programme")
    return [*rows[:VERSIONS_MAX]]


def by_digest(programme: str, begin: str) -> ProgrammeVersion:
    """Give the latest version of a programme whose digest begins so.

    Raises
    ------
    UnableToFindProgramme
        When there is none.
    """
    rows = ProgrammeVersion.objects.filter(programme=programme, digest__startswith=begin.lower())
    row = rows.order_by("-loaded_at", "-id").first() if begin else None
    if row is None:
        raise UnableToFindProgramme(
            "VERSION_UNKNOWN",
            f"项目 {programme} 没有版本 {begin[:64]}",
            f"the programme {programme} has no version {begin[:64]}",
            field="version",
        )
    return row


@lru_cache(maxsize=64)
def document(version_id: UUID) -> rules.Document:
    """Give a version's compiled document. A version never changes, so it is kept.

    Raises
    ------
    UnableToFindProgramme
        When there is none.
    """
    return rules.load(version(version_id).text)


def known(document: rules.Document, *, demo: bool) -> ProgrammeVersion | None:
    """Give the version that a document already is."""
    return ProgrammeVersion.objects.filter(digest=document.version, demo=demo).first()


def latest(programme: str, *, demo: bool) -> ProgrammeVersion | None:
    """Give the version of a programme that was adopted last, which the next one has to name."""
    return ProgrammeVersion.objects.filter(programme=programme, demo=demo).order_by("-loaded_at", "-id").first()


def changes(before: ProgrammeVersion | None, after: rules.Document) -> tuple[rules.Change, ...]:
    """Say in words what a document changes against a version, at most 300 changes; nothing where there is none."""
    return rules.compare(document(before.id), after)[:CHANGES_MAX] if before else ()


def check(text: str, *, by: Actor, demo: bool) -> Checked:
    """Look at a document as publishing it would, and keep nothing; one that is kept already changes nothing.

    Raises
    ------
    UnableToReadProgramme, UnableToAdopt, UnableToDecide, UnableToActForProgramme
        As ``services.publish`` does.
    """
    rules.check_publisher(by.role)
    read = rules.load(text)
    check_own_programme(by, read.slug)
    rules.check_cases(read)
    first, last = rules.effective_dates(read, allow_demo=demo)
    if known(read, demo=demo):
        return Checked(read, first, last, ())
    before = latest(read.slug, demo=demo)
    rules.check_succession(read, before.digest if before else None)
    return Checked(read, first, last, changes(before, read))
