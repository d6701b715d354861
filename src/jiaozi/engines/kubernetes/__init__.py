"""The ``kubernetes`` engine: runs an order's command as a Job of a centre's Kubernetes, 1.20 or newer.

``connect`` is what the settings find. The cluster itself holds the time limit, keeps what a job used until it was read,
and admits jobs through Kueue where it has that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiaozi.engines.kubernetes.cluster import Cluster
from jiaozi.engines.kubernetes.engine import KubernetesEngine
from jiaozi.engines.kubernetes.options import read_options


def connect(options: Mapping[str, Any]) -> KubernetesEngine:
    """Make the engine from its options; ``docs/operating/kubernetes.md`` lists them."""
    checked = read_options(options)
    return KubernetesEngine(checked, Cluster(checked))
