"""Finding the engine of a centre: by name, in the settings, so that orders never import upwards."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import import_module

from django.conf import settings

from jiaozi.catalogue.models import Centre
from jiaozi.kernel.canonical import canonical
from jiaozi.order.ports import Engine, SessionEngine, UnableToReachEngine


def has_engine(centre: Centre) -> bool:
    """Say whether anybody runs a centre's jobs: it is connected, by an engine that the settings know."""
    return centre.connected and centre.engine in settings.JIAOZI_ENGINES


def sessions_of(centre: Centre) -> frozenset[str]:
    """Say what sessions a centre's engine opens; nothing where it opens none, or is not there."""
    engine = engine_of(centre) if has_engine(centre) else None
    return engine.sessions if isinstance(engine, SessionEngine) else frozenset()


def engine_of(centre: Centre) -> Engine:
    """Give the engine that runs a centre's jobs.

    Raises
    ------
    UnableToReachEngine
        When the centre is not connected, or the settings know no such engine.
    """
    if not has_engine(centre):
        raise UnableToReachEngine(
            "CENTRE_NOT_CONNECTED",
            f"算力中心{centre.id}尚未接入调度",
            f"the centre {centre.id} is not connected to an engine",
            field="centre",
        )
    return _engine(settings.JIAOZI_ENGINES[centre.engine], centre.id, canonical(centre.engine_options))


@lru_cache(maxsize=256)
def _engine(module: str, centre: str, options: bytes) -> Engine:
    """Make an engine once a process: this machine's options, with the centre's id put in, under the centre's own."""
    machine = settings.JIAOZI_ENGINE_OPTIONS.get(module, {})
    given = {name: value.format(centre=centre) if isinstance(value, str) else value for name, value in machine.items()}
    engine: Engine = import_module(module).connect({**given, **json.loads(options)})
    return engine
