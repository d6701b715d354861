"""How a command gets into the house: what is wired in ``project`` is found by name, since faces stand below it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def wiring(name: str) -> Any:
    """Load a module of ``jiaozi.project`` when a command needs it, and not before."""
    return importlib.import_module(f"jiaozi.project.{name}")


@contextmanager
def opened() -> Iterator[None]:
    """Hold the house open: the database runs, its tables are up to date, models and services may be imported."""
    with wiring("boot").house():
        yield
