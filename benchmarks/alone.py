"""Run one measurement in a fresh process, so that its peak memory is its own."""

from __future__ import annotations

import multiprocessing
import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

FoundT = TypeVar("FoundT")
KB_PER_GB = 1_000_000


def alone(measure: Callable[..., FoundT], *words: Any) -> tuple[FoundT, float]:
    """Give what a measurement gives, and the most memory that its process had, in GB."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, measure, words).result()


def _measured(measure: Callable[..., FoundT], words: tuple[Any, ...]) -> tuple[FoundT, float]:
    found = measure(*words)
    return found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KB_PER_GB
