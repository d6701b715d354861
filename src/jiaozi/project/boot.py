"""Opening the house: the database runs, Django knows its rooms, the tables are as this version wants them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from jiaozi.project import logs
from jiaozi.project.environment import environment


def running_database() -> AbstractContextManager[None]:
    """Keep the embedded server running for a while; a named server is somebody else's to run."""
    if environment().database_url:
        return nullcontext()
    from jiaozi.project import postgres  # noqa: PLC0415 - a named server needs no embedded one

    return postgres.session(postgres.location(environment().folder("postgres")))


def set_up(level: int = logging.WARNING) -> None:
    """Load Django; needs no database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiaozi.project.settings")
    import django  # noqa: PLC0415 - a command that needs no house must start fast

    django.setup()
    logs.configure(level)


@contextmanager
def house(level: int = logging.WARNING) -> Iterator[None]:
    """Hold the house open: inside, models and services work; at the end the last one out stops the database."""
    with running_database():
        set_up(level)
        from jiaozi.project import migrate  # noqa: PLC0415 - Django had to be loaded first

        if not migrate.is_ready():
            migrate.prepare()
        yield
