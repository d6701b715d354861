"""A world with an engine that does what a test tells it to."""

from __future__ import annotations

import pytest

from jiaozi.order.services import engines
from tests import fake_engine
from tests.world import World, build


@pytest.fixture
def engine(monkeypatch, settings):
    fresh = fake_engine.FakeEngine()
    monkeypatch.setattr(fake_engine, "ENGINE", fresh)
    settings.JIAOZI_ENGINES = {"process": "tests.fake_engine"}
    engines._engine.cache_clear()
    yield fresh
    engines._engine.cache_clear()


@pytest.fixture
def world(db) -> World:
    return build()


@pytest.fixture
def holder(world):
    row = world.holder("成都高新算法")
    world.credit(row)
    return row


@pytest.fixture
def held(world, engine, holder):
    return world.held(world.voucher(holder), units=4, seconds=3600)
