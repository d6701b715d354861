"""For whom vouchers were spent: accounts that several holders' vouchers paid for, and what a centre's own kin spent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db import connection

from jiaozi.metering.models import Capture
from jiaozi.metering.queries.captures import CAPTURES_MAX

_SQL = Path(__file__).resolve().parent.parent / "sql"
SHARED_MAX = 5_000
CENTRES_MAX = 500


@dataclass(frozen=True, slots=True)
class SharedAccount:
    """An account at a centre that spent a voucher and, first or later, the voucher of another holder."""

    voucher: UUID
    holder: UUID
    holder_class: str
    centre: str
    account: str
    other: UUID
    others_first: bool

    @property
    def name(self) -> str:
        """How the account is told on screen."""
        return f"{self.centre} {self.account}"


@dataclass(frozen=True, slots=True)
class Spent:
    """A voucher that was spent at a centre, and whose it is."""

    voucher: UUID
    holder: UUID
    centre: str


def shared_accounts(captures: Collection[UUID]) -> list[SharedAccount]:
    """Give the accounts behind captures that another holder's voucher was spent by too; one pass over the usage."""
    with connection.cursor() as cursor:
        cursor.execute(
            (_SQL / "shared_accounts.sql").read_text(encoding="utf-8"), {"captures": list(captures), "most": SHARED_MAX}
        )
        return [SharedAccount(*row) for row in cursor.fetchall()]


def spent_by(captures: Collection[UUID], holders: Collection[UUID]) -> list[Spent]:
    """Give the vouchers of some holders that captures were made on, each once a centre."""
    rows = Capture.objects.filter(id__in=list(captures), holder_id__in=list(holders))
    found = rows.order_by("voucher_id", "centre_id").values_list("voucher_id", "holder_id", "centre_id").distinct()
    return [Spent(*row) for row in found[:CAPTURES_MAX]]


def setting_of(captures: Collection[UUID]) -> tuple[UUID | None, list[str]]:
    """Give the programme's version that some captures' vouchers rest on, and the centres where they were made."""
    rows = Capture.objects.filter(id__in=list(captures)).order_by("centre_id")
    version = rows.values_list("voucher__version_id", flat=True).order_by("-voucher__issued_at").first()
    return version, list(rows.values_list("centre_id", flat=True).distinct()[:CENTRES_MAX])
