"""The one place that reads the time. Faces and tasks read it once and hand it down as ``now``."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Give the present instant, aware, in UTC."""
    return datetime.now(UTC)
