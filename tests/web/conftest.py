"""One instant for every page of a test: a working morning in May 2024, far from any turn of day or year."""

from __future__ import annotations

from datetime import datetime

import pytest

from jiaozi.kernel import clock
from jiaozi.policy.models import ProgrammeVersion
from tests.web.sample_year import PRESENT
from tests.world import World


@pytest.fixture
def present(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """What the pages take for now."""
    monkeypatch.setattr(clock, "now", lambda: PRESENT)
    return PRESENT


@pytest.fixture
def sample_year(present) -> World:
    """The sample year, sealed, in a database that was filled once: what a test does to it no other one sees."""
    return World(ProgrammeVersion.objects.get(), present)
