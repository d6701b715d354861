"""Two centres with agents."""

import pytest

from jiaozi.order.services import engines
from tests.lease.city import Centres


@pytest.fixture
def centres(db, tmp_path, monkeypatch):
    yield Centres(tmp_path, monkeypatch)
    engines._engine.cache_clear()
