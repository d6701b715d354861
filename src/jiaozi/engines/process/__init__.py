"""The ``process`` engine: runs an order's command on this machine, held to its limits by a process of its own.

``connect`` is what the settings find. The supervisor imports this package without the house's other packages, so
nothing is loaded here before it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jiaozi.engines.process.engine import ProcessEngine


def connect(options: Mapping[str, Any]) -> ProcessEngine:
    """Make the engine from its options; ``docs/concepts/engines.md`` lists them."""
    from jiaozi.engines.process.engine import ProcessEngine  # noqa: PLC0415
    from jiaozi.engines.process.options import read_options  # noqa: PLC0415

    return ProcessEngine(read_options(options))
