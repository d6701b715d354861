"""One instant for every page of a test: a working morning in May 2024, far from any turn of day or year."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jiaozi.kernel import clock

PRESENT = datetime(2024, 5, 20, 2, 30, tzinfo=UTC)


@pytest.fixture
def present(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """What the pages take for now."""
    monkeypatch.setattr(clock, "now", lambda: PRESENT)
    return PRESENT
