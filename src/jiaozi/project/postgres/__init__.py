"""The embedded PostgreSQL: the programs of a wheel under our own small supervisor.

``location`` finds a server's place, ``ensure`` has it running, ``stop`` ends it, ``purge`` removes it, and ``session``
keeps it while somebody needs it. docs/decisions/0002-embedded-postgres.md says why.
"""

from jiaozi.project.postgres.location import DATABASE, OWNER_ROLE, Location, location
from jiaozi.project.postgres.processes import wait_for_end
from jiaozi.project.postgres.refusal import UnableToStartDatabase
from jiaozi.project.postgres.server import ensure, purge, session, stop

__all__ = [
    "DATABASE",
    "OWNER_ROLE",
    "Location",
    "UnableToStartDatabase",
    "ensure",
    "location",
    "purge",
    "session",
    "stop",
    "wait_for_end",
]
