"""The operator's places as orders see them: what a holder may name, where data lands at a centre, who moves it.

A holder names a URL; everything that reaches it (addresses, accounts, secrets) is the operator's and is looked up here,
at the moment of use. A root with ``{holder}`` in it is each holder's own; one without is for all to read, for none to
write.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from jiaozi.engines.staging.moving import Mover
from jiaozi.engines.staging.options import read_options
from jiaozi.engines.staging.places import Options, place, root_of
from jiaozi.order.ports import Direction, Landing

_OWN = "{holder}"


class Served:
    """Keeps ``order.ports.Staging``."""

    def __init__(self, options: Options) -> None:
        self.options = options

    def place_of(self, url: str, holder: UUID, *, write: bool = False) -> str:
        """Say at which place of the network a URL lies."""
        roots = [root for root in self.options.roots if _OWN in root or not write]
        root = root_of(url, tuple(_for(root, holder) for root in roots))
        return next((at for known, at in self.options.places.items() if _for(known, holder) == root), "")

    def landing(self, centre: str, order_id: UUID, direction: Direction, name: str) -> Landing | None:
        """Say where a file lands."""
        found = self.options.landings.get(centre)
        if found is None:
            return None
        below = f"{_side(direction)}/{order_id}/{name}"
        return Landing(f"{found['url']}/{below}", f"{found['path']}/{below}")

    def stager(self, centre: str, order_id: UUID, holder: UUID) -> Mover:
        """Give what moves one order's data."""
        roots = [_for(root, holder) for root in self.options.roots]
        if centre in self.options.landings:
            at = self.options.landings[centre]["url"]
            roots += [f"{at}/{_side(direction)}/{order_id}" for direction in Direction]
        return Mover(replace(self.options, roots=tuple(roots)))

    def clear(self, centre: str, order_id: UUID) -> None:
        """Take away what an order left at its landing."""
        found = self.options.landings.get(centre)
        if found is None:
            return
        for direction in Direction:
            at = place(f"{found['url']}/{_side(direction)}/{order_id}", replace(self.options, roots=(found["url"],)))
            with suppress(FileNotFoundError):
                at.system.rm(at.path, recursive=True)


def connect(options: str, *, loopback: bool) -> Served:
    """Read the operator's file; ``loopback`` lets it name this machine, as a demonstration does.

    Raises
    ------
    UnableToReadOptions
        Naming what is wrong with it.
    """
    return Served(read_options(Path(options), serving=True, loopback=loopback))


def _side(direction: Direction) -> str:
    """Name the folder of one direction: what comes in is the mover's to write, what goes out the jobs'."""
    return direction.value.lower()


def _for(root: str, holder: UUID) -> str:
    return root.replace(_OWN, str(holder))
