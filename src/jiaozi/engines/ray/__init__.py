"""The ``ray`` engine: runs an order's command as a job of a centre's Ray cluster, by its Jobs API.

``connect`` is what the settings find. Nothing of Ray is needed here; at the centre a wrapper of our own (``wrapper``)
stands around the command, because Ray has neither limits nor a meter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiaozi.engines.ray.client import Head
from jiaozi.engines.ray.engine import RayEngine
from jiaozi.engines.ray.options import read_options


def connect(options: Mapping[str, Any]) -> RayEngine:
    """Make the engine from its options; ``docs/operating/ray.md`` lists them."""
    checked = read_options(options)
    return RayEngine(checked, Head(checked))
