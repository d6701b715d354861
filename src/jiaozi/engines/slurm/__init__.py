"""The ``slurm`` engine: runs an order's command as a batch job of a centre's Slurm, 22.05 or newer.

``connect`` is what the settings find. The centre is reached by Slurm's own programs, here or over SSH, or by
slurmrestd; the rest of the engine does not know which.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiaozi.engines.slurm.commandline import CommandLine
from jiaozi.engines.slurm.engine import SlurmEngine
from jiaozi.engines.slurm.options import Options, Transport, read_options
from jiaozi.engines.slurm.ports import Cluster
from jiaozi.engines.slurm.rest import Rest
from jiaozi.engines.slurm.shell import LocalShell
from jiaozi.engines.slurm.ssh import SecureShell


def connect(options: Mapping[str, Any]) -> SlurmEngine:
    """Make the engine from its options; ``docs/operating/slurm.md`` lists them."""
    checked = read_options(options)
    return SlurmEngine(checked, reach(checked))


def reach(options: Options) -> Cluster:
    """Make the way to the cluster that the options name."""
    if options.transport is Transport.REST:
        return Rest(options)
    return CommandLine(options, SecureShell(options) if options.transport is Transport.SSH else LocalShell(options))
