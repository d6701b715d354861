"""A job reaches neither the platform's secrets nor its database nor another job."""

import os
import shutil
import socket
import stat
from pathlib import Path

import pytest

from jiaozi.order.ports import JobState
from tests.engines.places import NOBODY, unique_seconds, wait_until

SECRET = "never-to-be-read"


@pytest.fixture
def platform_folder(held_place):
    """A folder like ``var``: a secret file of the platform's account, and a database socket that answers."""
    folder = held_place.folder / "var"
    (folder / "secrets").mkdir(parents=True, mode=0o700)
    (folder / "secrets/django").write_text(SECRET)
    (folder / "secrets/django").chmod(0o600)
    (folder / "sockets").mkdir(mode=0o700)
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(folder / "sockets/.s.PGSQL.5432"))
    server.listen()
    if held_place.as_user and os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    yield folder
    server.close()
    shutil.rmtree(folder)


def test_a_secret_file_can_t_be_read(held_place, platform_folder):
    status, log = held_place.sh(f"cat {platform_folder}/secrets/django; ls {platform_folder}/secrets; exit 7")
    assert status.exit_code == 7
    assert SECRET not in log
    assert "django" not in log.replace(f"{platform_folder}/secrets/django", "")


def test_the_database_s_socket_can_t_be_reached(held_place, platform_folder):
    if shutil.which("perl", path="/usr/bin") is None:
        pytest.skip("needs perl; install it with: apt-get install perl-base")
    program = (
        "use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0) or exit 8;"
        f" exit(connect(S, sockaddr_un('{platform_folder}/sockets/.s.PGSQL.5432')) ? 0 : 9)"
    )
    status, _ = held_place.run("perl", "-e", program)
    assert status.exit_code == 9


@pytest.mark.parametrize("name", ["root", "user"])
def test_there_is_no_network_at_all(open_place, name):
    place = open_place(name)
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = (
            "use Socket; socket(S, PF_INET, SOCK_STREAM, 0) or exit 8;"
            f" exit(connect(S, sockaddr_in({server.getsockname()[1]}, inet_aton('127.0.0.1'))) ? 0 : 9)"
        )
        status, _ = place.run("perl", "-e", program)
    assert status.exit_code == 9


def test_the_environment_is_clean(place, monkeypatch):
    monkeypatch.setenv("JIAOZI_TEST_SECRET", SECRET)
    _, log = place.run("env")
    assert {line.split("=")[0] for line in log.splitlines()} <= {"PATH", "HOME", "TMPDIR", "LANG", "PWD"}


def test_the_platform_s_own_processes_are_out_of_reach(held_place):
    platform = held_place.remote().process.pid
    status, log = held_place.sh(f"tr '\\0' '\\n' < /proc/{platform}/environ; kill -9 {platform}; exit 7")
    assert status.exit_code == 7
    assert "JIAOZI_TEST_SECRET" not in log
    assert held_place.remotes[-1].process.poll() is None


def test_another_order_s_files_can_t_be_read(held_place):
    other = held_place.submit("sh", "-c", f"echo mine > note; chmod 644 note; sleep {unique_seconds()}")
    note = held_place.spool.job(str(other)) / "home/note"
    wait_until(lambda: _exists(note), "the other job's note")
    mine, log = held_place.sh(f"cat {note}; cat {note.parent.parent}/spec; ls {held_place.spool.jobs}; exit 7")
    assert mine.exit_code == 7
    assert "mine" not in log
    assert "command" not in log
    assert held_place.status(other).state is JobState.RUNNING


def _exists(path):
    return path.exists() and path.read_text() == "mine\n"


def test_setuid_programs_give_nothing(held_place):
    status, log = held_place.sh(
        "grep NoNewPrivs /proc/self/status; cp /usr/bin/id mine; chmod u+s mine; ./mine -u; id -u"
    )
    assert "NoNewPrivs:\t1" in log
    first, second = log.splitlines()[-2:]
    assert first == second != "0"
    assert status.exit_code == 0


def test_as_root_two_jobs_never_share_an_account(open_place):
    place = open_place("accounts")
    first = place.submit("sleep", unique_seconds())
    second = place.submit("sleep", unique_seconds())
    for order_id in (first, second):
        place.until(order_id, JobState.RUNNING)
    one, two = place.state(first)["uid"], place.state(second)["uid"]
    assert one != two
    assert min(one, two) >= 1_880_000_000


def test_writing_outside_of_the_folder_fails_and_tmp_is_private(held_place):
    status, log = held_place.sh(
        'for d in / /etc /usr /usr/bin /var /dev /home; do touch "$d/escaped" 2>/dev/null && echo "wrote $d"; done;'
        ' touch "$TMPDIR/fine" "$HOME/fine" && echo done'
    )
    assert log == "done\n"
    assert status.exit_code == 0


@pytest.mark.parametrize("name", ["root", "user"])
def test_the_shared_tmp_is_the_job_s_own(open_place, name):
    place = open_place(name)
    _, log = place.sh(f"ls /tmp | wc -l; touch /tmp/jiaozi-escape; ls {place.folder} 2>/dev/null; ls /")
    assert log.splitlines()[0] == "0"
    assert not Path("/tmp/jiaozi-escape").exists()
    assert set(log.split()[1:]) <= {
        "bin",
        "sbin",
        "lib",
        "lib32",
        "lib64",
        "libx32",
        "usr",
        "etc",
        "dev",
        "proc",
        "tmp",
        "job",
    }


@pytest.mark.parametrize("name", ["root", "user"])
def test_it_sees_only_its_own_processes(open_place, name):
    place = open_place(name)
    _, log = place.sh("for p in /proc/[0-9]*; do cat $p/cmdline | tr '\\0' ' '; echo; done")
    assert "pytest" not in log
    assert "postgres" not in log


def test_the_spool_s_files_are_private(place):
    order_id = place.submit("sh", "-c", "echo hello")
    place.until(order_id, JobState.ENDED)
    for name in ("spec", "output", "result.json"):
        mode = (place.spool.job(str(order_id)) / name).stat().st_mode
        assert stat.S_IMODE(mode) == 0o600
