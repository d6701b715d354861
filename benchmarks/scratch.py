"""A database of the benchmark's own: an embedded server in a temporary folder, as durable as in service (fsync on).

The server and its folder go when the benchmark ends; a named ``DATABASE_URL`` is never touched.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jiaozi.project.environment import environment


@contextmanager
def scratch_database() -> Iterator[None]:
    """Start the server, point Django at it and migrate it; stop and remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="jiaozi-bench-"))
    folder.chmod(0o711)  # as root, the database's account walks through
    os.environ["JIAOZI_VAR"] = str(folder)
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        os.environ.pop(name, None)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiaozi.project.settings")
    environment.cache_clear()

    from jiaozi.project import postgres

    home = postgres.location(folder / "postgres")
    try:
        postgres.ensure(home)
        _migrate()
        yield
        _disconnect()
    finally:
        postgres.purge(home)
        shutil.rmtree(folder, ignore_errors=True)


def _migrate() -> None:
    import django

    django.setup()
    from jiaozi.project import migrate

    migrate.prepare()


def _disconnect() -> None:
    from django.db import connections

    connections.close_all()
