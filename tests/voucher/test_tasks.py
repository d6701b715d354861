"""The nightly task lets vouchers lapse."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jiaozi.voucher import queries, tasks
from tests.world import build


@pytest.mark.django_db
def test_the_task_expires_what_is_due(monkeypatch):
    world = build()
    row = world.voucher(world.holder("甲"))
    monkeypatch.setattr(tasks.clock, "now", lambda: world.now + timedelta(days=400))
    tasks.expire_due(timestamp=0)
    assert queries.purse(row.id).ended_fen == row.face_fen
