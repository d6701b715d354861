"""Whether the service can do its work, for whoever watches it: the database answers, is up to date, a worker lives."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from jiaozi.project.migrate import missing_migrations

HEARTBEAT_AGE_S_MAX = 60
_OK, _UNAVAILABLE = 200, 503


@dataclass(frozen=True, slots=True)
class Health:
    """What was found.

    Attributes
    ----------
    missing_migrations
        Names of migrations still to be applied, at most ten.
    worker_heartbeat_age_s
        Seconds since a worker last said that it lives; None when none ever did.
    """

    database: bool
    missing_migrations: tuple[str, ...] = ()
    worker_heartbeat_age_s: float | None = None

    @property
    def well(self) -> bool:
        """Whether all is as it should be."""
        return self.database and not self.missing_migrations and self.worker

    @property
    def worker(self) -> bool:
        """Whether a worker lives."""
        return self.worker_heartbeat_age_s is not None and self.worker_heartbeat_age_s <= HEARTBEAT_AGE_S_MAX

    def body(self) -> dict[str, Any]:
        """Give it as JSON's values."""
        return {"ok": self.well, "worker": self.worker, **asdict(self)}


def look() -> Health:
    """Ask the database."""
    try:
        missing = tuple(missing_migrations()[:10])
        age = None if any(name.startswith("procrastinate.") for name in missing) else _heartbeat_age_s()
    except DatabaseError:
        return Health(database=False)
    return Health(database=True, missing_migrations=missing, worker_heartbeat_age_s=age)


def _heartbeat_age_s() -> float | None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers")
        row = cursor.fetchone()
    return None if row is None or row[0] is None else round(float(row[0]), 1)


@require_safe
def answer(_request: HttpRequest) -> HttpResponse:
    """Answer 200 when all is well, else 503; the body says what is not."""
    found = look()
    return JsonResponse(found.body(), status=_OK if found.well else _UNAVAILABLE, headers={"Cache-Control": "no-store"})


@require_safe
def metrics(_request: HttpRequest) -> HttpResponse:
    """Give this process's metrics in Prometheus's text form."""
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
