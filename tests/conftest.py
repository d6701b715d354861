"""The harness: one real PostgreSQL for the whole run, one database a worker, each cloned from a template migrated once.

The server is the embedded one in a temporary folder of the run, or the one that DATABASE_URL names. Tests run as the
application's role, which may not truncate the journal or the ledger; so a test that commits (``transaction=True``, or
threads, or processes) gets a throw-away clone, ``fresh_database``, instead of a flush.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings
from xdist.scheduler import LoadScopeScheduling

from jiaozi.project import databases, postgres
from jiaozi.project.environment import environment

_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
_STALE = "jiaozi-tests-"

hypothesis_settings.register_profile("jiaozi", deadline=None)  # the machine is shared: no timed assertions
hypothesis_settings.load_profile("jiaozi")


@dataclass(frozen=True)
class Addresses:
    """How one database is reached, as the application and as the owner."""

    app_url: str
    owner_url: str

    def database(self, name: str) -> Addresses:
        """The same server, another database."""
        return Addresses(_with_name(self.app_url, name), _with_name(self.owner_url, name))

    @property
    def name(self) -> str:
        return urlsplit(self.app_url).path.strip("/")

    def environ(self) -> dict[str, str]:
        """What a child process needs in its environment to use this database."""
        kept = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "DATABASE_OWNER_URL"}}
        owner = {} if self.owner_url == self.app_url else {"DATABASE_OWNER_URL": self.owner_url}
        return {**kept, "DATABASE_URL": self.app_url, **owner}


def _with_name(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _clear_killed_runs() -> None:
    """End the servers of runs that were killed: nobody holds their lock any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_STALE}*"):
        with suppress(OSError, postgres.UnableToStartDatabase), (folder / "alive").open("r+") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
            postgres.purge(postgres.location(folder / "var" / "postgres"))
            shutil.rmtree(folder, ignore_errors=True)


def _run_folder() -> Path:
    """Make the run's folder in the controller; its workers find it in their environment."""
    if not _WORKER:
        _clear_killed_runs()
        folder = Path(tempfile.mkdtemp(prefix=_STALE))
        folder.chmod(0o711)  # as root, the database's account walks through
        alive = os.open(folder / "alive", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)  # held open as long as we live
        fcntl.flock(alive, fcntl.LOCK_EX)
        os.environ["JIAOZI_TEST_RUN"] = str(folder)
        os.environ["JIAOZI_VAR"] = str(folder / "var")
        environment.cache_clear()  # the settings were read before this file
        (folder / "var" / "static").mkdir(parents=True)  # as `jiaozi up` would have made it
    return Path(os.environ["JIAOZI_TEST_RUN"])


RUN = _run_folder()
_PREFIX = "jz_" + RUN.name.removeprefix(_STALE).lower().replace("-", "_")
_TEMPLATE, _YEAR = f"{_PREFIX}_template", f"{_PREFIX}_year"


@contextmanager
def _flock(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _home() -> postgres.Location:
    return postgres.location(RUN / "var" / "postgres")


def _server() -> Addresses:
    """The server that DATABASE_URL names, else the embedded one, started here if nobody has yet."""
    named = os.environ.get("DATABASE_URL", "")
    if named:
        return Addresses(named, os.environ.get("DATABASE_OWNER_URL", "") or named)
    home = _home()
    # The run's data need not outlive a power cut; kill -9 of a process loses nothing by these.
    postgres.ensure(home, fsync="off", full_page_writes="off")
    return Addresses(home.url(databases.APP_ROLE), home.url(postgres.OWNER_ROLE))


def _as_owner(server: Addresses, *statements: str) -> None:
    """Run statements beside the test databases, each by itself."""
    with psycopg.connect(
        _with_name(server.owner_url, "postgres"), autocommit=True, client_encoding="utf8"
    ) as connection:
        for statement in statements:
            connection.execute(statement)


def _point_at(database: Addresses) -> None:
    """Let Django's connections, in this thread and in every later one, go to this database."""
    from django.db import connections

    connections.close_all()
    owner_url = "" if database.owner_url == database.app_url else database.owner_url
    for alias, words in databases.from_urls(database.app_url, owner_url).items():
        connections.settings[alias].update(words)


def _clone(server: Addresses, name: str, template: str = _TEMPLATE) -> Addresses:
    _as_owner(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return server.database(name)


def _close_template(template: Addresses) -> None:
    """Let nobody in any more: a template in use can't be cloned."""
    from django.db import connections

    connections.close_all()
    _as_owner(template, f'ALTER DATABASE "{template.name}" ALLOW_CONNECTIONS false')


def _drop(server: Addresses, name: str) -> None:
    _as_owner(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def database_server(django_test_environment, django_db_blocker) -> Addresses:
    """The server, with a migrated template database that takes no connections."""
    from jiaozi.project import migrate

    done = RUN / "template.done"
    with _flock(RUN / "template.lock"):
        server = _server()
        if not done.exists():
            template = server.database(_TEMPLATE)
            with django_db_blocker.unblock():
                _point_at(template)
                migrate.prepare()
                _close_template(template)
            done.touch()
    return server


@pytest.fixture(scope="session")
def django_db_setup(database_server: Addresses, django_db_blocker) -> Iterator[None]:
    """This worker's own database; its tests roll back."""
    from django.test import TransactionTestCase

    # What a committing test leaves goes with its clone; a flush would need rights that nobody has.
    TransactionTestCase._fixture_teardown = lambda self: None
    name = f"{_PREFIX}_{_WORKER or 'main'}"
    with django_db_blocker.unblock():
        _point_at(_clone(database_server, name))
    yield
    with django_db_blocker.unblock():
        from django.db import connections

        connections.close_all()
    _drop(database_server, name)


@pytest.fixture(scope="session")
def year_template(database_server: Addresses, django_db_setup, django_db_blocker) -> str:
    """Name of a second template, which holds the sample year: made by the verbs once a run."""
    from jiaozi.kernel import clock
    from tests.web.sample_year import PRESENT, fill

    done = RUN / "year.done"
    with _flock(RUN / "year.lock"), django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        if not done.exists():
            patch.setattr(clock, "now", lambda: PRESENT)
            template = _clone(database_server, _YEAR)
            _point_at(template)
            fill(PRESENT)
            _close_template(template)
            _point_at(database_server.database(f"{_PREFIX}_{_WORKER or 'main'}"))
            done.touch()
    return _YEAR


@pytest.fixture(scope="session")
def _year_of_the_worker(year_template: str, database_server: Addresses, django_db_blocker) -> Iterator[Addresses]:
    name = f"{_YEAR}_{_WORKER or 'main'}"
    yield _clone(database_server, name, year_template)
    _drop(database_server, name)


@pytest.fixture
def year_database(_year_of_the_worker: Addresses, database_server: Addresses, django_db_blocker) -> Iterator[Addresses]:
    """This worker's sample year; its tests roll back."""
    with django_db_blocker.unblock():
        _point_at(_year_of_the_worker)
        yield _year_of_the_worker
        _point_at(database_server.database(f"{_PREFIX}_{_WORKER or 'main'}"))


_clones = count(1)


@pytest.fixture
def fresh_database(
    request: pytest.FixtureRequest, database_server: Addresses, django_db_setup, django_db_blocker
) -> Iterator[Addresses]:
    """A throw-away database for what commits, works in threads or starts processes; access is open, no mark needed.

    It holds nothing, or the sample year where the test asks for that.
    """
    worker = f"{_PREFIX}_{_WORKER or 'main'}"
    name = f"{worker}_{next(_clones)}"
    template = request.getfixturevalue("year_template") if "sample_year" in request.fixturenames else _TEMPLATE
    with django_db_blocker.unblock():
        database = _clone(database_server, name, template)
        _point_at(database)
        try:
            yield database
        finally:
            _point_at(database_server.database(worker))
            _drop(database_server, name)


@pytest.fixture(scope="session", autouse=True)
def _static_files_of_the_run(django_test_environment) -> None:
    from django.conf import settings

    settings.STATIC_ROOT = RUN / "var" / "static"


@pytest.fixture(scope="session", autouse=True)
def _the_same_files_are_read_once(django_test_environment) -> Iterator[None]:
    """Nearly every test loads the shipped catalogue and programme, and what their texts say is always the same."""
    from jiaozi.catalogue import rules as catalogue
    from jiaozi.policy import rules as policy

    read, check = catalogue.read_catalogue, policy.check_cases
    read_once = cache(lambda texts: read(dict(texts)))
    sound: set[str] = set()

    def check_once(document: policy.Document) -> None:
        if document.version not in sound:
            check(document)
            sound.add(document.version)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "read_catalogue", lambda texts: read_once(tuple(sorted(texts.items()))))
        patch.setattr(policy, "check_cases", check_once)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test that commits its own clone, and any other that asks for the sample year the worker's.

    A worker takes its tests in the order in which units are given out.
    """
    for item in items:
        mark = item.get_closest_marker("django_db")
        names = getattr(item, "fixturenames", [])
        commits = mark is not None and (mark.kwargs.get("transaction") or (mark.args and mark.args[0]))
        if (commits or {"transactional_db", "live_server"} & set(names)) and "fresh_database" not in names:
            names.insert(0, "fresh_database")
        if "sample_year" in names and "fresh_database" not in names:
            names.insert(0, "year_database")
    if _WORKER:
        items.sort(key=lambda item: _rank(item.nodeid))


_CHAINS = (("tests/engines/slurm/",), ("tests/engines/kubernetes/", "tests/engines/ray/", "tests/faults/"))
"""Folders that bring up something heavy, each with one worker: two clusters of a chain at once starve each other."""
_LONG = tuple(
    f"tests/{name}"
    for name in (
        *("project/test_migrate.py", "browser/test_public.py", "web/test_readers.py", "browser/test_exchange.py"),
        *("project/test_up.py", "browser/test_sign_in.py", "browser/test_first_page.py", "browser/test_journey.py"),
        *("engines/agent/", "engines/test_sessions.py", "browser/", "api/", "lease/", "engines/", "web/", "cli/"),
        *("settlement/", "order/", "lab/", "project/", "ledger/"),
    )
)
"""What takes longest, longest first, so that no worker is left with it at the end when the others are done."""


def _unit(nodeid: str) -> str:
    """What one worker does whole: a chain of folders, else a file, whose fixtures are then brought up once."""
    chain = next((chain for chain in _CHAINS if nodeid.startswith(chain)), None)
    return chain[0] if chain else nodeid.partition("::")[0]


def _rank(nodeid: str) -> int:
    """When a unit's turn comes: the chains, then what is long, then the rest as it was collected."""
    ranked = (*_CHAINS, *_LONG)
    return next((place for place, begin in enumerate(ranked) if nodeid.startswith(begin)), len(ranked))


class _Units(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each worker the next unit in the order in which they stand.

    By path, because pytest 9.2 no longer lets xdist carry a mark's group in the test's id.
    """

    def __init__(self, config: pytest.Config, log: Any) -> None:
        config.option.loadscopereorder = False  # not the unit of most tests first, but the longest
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return _unit(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Have ``--dist loadgroup`` mean what it says."""
    return _Units(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_unconfigure(config: pytest.Config) -> None:
    """The controller ends the server, or drops the run's databases on a named one."""
    if hasattr(config, "workerinput"):
        return
    if os.environ.get("DATABASE_URL"):
        with suppress(psycopg.Error):
            server = _server()
            with psycopg.connect(
                _with_name(server.owner_url, "postgres"), autocommit=True, client_encoding="utf8"
            ) as connection:
                for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall():
                    if name.startswith(_PREFIX):
                        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    else:
        postgres.purge(_home())
    shutil.rmtree(RUN, ignore_errors=True)
