"""Keeping one job's trouble its own at the centre, so that the others go on and letters travel."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from jiaozi.order.ports import UnableToReachEngine

_log = structlog.get_logger(__name__)
_SAID_MAX = 10_000


class Apart:
    """Knows what was logged already: an agent looks every few seconds."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str, str]] = set()

    @contextmanager
    def order(self, order_id: object, doing: str) -> Iterator[None]:
        """Log what goes wrong with one order, once, and go on; what was asked is tried again in the next round.

        Raises
        ------
        UnableToReachEngine
            The engine is away for the others, too.
        """
        try:
            yield
        except UnableToReachEngine:
            raise
        except Exception as problem:  # noqa: BLE001 - what one order brings must not stop the others
            self._say(doing, problem, str(order_id))

    @contextmanager
    def part(self, doing: str) -> Iterator[None]:
        """Leave a part of a round for the next one: quietly where the engine is away, else logged once."""
        try:
            yield
        except UnableToReachEngine:
            return
        except Exception as problem:  # noqa: BLE001 - as above
            self._say(doing, problem, "")

    def _say(self, doing: str, problem: Exception, order: str) -> None:
        said = (order, doing, repr(problem))
        if said in self._said:
            return
        if len(self._said) >= _SAID_MAX:
            self._said.clear()
        self._said.add(said)
        whole = "".join(traceback.format_exception(problem))  # no renderer adds variables: a way in may be one
        _log.error("left for the next round", order=order, doing=doing, problem=repr(problem), traceback=whole)
