"""Moves a job's inputs to the centre and its outputs back, by URL: files, SFTP, S3. Keeps ``order.ports.Stager``.

Two faults are dear here: data that is wrong and nobody notices, and hours of transfer lost to a break. So a movement
writes beside its target, hashes every byte, goes on after a break with what it reads back and hashes again, and gives
the file its name only when it is whole. And a URL comes from a user: it must lie under a root that the operator named,
it carries no password, and no link leads out of its root.
"""

from pathlib import Path

from jiaozi.engines.staging.moving import Mover
from jiaozi.engines.staging.options import UnableToReadOptions, read_options
from jiaozi.engines.staging.places import Options
from jiaozi.engines.staging.records import plain
from jiaozi.engines.staging.serving import Served, connect

__all__ = ["Mover", "Options", "Served", "UnableToReadOptions", "connect", "mover", "plain", "read_options"]


def mover(options: Path) -> Mover:
    """Make a mover from an operator's file."""
    return Mover(read_options(options))
